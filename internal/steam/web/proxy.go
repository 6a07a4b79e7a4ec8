package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// CheckProxy refuses what cannot be a proxy's URL. The URL may hold a name and
// a password, so the error quotes nothing of it.
func CheckProxy(text string) error {
	_, err := proxyURL(text)
	return err
}

func proxyURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Port() == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" ||
		!slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
		return nil, errors.New("proxy: want http, https or socks5://[name:password@]host:port")
	}
	return u, nil
}

// outgoing is a transport of its own, through the account's proxy if it has one.
func outgoing(proxy string) (http.RoundTripper, error) {
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConns: 100, IdleConnTimeout: 90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second, MaxResponseHeaderBytes: 64 << 10,
	}
	if proxy != "" {
		u, err := proxyURL(proxy)
		if err != nil {
			return nil, err
		}
		t.Proxy = http.ProxyURL(u)
	}
	return t, nil
}

// Paces holds one [Pace] for each outgoing address: the machine's own, and one
// for each proxy. All methods may be called concurrently.
type Paces struct {
	gaps Gaps
	mu   sync.Mutex
	of   map[string]Pace
}

// NewPaces returns paces that all keep the same gaps.
func NewPaces(g Gaps) *Paces { return &Paces{gaps: g, of: map[string]Pace{}} }

// Of is the pace of all accounts that leave by the proxy; empty: directly.
func (p *Paces) Of(proxy string) Pace {
	key := ""
	if u, err := proxyURL(proxy); err == nil {
		key = u.Host // another name and password are the same address
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	pace, ok := p.of[key]
	if !ok {
		pace = NewPace(p.gaps)
		p.of[key] = pace
	}
	return pace
}
