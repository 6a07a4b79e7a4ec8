package app

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain is also the other process of the test below: it has a sign for as
// long as it lives.
func TestMain(m *testing.M) {
	if node := os.Getenv("SKINRAIL_TEST_SIGN"); node != "" {
		s, _ := hold(node)
		_, _ = os.Stdout.WriteString("held\n")
		time.Sleep(time.Hour) // killed before
		_ = s.drop()
		return
	}
	os.Exit(m.Run())
}

// Dead is only who is proven to be: not the frozen, not one of another place,
// and not one that never had a sign.
func TestOnlyTheEndedAreGone(t *testing.T) {
	t.Parallel()
	own, name := hold("own")
	if runtime.GOOS != "linux" {
		if own.socket != nil || own.gone(name) {
			t.Error("this system has no such names")
		}
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "SKINRAIL_TEST_SIGN=other")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	other := "other@" + own.place
	if own.gone(name) || own.gone(other) {
		t.Error("the living are taken for dead")
	}
	_ = cmd.Process.Signal(syscall.SIGSTOP)
	if own.gone(other) {
		t.Error("a frozen process is taken for dead")
	}
	if own.gone("unsigned") || own.gone("elsewhere@0123456789abcdef") {
		t.Error("of processes in other places nothing is known")
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if !own.gone(other) {
		t.Error("the kernel has freed its sign, and nobody sees it")
	}
	if err := own.drop(); err != nil || (&sign{place: own.place}).gone(other) {
		t.Errorf("without a sign of its own: %v", err)
	}
	if s, again := hold(strings.TrimSuffix(name, "@"+own.place)); s.socket == nil || again != name {
		t.Error("a sign that was given up is free")
	} else {
		_ = s.drop()
	}
}
