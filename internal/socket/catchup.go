package socket

import (
	"github.com/coder/websocket"
)

// catchUp reads the log for one socket until it is where the feed is; false
// when it was ended.
func (s *socket) catchUp() bool {
	for !s.ending() {
		joined, frames := s.feed.rejoin(s)
		if joined {
			return true
		}
		if len(frames) == 0 {
			var err error
			frames, err = s.door.page(s.door.life, s.project, s.last, s.epoch)
			if err != nil && len(frames) == 0 {
				s.door.deps.Logger.Error("events for a socket", "project", s.project, "err", err)
				s.leave(websocket.StatusInternalError, "internal error")
				return true
			}
		}
		if len(frames) == 0 {
			if !s.skipLost() {
				return false
			}
		}
		if !s.follow(frames) {
			return false
		}
	}
	return true
}

// follow sends frames after the last one.
func (s *socket) follow(frames []frame) bool {
	var few [2][]byte
	for _, f := range frames {
		if s.ending() {
			return true
		}
		if !s.sendAll(s.take(few[:0], f)) {
			return false
		}
	}
	return true
}

// skipLost goes on where the feed is when the log holds nothing of what lies
// between any more.
func (s *socket) skipLost() bool {
	seen, _ := s.feed.place()
	lost := gap{from: s.last + 1, to: seen, reason: expired}
	s.last = seen
	return !s.numbered || s.send(gapFrame(lost, s.epoch))
}
