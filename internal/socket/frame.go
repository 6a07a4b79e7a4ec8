package socket

import "strconv"

const authFailed = "auth_failed"

// Why there is a gap.
const (
	expired = "expired" // the log does not go back that far
	ahead   = "ahead"   // the number was never given out
	foreign = "epoch"   // the number is from another log
)

// The first frames of sockets without numbers, to the byte.
var (
	successFrame = []byte(`{"event":"auth_success"}`)
	failedFrame  = []byte(`{"event":"` + authFailed + `"}`)
)

// frame is an event as sockets get it. plain is nil for one they are not told
// of; with numbers it becomes a skip, so that a client can tell from the
// numbers alone that nothing is missing. The bytes are shared between sockets
// and must not be changed.
type frame struct {
	seq             int64
	plain, numbered []byte
}

// newFrame returns an event's frame; with numbers when the epoch is given.
func newFrame(seq int64, plain []byte, epoch string) frame {
	f := frame{seq: seq, plain: plain}
	if epoch == "" {
		return f
	}
	body := plain
	if body == nil {
		body = []byte(`{"event":"skip"}`)
	}
	f.numbered = number64(append(make([]byte, 0, len(body)+64), body[:len(body)-1]...), "seq", seq)
	f.numbered = ending(f.numbered, epoch)
	return f
}

// numberedSuccess tells where a numbered socket begins and how far the log is.
func numberedSuccess(t *ticket) []byte {
	b := append([]byte(nil), `{"event":"auth_success"`...)
	b = number64(b, "seq", t.after)
	b = number64(b, "head", t.head)
	return ending(b, t.epoch)
}

// gapFrame says that the events from–to are not coming; the next one is to+1.
func gapFrame(g gap, epoch string) []byte {
	b := append([]byte(nil), `{"event":"gap"`...)
	b = number64(b, "from", g.from)
	b = number64(b, "to", g.to)
	b = append(b, `,"reason":"`...)
	b = append(b, g.reason...)
	b = append(b, '"')
	b = number64(b, "seq", g.to)
	return ending(b, epoch)
}

func number64(b []byte, name string, n int64) []byte {
	b = append(b, `,"`...)
	b = append(b, name...)
	b = append(b, `":`...)
	return strconv.AppendInt(b, n, 10)
}

func ending(b []byte, epoch string) []byte {
	b = append(b, `,"epoch":"`...)
	b = append(b, epoch...)
	return append(b, `"}`...)
}
