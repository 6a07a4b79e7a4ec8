package db

import "sync"

// bus wakes loops of this process after a commit. It carries no data: a woken
// loop reads the tables, and every loop also polls, so a lost wake-up only
// delays.
type bus struct {
	mu   sync.Mutex
	subs map[string][]chan struct{}
}

// Subscribe returns a channel that receives after a commit that woke one of
// the topics. Wake-ups that arrive while one is pending are merged.
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
	return ch
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
func (d *DB) Wake(topic string) { d.bus.wake([]string{topic}) }
