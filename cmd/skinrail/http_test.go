package main_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// HTTP as nobody should send it, to the running program over plain
// connections (B11): an answer or an end, never a 5xx, and the server goes on.
func TestOddHTTPIsAnsweredAndTheServerGoesOn(t *testing.T) {
	t.Parallel()
	s := start(t)
	host := strings.TrimPrefix(s.ready.GatewayURL, "http://")
	p := s.ready.Projects[0]
	body := `{"method":"status"}`
	auth := "Host: " + host + "\r\nX-CLIENT-ID: " + p.ClientID + "\r\nX-CLIENT-SECRET: " + p.ClientSecret + "\r\n"
	post := func(target, more, body string) string {
		return "POST " + target + " HTTP/1.1\r\n" + auth + more + "Content-Length: " + fmt.Sprint(len(body)) + "\r\n\r\n" + body
	}
	many := strings.Repeat("X-H: y\r\n", 1000)
	const success, notPost, noMethod = `{"status":"success"`, `"error_code":-1`, `"error_code":-5`
	for _, c := range []struct {
		what, request string
		status        int // 0: the connection may just end
		want          string
	}{
		{"as it should be", post("/api.php", "", body), 200, success},
		{"absolute form", post(s.ready.GatewayURL+"/api.php", "", body), 200, success},
		{"double slashes", post("/api.php//x", "", body), 200, success},
		{"encoded slashes", post("/api.php/%2e%2e%2fx", "", body), 200, success},
		{"dots", post("/api.php/../api.php", "", body), 200, success},
		{"method in the query", post("/api.php?method=balance&shopid=9", "", body), 200, success},
		{"1,000 headers", post("/api.php", many, body), 200, success},
		{"64 kB header", post("/api.php", "X-Long: "+strings.Repeat("a", 64<<10)+"\r\n", body), 431, ""},
		{"HTTP/1.0", "POST /api.php HTTP/1.0\r\n" + auth + "Content-Length: 19\r\n\r\n" + body, 200, success},
		{"no Host", "POST /api.php HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 400, ""},
		{"two Content-Lengths", post("/api.php", "Content-Length: 1\r\n", body), 400, ""},
		{"Content-Length and chunks", post("/api.php", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"), 0, ""},
		{"negative length", "POST /api.php HTTP/1.1\r\n" + auth + "Content-Length: -1\r\n\r\n", 400, ""},
		{"chunked", "POST /api.php HTTP/1.1\r\n" + auth + "Transfer-Encoding: chunked\r\n\r\n13\r\n" + body + "\r\n0\r\n\r\n", 200, success},
		{"bad chunks", "POST /api.php HTTP/1.1\r\n" + auth + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 200, noMethod},
		{"unknown coding", "POST /api.php HTTP/1.1\r\n" + auth + "Transfer-Encoding: br\r\n\r\n", 501, ""},
		{"100-continue", post("/api.php", "Expect: 100-continue\r\n", body), 200, success},
		{"other expectation", post("/api.php", "Expect: cake\r\n", body), 417, ""},
		{"GET", "GET /api.php HTTP/1.1\r\n" + auth + "\r\n", 200, notPost},
		{"HEAD", "HEAD /api.php HTTP/1.1\r\n" + auth + "\r\n", 200, ""},
		{"OPTIONS", "OPTIONS /api.php HTTP/1.1\r\n" + auth + "\r\n", 200, notPost},
		{"OPTIONS *", "OPTIONS * HTTP/1.1\r\n" + auth + "\r\n", 0, ""},
		{"TRACE", "TRACE /api.php HTTP/1.1\r\n" + auth + "\r\n", 200, notPost},
		{"CONNECT", "CONNECT api.php:80 HTTP/1.1\r\n" + auth + "\r\n", 0, ""},
		{"no verb", " /api.php HTTP/1.1\r\n\r\n", 400, ""},
		{"line feeds in a header", "POST /api.php HTTP/1.1\r\nX: a\n b\r\n\r\n", 400, ""},
		{"not HTTP", "\x16\x03\x01\x02\x00\x01\x00", 400, ""},
		{"a body that never comes", "POST /api.php HTTP/1.1\r\n" + auth + "Content-Length: 19\r\n\r\n", 0, ""},
	} {
		status, got := s.speak(host, c.request, !strings.Contains(c.what, "never comes"))
		if status >= 500 && status != http.StatusNotImplemented || c.status != 0 && status != c.status || !strings.Contains(got, c.want) {
			t.Errorf("%s: status %d, want %d: %.300s", c.what, status, c.status, got)
		}
	}
	if got := s.pipelined(host, post("/api.php", "", body), 50); got != 50 {
		t.Errorf("of 50 requests in one go %d were answered", got)
	}
	if got := s.ok(answer{"method": "status"}); got["available"] != true {
		t.Errorf("afterwards: %v", got)
	}
}

// speak sends bytes and returns the status and body of the answer; 0 when the
// connection ended without one, which is also what happens after leaving early.
func (s *sandbox) speak(host, request string, wait bool) (status int, body string) {
	s.t.Helper()
	conn, err := net.Dial("tcp", host)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(conn, request)
	if !wait {
		return 0, ""
	}
	verb, _, _ := strings.Cut(request, " ")
	in := bufio.NewReader(conn)
	for {
		res, err := http.ReadResponse(in, &http.Request{Method: verb})
		if err != nil {
			return 0, ""
		}
		if res.StatusCode == http.StatusContinue {
			continue
		}
		var b bytes.Buffer
		_, _ = io.Copy(&b, io.LimitReader(res.Body, 1<<20))
		_ = res.Body.Close()
		return res.StatusCode, b.String()
	}
}

// pipelined sends n requests at once on one connection and counts the answers.
func (s *sandbox) pipelined(host, request string, n int) (answered int) {
	s.t.Helper()
	conn, err := net.Dial("tcp", host)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(conn, strings.Repeat(request, n))
	in := bufio.NewReader(conn)
	for range n {
		res, err := http.ReadResponse(in, nil)
		if err != nil || res.StatusCode != http.StatusOK {
			return answered
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		answered++
	}
	return answered
}
