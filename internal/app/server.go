package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"github.com/skinrail/skinrail/internal/skinsback"
)

// grace is how long running requests may take to finish when stopping.
const grace = 10 * time.Second

// server is a listener that is open before anything is served, so that its
// address is known to whoever needs it in a URL.
type server struct {
	listener net.Listener
	http     *http.Server
}

func listen(address string) (*server, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return &server{listener: l}, nil
}

// URL is the listener's base URL, without a slash at its end. A listener on all
// addresses is reached by this machine's own.
func (s *server) URL() string {
	at := s.listener.Addr().(*net.TCPAddr) // unreachable otherwise: listen asks for tcp
	if at.IP.IsUnspecified() {
		return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(at.Port))
	}
	return "http://" + at.String()
}

// serve answers with h in the background; a failure ends up in failed.
func (s *server) serve(h http.Handler, log *slog.Logger, failed chan<- error) {
	s.http = &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 45 * time.Second, IdleTimeout: 60 * time.Second, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	go func() {
		if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
}

// stop takes no new requests and waits for the running ones.
func (s *server) stop() error {
	if s.http == nil {
		return s.listener.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	return s.http.Shutdown(ctx)
}

// public routes the main listener. The merchant API sees requests as they came:
// a mux before it would redirect double slashes, which no caller follows.
func (g *Gateway) public(control http.Handler) http.Handler {
	mux := http.NewServeMux()
	pages := gzhttp.GzipHandler(g.Pay.Handler()) // 1,500 items compress to a twentieth
	mux.Handle("/pay/", pages)
	mux.Handle("/pay", pages)
	mux.Handle("/img/", pages)
	mux.Handle("/embed.js", pages)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		say(w, http.StatusOK, "Skinrail gateway\n\nmerchant API   POST "+skinsback.Path+"\nhealth         GET /healthz, /readyz")
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", g.readyz)
	if control != nil {
		mux.Handle("/sandbox/", control)
	}
	api := g.API.Handler()
	return wrap(g.Log, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, skinsback.Path) {
			api.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	}))
}

func (g *Gateway) readyz(w http.ResponseWriter, r *http.Request) {
	if why := g.unavailable(); why != "" {
		say(w, http.StatusServiceUnavailable, why)
		return
	}
	say(w, http.StatusOK, "ok")
}

// admin serves profiling on the loopback listener.
func admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}
