package steamtest

import (
	"errors"
	"strconv"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

func oneLogin(r *room) {
	r.must("login", r.bot.Login(r.Context()))
	r.must("login again", r.bot.Login(r.Context()))
	r.inventory(r.Bot, r.Protected, steam.ContextMain)
	again := r.Client(r.T, r.bot.Session())
	r.must("login from the stored session", again.Login(r.Context()))
	if _, err := again.Offers(r.Context(), time.Time{}); err != nil {
		r.Errorf("offers under the stored session: %v", err)
	}
	if n := r.Logins(); n != 1 {
		r.Errorf("%d logins with the password; want 1", n)
	}
	if again.ID() != r.Bot {
		r.Errorf("ID = %s", again.ID())
	}
}

func newSession(r *room) {
	r.must("login", r.bot.Login(r.Context()))
	calls := map[string]func() error{
		"inventory": func() error {
			// What only the owner may read: the rest Steam shows to anybody.
			_, err := r.bot.Inventory(r.Context(), r.Bot, r.Protected, steam.ContextProtected)
			return err
		},
		"offers": func() error { _, err := r.bot.Offers(r.Context(), time.Time{}); return err },
		"send": func() error {
			item, err := r.bot.Inventory(r.Context(), r.Partner, r.Free, steam.ContextMain)
			if err != nil {
				return err
			}
			// What might have been made is not sent again by itself.
			out := r.bot.Send(r.Context(), steam.NewOffer{Partner: r.Partner, Token: r.PartnerToken, Message: "at the end", Receive: []steam.Asset{item[0].Asset}})
			if out.Refusal != steam.RefusedSession || !out.Unsure {
				r.Errorf("send after the session's end: %+v; want refused for the session, not sure", out)
			}
			r.ask("after the end", item[0].Asset)
			return nil
		},
	}
	for name, call := range calls {
		r.Advance(time.Minute)
		before := r.Logins()
		r.EndSessions()
		r.Advance(time.Minute)
		if err := call(); err != nil {
			r.Errorf("%s after the session's end: %v", name, err)
		}
		if n := r.Logins() - before; n != 1 {
			r.Errorf("%s after the session's end: %d logins; want 1", name, n)
		}
	}
}

func longSession(r *room) {
	r.must("login", r.bot.Login(r.Context()))
	for range 5 {
		r.Advance(10 * 24 * time.Hour)
		r.inventory(r.Bot, r.Protected, steam.ContextMain)
	}
	if n := r.Logins(); n != 1 {
		r.Errorf("%d logins with the password in 50 days; want 1", n)
	}
}

func inventories(r *room) {
	for _, owner := range []steam.ID64{r.Bot, r.Partner} {
		items := r.inventory(owner, r.Protected, steam.ContextMain)
		if len(items) < 8 {
			r.Fatalf("account %s has %d items; want 8 or more", owner, len(items))
		}
		for _, it := range items {
			if it.App != r.Protected || it.Context != steam.ContextMain || it.Name == "" || it.ClassID == "" || !it.Tradable || it.Sealed {
				r.Errorf("item = %+v; want a tradable one with a name", it)
			}
		}
		newestFirst(r, items)
	}
	if items := r.inventory(r.Bot, r.Protected, steam.ContextProtected); len(items) != 0 {
		r.Errorf("%d protected items before any trade", len(items))
	}
	counts, err := r.bot.Counts(r.Context())
	r.must("counts", err)
	for _, app := range []steam.AppID{r.Protected, r.Free} {
		if n := len(r.inventory(r.Bot, app, steam.ContextMain)); counts[app] != n {
			r.Errorf("%d items of %d counted, the bot has %d", counts[app], app, n)
		}
	}
}

func newestFirst(r *room, items []steam.Item) {
	r.Helper()
	seen := map[string]bool{}
	last := uint64(1<<64 - 1)
	for _, it := range items {
		n, err := strconv.ParseUint(it.ID, 10, 64)
		if err != nil || n > last || seen[it.ID] {
			r.Errorf("asset %s after %d: want each once, newest first", it.ID, last)
		}
		last, seen[it.ID] = n, true
	}
}

func pages(r *room) {
	items := r.inventory(r.Big, r.Protected, steam.ContextMain)
	if len(items) != r.BigItems {
		r.Errorf("%d items; want %d", len(items), r.BigItems)
	}
	newestFirst(r, items)
}

func private(r *room) {
	if _, err := r.bot.Inventory(r.Context(), r.Private, r.Protected, steam.ContextMain); !errors.Is(err, steam.ErrPrivate) {
		r.Errorf("private inventory: %v; want ErrPrivate", err)
	}
	if _, err := r.bot.Inventory(r.Context(), r.Partner, r.Protected, steam.ContextProtected); !errors.Is(err, steam.ErrPrivate) {
		r.Errorf("a stranger's protected items: %v; want ErrPrivate", err)
	}
}

func partnerInventories(r *room) {
	public := r.inventory(r.Partner, r.Protected, steam.ContextMain)
	items, err := r.bot.PartnerInventory(r.Context(), r.Partner, r.PartnerToken, r.Protected, steam.ContextMain)
	r.must("partner inventory", err)
	if len(items) != len(public) || items[0].Asset != public[0].Asset || items[0].Name != public[0].Name {
		r.Errorf("through the trade url: %d items, publicly %d; want the same", len(items), len(public))
	}
	if items, err = r.bot.PartnerInventory(r.Context(), r.Private, r.PrivateToken, r.Protected, steam.ContextMain); err != nil || len(items) == 0 {
		r.Errorf("a private inventory with the right token: %d items, %v", len(items), err)
	}
	if _, err = r.bot.PartnerInventory(r.Context(), r.Partner, "wr0ngTok", r.Protected, steam.ContextMain); !errors.Is(err, steam.ErrTradeURL) {
		r.Errorf("with a wrong token: %v; want ErrTradeURL", err)
	}
	if items, err = r.bot.PartnerInventory(r.Context(), r.Partner, r.PartnerToken, 1, steam.ContextMain); err != nil || len(items) != 0 {
		r.Errorf("of a game without items: %d items, %v", len(items), err)
	}
}

func holds(r *room) {
	e, err := r.bot.HoldDurations(r.Context(), r.Partner, r.PartnerToken)
	r.must("holds", err)
	if e != (steam.Escrow{}) {
		r.Errorf("holds = %+v; want none", e)
	}
	e, err = r.bot.HoldDurations(r.Context(), r.Held, r.HeldToken)
	r.must("holds", err)
	if e.Theirs != r.HeldFor || e.Both != r.HeldFor || e.Mine != 0 {
		r.Errorf("holds = %+v; want %s for theirs and both", e, r.HeldFor)
	}
	for _, token := range []string{"wr0ngTok", ""} {
		if _, err = r.bot.HoldDurations(r.Context(), r.Partner, token); !errors.Is(err, steam.ErrTradeURL) {
			r.Errorf("token %q: %v; want ErrTradeURL", token, err)
		}
	}
}

func profiles(r *room) {
	b, err := r.bot.Bans(r.Context(), r.Partner)
	r.must("bans", err)
	if b.Economy != "none" || b.Community || b.VAC {
		r.Errorf("bans = %+v; want none", b)
	}
	b, err = r.bot.Bans(r.Context(), r.Banned)
	r.must("bans", err)
	if b.Economy != "banned" {
		r.Errorf("bans = %+v; want a trade ban", b)
	}
	b, err = r.bot.Bans(r.Context(), r.Marked)
	r.must("bans", err)
	if b.Economy != "probation" || !b.Community || !b.VAC {
		r.Errorf("bans = %+v; want probation and both bans", b)
	}
	s, err := r.bot.Summary(r.Context(), r.Partner)
	r.must("summary", err)
	if s.ID != r.Partner || s.Name == "" {
		r.Errorf("summary = %+v", s)
	}
	if _, err = r.bot.Summary(r.Context(), r.Unknown); !errors.Is(err, steam.ErrNotFound) {
		r.Errorf("unknown account: %v; want ErrNotFound", err)
	}
}
