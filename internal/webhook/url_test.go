package webhook

import (
	"errors"
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/fault"
)

func TestPublicURLsAreTaken(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"https://shop.example/result", "http://shop.example", "HTTPS://Shop.Example/", "https://shop.example:443/",
		"http://shop.example:80/", "http://shop.example:8080/a?b=c&d=%20", "https://shop.example:8443/",
		"https://xn--80ak6aa92e.example/", "https://a_b.shop.example/", "https://shop.example/путь?имя=1",
		"https://8.8.8.8/", "https://[2606:4700:4700::1111]:8443/hook", "https://1.2.3.com/", "https://0x.example/",
		"https://shop.example/@user", "https://shop.example/a:b", "https://shop.example?x",
		"https://shop.example/" + strings.Repeat("a", maxURL-len("https://shop.example/")),
	} {
		if err := CheckURL(raw, GuardOptions{}); err != nil {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestOtherURLsAreRefused(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		// form
		"", "shop.example", "//shop.example/", "/result", "https:", "https://", "https:///x", "https:shop.example",
		"https://shop.example/" + strings.Repeat("a", maxURL), "https://" + strings.Repeat("a.", 127) + "example/",
		"https://" + strings.Repeat("a", 64) + ".example/", "https://shop..example/", "https://.example/",
		"https://shop.example./", "https://-a.example/", "https://a-.example/", "https://a!b.example/", "https://",
		"https://shop.example/%zz", "https://shop%2eexample/", "https://shop.example%00/", "https://%31%32%37.0.0.1/",
		// schemes
		"ftp://shop.example/", "file:///etc/passwd", "gopher://shop.example/", "javascript:alert(1)", "unix:///run/x",
		"ws://shop.example/", "data:text/plain,x", "mailto:a@shop.example", "https+unix://x/",
		// credentials and fragments
		"https://user@shop.example/", "https://user:pass@shop.example/", "https://@shop.example/", "https://:@shop.example/",
		"https://8.8.8.8@127.0.0.1/", "https://shop.example#x", "https://shop.example/#", "https://shop.example/?a#b",
		// ports
		"https://shop.example:/", "https://shop.example:22/", "https://shop.example:0/", "https://shop.example:0443/",
		"https://shop.example:65536/", "https://shop.example:-1/", "https://shop.example:https/", "https://[::1]:/",
		"https://shop.example:٤٤٣/", "https://shop.example:443:443/",
		// characters
		"https://shop.example/a b", " https://shop.example/", "https://shop.example/\n", "https://shop.example/\r\nX: y",
		"https://shop.example\\@127.0.0.1/", "https:\\\\shop.example/", "https://shop.example/\x00", "https://shop.example/\u202e",
		"https://shop.example/\u200b", "https://shop.example/\xff", "https://shop.example/\u00a0", "https://пример.example/",
		"https://ⓔxample.example/", "https://shop。example/", "https://１２７.0.0.1/",
		// odd spellings of addresses
		"http://2130706433/", "http://017700000001/", "http://0x7f000001/", "http://0X7F000001/", "http://127.1/",
		"http://127.0.1/", "http://0177.0.0.1/", "http://0x7f.0.0.1/", "http://127.0.0.0x1/", "http://127.0.0.01/",
		"http://127.0.0.1./", "http://8.8.8.8./", "http://8.8.2056/", "http://134744072/", "http://08.8.8.8/",
		"http://256.1.1.1/", "http://1.2.3.4.5/", "http://0/", "http://0x/", "http://1.2.3.0x/", "http://8.8.8.8.:80/",
		"http://[8.8.8.8]/", "http://[::ffff:8.8.8.8]/", "http://[0:0:0:0:0:ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/",
		"http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/", "http://[2606:4700::1%251]/", "http://[::1/", "http://::1/",
		"http://[]/", "http://[:::]/", "http://[1::2::3]/", "http://[v1.x]/",
		// names inside
		"http://localhost/", "http://LOCALHOST/", "http://a.localhost/", "http://intranet/", "http://metadata/",
		"http://127.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest/", "http://0.0.0.0/",
	} {
		if err := CheckURL(raw, GuardOptions{}); !errors.Is(err, fault.InvalidRequest) {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestLocalURLsAreTakenWhereAllowed(t *testing.T) {
	t.Parallel()
	local, private := GuardOptions{AllowLoopback: true}, GuardOptions{AllowPrivate: true}
	for _, c := range []struct {
		raw            string
		local, private bool
	}{
		{"http://127.0.0.1:9000/skins/result", true, false}, {"http://localhost:3000/", true, false},
		{"http://[::1]:9000/", true, false}, {"http://shop.localhost/", true, false},
		{"http://10.0.0.5:9000/", false, true}, {"http://merchant:8000/hook", false, true}, {"http://[fd00::1]/", false, true},
		{"https://shop.example:9000/", true, true}, {"http://127.1:9000/", false, false}, {"http://2130706433/", false, false},
		{"http://169.254.169.254/", false, false}, {"http://user@127.0.0.1/", false, false}, {"ftp://127.0.0.1/", false, false},
		{"http://127.0.0.1:0/", false, false}, {"http://[::ffff:127.0.0.1]/", false, false},
	} {
		if err := CheckURL(c.raw, local); (err == nil) != c.local {
			t.Errorf("%q with loopback: %v", c.raw, err)
		}
		if err := CheckURL(c.raw, private); (err == nil) != c.private {
			t.Errorf("%q with private: %v", c.raw, err)
		}
	}
}
