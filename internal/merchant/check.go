package merchant

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/money"
)

const (
	defaultRateLimit = 500 // calls a minute
	maxID            = 1<<53 - 1
	maxName          = 200
	maxURL           = 2048
	maxSecret        = 512
)

// withDefaults fills in what was left out, except an ID.
func withDefaults(n NewProject, now time.Time) NewProject {
	if n.Multiplier.IsZero() {
		n.Multiplier = money.One
	}
	if n.WebhookEncoding == "" {
		n.WebhookEncoding = "json"
	}
	if n.RateLimit == 0 {
		n.RateLimit = defaultRateLimit
	}
	if n.ClientSecret == "" {
		n.ClientSecret = newSecret(Client)
	}
	if n.WebhookSecret == "" {
		n.WebhookSecret = newSecret(Webhook)
	}
	n.CreatedAt = db.Time(db.Micros(now))
	return n
}

func check(n NewProject) error {
	if n.ID < 0 || n.ID > maxID { // clients keep it in a JSON number
		return fault.New(fault.InvalidRequest, "id: a project id is from 1 to %d", int64(maxID))
	}
	for _, s := range []string{n.ClientSecret, n.WebhookSecret} {
		if len(s) > maxSecret || !printable(s) {
			return fault.New(fault.InvalidRequest, "secret: up to %d bytes without control characters", maxSecret)
		}
	}
	return checkSettings(n.Project)
}

func checkSettings(p Project) error {
	switch {
	case p.Name == "" || len(p.Name) > maxName || !printable(p.Name):
		return fault.New(fault.InvalidRequest, "name: 1 to %d bytes without control characters", maxName)
	case p.WebhookEncoding != "json" && p.WebhookEncoding != "form":
		return fault.New(fault.InvalidRequest, "webhook_encoding: json or form")
	case p.RateLimit < 1:
		return fault.New(fault.InvalidRequest, "rate_limit: at least one call a minute")
	case p.Multiplier.IsZero():
		return fault.New(fault.InvalidRequest, "multiplier: above zero")
	case p.MaxUnsettled < 0 || p.MaxUnsettledPayer < 0:
		return fault.New(fault.InvalidRequest, "max_unsettled: not below zero")
	case p.Commission.Cmp(money.One) > 0:
		return fault.New(fault.InvalidRequest, "commission: from 0 to 1")
	}
	for field, u := range map[string]string{"result_url": p.ResultURL, "events_url": p.EventsURL,
		"success_url": p.SuccessURL, "fail_url": p.FailURL} {
		if len(u) > maxURL || !printable(u) {
			return fault.New(fault.InvalidRequest, "%s: up to %d bytes without control characters", field, maxURL)
		}
	}
	for _, o := range p.Origins {
		if o == "" || !printable(o) || strings.ContainsFunc(o, unicode.IsSpace) {
			return fault.New(fault.InvalidRequest, "origins: an origin has no spaces")
		}
	}
	return checkAddresses(p)
}

func checkAddresses(p Project) error {
	for _, a := range p.AllowedIPs {
		if !a.IsValid() {
			return fault.New(fault.InvalidRequest, "allowed_ips: an address or a network such as 192.0.2.0/24")
		}
	}
	return nil
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
