package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
)

// NewProject is a project to add: its name, settings as key=value, and for a
// merchant who moves here his id and his secret, so that he changes nothing
// but the base URL.
type NewProject struct {
	Name       string
	Settings   []string
	ID         int64     // 0: a free one
	SecretFile string    // holds the client secret; "-": In; empty: a new secret
	In         io.Reader // standard input
}

// Add makes a project and prints its secrets, which are never shown again.
func (p Projects) Add(ctx context.Context, n NewProject) error {
	changes, err := parseChanges(n.Settings)
	if err != nil {
		return explain(err)
	}
	secret, err := n.secret()
	if err != nil {
		return err
	}
	return p.sealed(ctx, func(k *desk) error {
		m := merchant.NewProject{ClientSecret: secret, Project: merchant.Project{ID: n.ID, Name: n.Name, Active: true, Market: true}}
		m.Multiplier = money.One
		if err := apply(changes, &m.Project, k.guard); err != nil {
			return err
		}
		project, secrets, err := k.merchants.Add(ctx, m, k.now)
		if err != nil {
			return err
		}
		return p.printNew(project, secrets)
	})
}

// maxSecretFile bounds what is read of a file that should hold one secret.
const maxSecretFile = 4096

func (n NewProject) secret() (string, error) {
	in := n.In
	switch n.SecretFile {
	case "":
		return "", nil
	case "-":
	default:
		f, err := os.Open(n.SecretFile)
		if err != nil {
			return "", fmt.Errorf("client secret: %w", err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxSecretFile))
	if err != nil {
		return "", fmt.Errorf("client secret: %w", err)
	}
	secret := strings.TrimRight(string(data), "\r\n")
	if secret == "" {
		return "", errors.New("client secret: the file is empty")
	}
	return secret, nil
}

// List prints all projects.
func (p Projects) List(ctx context.Context) error {
	return p.with(ctx, nil, func(k *desk) error {
		all, err := k.merchants.List(ctx)
		if err != nil {
			return err
		}
		waiting, err := k.cash.Waiting(ctx, 0)
		if err != nil {
			return err
		}
		rows := make([]listRow, 0, len(all))
		for _, m := range all {
			available, err := k.ledger.Balance(ctx, ledger.Available(m.ID))
			if err != nil {
				return err
			}
			r := listRow{ID: strconv.FormatInt(m.ID, 10), Name: m.Name, Active: m.Active, Market: m.Market, Available: available.String()}
			for _, b := range waiting {
				if b.Project == m.ID {
					r.Waiting++
				}
			}
			rows = append(rows, r)
		}
		return p.printList(rows)
	})
}

// Show prints everything about a project but its secrets.
func (p Projects) Show(ctx context.Context, id int64) error {
	return p.with(ctx, nil, func(k *desk) error {
		m, err := k.merchants.Project(ctx, id)
		if err != nil {
			return err
		}
		s := projectState{project: m}
		if s.secrets, err = k.merchants.LiveSecrets(ctx, id); err != nil {
			return err
		}
		if s.totals, err = k.merchants.Totals(ctx, id); err != nil {
			return err
		}
		if s.waiting, err = k.cash.Waiting(ctx, id); err != nil {
			return err
		}
		for _, a := range accounts {
			m, err := k.ledger.Balance(ctx, a.of(id))
			if err != nil {
				return err
			}
			s.balances = append(s.balances, m)
		}
		return p.printStatus(s)
	})
}

// Set changes settings given as key=value, all or none.
func (p Projects) Set(ctx context.Context, id int64, texts []string) error {
	changes, err := parseChanges(texts)
	if err != nil {
		return explain(err)
	}
	return p.with(ctx, nil, func(k *desk) error {
		m, err := k.merchants.Change(ctx, id, func(m *merchant.Project) error { return apply(changes, m, k.guard) })
		if err != nil {
			return err
		}
		return p.printChanged(m, changes)
	})
}

// Rotate makes a new secret and prints it once; the old one stays valid.
func (p Projects) Rotate(ctx context.Context, id int64, purpose string) error {
	which, err := parsePurpose(purpose)
	if err != nil {
		return explain(err)
	}
	return p.sealed(ctx, func(k *desk) error {
		s, err := k.merchants.Rotate(ctx, id, which, k.now)
		if errors.Is(err, fault.WrongState) {
			return fault.New(fault.WrongState, "the %s secret of project %d is being rotated: end that first with  skinrail project rotate %d --purpose %s --finish",
				which, id, id, which)
		}
		if err != nil {
			return err
		}
		fresh := s.Client
		if which == merchant.Webhook {
			fresh = s.Webhook
		}
		return p.printRotated(id, which, fresh)
	})
}

// FinishRotation makes the old secret of a purpose invalid.
func (p Projects) FinishRotation(ctx context.Context, id int64, purpose string) error {
	which, err := parsePurpose(purpose)
	if err != nil {
		return explain(err)
	}
	return p.with(ctx, nil, func(k *desk) error {
		if _, err := k.merchants.Project(ctx, id); err != nil {
			return err
		}
		if err := k.merchants.Retire(ctx, id, which); err != nil {
			return err
		}
		return p.printFinished(id, which)
	})
}

func parsePurpose(s string) (merchant.Purpose, error) {
	if which := merchant.Purpose(s); which == merchant.Client || which == merchant.Webhook {
		return which, nil
	}
	return "", wrong("--purpose %q: want client or webhook", s)
}

// accounts of a project, as an operator calls them.
var accounts = []struct {
	name, meaning string
	of            func(int64) ledger.Account
}{
	{"available", "can be spent", ledger.Available},
	{"held", "waits for the end of trade protection", ledger.Held},
	{"in_delivery", "purchases on their way", ledger.InDelivery},
	{"paying_out", "payouts that wait for a second person", ledger.PayingOut},
	{"receivable", "below zero: owed after reversals", ledger.Receivable},
}
