package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Clock talks to a running sandbox about its world's time.
type Clock struct {
	URL  string // empty: read from Data
	Data string
}

// Show prints the world's time.
func (c Clock) Show(ctx context.Context, out io.Writer) error {
	return c.call(ctx, http.MethodGet, nil, out)
}

// Move advances or sets the world's time and prints it; how is "advance" or
// "set".
func (c Clock) Move(ctx context.Context, how, value string, out io.Writer) error {
	return c.call(ctx, http.MethodPost, map[string]string{how: value}, out)
}

func (c Clock) call(ctx context.Context, method string, body any, out io.Writer) error {
	base, err := c.base()
	if err != nil {
		return err
	}
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, base+"/sandbox/clock", bytes.NewReader(data))
	if err != nil {
		return err
	}
	client := http.Client{Timeout: time.Minute}
	a, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("is the sandbox running? %w", err)
	}
	defer a.Body.Close()
	var answer struct{ Now, Error string }
	if err := json.NewDecoder(io.LimitReader(a.Body, 1<<16)).Decode(&answer); err != nil {
		return fmt.Errorf("answer of %s: %w", base, err)
	}
	if a.StatusCode != http.StatusOK {
		return errors.New(answer.Error)
	}
	fmt.Fprintln(out, answer.Now)
	return nil
}

func (c Clock) base() (string, error) {
	if c.URL != "" {
		return strings.TrimSuffix(c.URL, "/"), nil
	}
	data, err := os.ReadFile(filepath.Join(c.Data, urlFile))
	if err != nil {
		return "", fmt.Errorf("no gateway has run on %s: name it with --url or --data", c.Data)
	}
	return strings.TrimSpace(string(data)), nil
}
