package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/skinrail/skinrail/internal/db"
)

// Backup copies the database of a folder while the gateway works on it.
type Backup struct {
	Store
	Out io.Writer // what was done
	Err io.Writer // how far it is
}

const postgresBackup = `a PostgreSQL server is backed up with its own tools, see docs/operations.md:
  pg_basebackup and an archive of its log for continuous backup, or pg_dump -Fc for one moment
and after it is restored:  skinrail restore --mark --database URL`

// Run writes a verified backup to a new file: its form, its references and its
// books are right. Until then the file has another name, so that what carries
// the name is a backup. It refuses to replace a file.
func (b Backup) Run(ctx context.Context, file string) error {
	if b.Database != "" {
		return wrong("%s", postgresBackup)
	}
	source := filepath.Join(b.Data, databaseFile)
	if _, err := os.Stat(source); err != nil {
		return fmt.Errorf("no database in %s: name the folder with --data", b.Data)
	}
	if _, err := os.Stat(file); err == nil {
		return fmt.Errorf("%s is there already: a backup never replaces a file", file)
	}
	began := time.Now()
	part := file + "." + rand.Text()[:8] + ".part"
	size, err := b.write(ctx, source, part)
	if err == nil {
		err = os.Link(part, file) // refuses a file that has come meanwhile
	}
	err = errors.Join(err, removed(part))
	if err == nil {
		err = db.Sync(filepath.Dir(file))
	}
	if err != nil {
		return fmt.Errorf("no backup was made: %w", err)
	}
	fmt.Fprintf(b.Out, "backup %s: %d bytes in %s; the books are right\n", file, size, time.Since(began).Round(time.Millisecond))
	which := filepath.Join(b.Data, keyFile)
	if _, err := os.Stat(which); err != nil {
		which = "the file that serve's --key-file names"
	}
	fmt.Fprintf(b.Out, "not in it: the key (%s), without which its secrets cannot be read. Keep a copy of it apart from the backups.\n", which)
	return nil
}

func (b Backup) write(ctx context.Context, source, part string) (size int64, err error) {
	m := newMeter(b.Err, "pages copied")
	err = db.Copy(ctx, source, part, m.at)
	m.end()
	if err != nil {
		return 0, err
	}
	if err := db.Verify(ctx, part); err != nil {
		return 0, err
	}
	if err := prove(ctx, part, b.Err); err != nil {
		return 0, err
	}
	if err := db.Settle(ctx, part); err != nil {
		return 0, err
	}
	info, err := os.Stat(part)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// prove audits the books of a file.
func prove(ctx context.Context, path string, out io.Writer) (err error) {
	d, err := db.OpenAsIs(ctx, path)
	if err != nil {
		return otherVersion(err)
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return audited(ctx, d, out)
}

// audited prints what is wrong in the books, if anything is.
func audited(ctx context.Context, d *db.DB, out io.Writer) error {
	m := newMeter(out, "transactions proved")
	report, err := proof(ctx, d, m.at)
	m.end()
	if err != nil {
		return err
	}
	if !report.OK() {
		fmt.Fprintln(out, report)
		return ErrBooks
	}
	return nil
}

// removed removes a file that may not be there, with what SQLite had beside it.
func removed(path string) error {
	var errs []error
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
