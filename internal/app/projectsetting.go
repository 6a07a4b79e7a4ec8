package app

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/webhook"
)

// setting is one setting of a project: how it is called, shown and read.
type setting struct {
	name, help string
	get        func(*merchant.Project) any // as JSON shows it
	set        func(*merchant.Project, string, webhook.GuardOptions) error
}

// settings are all settings of a project, in the order in which they are shown.
var settings = []setting{
	textSetting("name", "shown to payers", func(p *merchant.Project) *string { return &p.Name }),
	flagSetting("active", "may call the API", func(p *merchant.Project) *bool { return &p.Active }),
	flagSetting("market", "may buy items", func(p *merchant.Project) *bool { return &p.Market }),
	flagSetting("no_wait", "may approve deposits before their hold ends", func(p *merchant.Project) *bool { return &p.NoWait }),
	flagSetting("legacy_statuses", "sees only the statuses of old clients", func(p *merchant.Project) *bool { return &p.LegacyStatuses }),
	flagSetting("no_legacy_sign", "shopid and sign are not accepted", func(p *merchant.Project) *bool { return &p.NoLegacySign }),
	flagSetting("strong_only", "every call carries X-Skinrail-Signature", func(p *merchant.Project) *bool { return &p.StrongOnly }),
	flagSetting("arrays_need_allow_list", "signed calls with arrays that move money need allowed_ips", func(p *merchant.Project) *bool { return &p.ArraysNeedAllowList }),
	flagSetting("no_authorization_copy", "events carry Signature, no copy in Authorization", func(p *merchant.Project) *bool { return &p.NoAuthorizationCopy }),
	flagSetting("no_socket_login", "no websockets by the hash in the URL", func(p *merchant.Project) *bool { return &p.NoSocketLogin }),
	rateSetting("multiplier", "what the payer sees for one dollar", func(p *merchant.Project) *money.Rate { return &p.Multiplier }),
	rateSetting("commission", "the gateway's part of a deposit: 0.05 is 5 %", func(p *merchant.Project) *money.Rate { return &p.Commission }),
	calledSetting("result_url", "deposit notifications", func(p *merchant.Project) *string { return &p.ResultURL }),
	calledSetting("events_url", "purchase and balance events", func(p *merchant.Project) *string { return &p.EventsURL }),
	shownSetting("success_url", "where payers go afterwards", func(p *merchant.Project) *string { return &p.SuccessURL }),
	shownSetting("fail_url", "where payers go after a failure", func(p *merchant.Project) *string { return &p.FailURL }),
	textSetting("webhook_encoding", "of deposit notifications: json or form", func(p *merchant.Project) *string { return &p.WebhookEncoding }),
	numberSetting("rate_limit", "calls a minute", func(p *merchant.Project) *int { return &p.RateLimit }),
	amountSetting("max_unsettled", "USD of deposits that may still be taken back, at once; 0: no limit", func(p *merchant.Project) *money.Amount { return &p.MaxUnsettled }),
	amountSetting("max_unsettled_payer", "the same of one payer, in all projects", func(p *merchant.Project) *money.Amount { return &p.MaxUnsettledPayer }),
	{"allowed_ips", "addresses and networks that may call, with commas; empty: all", getIPs, setIPs},
	{"origins", "sites that may embed the payment page, with commas; empty: all", getOrigins, setOrigins},
}

// SettingsHelp describes the settings of a project, one line each.
func SettingsHelp() string {
	width := 0
	for _, s := range settings {
		width = max(width, len(s.name))
	}
	var b strings.Builder
	for _, s := range settings {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, s.name, s.help)
	}
	return b.String()
}

// settingChange is a setting and the value it shall have.
type settingChange struct {
	setting
	value string
}

// parseChanges reads key=value texts; unknown keys and those named twice are
// [fault.InvalidRequest].
func parseChanges(texts []string) ([]settingChange, error) {
	var all []settingChange
	for _, t := range texts {
		name, value, ok := strings.Cut(t, "=")
		if !ok {
			return nil, wrong("%q: want key=value", t)
		}
		i := slices.IndexFunc(settings, func(s setting) bool { return s.name == name })
		if i < 0 {
			return nil, wrong("%q is no setting of a project; there are: %s", name, strings.Join(settingNames(), ", "))
		}
		if slices.ContainsFunc(all, func(c settingChange) bool { return c.name == name }) {
			return nil, wrong("%s is named twice", name)
		}
		all = append(all, settingChange{settings[i], value})
	}
	return all, nil
}

func settingNames() (names []string) {
	for _, s := range settings {
		names = append(names, s.name)
	}
	return names
}

