package sandbox

import (
	"context"
	"strconv"

	"github.com/skinrail/skinrail/internal/ledger"
)

// projects lists the projects with their settings and what they have now.
func (d *Door) projects(ctx context.Context) ([]Project, error) {
	all, err := d.Merchants.List(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Project, 0, len(all))
	for _, p := range all {
		k, err := d.Merchants.Secrets(ctx, p.ID)
		if err != nil {
			return nil, err
		}
		balance, err := d.Ledger.Balance(ctx, ledger.Available(p.ID))
		if err != nil {
			return nil, err
		}
		n := Project{ClientID: strconv.FormatInt(p.ID, 10), ClientSecret: k.Client.Reveal(), WebhookSecret: k.Webhook.Reveal(),
			Name: p.Name, Balance: balance.String(), Multiplier: p.Multiplier.String(), Commission: p.Commission.String(),
			ResultURL: p.ResultURL, EventsURL: p.EventsURL, SuccessURL: p.SuccessURL, FailURL: p.FailURL, NoWait: p.NoWait,
			Market: &p.Market, Active: &p.Active, RateLimit: p.RateLimit, WebhookEncoding: p.WebhookEncoding,
			LegacyStatuses: p.LegacyStatuses, Origins: p.Origins, NoLegacySign: p.NoLegacySign, StrongOnly: p.StrongOnly,
			ArraysNeedList: p.ArraysNeedAllowList, NoAuthCopy: p.NoAuthorizationCopy, NoSocketLogin: p.NoSocketLogin}
		for _, ip := range p.AllowedIPs {
			n.AllowedIPs = append(n.AllowedIPs, ip.String())
		}
		out = append(out, n)
	}
	return out, nil
}
