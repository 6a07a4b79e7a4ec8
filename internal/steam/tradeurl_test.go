package steam

import (
	"strings"
	"testing"
)

func TestTradeURLIsReadInEveryHarmlessForm(t *testing.T) {
	t.Parallel()
	want := TradeURL{Partner: 76561198000000101, Token: "Eb0t_tok"}
	for _, s := range []string{
		"https://steamcommunity.com/tradeoffer/new/?partner=39734373&token=Eb0t_tok",
		"https://steamcommunity.com/tradeoffer/new?partner=39734373&token=Eb0t_tok",
		"http://steamcommunity.com/tradeoffer/new/?partner=39734373&token=Eb0t_tok",
		"https://www.steamcommunity.com/tradeoffer/new/?partner=39734373&token=Eb0t_tok",
		"https://STEAMCOMMUNITY.com/tradeoffer/new/?partner=39734373&token=Eb0t_tok",
		"https://steamcommunity.com/tradeoffer/new/?token=Eb0t_tok&partner=39734373",
		"https://steamcommunity.com/tradeoffer/new/?partner=39734373&amp;token=Eb0t_tok",
		"  https://steamcommunity.com/tradeoffer/new/?partner=39734373&token=Eb0t_tok\n",
		"https://steamcommunity.com/tradeoffer/new/?partner=39734373&token=Eb0t_tok&for_item=730_2_1",
		"http://127.0.0.1:8090/tradeoffer/new/?partner=39734373&token=Eb0t_tok",
	} {
		if got, err := ParseTradeURL(s, "127.0.0.1:8090"); err != nil || got != want {
			t.Errorf("ParseTradeURL(%q) = %+v, %v", s, got, err)
		}
	}
	if got := want.URL("https://steamcommunity.com"); got != "https://steamcommunity.com/tradeoffer/new/?partner=39734373&token=Eb0t_tok" {
		t.Errorf("URL = %q", got)
	}
}

func TestForeignTradeURLsAreRefused(t *testing.T) {
	t.Parallel()
	const query = "/tradeoffer/new/?partner=39734373&token=Eb0t_tok"
	for _, s := range []string{
		"", "not a url", query, "//steamcommunity.com" + query, "ftp://steamcommunity.com" + query,
		"javascript://steamcommunity.com" + query,
		"https://steamcommunity.com.evil.example" + query, "https://evil.example" + query,
		"https://evil.example/https://steamcommunity.com" + query, "https://steamcommunity.com:443" + query,
		"https://steamcommunity.com:8443" + query, "https://steamcommunity.com@evil.example" + query,
		"https://user:word@steamcommunity.com" + query, "https://steamcommunity.com" + query + "#top",
		"https://steаmcommunity.com" + query, "https://sub.steamcommunity.com" + query, "https://steamcommunity.com." + query,
		"https://steamcommunity.com/tradeoffer/", "https://steamcommunity.com/tradeoffer/new/",
		"https://steamcommunity.com/tradeoffer/new//?partner=39734373&token=Eb0t_tok",
		"https://steamcommunity.com/x/../tradeoffer/new/?partner=39734373&token=Eb0t_tok",
		"https://127.0.0.1:8091" + query,
	} {
		if got, err := ParseTradeURL(s, "127.0.0.1:8090", ""); err == nil {
			t.Errorf("ParseTradeURL(%q) = %+v; want an error", s, got)
		}
	}
}

func TestTradeURLParametersAreStrict(t *testing.T) {
	t.Parallel()
	for _, q := range []string{
		"", "partner=39734373", "token=Eb0t_tok", "partner=&token=Eb0t_tok", "partner=39734373&token=",
		"partner=0&token=Eb0t_tok", "partner=-1&token=Eb0t_tok", "partner=%2B1&token=Eb0t_tok", "partner=039734373&token=Eb0t_tok",
		"partner=4294967296&token=Eb0t_tok", "partner=76561198000000101&token=Eb0t_tok", "partner=1e3&token=Eb0t_tok",
		"partner=0x10&token=Eb0t_tok", "partner=1.0&token=Eb0t_tok", "partner=%EF%BC%91&token=Eb0t_tok", "partner=1_0&token=Eb0t_tok",
		"partner=1&partner=2&token=Eb0t_tok", "partner=1&token=Eb0t_tok&token=Eb0t_tok", "partner=1&token=Eb0t_",
		"partner=1&token=Eb0t_tokEb0t_tokE", "partner=1&token=Eb0t+tok", "partner=1&token=Eb0t%20tok", "partner=1&token=Eb0t%5Ftok%00",
		"partner=1&token=Eb0t%255Fto", "partner=1;token=Eb0t_tok", "partner=1&token=Eb0t_t%", "Partner=1&Token=Eb0t_tok",
		"partner[]=1&token=Eb0t_tok", "partner=1&token=Eb0t_t\u202e",
	} {
		if got, err := ParseTradeURL("https://steamcommunity.com/tradeoffer/new/?" + q); err == nil {
			t.Errorf("ParseTradeURL(?%s) = %+v; want an error", q, got)
		}
	}
	long := "https://steamcommunity.com/tradeoffer/new/?partner=1&token=Eb0t_tok&x=" + strings.Repeat("a", 400)
	if _, err := ParseTradeURL(long); err == nil {
		t.Error("a trade url over 400 bytes was taken")
	}
	for _, token := range []string{"Eb0t_t", "Eb0t_to", "Eb0t_tok_", "Eb0t_tokEb0t_tok"} {
		if got, err := ParseTradeURL("https://steamcommunity.com/tradeoffer/new/?partner=1&token=" + token); err != nil || got.Token != token {
			t.Errorf("token %s = %+v, %v", token, got, err)
		}
	}
	if got, err := ParseTradeURL("https://steamcommunity.com/tradeoffer/new/?partner=4294967295&token=--__--__"); err != nil || got.Partner.Account() != 1<<32-1 {
		t.Errorf("the last account = %+v, %v", got, err)
	}
}

func FuzzParseTradeURL(f *testing.F) {
	for _, s := range []string{
		"https://steamcommunity.com/tradeoffer/new/?partner=39734373&token=Eb0t_tok",
		"http://www.steamcommunity.com/tradeoffer/new?token=Eb0t_tok&amp;partner=1",
		"https://steamcommunity.com.evil.example/tradeoffer/new/?partner=1&token=Eb0t_tok",
		"https://a:b@steamcommunity.com/tradeoffer/new/?partner=1&token=Eb0t_tok#f",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := ParseTradeURL(s)
		if err != nil {
			return
		}
		if !ValidToken(u.Token) || u.Partner.Account() == 0 {
			t.Errorf("ParseTradeURL(%q) = %+v", s, u)
		}
		if again, err := ParseTradeURL(u.URL("https://steamcommunity.com")); err != nil || again != u {
			t.Errorf("reading back %q = %+v, %v", u.URL(""), again, err)
		}
	})
}
