package app

import (
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
)

// wrap is around all doors: a request id on every answer, one log line a
// request, its count, and a panic that ends one request only. The query is never logged:
// it may carry secrets.
func wrap(log *slog.Logger, m *Metrics, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		id := uuid.Must(uuid.NewV7()).String() // the random source never fails
		w.Header().Set("X-Request-Id", id)
		seen := &status{ResponseWriter: w, code: http.StatusOK}
		defer func() {
			p := recover()
			if p == http.ErrAbortHandler { //nolint:errorlint // the server compares it like this too
				panic(p)
			}
			if p != nil {
				log.Error("request panicked", "request", id, "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
				say(seen, http.StatusInternalServerError, "internal error; request "+id)
			}
			took := time.Since(began)
			m.request(r, seen.code, took)
			log.Info("request", "request", id, "method", r.Method, "path", r.URL.Path, "status", seen.code, "took", took)
		}()
		h.ServeHTTP(seen, r)
	})
}

// status remembers what was answered.
type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController through.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func say(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(text + "\n"))
}
