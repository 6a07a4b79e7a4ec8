package db

import (
	"slices"
	"sync"
)

// bus wakes loops after a commit, in this process and, on PostgreSQL, in the
// others. It carries no data: a woken loop reads the tables, and every loop also
// polls, so a lost wake-up only delays.
type bus struct {
	mu      sync.Mutex
	subs    map[string][]chan struct{}
	courier *courier // nil: there are no others, or they find out by looking
}

// Subscribe returns a channel that receives after a commit that woke one of
// the topics, in whichever process. Wake-ups that arrive while one is pending are
// merged.
func (d *DB) Subscribe(topics ...string) <-chan struct{} {
	ch := make(chan struct{}, 1)
	d.bus.mu.Lock()
	defer d.bus.mu.Unlock()
	if d.bus.subs == nil {
		d.bus.subs = map[string][]chan struct{}{}
	}
	for _, t := range topics {
		d.bus.subs[t] = append(d.bus.subs[t], ch)
	}
	if d.bus.courier != nil {
		d.bus.courier.listen()
	}
	return ch
}

// Unsubscribe ends what [DB.Subscribe] began; of another channel it does nothing.
func (d *DB) Unsubscribe(woken <-chan struct{}) {
	d.bus.mu.Lock()
	defer d.bus.mu.Unlock()
	for t, all := range d.bus.subs {
		all = slices.DeleteFunc(all, func(ch chan struct{}) bool { return ch == woken })
		if d.bus.subs[t] = all; len(all) == 0 {
			delete(d.bus.subs, t)
		}
	}
}

// committed wakes after a commit.
func (b *bus) committed(topics []string) {
	b.wake(topics)
	if b.courier != nil && len(topics) > 0 {
		b.courier.tell(topics)
	}
}

// wakeAll wakes every subscriber of this process.
func (b *bus) wakeAll() {
	b.mu.Lock()
	var topics []string
	for t := range b.subs {
		topics = append(topics, t)
	}
	b.mu.Unlock()
	b.wake(topics)
}

func (b *bus) wake(topics []string) {
	if len(topics) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range topics {
		for _, ch := range b.subs[t] {
			select {
			case ch <- struct{}{}:
			default:
			}
		}
	}
}

// Wake wakes the subscribers of a topic without a commit.
func (d *DB) Wake(topic string) { d.bus.committed([]string{topic}) }
