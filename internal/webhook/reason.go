package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"unicode/utf8"
)

// maxReason bounds the text kept for a try without an answer, in bytes.
const maxReason = 200

// reason says in few words why a try got no answer. Most errors of the HTTP
// client quote the URL or what the endpoint sent, which may hold secrets, so
// only kinds are named, and texts that hold names and addresses alone.
func reason(err error) string {
	if e, ok := errors.AsType[*net.DNSError](err); ok && !e.IsTimeout {
		return clip("the host's name cannot be resolved: " + e.Err)
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return clip("tls: " + e.Err.Error())
	}
	for _, known := range reasons {
		if known.is(err) {
			return known.text
		}
	}
	return "no usable answer"
}

var reasons = []struct {
	is   func(error) bool
	text string
}{
	{is(ErrAddress), "the address is not allowed"},
	{is(context.DeadlineExceeded), "no answer in time"},
	{is(os.ErrDeadlineExceeded), "no answer in time"},
	{isTimeout, "no answer in time"},
	{is(syscall.ECONNREFUSED), "connection refused"},
	{is(syscall.EHOSTUNREACH), "the host cannot be reached"},
	{is(syscall.ENETUNREACH), "the host cannot be reached"},
	{is(syscall.ECONNRESET), "the connection was closed before an answer"},
	{is(syscall.EPIPE), "the connection was closed before an answer"},
	{is(io.EOF), "the connection was closed before an answer"},
	{is(io.ErrUnexpectedEOF), "the connection was closed before an answer"},
	{isTLS, "tls: handshake failed"},
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

func isTimeout(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}

func isTLS(err error) bool {
	_, header := errors.AsType[tls.RecordHeaderError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	_, host := errors.AsType[x509.HostnameError](err)
	return header || alert || host
}

// clip cuts a text to what is kept, at a character's end.
func clip(s string) string {
	if len(s) <= maxReason {
		return s
	}
	end := maxReason
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return strings.ToValidUTF8(s[:end], "?")
}