// apply changes p.
func apply(all []settingChange, p *merchant.Project, o webhook.GuardOptions) error {
	for _, c := range all {
		if err := c.set(p, c.value, o); err != nil {
			_, detail := fault.Of(err)
			return wrong("%s: %q: %s", c.name, c.value, detail)
		}
	}
	return nil
}

func wrong(format string, args ...any) error {
	return fault.New(fault.InvalidRequest, format, args...)
}

func textSetting(name, help string, field func(*merchant.Project) *string) setting {
	return setting{name, help, func(p *merchant.Project) any { return *field(p) },
		func(p *merchant.Project, v string, _ webhook.GuardOptions) error {
			*field(p) = v
			return nil
		}}
}

func flagSetting(name, help string, field func(*merchant.Project) *bool) setting {
	return setting{name, help, func(p *merchant.Project) any { return *field(p) },
		func(p *merchant.Project, v string, _ webhook.GuardOptions) error {
			switch strings.ToLower(v) {
			case "on", "yes", "true", "1":
				*field(p) = true
			case "off", "no", "false", "0":
				*field(p) = false
			default:
				return wrong("want on or off")
			}
			return nil
		}}
}

func numberSetting(name, help string, field func(*merchant.Project) *int) setting {
	return setting{name, help, func(p *merchant.Project) any { return *field(p) },
		func(p *merchant.Project, v string, _ webhook.GuardOptions) error {
			n, err := strconv.ParseInt(v, 10, 32)
			if err != nil || n < 1 {
				return wrong("want a whole number from 1")
			}
			*field(p) = int(n)
			return nil
		}}
}

func amountSetting(name, help string, field func(*merchant.Project) *money.Amount) setting {
	return setting{name, help, func(p *merchant.Project) any { return field(p).String() },
		func(p *merchant.Project, v string, _ webhook.GuardOptions) error {
			a, err := dollars(name, v)
			if err != nil {
				return err
			}
			*field(p) = a
			return nil
		}}
}

func rateSetting(name, help string, field func(*merchant.Project) *money.Rate) setting {
	return setting{name, help, func(p *merchant.Project) any { return field(p).String() },
		func(p *merchant.Project, v string, _ webhook.GuardOptions) error {
			r, err := money.ParseRate(v)
			if err != nil {
				return wrong("want a number such as 1.25")
			}
			*field(p) = r
			return nil
		}}
}

// calledSetting is an address that the gateway calls; empty means none.
func calledSetting(name, help string, field func(*merchant.Project) *string) setting {
	return setting{name, help, func(p *merchant.Project) any { return *field(p) },
		func(p *merchant.Project, v string, o webhook.GuardOptions) error {
			if v != "" {
				if err := webhook.CheckURL(v, o); err != nil {
					return err
				}
			}
			*field(p) = v
			return nil
		}}
}

// shownSetting is an address that browsers are sent to; empty means none.
func shownSetting(name, help string, field func(*merchant.Project) *string) setting {
	return setting{name, help, func(p *merchant.Project) any { return *field(p) },
		func(p *merchant.Project, v string, _ webhook.GuardOptions) error {
			if u, err := url.Parse(v); v != "" && (err != nil || !site(u) || u.User != nil) {
				return wrong("want an http or https URL")
			}
			*field(p) = v
			return nil
		}}
}

func site(u *url.URL) bool { return (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" }

func getIPs(p *merchant.Project) any {
	all := []string{}
	for _, n := range p.AllowedIPs {
		all = append(all, n.String())
	}
	return all
}

func setIPs(p *merchant.Project, v string, _ webhook.GuardOptions) error {
	p.AllowedIPs = nil
	for _, t := range words(v) {
		if a, err := netip.ParseAddr(t); err == nil && a.Zone() == "" {
			p.AllowedIPs = append(p.AllowedIPs, netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
			continue
		}
		n, err := netip.ParsePrefix(t)
		if err != nil {
			return wrong("want addresses or networks such as 192.0.2.0/24, with commas")
		}
		p.AllowedIPs = append(p.AllowedIPs, n.Masked())
	}
	return nil
}

func getOrigins(p *merchant.Project) any { return append([]string{}, p.Origins...) }

func setOrigins(p *merchant.Project, v string, _ webhook.GuardOptions) error {
	p.Origins = nil
	for _, t := range words(v) {
		u, err := url.Parse(strings.ToLower(t))
		if err != nil || !site(u) || u.Scheme+"://"+u.Host != strings.ToLower(t) {
			return wrong("want origins such as https://shop.example, with commas and without a path")
		}
		p.Origins = append(p.Origins, u.Scheme+"://"+u.Host)
	}
	return nil
}

// words are the parts of a list with commas or spaces.
func words(v string) []string {
	return strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' })
}
