// Package event is the log of facts that happened, numbered per project: the
// outbox that webhooks and sockets read.
//
// An event is written in the transaction of its fact, so one exists if and only
// if the other is committed (I14). Its number comes from the project's feed
// row, locked until that commit: numbers have no holes and appear in the order
// of commits on both engines, so a reader who has seen number n has seen all
// before it. A subject is the object that an event is about; version counts
// the events of one subject from 1. Events are never changed.
//
// Readers remember how far they are in a cursor per project, moved in the write
// that does what the events ask for.
package event
