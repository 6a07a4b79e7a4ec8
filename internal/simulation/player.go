package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime/debug"
)

// player plays seeds, one after the other.
type player interface {
	// play plays a seed to its end. After an error the player is of no use.
	play(seed uint64, o Options) (Result, error)
	leave()
}

// hiring is how a run gets its players. They end with ctx.
type hiring func(ctx context.Context) (player, error)

// inPlace plays in this process.
type inPlace struct {
	*place
	stage *stage
	ctx   context.Context
}

func (s *stage) hire(ctx context.Context) (player, error) {
	return &inPlace{newPlace(), s, context.WithoutCancel(ctx)}, nil
}

func (p *inPlace) play(seed uint64, o Options) (Result, error) {
	return p.stage.play(p.ctx, seed, o, p.place), nil
}

// order is what a process is told to play, one line of JSON. It answers with the
// [Result], one line too.
type order struct {
	Seed        uint64
	Ops, Faults int
	Only        []int
}

// process plays in a process of its own.
type process struct {
	cmd     *exec.Cmd
	orders  *json.Encoder
	results *json.Decoder
}

// inProcess starts players with start.
func inProcess(start func(context.Context) *exec.Cmd) hiring {
	return func(ctx context.Context) (player, error) {
		cmd := start(ctx)
		in, err := cmd.StdinPipe()
		if err != nil {
			return nil, fmt.Errorf("start a player: %w", err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			return nil, fmt.Errorf("start a player: %w", err)
		}
		if err := cmd.Start(); err != nil {
			return nil, fmt.Errorf("start a player: %w", err)
		}
		return &process{cmd, json.NewEncoder(in), json.NewDecoder(out)}, nil
	}
}

func (p *process) play(seed uint64, o Options) (res Result, err error) {
	if err = p.orders.Encode(order{seed, o.Ops, o.Faults, o.Only}); err == nil {
		err = p.results.Decode(&res)
	}
	if err == nil {
		return res, nil
	}
	if ended := p.cmd.Wait(); ended != nil {
		err = ended
	}
	return res, fmt.Errorf("seed %d: its player has died: %w", seed, err)
}

// leave ends the process, whatever it does.
func (p *process) leave() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// Play is what a process for [Options].Player does: it reads orders and plays
// them until there are no more, which is also when who gave them has died, or
// until ctx ends.
func Play(ctx context.Context, orders io.Reader, results io.Writer) error {
	stage, err := newStage(ctx)
	if err != nil {
		return err
	}
	return stage.serve(ctx, orders, results)
}

func (s *stage) serve(ctx context.Context, orders io.Reader, results io.Writer) error {
	defer debug.SetGCPercent(debug.SetGCPercent(1600)) // much is made and little kept
	p, err := s.hire(ctx)
	if err != nil {
		return err
	}
	defer p.leave()
	from, to := json.NewDecoder(orders), json.NewEncoder(results)
	for ctx.Err() == nil {
		var next order
		if err := from.Decode(&next); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("read what to play: %w", err)
		}
		res, err := p.play(next.Seed, Options{Ops: next.Ops, Faults: next.Faults, Only: next.Only})
		if err == nil {
			err = to.Encode(res)
		}
		if err != nil {
			return fmt.Errorf("seed %d: %w", next.Seed, err)
		}
	}
	return ctx.Err()
}
