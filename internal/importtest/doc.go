// Package importtest holds the map of the tree and the test that keeps to it.
//
// Doors translate between one outside world and us, rooms keep a promise and
// their own tables, ground knows nothing of the business. Arrows only point
// down: door, room, ground. A new folder under internal must be entered in the
// map, with everything it may import.
package importtest
