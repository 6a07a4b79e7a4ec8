package skinsback

import (
	"cmp"
	"crypto/hmac"
	"crypto/md5"  // #nosec G501 -- the old format's token
	"crypto/sha1" // #nosec G505 -- the old format's signature
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/skinrail/skinrail/internal/seal"
)

// StaticToken is the constant that X-SIGN and the websocket carry: the
// lower-case hex MD5 of the client id followed by the client secret.
func StaticToken(id int64, secret seal.Secret) string {
	sum := md5.Sum([]byte(strconv.FormatInt(id, 10) + secret.Reveal())) // #nosec G401 -- as above
	return hex.EncodeToString(sum[:])
}

// spelling is one way in which an honest client turns values into text. A JSON
// body does not tell which language signed it.
type spelling struct {
	value func(value) string
	null  bool // null stands as "key:;" instead of being left out
}

// spellings in the order of how often they meet. Six at most: each is one HMAC.
var spellings = []spelling{
	{asJavaScript, false},
	{asPHP, true},
	{asWritten, false},
	{asJavaScript, true},
	{asPHP, false},
	{asWritten, true},
}

// signedTexts returns the texts that an honest client may have signed, without
// repeats. Lists and objects are never covered.
func (f fields) signedTexts() []string {
	signed := make(fields, 0, len(f))
	plain := true
	for _, p := range f {
		if p.name == "sign" || !p.value.scalar() {
			continue
		}
		signed = append(signed, p)
		plain = plain && p.value.plain()
	}
	slices.SortFunc(signed, func(a, b field) int { return cmp.Compare(a.name, b.name) })
	if plain {
		return []string{spellings[0].text(signed)}
	}
	texts := make([]string, 0, len(spellings))
	for _, s := range spellings {
		if t := s.text(signed); !slices.Contains(texts, t) {
			texts = append(texts, t)
		}
	}
	return texts
}

// plain reports whether all spellings of the value are the same at a glance.
func (v value) plain() bool {
	return v.kind == text || v.kind == number && len(v.str) < 15 && strings.Trim(v.str, "0123456789") == ""
}

func (s spelling) text(signed fields) string {
	var b strings.Builder
	size := 0
	for _, p := range signed {
		size += len(p.name) + len(p.value.str) + 2
	}
	b.Grow(size)
	for _, p := range signed {
		if p.value.kind == null && !s.null {
			continue
		}
		b.WriteString(p.name)
		b.WriteByte(':')
		b.WriteString(s.value(p.value))
		b.WriteByte(';')
	}
	return b.String()
}

func asWritten(v value) string { return v.str } // null has no text

func asJavaScript(v value) string {
	if v.kind == number {
		return javaScriptNumber(v.str)
	}
	return v.str
}

func asPHP(v value) string {
	switch v.kind {
	case number:
		return phpNumber(v.str)
	case boolean:
		if v.str == "true" {
			return "1"
		}
		return ""
	}
	return v.str
}

const signatureSize = 2 * sha1.Size

// signature decodes a sign parameter: forty lower-case hex digits.
func signature(v value) ([]byte, bool) {
	if v.kind != text || len(v.str) != signatureSize || strings.Trim(v.str, "0123456789abcdef") != "" {
		return nil, false
	}
	raw, err := hex.DecodeString(v.str)
	return raw, err == nil
}

// signedBy reports whether the signature is that of any of the texts under the
// secret. It takes the same time whichever matches.
func signedBy(secret seal.Secret, sign []byte, texts []string) bool {
	mac := hmac.New(sha1.New, []byte(secret.Reveal()))
	var sum [sha1.Size]byte
	match := false
	for i, t := range texts {
		if i > 0 {
			mac.Reset()
		}
		mac.Write([]byte(t))
		match = hmac.Equal(sign, mac.Sum(sum[:0])) || match
	}
	return match
}

// sign returns the signature of one text.
func sign(secret seal.Secret, text string) string {
	mac := hmac.New(sha1.New, []byte(secret.Reveal()))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}
