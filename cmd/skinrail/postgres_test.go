package main_test

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// newDatabase makes a database on a server and drops it after the test.
func newDatabase(t *testing.T, server string) string {
	t.Helper()
	name := "skinrail_" + strings.ToLower(rand.Text())
	run := func(query string) {
		conn, err := pgx.Connect(context.Background(), server)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		if _, err := conn.Exec(context.Background(), query); err != nil {
			t.Fatal(err)
		}
	}
	run("create database " + name)
	t.Cleanup(func() { run("drop database if exists " + name + " with (force)") })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}
