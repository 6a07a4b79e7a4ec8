package seal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/seal"
)

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	const text = "hunter2-hunter2"
	s := seal.Secret(text)
	holder := struct {
		Name string
		Key  seal.Secret
		Ptr  *seal.Secret
	}{"n", s, &s}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10s", "%U", "%T %v"} {
		fmt.Fprintf(&out, verb+"\n", s)
		fmt.Fprintf(&out, verb+"\n", holder)
		fmt.Fprintf(&out, verb+"\n", []seal.Secret{s})
		fmt.Fprintf(&out, verb+"\n", map[seal.Secret]seal.Secret{s: s})
	}
	fmt.Fprintln(&out, s, holder, errors.New(s.String()))
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("m", "s", s, "holder", holder, "list", []seal.Secret{s})
	}
	for _, v := range []any{s, holder, map[string]seal.Secret{"k": s}} {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		out.Write(raw)
	}
	all := out.String()
	for _, form := range []string{text, fmt.Sprintf("%x", text), fmt.Sprintf("%X", text), "hunter"} {
		if strings.Contains(all, form) {
			t.Errorf("%q is in\n%s", form, all)
		}
	}
	if s.Reveal() != text {
		t.Error("it was not kept")
	}
	encoded, err := s.MarshalText()
	if err != nil {
		t.Error(err)
	}
	for _, shown := range []string{s.String(), s.GoString(), s.LogValue().String(), string(encoded), fmt.Sprintf("%d", s)} {
		if shown != "[redacted]" {
			t.Errorf("shown as %q", shown)
		}
	}
}
