package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
)

// copyPages is how many pages are copied between two reports of progress.
const copyPages = 2048

// Copy writes one moment of an SQLite database, which others may be writing, to
// a new file, readable by its owner only. Writers do not wait for it; their log
// grows until it ends. It calls progress now and then. The file stands alone,
// without a log beside it, and is on disk when Copy returns; after an error
// there is none.
func Copy(ctx context.Context, from, to string, progress func(done, total int64)) (err error) {
	if err := create(to); err != nil {
		return fmt.Errorf("copy database: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("copy database: %w", err), ignoreMissing(os.Remove(to)))
		}
	}()
	if err := copyFile(ctx, from, to, progress); err != nil {
		return err
	}
	return Settle(ctx, to)
}

func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func copyFile(ctx context.Context, from, to string, progress func(done, total int64)) error {
	return onFile(ctx, from, "ro", func(c *sql.Conn) error {
		// An open read keeps the copy at its moment, however long it takes;
		// without one each commit of somebody else would start it over.
		if _, err := c.ExecContext(ctx, "begin"); err != nil {
			return err
		}
		var tables int
		if err := c.QueryRowContext(ctx, "select count(*) from sqlite_schema").Scan(&tables); err != nil {
			return err
		}
		return c.Raw(func(driver any) error { return copySteps(ctx, driver, to, progress) })
	})
}

func copySteps(ctx context.Context, driver any, to string, progress func(done, total int64)) error {
	source, ok := driver.(interface {
		NewBackup(string) (*sqlite.Backup, error)
	})
	if !ok {
		return errors.New("this driver cannot copy") // unreachable: it is the one imported above
	}
	b, err := source.NewBackup("file:" + escaped(to))
	if err != nil {
		return err
	}
	for more := true; more; {
		if err = ctx.Err(); err == nil {
			more, err = b.Step(copyPages)
		}
		if err != nil {
			return errors.Join(err, b.Finish())
		}
		progress(int64(b.PageCount()-b.Remaining()), int64(b.PageCount()))
	}
	return b.Finish()
}

// Settle takes the log of a closed SQLite database into its file, makes it one
// that stands alone, and brings it to disk with its name.
func Settle(ctx context.Context, path string) error {
	err := onFile(ctx, path, "rw", func(c *sql.Conn) error {
		var mode string
		err := c.QueryRowContext(ctx, "pragma journal_mode = delete").Scan(&mode)
		if err == nil && mode != "delete" {
			err = fmt.Errorf("journal_mode stays %s: somebody else has the file open", mode)
		}
		return err
	})
	return errors.Join(err, Sync(path), Sync(filepath.Dir(path)))
}

// Sync brings a file or the names in a folder to disk.
func Sync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Verify reads all of an SQLite file that nobody writes: its form, its indexes
// and its references.
func Verify(ctx context.Context, path string) error {
	err := onFile(ctx, path, "ro", func(c *sql.Conn) error {
		var found string
		if err := c.QueryRowContext(ctx, "pragma integrity_check(1)").Scan(&found); err != nil {
			return err
		}
		if found != "ok" {
			return fmt.Errorf("it is damaged: %s", found)
		}
		rows, err := c.QueryContext(ctx, "pragma foreign_key_check")
		if err != nil {
			return err
		}
		dangling := rows.Next()
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		if dangling {
			return errors.New("it is damaged: a reference leads nowhere")
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("verify %s: %w", path, err)
	}
	return nil
}

// onFile runs f on one connection to a file, as it is.
func onFile(ctx context.Context, path, mode string, f func(*sql.Conn) error) error {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	pool, err := sql.Open("sqlite", "file:"+escaped(path)+"?mode="+mode+"&_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	c, err := pool.Conn(ctx)
	if err != nil {
		return errors.Join(err, pool.Close())
	}
	return errors.Join(f(c), c.Close(), pool.Close())
}
