package db_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
)

// BenchmarkFsync is the probe beside which figures of durable writes are read.
func BenchmarkFsync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "probe"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	page := make([]byte, 4096)
	for b.Loop() {
		if _, err := f.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWrite compares durable writes one by one with writes that share
// commits.
func BenchmarkWrite(b *testing.B) {
	var n atomic.Int64
	write := func(b *testing.B, d *db.DB) {
		path := fmt.Sprint("note/", n.Add(1))
		if err := d.Write(b.Context(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(b.Context(), insertNote, path, 1)
			return err
		}); err != nil {
			b.Error(err)
		}
	}
	b.Run("alone", func(b *testing.B) {
		d := dbtest.SQLite(b)
		for b.Loop() {
			write(b, d)
		}
	})
	b.Run("grouped", func(b *testing.B) {
		d := dbtest.SQLite(b)
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				write(b, d)
			}
		})
		b.ReportMetric(float64(b.N)/float64(d.Commits()), "writes/commit")
	})
}

func BenchmarkRead(b *testing.B) {
	d := dbtest.SQLite(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			var n int
			if err := d.Read().QueryRowContext(b.Context(), countNotes).Scan(&n); err != nil {
				b.Error(err)
			}
		}
	})
}
