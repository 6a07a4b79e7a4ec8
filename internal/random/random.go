// Package random gives bytes that nobody can guess: references, links, ids. A
// simulation hands in a source that its seed decides, so that a run can be
// repeated.
package random

import (
	"crypto/rand"
	"encoding/hex"
	"io"
	"time"
)

// Source is where the bytes come from. The zero Source is the system's, and may
// be used concurrently.
type Source struct{ reader io.Reader }

// From is a source that reads from r.
func From(r io.Reader) Source { return Source{r} }

// Read fills b; it never fails: without random bytes the program cannot go on.
func (s Source) Read(b []byte) (int, error) {
	if s.reader == nil {
		return rand.Read(b) // ends the program instead of failing
	}
	if _, err := io.ReadFull(s.reader, b); err != nil {
		panic("random: the given source ended: " + err.Error())
	}
	return len(b), nil
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

// Text is 26 letters and digits: 130 bits.
func (s Source) Text() string {
	b := make([]byte, 26)
	_, _ = s.Read(b)
	for i := range b {
		b[i] = alphabet[b[i]%32]
	}
	return string(b)
}

// Hex is n random bytes in hexadecimal digits.
func (s Source) Hex(n int) string {
	b := make([]byte, n)
	_, _ = s.Read(b)
	return hex.EncodeToString(b)
}

// UUID is a version 7 UUID (RFC 9562) of a moment: texts of later milliseconds
// sort after those of earlier ones.
func (s Source) UUID(at time.Time) string {
	var b [16]byte
	_, _ = s.Read(b[6:])
	for i, ms := 5, at.UnixMilli(); i >= 0; i, ms = i-1, ms>>8 {
		b[i] = byte(ms)
	}
	b[6], b[8] = b[6]&0x0f|0x70, b[8]&0x3f|0x80
	t := hex.EncodeToString(b[:])
	return t[:8] + "-" + t[8:12] + "-" + t[12:16] + "-" + t[16:20] + "-" + t[20:]
}
