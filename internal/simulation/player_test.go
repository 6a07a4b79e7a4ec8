package simulation

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// playerEnv makes the test binary a player, of the kind that it names.
const playerEnv = "SKINRAIL_TEST_PLAYER"

func TestMain(m *testing.M) {
	kind := os.Getenv(playerEnv)
	if kind == "" {
		os.Exit(m.Run())
	}
	if err := players[kind](context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var players = map[string]func(context.Context) error{
	"good": func(ctx context.Context) error { return Play(ctx, os.Stdin, os.Stdout) },
	"deceived": func(ctx context.Context) error {
		s, err := deceived(ctx)
		if err != nil {
			return err
		}
		return s.serve(ctx, os.Stdin, os.Stdout)
	},
	"mortal": func(ctx context.Context) error { // plays one seed and is killed in the next
		in := bufio.NewReader(os.Stdin)
		first, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		if err := Play(ctx, strings.NewReader(first), os.Stdout); err != nil {
			return err
		}
		if _, err := in.ReadString('\n'); err != nil {
			return err
		}
		self, err := os.FindProcess(os.Getpid())
		if err != nil {
			return err
		}
		if err := self.Kill(); err != nil {
			return err
		}
		select {}
	},
}

func playing(kind string) func(context.Context) *exec.Cmd {
	return func(ctx context.Context) *exec.Cmd {
		cmd := exec.CommandContext(ctx, os.Args[0])
		cmd.Env, cmd.Stderr = append(os.Environ(), playerEnv+"="+kind), os.Stderr
		return cmd
	}
}

var short = Options{Seeds: 4, From: 40, Ops: 30, Faults: 6}

func play(t *testing.T, workers int, player func(context.Context) *exec.Cmd) (said string, err error) {
	t.Helper()
	var out bytes.Buffer
	o := short
	o.Workers, o.Player = workers, player
	_, err = Run(t.Context(), o, &out)
	return out.String(), err
}

func TestLinesAreEqualWhoeverPlays(t *testing.T) {
	t.Parallel()
	here, err := play(t, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	for workers := 1; workers <= 3; workers++ {
		if said, err := play(t, workers, playing("good")); err != nil || said != here {
			t.Errorf("%d processes end with %v and said\n%s\nwant\n%s", workers, err, said, here)
		}
	}
}

func TestDeathOfAPlayerIsAnError(t *testing.T) {
	t.Parallel()
	said, err := play(t, 1, playing("mortal"))
	if err == nil || errors.Is(err, ErrViolation) || !strings.Contains(err.Error(), "seed 41: its player has died: signal: killed") {
		t.Errorf("the run ends with %v", err)
	}
	if strings.Count(said, "\n") != 1 || !strings.HasPrefix(said, "seed 40 ops 30 ") {
		t.Errorf("before the death there was\n%s", said)
	}
}

// stopper ends a run with its first line.
type stopper struct{ stop context.CancelFunc }

func (s stopper) Write(b []byte) (int, error) {
	s.stop()
	return len(b), nil
}

func TestNoPlayerIsLeftWhenARunIsStopped(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	started := make(chan *exec.Cmd, 2)
	o := short
	o.Seeds, o.Workers = 1000, 2
	o.Player = func(ctx context.Context) *exec.Cmd {
		cmd := playing("good")(ctx)
		started <- cmd
		return cmd
	}
	if _, err := Run(ctx, o, stopper{stop}); !errors.Is(err, context.Canceled) {
		t.Errorf("the run ends with %v", err)
	}
	for range 2 {
		if cmd := <-started; cmd.Process != nil && cmd.ProcessState == nil {
			t.Errorf("player %d still runs", cmd.Process.Pid)
		}
	}
}

func TestPlayerEndsWhenNobodyAsksAnyMore(t *testing.T) {
	t.Parallel()
	cmd := playing("good")(t.Context())
	cmd.Stdout = io.Discard
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(in, `{"Seed":1,"Ops":5}`+"\n"); err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil { // as when who asked has died
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
}
