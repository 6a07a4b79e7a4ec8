package skinsback

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/money"
)

// create opens a deposit and answers with its payment page. The address ends so
// that both ways in which clients cut the hash out of it work.
func (d *Door) create(c *call) ([]byte, error) {
	r, err := d.createRequest(c)
	if err != nil {
		return nil, err
	}
	dep, err := d.deps.Deposits.Open(c.ctx, r, c.now, c.deposited(d.created)...)
	if err != nil {
		return nil, as(err, map[fault.Code]refusal{fault.Duplicate: createDuplicate})
	}
	return d.created(dep), nil
}

func (d *Door) created(dep deposit.Deposit) []byte {
	a := success()
	a.text("url", d.deps.PublicURL+"/pay/"+dep.Hash+"/?hash="+dep.Hash)
	a.integer("transaction_id", dep.ID)
	return a.done()
}

// createRequest checks presence, then form, in the order of the error numbers.
func (d *Door) createRequest(c *call) (deposit.Request, error) {
	if err := createPresence(c); err != nil {
		return deposit.Request{}, err
	}
	r := deposit.Request{Project: c.project}
	for _, read := range []func(*call, *deposit.Request) error{createWho, d.createLimits, d.createAddresses} {
		if err := read(c, &r); err != nil {
			return deposit.Request{}, err
		}
	}
	l, err := d.localTerms(c)
	if err != nil {
		return deposit.Request{}, err
	}
	r.Currency, r.CustomMultiplier, r.CustomCurrency, r.CustomRate = l.currency, l.multiplier, l.custom, l.rate
	if v := c.get("priority_game"); v.given() {
		if _, known := d.game(v); known {
			r.PriorityGame = v.str
		}
	}
	return r, nil
}

func createPresence(c *call) error {
	switch given := func(name string) bool { return c.get(name).given() }; {
	case !given("order_id"):
		return createInvalidOrderID.because("order_id is missing")
	case given("min_amount") && !given("currency"):
		return createMinNeedsCurrency
	case given("max_amount") && !given("currency"):
		return createMaxNeedsCurrency
	case given("custom_currency") != given("custom_currency_rate"):
		return createInvalidCustom.because("custom_currency and custom_currency_rate need each other")
	}
	return nil
}

func createWho(c *call, r *deposit.Request) error {
	var ok bool
	if r.OrderID, ok = merchantID(c.get("order_id")); !ok {
		return createInvalidOrderID.because("order_id: 1 to 255 characters without control characters")
	}
	if v := c.get("steam_id"); v.given() {
		if r.SteamID, ok = steamID(v); !ok {
			return createInvalidSteamID
		}
	}
	if v := c.get("trade_token"); v.given() {
		if r.TradeToken, ok = tradeToken(v); !ok {
			return createInvalidToken
		}
	}
	return nil
}

// createLimits reads min, max and their currency. The two are kept as they were
// given: they are compared as exact decimals of any length.
func (d *Door) createLimits(c *call, r *deposit.Request) error {
	var ok bool
	if v := c.get("min_amount"); v.given() {
		if r.MinAmount, ok = unsigned(v); !ok {
			return createInvalidMin
		}
	}
	if v := c.get("max_amount"); v.given() {
		if r.MaxAmount, ok = unsigned(v); !ok || isZero(r.MaxAmount) || less(r.MaxAmount, r.MinAmount) {
			return createInvalidMax
		}
	}
	return nil
}

// less compares two texts from [unsigned]; an empty one is zero.
func less(a, b string) bool {
	aw, af, _ := strings.Cut(a, ".")
	bw, bf, _ := strings.Cut(b, ".")
	aw, bw = strings.TrimLeft(aw, "0"), strings.TrimLeft(bw, "0")
	if len(aw) != len(bw) {
		return len(aw) < len(bw)
	}
	if aw != bw {
		return aw < bw
	}
	return strings.TrimRight(af, "0") < strings.TrimRight(bf, "0")
}

func (d *Door) createAddresses(c *call, r *deposit.Request) error {
	var err error
	if r.ResultURL, err = d.resultURL(c); err != nil {
		return err
	}
	var ok bool
	if v := c.get("success_url"); v.given() {
		if r.SuccessURL, ok = pageURL(v, c.project.Origins); !ok {
			return createInvalidURL.because("success_url: an http or https address of a registered site")
		}
	}
	if v := c.get("fail_url"); v.given() {
		if r.FailURL, ok = pageURL(v, c.project.Origins); !ok {
			return createInvalidURL.because("fail_url: an http or https address of a registered site")
		}
	}
	return nil
}

const maxCustomCurrency = 4 // characters

var (
	leastMultiplier = money.MustRate("0.5")
	mostMultiplier  = money.MustRate("2")
	leastRate       = money.MustRate("0.1")
)

func notPrinted(r rune) bool { return r == utf8.RuneError || unicode.IsSpace(r) || !unicode.IsPrint(r) }

func rateOf(v value) (string, money.Rate, bool) {
	s, ok := unsigned(v)
	if !ok {
		return "", money.Rate{}, false
	}
	rate, err := money.ParseRate(s)
	return s, rate, err == nil
}
