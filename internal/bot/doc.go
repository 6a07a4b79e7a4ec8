// Package bot is the door to Steam: it sends the offers that the trade room
// wants, confirms them, polls them, and reports every move back.
//
// One [Agent] works for one Steam account, one step at a time. A step first
// makes sure of a session, then sends what is wanted, reads back what is
// unclear, polls what is out, and reads the inventory again after items moved.
// It decides from what is stored, so it may die between any two lines:
// an intent is committed before each call to Steam, and a call without a clear
// answer leaves the trade in the state unknown.
package bot
