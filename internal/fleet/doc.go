// Package fleet keeps our Steam accounts: sealed secrets and sessions, what
// each holds, what it can take, and why it cannot work when it cannot.
//
// The bot door reports inventories and health; the rooms ask who may receive
// and what is there. Items are stored under a catalogue id of our own, because
// Steam's asset ids change with every trade. An item is reserved by naming the
// order in one guarded update, so two orders can never have the same item.
package fleet
