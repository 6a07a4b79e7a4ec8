// Package socket is the door for merchants' websockets: a project's events,
// pushed as they are committed.
//
// It promises: the first frame says whether the login was good; after it come
// only committed events of that project, in the order of their numbers, each
// once. A socket opened with since=N gets every event after N, with its number
// and the epoch of the log, or an explicit gap, never a silent hole; one opened
// without gets what is committed after its login. Text frames from the client
// are ignored in silence. No client can slow another: who does not keep up is
// sent away and may come back with since.
//
// How to read it: [Door.ServeHTTP] (door.go) logs in (login.go) and upgrades
// (wire.go). A [socket] has one goroutine that reads; writing is done by a
// second one that lives only while there is something to write. A feed
// (feed.go) is a project with sockets: one reader of its log for all of them.
// A socket that is not at the feed's place, because it came with since or fell
// behind, reads the log itself until it is (catchup.go). [Door.Run] moves the
// feeds and looks after idle peers (run.go).
package socket
