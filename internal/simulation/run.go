package simulation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/app"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/random"
	"github.com/skinrail/skinrail/internal/steam/sim"
)

// run is one seed.
type run struct {
	*stage
	ctx    context.Context
	seed   uint64
	rng    *rand.Rand    // decides what happens
	random random.Source // what the gateway thinks nobody can guess
	clock  *clock
	steam  *sim.Sim
	wire   *wire
	place  *place

	gateway *app.Gateway    // the newest: it holds the leases
	worker  *app.Gateway    // whose bot works; nil: none does
	life    context.Context // of the process: an orderly stop ends it
	stop    context.CancelFunc
	api     http.Handler
	shops   []*shop
	payers  []*payer
	trades  []accepted      // on Steam, that payers know of
	unseen  map[string]bool // by reference: trades whose offers were sent, and whether a list has left them out since

	armed   [points][]armed
	nth     *nth            // the call that fails in a walk
	acting  bool            // an operation runs: reads may fail
	dying   bool            // the process is on its way out, whoever catches what unwinds its stack
	wrong   string          // a panic of the gateway that it has caught itself
	dead    bool            // the disk is broken: nothing is written until a restart
	byHand  map[string]bool // late offers whose items operators have given back outside of the gateway
	doubted []string        // trades that Steam's support has looked into
	outage  time.Time       // until when Steam is in maintenance
	pauses  int             // of the API call that runs
	starts  int             // after deaths and stops
	rounds  int             // of upkeep
	log     *slog.Logger
	trace   trace
	books   books
	cover   cover
	broken  int   // faults met so far
	laid    int   // faults laid so far
	only    []int // those that are laid; nil: all
}

// crash unwinds the stack when the process dies.
type crash struct{}

// die ends the process at the call that is being made. What catches the panic on
// its way can do nothing any more: every further call dies too.
func (r *run) die() {
	r.dying = true
	panic(crash{})
}

// alive is asked by every call to the outside.
func (r *run) alive() {
	if r.dying {
		panic(crash{})
	}
}

// violation unwinds the stack when something is not as it must be.
type violation struct{ text string }

func (r *run) fail(format string, args ...any) { panic(violation{fmt.Sprintf(format, args...)}) }

// Result is what a seed came to.
type Result struct {
	Seed      uint64
	Ops       int
	Faults    int // that were met
	Hash      string
	Violation string // empty: none
	Trace     string // of a violation
	Reached   cover
}

// play runs one seed to its end.
func (s *stage) play(ctx context.Context, seed uint64, o Options, at *place) Result {
	res := s.run(ctx, seed, at, func(r *run) {
		r.only = o.Only
		r.live(o.Ops, o.Faults)
	})
	res.Ops = o.Ops
	return res
}

// run makes a world, lets live happen in it and brings it to its end.
func (s *stage) run(ctx context.Context, seed uint64, at *place, live func(*run)) (res Result) {
	r := &run{stage: s, ctx: ctx, seed: seed, rng: rand.New(rand.NewPCG(seed, 0x5ca1ab1e)), place: at, cover: cover{}, unseen: map[string]bool{},
		clock: &clock{steam: begin.Add(time.Minute)}, random: random.From(rand.NewChaCha8(sha256.Sum256(fmt.Appendf(nil, "skinrail %d", seed))))}
	r.log = slog.New(logHandler{r})
	res.Seed = seed
	defer func() {
		if p := recover(); p != nil {
			res.Violation = describe(p)
		}
		res.Faults, res.Reached = r.broken, r.cover
		sum := sha256.Sum256(r.trace.text)
		res.Hash = hex.EncodeToString(sum[:8])
		if res.Violation != "" {
			res.Trace = string(r.trace.text)
		}
		if res.Violation != "" {
			_ = at.close() // who knows what was left open
		}
	}()
	r.open()
	live(r)
	r.finish()
	return res
}

func describe(p any) string {
	switch p := p.(type) {
	case violation:
		return p.text
	case crash:
		return "the process died where nothing should fail"
	}
	return fmt.Sprintf("panic: %v\n%s", p, debug.Stack())
}

// open makes the world of the seed and starts the gateway in it.
func (r *run) open() {
	var err error
	if r.steam, err = r.openSteam(r.clock); err != nil {
		r.fail("open Steam: %v", err)
	}
	r.wire = &wire{handler: r.steam.Handler(), clock: r.clock, meet: r.toSteam}
	if err = r.place.begin(r.ctx, r.database); err != nil {
		r.fail("open the database: %v", err)
	}
	for _, p := range r.file.Projects {
		r.shops = append(r.shops, newShop(p))
	}
	for i := range r.stage.payers {
		r.payers = append(r.payers, newPayer(r.stage.payers[i]))
	}
	r.books = newBooks()
	r.start()
	r.check()
}

