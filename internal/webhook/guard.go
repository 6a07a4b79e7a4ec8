package webhook

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// GuardOptions says which addresses beside public ones may be called, at any
// port.
type GuardOptions struct {
	AllowLoopback bool // 127.0.0.0/8 and ::1
	AllowPrivate  bool // 10/8, 172.16/12, 192.168/16 and fc00::/7
	// Transport takes the place of the network; nil: dial. URLs are checked all
	// the same.
	Transport http.RoundTripper
}

const (
	maxAnswer  = 64 << 10 // bytes of an answer's body
	maxHeaders = 16 << 10
)

// Guard returns a client for URLs that merchants give. It calls public
// addresses only: each address is checked when it is dialled, so that a name
// cannot resolve to another one in between. It follows no redirect, uses no
// proxy, reads at most 64 kB of an answer and gives up after ten seconds.
func Guard(o GuardOptions) *http.Client {
	next := o.Transport
	if next == nil {
		next = o.network()
	}
	return &http.Client{
		Timeout: tryTime,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
		Transport: guarded{options: o, next: next},
	}
}

// network dials only what may be called.
func (o GuardOptions) network() http.RoundTripper {
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: o.control}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext:            dialer.DialContext,
		Protocols:              protocols,
		TLSHandshakeTimeout:    5 * time.Second,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    perHost,
		IdleConnTimeout:        15 * time.Second,
		MaxResponseHeaderBytes: maxHeaders,
		DisableCompression:     true,
	}
}

// control sees every address that is about to be dialled, after names have been
// resolved.
func (o GuardOptions) control(network, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || (network != "tcp4" && network != "tcp6") {
		return fmt.Errorf("%w: %s", ErrAddress, network)
	}
	if !o.allowed(to.Addr()) || !o.port(to.Port()) {
		return fmt.Errorf("%w: %s", ErrAddress, to)
	}
	return nil
}

// guarded checks each URL before it is called and bounds what is read.
type guarded struct {
	options GuardOptions
	next    http.RoundTripper
}

func (g guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := checkURL(r.URL, g.options); err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, fmt.Errorf("%w: %w", ErrAddress, err)
	}
	answer, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = &bounded{Reader: io.LimitReader(answer.Body, maxAnswer), Closer: answer.Body}
	return answer, nil
}

// CloseIdleConnections is what [http.Client.CloseIdleConnections] calls.
func (g guarded) CloseIdleConnections() {
	if c, ok := g.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// bounded is a body that ends early.
type bounded struct {
	io.Reader
	io.Closer
}
