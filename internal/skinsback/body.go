package skinsback

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	// maxBody is how long a request's body may be, in bytes.
	maxBody = 256 << 10
	// maxDrain is how much more is read and thrown away, so that a caller that
	// writes everything before it reads gets the answer instead of a reset.
	maxDrain = 16 << 20
	// bodyTime is how long a body may take to arrive.
	bodyTime = 15 * time.Second
)

// Why a body was not read; whoever sent it is told.
var (
	errTooLarge = errors.New("the body is over 256 kB")
	errCut      = errors.New("the body did not arrive whole in time")
	errEncoded  = errors.New("the body has a content encoding; send it as it is")
)

// readFields reads the parameters of a request, whatever its encoding, and the
// body as it came. The error says that the body cannot be read.
func (d *Door) readFields(w http.ResponseWriter, r *http.Request) (f fields, body string, err error) {
	if body, err = readBody(w, r, d.bodyTime); err != nil {
		return nil, "", err
	}
	f, err = decode(body, r.Header.Get("Content-Type"))
	return f, body, err
}

// decode tells the encoding by what the body begins with; the header decides
// only between the two kinds of forms, because callers send wrong ones.
func decode(s, contentType string) (fields, error) {
	if strings.HasPrefix(strings.TrimLeft(s, " \t\r\n"), "{") {
		return decodeJSON(s)
	}
	if b, ok := boundary(contentType); ok {
		return decodeMultipart(s, b)
	}
	return decodeForm(s)
}

// readBody reads at most maxBody bytes within some wall time.
func readBody(w http.ResponseWriter, r *http.Request, within time.Duration) (string, error) {
	if r.ContentLength == 0 {
		return "", nil
	}
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return "", errEncoded
	}
	control := http.NewResponseController(w)
	if err := control.SetReadDeadline(time.Now().Add(within)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return "", err
	}
	if r.ContentLength > maxBody {
		drain(r)
		return "", errTooLarge
	}
	if r.ContentLength > 0 {
		b := make([]byte, r.ContentLength)
		if _, err := io.ReadFull(r.Body, b); err != nil {
			return "", errCut
		}
		return string(b), nil
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return "", errCut
	}
	if len(b) > maxBody {
		drain(r)
		return "", errTooLarge
	}
	return string(b), nil
}

// drain throws away what is still coming.
func drain(r *http.Request) { _, _ = io.CopyN(io.Discard, r.Body, maxDrain) }
