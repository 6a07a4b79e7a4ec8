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
	"syscall"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"github.com/skinrail/skinrail/internal/apidoc"
	"github.com/skinrail/skinrail/internal/skinsback"
	"github.com/skinrail/skinrail/internal/socket"
)

// grace is how long running requests may take to finish when stopping.
const grace = 10 * time.Second

// server is a listener that is open before anything is served, so that its
// address is known to whoever needs it in a URL.
type server struct {
	listener net.Listener
	http     *http.Server
	visitors *visitors // nil: anybody, as many as come
}

func listen(address string) (*server, error) {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen: another program has %s: stop it, or name another address, such as with --listen (port 0 takes a free one): %w", address, err)
	}
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

// socketURL is where websockets are on the listener.
func (s *server) socketURL() string { return "ws" + strings.TrimPrefix(s.URL(), "http") + "/ws/" }

// serve answers with h in the background; a failure ends up in failed.
func (s *server) serve(h http.Handler, log *slog.Logger, failed chan<- error) {
	s.http = &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 45 * time.Second, IdleTimeout: 60 * time.Second, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	if s.visitors != nil {
		s.http.ConnState = s.visitors.state
	}
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
	g.routes(mux)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", g.readyz)
	if control != nil {
		mux.Handle("/sandbox/", control)
	}
	if !g.Roles.has(RoleAPI) {
		return wrap(g.Log, g.Metrics, mux)
	}
	api := g.API.Handler()
	return wrap(g.Log, g.Metrics, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, skinsback.Path) {
			api.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	}))
}

// routes are the pages and sockets of this process's roles.
func (g *Gateway) routes(mux *http.ServeMux) {
	if g.Roles.has(RolePay) {
		pages := gzhttp.GzipHandler(g.Pay.Handler()) // 1,500 items compress to a twentieth
		for _, path := range []string{"/pay/", "/pay", "/img/", "/embed.js"} {
			mux.Handle(path, pages)
		}
	}
	if g.Roles.has(RoleAPI) {
		reference := gzhttp.GzipHandler(apidoc.Handler())
		mux.Handle("/docs/", reference)
		mux.Handle("/openapi.json", reference)
	}
	sockets := g.Roles.has(RoleSocket)
	if sockets {
		mux.Handle("/ws", g.socketDoor())
		mux.Handle("/ws/{$}", g.socketDoor())
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if sockets && socket.Upgrade(r) { // where old clients connect
			g.socketDoor().ServeHTTP(w, r)
			return
		}
		say(w, http.StatusOK, "Skinrail gateway\n\nmerchant API   POST "+skinsback.Path+"\nwebsocket      GET /ws/\nreference      GET /docs/, /openapi.json\nhealth         GET /healthz, /readyz")
	})
}

// legacySockets serves websockets on a listener of their own, as very old
// clients expect them: without TLS and at the root.
func (g *Gateway) legacySockets() http.Handler {
	mux := http.NewServeMux()
	for _, path := range []string{"/{$}", "/ws", "/ws/{$}"} {
		mux.Handle(path, g.socketDoor())
	}
	return wrap(g.Log, g.Metrics, mux)
}

// maxSockets leaves a fifth of the files that the process may have open to
// everything else; 0, the door's own limit, when the system does not say.
func maxSockets() int { return min(16_000, files()/5*4) }

// files is how many the process may have open, of those that are of use; 0 when
// the system does not say.
func files() int {
	var most syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &most); err != nil {
		return 0
	}
	return int(min(100_000, most.Cur)) // #nosec G115 -- small
}

func (g *Gateway) readyz(w http.ResponseWriter, r *http.Request) {
	if g.closed(r.Context()) {
		say(w, http.StatusServiceUnavailable, "restored: closed until Steam and the records agree")
		return
	}
	if g.Ledger.Stopped() != "" {
		say(w, http.StatusServiceUnavailable, "the books are not right: no money moves until skinrail audit finds nothing wrong")
		return
	}
	if why := g.unavailable(); why != "" {
		say(w, http.StatusServiceUnavailable, why)
		return
	}
	say(w, http.StatusOK, "ok")
}

// back serves figures and profiling on the loopback listener.
func (g *Gateway) back() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", g.Metrics.handler(g.Log))
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}