// live does the operations; before some of them a fault is laid in wait.
func (r *run) live(ops, faults int) {
	left := faults
	for i := range ops {
		if left > 0 && r.rng.IntN(ops-i) < left {
			left--
			r.arm()
		}
		r.steam.Step(r.clock.Steam())
		r.step(i, ops)
	}
}

// step does one operation, whatever happens to it, and looks at what became of
// the books.
func (r *run) step(i, ops int) {
	o := r.pick()
	r.trace.add("%d %s %s", i, r.clock.steam.Format(timeForm), o.name)
	r.guard(func() {
		r.acting = true
		o.do(r)
	})
	r.cover.add("operation", o.name)
	r.check()
}

const timeForm = "01-02T15:04:05.000"

// guard runs f; when the process dies in it, a new one is started.
func (r *run) guard(f func()) {
	if r.survives(f) && !r.dead && r.life.Err() == nil {
		return
	}
	r.restarts()
}

// restarts starts a new process until one stays.
func (r *run) restarts() {
	for {
		r.dead = false
		if r.survives(r.restart) {
			return
		}
	}
}

func (r *run) survives(f func()) (alive bool) {
	defer func() {
		r.acting = false
		p := recover()
		if _, died := p.(crash); p != nil && !died {
			panic(p)
		}
		if p != nil || r.dying {
			alive, r.dying = false, false
			r.trace.add("  process died")
		}
	}()
	f()
	return true
}

// restart is a new process on the database: nothing in memory survives, and at
// times the file is opened anew too. The books are audited.
func (r *run) restart() {
	if r.rng.IntN(64) == 0 {
		if err := r.place.close(); err != nil {
			r.fail("close the database: %v", err)
		}
		if err := r.place.open(r.ctx); err != nil {
			r.fail("open the database again: %v", err)
		}
	}
	r.start()
	r.starts++
	r.audit(r.starts%4 == 0)
}

// start makes a gateway on the database.
func (r *run) start() {
	r.place.db.Interpose(r.write)
	r.place.db.InterposeReads(r.read)
	r.life, r.stop = context.WithCancel(r.ctx)
	o := r.options(r.place.db, r.clock, r.wire, street{r}, r.random, r.log)
	o.Pause = r.pause
	before := r.broken
	g, err := app.NewGateway(r.ctx, o)
	if err == nil {
		err = g.Hire(r.ctx)
	}
	switch {
	case err != nil && (r.broken > before || r.dead):
		r.trace.add("  start: %v", err)
		panic(crash{}) // it ends, and is started again
	case err != nil:
		r.fail("start: %v", err)
	case g.Ledger.Stopped() != "":
		r.fail("money is stopped: %s", g.Ledger.Stopped())
	}
	r.gateway, r.api = g, g.API.Handler()
}

// audit recomputes the books, and compares them with the orders.
func (r *run) audit(withOrders bool) {
	audit := r.gateway.Ledger.Audit
	if withOrders {
		audit = func(ctx context.Context) (ledger.Report, error) { return app.Prove(ctx, r.place.db, true, nil) }
	}
	report, err := audit(r.ctx)
	if err != nil {
		r.fail("audit: %v", err)
	}
	if !report.OK() {
		r.fail("audit:\n%s", report)
	}
}

// pause is what happens while an API call waits for Steam: the bots work.
func (r *run) pause(time.Duration) {
	r.clock.pass(20 * time.Millisecond)
	if r.pauses++; r.pauses <= 6 {
		r.agentStep(r.pauses % len(r.bots))
	}
}

// trace is everything that was done and answered.
type trace struct{ text []byte }

func (t *trace) add(format string, args ...any) {
	t.text = fmt.Appendf(t.text, format, args...)
	t.text = append(t.text, '\n')
}

// logHandler puts what the gateway logs as an error into the trace. A panic of
// ours is a violation, wherever it was caught.
type logHandler struct{ r *run }

func (h logHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }
func (h logHandler) WithAttrs([]slog.Attr) slog.Handler           { return h }
func (h logHandler) WithGroup(string) slog.Handler                { return h }
func (h logHandler) Handle(_ context.Context, rec slog.Record) error {
	if h.r.dying {
		return nil // a dead process tells nothing
	}
	line := rec.Message
	rec.Attrs(func(a slog.Attr) bool {
		if a.Key != "request" {
			line += " " + a.Key + "=" + a.Value.String()
		}
		return true
	})
	h.r.trace.add("  log %s", line)
	if strings.Contains(line, "panic") {
		h.r.wrong = line
	}
	return nil
}

var errDisk = errors.New("simulated: no space left on device")
