package sim

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// The folder holds two files. snapshot.json is the whole world after a certain
// line; journal.jsonl holds the lines that may come after it. A crash between
// writing the one and emptying the other leaves lines that the snapshot already
// contains: their numbers tell.
const (
	snapshotFile = "snapshot.json"
	journalFile  = "journal.jsonl"
	// journalLimit is the size at which the journal is folded into a snapshot.
	journalLimit = 64 << 20
)

// journal appends lines with plain writes: they survive the end of the process,
// not of the machine. With an empty folder name it keeps nothing.
type journal struct {
	dir    string
	file   *os.File
	number uint64 // of the last line
	size   int64
}

// do writes a command to the journal and applies it. The caller holds the lock
// and has checked that the command may happen.
func (s *Sim) do(at stamp, c command) error {
	if err := s.journal.write(at, c); err != nil {
		return err
	}
	c.apply(s.state, at)
	if s.journal.size > journalLimit {
		if err := s.snapshot(); err != nil {
			s.log.Error("simulated steam: fold the journal", "error", err) // the journal stays whole
		}
	}
	return nil
}

func (j *journal) write(at stamp, c command) error {
	j.number++
	if j.file == nil {
		return nil
	}
	body, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("journal %s: %w", kindOf(c), err)
	}
	raw, err := json.Marshal(line{Number: j.number, At: at, Kind: kindOf(c), Command: body})
	if err != nil {
		return fmt.Errorf("journal %s: %w", kindOf(c), err)
	}
	n, err := j.file.Write(append(raw, '\n'))
	if err != nil {
		// Half a line must not be read as one, nor be joined by the next.
		return errors.Join(fmt.Errorf("journal: %w", err), j.file.Truncate(j.size))
	}
	j.size += int64(n)
	return nil
}

// open reads what the folder holds into st and leaves the journal ready.
func (j *journal) open(st *state) error {
	if err := os.MkdirAll(j.dir, 0o700); err != nil {
		return err
	}
	if err := j.readSnapshot(st); err != nil {
		return fmt.Errorf("read %s: %w", snapshotFile, err)
	}
	f, err := os.OpenFile(filepath.Join(j.dir, journalFile), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if err := j.replay(f, st); err != nil {
		return errors.Join(err, f.Close())
	}
	j.file = f
	return nil
}

// replay applies the complete lines and cuts off what was torn.
func (j *journal) replay(f *os.File, st *state) error {
	r := bufio.NewReaderSize(f, 1<<20)
	for {
		raw, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return f.Truncate(j.size)
		}
		if err != nil {
			return err
		}
		var l line
		if err := json.Unmarshal(raw, &l); err != nil {
			if _, after := r.Peek(1); errors.Is(after, io.EOF) {
				return f.Truncate(j.size)
			}
			return fmt.Errorf("journal at byte %d: %w", j.size, err)
		}
		j.size += int64(len(raw))
		if l.Number <= j.number {
			continue
		}
		c, err := l.decode()
		if err != nil {
			return err
		}
		c.apply(st, l.At)
		j.number = l.Number
	}
}

func (j *journal) readSnapshot(st *state) error {
	raw, err := os.ReadFile(filepath.Join(j.dir, snapshotFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var im saved
	d := json.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(&im); err != nil {
		return err
	}
	j.number = im.Number
	return im.restore(st)
}

// snapshot writes the whole state and empties the journal. The caller holds the
// lock.
func (s *Sim) snapshot() error {
	j := &s.journal
	if j.file == nil {
		return nil
	}
	raw, err := json.Marshal(s.state.save(j.number))
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	if err := replaceFile(filepath.Join(j.dir, snapshotFile), raw); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	if err := j.file.Truncate(0); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	j.size = 0
	return nil
}

// replaceFile swaps a file's content in one step.
func replaceFile(name string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), name)
}
