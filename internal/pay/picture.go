package pay

import (
	"bytes"
	"context"
	"fmt"
	"image"
	_ "image/jpeg" // what Steam serves
	_ "image/png"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/skinrail/skinrail/internal/pay/page"
)

const (
	pictureSize  = "256fx256f" // as Steam writes sizes
	maxPicture   = 512 << 10   // bytes
	maxSide      = 1024        // pixels
	maxPictures  = 64 << 20    // bytes kept
	atOnce       = 4           // pictures fetched at the same time
	pictureTime  = 5 * time.Second
	pictureAgain = time.Minute // after one could not be had
)

// pictures fetches item pictures from the one place that is configured, checks
// them and keeps the latest. It may be used concurrently.
type pictures struct {
	base   string // without a slash at its end; empty: none are fetched
	client *http.Client
	room   chan struct{}
	mu     sync.Mutex
	kept   map[string]picture
	size   int
}

// picture is one that was fetched, or that could not be had at a time.
type picture struct {
	kind   string // content type; empty: could not be had
	data   []byte
	failed time.Time
}

func newPictures(base string, client *http.Client) *pictures {
	return &pictures{base: strings.TrimSuffix(base, "/"), client: client, room: make(chan struct{}, atOnce), kept: map[string]picture{}}
}

// get returns the picture of an icon; false when there is none, for now.
func (p *pictures) get(ctx context.Context, icon string, wall time.Time) (picture, bool) {
	if p.base == "" || p.client == nil || icon == page.Drawn || !isIcon(icon) {
		return picture{}, false
	}
	if got, known := p.find(icon, wall); known {
		return got, got.kind != ""
	}
	ctx, cancel := context.WithTimeout(ctx, pictureTime)
	defer cancel()
	select {
	case p.room <- struct{}{}:
		defer func() { <-p.room }()
	case <-ctx.Done():
		return picture{}, false
	}
	if got, known := p.find(icon, wall); known { // somebody else was faster
		return got, got.kind != ""
	}
	got, err := p.fetch(ctx, icon)
	if err != nil {
		got = picture{failed: wall}
	}
	p.keep(icon, got)
	return got, err == nil
}

func (p *pictures) find(icon string, wall time.Time) (picture, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	got, known := p.kept[icon]
	return got, known && (got.kind != "" || wall.Sub(got.failed) < pictureAgain)
}

// keep makes room by forgetting any others.
func (p *pictures) keep(icon string, got picture) {
	const each = 1 << 10 // what an entry costs beside its bytes
	p.mu.Lock()
	defer p.mu.Unlock()
	if old, known := p.kept[icon]; known {
		p.size -= len(old.data) + each
	}
	p.kept[icon] = got
	p.size += len(got.data) + each
	for other, old := range p.kept {
		if p.size <= maxPictures {
			break
		}
		if other != icon {
			delete(p.kept, other)
			p.size -= len(old.data) + each
		}
	}
}

// fetch reads one picture, and believes what its bytes are, not what is said of
// them.
func (p *pictures) fetch(ctx context.Context, icon string) (picture, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+"/"+icon+"/"+pictureSize, http.NoBody)
	if err != nil {
		return picture{}, err
	}
	res, err := p.client.Do(r)
	if err != nil {
		return picture{}, err
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(res.Body, maxPicture+1))
	if err != nil || res.StatusCode != http.StatusOK || len(data) > maxPicture {
		return picture{}, fmt.Errorf("picture %s: status %d, %d bytes, %w", icon, res.StatusCode, len(data), err)
	}
	is, form, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || is.Width > maxSide || is.Height > maxSide {
		return picture{}, fmt.Errorf("picture %s: %d×%d: %w", icon, is.Width, is.Height, err)
	}
	return picture{kind: "image/" + form, data: data}, nil
}

// isIcon accepts what Steam calls icons: they cannot leave the path they are
// put in.
func isIcon(s string) bool {
	return s != "" && len(s) <= 600 && strings.Trim(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-") == ""
}

// picture serves an item's picture, or draws one. The text in a drawn one comes
// from the address, so the answer is a picture and nothing else: no script runs
// in it, wherever it is opened.
func (d *Door) picture(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	icon, name, app := r.PathValue("icon"), r.URL.Query().Get("name"), r.URL.Query().Get("app")
	if got, ok := d.pictures.get(r.Context(), icon, d.Wall()); ok {
		h.Set("Content-Type", got.kind)
		h.Set("Cache-Control", forever)
		_, _ = w.Write(got.data) // who went away will ask again
		return
	}
	if name == "" || len(name) > 400 || len(app) > 10 || strings.Trim(app, "0123456789") != "" {
		http.NotFound(w, r)
		return
	}
	h.Set("Content-Type", "image/svg+xml")
	h.Set("Cache-Control", forever)
	if d.pictures.base != "" && icon != page.Drawn {
		h.Set("Cache-Control", "public, max-age=60") // the real one may come
	}
	_, _ = w.Write(page.Draw(app, strings.ToValidUTF8(name, "")))
}
