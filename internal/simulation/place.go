package simulation

import (
	"context"
	"strconv"
	"sync/atomic"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/memory"
)

// place is where seeds have their database, one after the other. It stays open
// from one to the next: only what is in it begins anew.
type place struct {
	name   string
	driver string
	db     *db.DB // nil: not open
}

var places atomic.Int64

func newPlace() *place {
	return &place{name: "simulated-" + strconv.FormatInt(places.Add(1), 10), driver: memory.Driver}
}

// begin gives a seed the database that all begin with.
func (p *place) begin(ctx context.Context, database []byte) error {
	memory.Put(p.name, database)
	if p.db != nil {
		return nil
	}
	return p.open(ctx)
}

func (p *place) open(ctx context.Context) (err error) {
	p.db, err = db.OpenVolatile(ctx, p.name, p.driver, memory.VFS)
	return err
}

// close closes the database; what is in it stays.
func (p *place) close() (err error) {
	if p.db != nil {
		err = p.db.Close()
		p.db = nil
	}
	return err
}

// leave forgets the database.
func (p *place) leave() {
	_ = p.close()
	memory.Remove(p.name)
}
