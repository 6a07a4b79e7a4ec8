package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/skinrail/skinrail/internal/steam"
)

// Counts tells how many items of each game the account has, of all contexts: one
// page for all of them, which also shows what came or went by hand.
func (c *Client) Counts(ctx context.Context) (map[steam.AppID]int, error) {
	var counts map[steam.AppID]int
	err := c.signedIn(ctx, func(s session) error {
		k := call{base: c.community, cookie: s.cookie(), path: "/profiles/" + c.account.ID.String() + "/inventory/", query: url.Values{"l": {"english"}}}
		a, err := c.do(ctx, k)
		if err != nil {
			return err
		}
		if to := c.named(a); to != "" {
			k.path = to
			if a, err = c.do(ctx, k); err != nil {
				return err
			}
		}
		if err := a.fault(); err != nil {
			return err
		}
		if counts, err = decodeCounts(a.body); err != nil {
			return fmt.Errorf("%s: %w", k, err)
		}
		return nil
	})
	return counts, err
}

// named is the path of the same page under the account's own address, to which
// Steam leads when there is one.
func (c *Client) named(a answer) string {
	if a.status != http.StatusFound && a.status != http.StatusMovedPermanently {
		return ""
	}
	to, ok := strings.CutPrefix(a.header.Get("Location"), c.community)
	to, _, _ = strings.Cut(to, "?")
	if !ok || !ownPage.MatchString(to) {
		return ""
	}
	return to
}

// ownPage is an inventory's page under the address that its owner chose.
var ownPage = regexp.MustCompile(`^/id/[A-Za-z0-9_-]{1,64}/inventory/?$`)

// contextData begins the line that has the counts.
var contextData = []byte("g_rgAppContextData = ")

func decodeCounts(page []byte) (map[steam.AppID]int, error) {
	_, after, found := bytes.Cut(page, contextData)
	line, _, ended := bytes.Cut(after, []byte("\n"))
	if !found || !ended {
		return nil, malformed("the counts of an inventory")
	}
	counts := map[steam.AppID]int{}
	if line = bytes.TrimRight(line, "; \r"); string(line) == "[]" {
		return counts, nil
	}
	var games map[string]struct {
		Contexts map[string]struct {
			Count *number `json:"asset_count"`
		} `json:"rgContexts"`
	}
	if err := decode(line, &games); err != nil {
		return nil, err
	}
	for key, g := range games {
		app, err := strconv.ParseUint(key, 10, 32)
		if err != nil || len(g.Contexts) == 0 {
			return nil, malformed("the counts of a game")
		}
		for _, one := range g.Contexts {
			if one.Count == nil || *one.Count < 0 || *one.Count > maxCount {
				return nil, malformed("the count of a game's items")
			}
			counts[steam.AppID(app)] += int(*one.Count)
		}
	}
	return counts, nil
}

// maxCount bounds what Steam can mean.
const maxCount = 10_000_000
