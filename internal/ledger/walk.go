package ledger

import (
	"context"
	"fmt"

	"github.com/skinrail/skinrail/internal/db"
)

// walk reads the transactions once, in the order of their ids, and hands each
// out by its id. What was passed on the way to a higher id waits.
type walk struct {
	q       db.Querier
	after   int64
	page    []record
	ended   bool
	waiting map[int64]record
	see     func(record) // told of each, once
}

func newWalk(q db.Querier, after int64, see func(record)) *walk {
	return &walk{q: q, after: after, waiting: map[int64]record{}, see: see}
}

// next makes page not empty, or ended true.
func (w *walk) next(ctx context.Context) error {
	for len(w.page) == 0 && !w.ended {
		all, end, more, err := page(ctx, w.q, w.after, maxSeal)
		if err != nil {
			return err
		}
		w.page, w.after, w.ended = all, end, !more
		for _, r := range all {
			w.see(r)
		}
	}
	return nil
}

// take returns a transaction, which nobody has taken before.
func (w *walk) take(ctx context.Context, id int64) (record, bool, error) {
	if r, ok := w.waiting[id]; ok {
		delete(w.waiting, id)
		return r, true, nil
	}
	for {
		if err := w.next(ctx); err != nil {
			return record{}, false, err
		}
		if w.ended || w.page[0].id > id {
			return record{}, false, nil
		}
		r := w.page[0]
		w.page = w.page[1:]
		if r.id == id {
			return r, true, nil
		}
		w.waiting[r.id] = r
	}
}

// rest reads to the end; what nobody has taken waits then.
func (w *walk) rest(ctx context.Context) error {
	for {
		if err := w.next(ctx); err != nil || w.ended {
			return err
		}
		for _, r := range w.page {
			w.waiting[r.id] = r
		}
		w.page = nil
	}
}

// verify compares a seal with what it sealed, and returns what is wrong with
// which transaction: 0 when it is the seal itself.
func (w *walk) verify(ctx context.Context, before []byte, s seal, all map[int64]*holder, wrong func(tx int64, what string)) error {
	chain, whole := newLink(before, s.n), true
	path := pathOf(all)
	var d digester
	for _, m := range s.members {
		r, ok, err := w.take(ctx, m.id)
		if err != nil {
			return err
		}
		if !ok {
			whole = false
			wrong(m.id, fmt.Sprintf("transaction %d is gone: seal %d has it", m.id, s.n))
			continue
		}
		sum := d.of(r, path)
		if short(sum[:shortSize]) != m.short {
			whole = false
			wrong(m.id, explain(r, m.short, all))
		}
		chain.add(sum)
	}
	if made := chain.sum(); whole && !same(made, s.hash) {
		wrong(0, fmt.Sprintf("seal %d says %x, its %d transactions and the seal before make %x", s.n, s.hash, len(s.members), made))
	}
	return nil
}
