package app

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/skinsback"
)

// Metrics is what a process tells of itself on its loopback listener, in
// Prometheus' format (docs/metrics.md). Labels have few values: never a
// project, an order, a payer or a text from outside, and never a secret.
//
// What a room knows is read from the database at each scrape, by counters and
// indexes, through a [reading]; what a process does is counted as it happens.
// Register anything else with Registry.
type Metrics struct {
	Registry *prometheus.Registry
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	calls    *prometheus.CounterVec
	calling  *prometheus.HistogramVec
	commits  prometheus.Histogram
	writes   prometheus.Counter
	steps    *prometheus.CounterVec
	refused  prometheus.Counter
	told     atomic.Int64 // when the log told of a slow commit
}

// latency covers a cached answer and a slow disk.
var latency = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}

func newMetrics(d *db.DB, log *slog.Logger, now func() time.Time, readings []reading) *Metrics {
	m := &Metrics{Registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "skinrail_http_requests_total", Help: "Requests answered, by part of the main listener, method and status."}, []string{"part", "method", "status"}),
		took:     prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "skinrail_http_request_seconds", Help: "Time to answer a request, by part of the main listener.", Buckets: latency}, []string{"part"}),
		calls:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "skinrail_api_calls_total", Help: "Calls of the merchant API, by method (none: refused before it was known) and the error's number (0: success)."}, []string{"method", "code"}),
		calling:  prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "skinrail_api_call_seconds", Help: "Time to answer a call of the merchant API, by method.", Buckets: latency}, []string{"method"}),
		commits:  prometheus.NewHistogram(prometheus.HistogramOpts{Name: "skinrail_db_commit_seconds", Help: "Time of a commit until it is on disk.", Buckets: latency}),
		writes:   prometheus.NewCounter(prometheus.CounterOpts{Name: "skinrail_db_writes_total", Help: "Writes committed; several may share a commit."}),
		steps:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "skinrail_step_failures_total", Help: "Background steps that failed and are tried again, by loop."}, []string{"loop"}),
		refused:  prometheus.NewCounter(prometheus.CounterOpts{Name: "skinrail_connections_refused_total", Help: "Connections closed unread because too many were open, from one address or in all."}),
	}
	m.Registry.MustRegister(m.requests, m.took, m.calls, m.calling, m.commits, m.writes, m.steps, m.refused, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), newFigures(log, now, readings))
	d.Watch(func(took time.Duration, writes int) {
		m.commits.Observe(took.Seconds())
		m.writes.Add(float64(writes))
		m.tellSlow(log, took)
	})
	return m
}

// slowCommit is how long a commit may take before the log tells of it, once a
// minute at most.
const slowCommit = 500 * time.Millisecond

func (m *Metrics) tellSlow(log *slog.Logger, took time.Duration) {
	if took < slowCommit {
		return
	}
	now, last := time.Now().UnixNano(), m.told.Load()
	if now-last >= int64(time.Minute) && m.told.CompareAndSwap(last, now) {
		log.Warn("the database's disk is slow: a commit waited for it, and others may (docs/operations.md)", "took", took)
	}
}

// answered counts a call of the merchant API.
func (m *Metrics) answered(method string, code int, took time.Duration) {
	if method == "" {
		method = "none"
	}
	m.calls.WithLabelValues(method, strconv.Itoa(code)).Inc()
	m.calling.WithLabelValues(method).Observe(took.Seconds())
}

// request counts a request to the main listener.
func (m *Metrics) request(r *http.Request, status int, took time.Duration) {
	part := partOf(r.URL.Path)
	m.requests.WithLabelValues(part, methodOf(r.Method), strconv.Itoa(status)).Inc()
	m.took.WithLabelValues(part).Observe(took.Seconds())
}

// botLoop begins the names of the bots' loops, which are counted as one.
const botLoop = "bot "

// stepFailed counts a step of a loop that failed.
func (m *Metrics) stepFailed(loop string) {
	if strings.HasPrefix(loop, botLoop) {
		loop = "bot"
	}
	m.steps.WithLabelValues(loop).Inc()
}

// parts are the prefixes of paths that are told apart.
var parts = []struct{ prefix, part string }{{skinsback.Path, "api"}, {"/pay", "pay"}, {"/img/", "img"}, {"/embed.js", "pay"}, {"/ws", "ws"},
	{"/docs/", "docs"}, {"/openapi.json", "docs"}, {"/sandbox/", "sandbox"}, {"/panel/", "panel"}, {"/console/", "console"}, {"/healthz", "health"}, {"/readyz", "health"}}

func partOf(path string) string {
	for _, p := range parts {
		if strings.HasPrefix(path, p.prefix) {
			return p.part
		}
	}
	return "other"
}

// methodOf keeps the number of methods small, whatever is sent.
func methodOf(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// handler answers scrapes, two at a time.
func (m *Metrics) handler(log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2, Registry: m.Registry, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)})
}

// reading reads some figures at a moment and puts them out by their names.
type reading func(ctx context.Context, now time.Time, put put) error

// put gives out one value; labels are in the order of the figure's own.
type put func(name string, value float64, labels ...string)
