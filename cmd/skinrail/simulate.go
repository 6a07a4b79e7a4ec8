package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/spf13/cobra"

	"github.com/skinrail/skinrail/internal/simulation"
)

func simulateCommand() *cobra.Command {
	var o simulation.Options
	var walk, play bool
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Run the whole gateway under seeds that decide what happens and what fails",
		Long: "Run the whole gateway, with a simulated Steam, merchants and payers, under seeds:\neach decides the order of things, the clocks, what fails and where the process dies.\nInvariants are checked after each step; in the end everything must have ended and agree.\n" +
			"One line for each seed as it ends, then what was reached. Equal seeds of one build\ngive equal lines, whatever the number of workers. When an invariant does not hold, the\nseed is played again with fewer and fewer faults; the end of the shortest trace and\nhow to repeat it are printed, and the exit code is 1.\n\n" +
			"  skinrail simulate                            # 100 seeds, some tens of seconds\n  skinrail simulate --from 17 --seeds 1 --trace # one seed, with all that happened if it fails",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Seeds < 1 || o.Ops < 1 || o.Faults < 0 || o.Workers < 1 {
				return usage(fmt.Errorf("--seeds, --ops and --workers: at least 1; --faults: at least 0"))
			}
			if play {
				return simulation.Play(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout())
			}
			if walk {
				return simulation.Walk(cmd.Context(), cmd.OutOrStdout())
			}
			var err error
			if o.Player, err = player(); err != nil {
				return err
			}
			sum, err := simulation.Run(cmd.Context(), o, cmd.OutOrStdout())
			if err == nil {
				fmt.Fprintf(cmd.ErrOrStderr(), "took %s, %.1f seeds a second\n", sum.Took.Round(time.Millisecond), float64(len(sum.Results))/sum.Took.Seconds())
			}
			return err
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.Seeds, "seeds", 100, "how many seeds")
	f.IntVar(&o.Ops, "ops", 400, "operations of each seed")
	f.IntVar(&o.Faults, "faults", 40, "faults laid into each seed, at most one before each operation")
	f.Uint64Var(&o.From, "from", 1, "the first seed")
	f.IntSliceVar(&o.Only, "only", nil, "of the faults of each seed lay only these, counted from 1 (0: none)")
	f.BoolVar(&o.Whole, "trace", false, "print the whole trace of a violation, not its end")
	f.BoolVar(&walk, "walk", false, "instead, fail the n-th call of one story, for every n, in three ways")
	f.IntVar(&o.Workers, "workers", 2, "seeds at the same time, each in a process of its own")
	f.BoolVar(&play, "play", false, "play the seeds that another process asks for on the standard input")
	_ = f.MarkHidden("play") // it is there
	return cmd
}

// player is this program again, for one worker on one core.
func player() (func(context.Context) *exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	return func(ctx context.Context) *exec.Cmd {
		cmd := exec.CommandContext(ctx, self, "simulate", "--play")
		cmd.Env, cmd.Stderr = append(os.Environ(), "GOMAXPROCS=1"), os.Stderr
		return cmd
	}, nil
}
