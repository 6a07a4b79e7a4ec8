package app

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// works goes through ten seconds of work, a step each second, with a meter.
func works(out io.Writer, seconds int) {
	now := time.Unix(0, 0)
	m := newMeterAt(out, "pages copied", func() time.Time { return now })
	for i := range int64(seconds) {
		m.at(i*10, int64(seconds)*10)
		now = now.Add(time.Second)
	}
	m.end()
}

func TestLongWorkIsToldInPlainLinesIntoAPipe(t *testing.T) {
	t.Parallel()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	works(write, 10)
	_ = write.Close()
	got, err := io.ReadAll(read)
	if want := "pages copied: 20 of 100 (20 %)\npages copied: 70 of 100 (70 %)\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	var quick bytes.Buffer
	if works(&quick, 2); quick.Len() != 0 {
		t.Errorf("of quick work: %q", quick.String())
	}
}

func TestLongWorkShowsABarOnATerminal(t *testing.T) {
	t.Parallel()
	screen, keyboard := openTerminal(t)
	works(screen, 10)
	works(screen, 2)
	fmt.Fprintln(screen, "done")
	var got strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(got.String(), "done") {
		n, err := keyboard.Read(buf)
		if err != nil {
			t.Fatalf("%v after %q", err, got.String())
		}
		got.Write(buf[:n])
	}
	shown := got.String()
	if !strings.Contains(shown, "pages copied") || !strings.Contains(shown, "20%") || !strings.Contains(shown, "\r") {
		t.Errorf("no bar: %q", shown)
	}
	if strings.Contains(shown, "of 100") {
		t.Errorf("plain lines on a terminal: %q", shown)
	}
	if last := shown[strings.LastIndex(strings.TrimRight(shown, "\r\n"), "\r")+1:]; strings.TrimSpace(last) != "done" {
		t.Errorf("the bar stays: %q", shown)
	}
}

// openTerminal is a terminal of the kernel: what is written to the screen can be
// read from the other end.
func openTerminal(t *testing.T) (screen, other *os.File) {
	t.Helper()
	other, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	var number, locked int32
	control := func(request uintptr, value *int32) {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, other.Fd(), request, uintptr(unsafe.Pointer(value))); errno != 0 {
			t.Fatal(errno)
		}
	}
	control(syscall.TIOCSPTLCK, &locked)
	control(syscall.TIOCGPTN, &number)
	screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = screen.Close() })
	return screen, other
}
