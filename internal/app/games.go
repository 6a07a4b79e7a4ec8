package app

import (
	"fmt"
	"slices"
	"strings"

	"github.com/skinrail/skinrail/internal/steam"
)

// Games is a flag: the games that are traded, by name.
type Games struct{ apps []steam.AppID }

type named struct {
	name string
	app  steam.AppID
}

var gameNames = []named{{"cs2", steam.CS2}, {"dota2", steam.Dota2}, {"rust", steam.Rust}, {"tf2", steam.TF2}}

// Set reads names with commas between them; one that is unknown is an error.
func (g *Games) Set(text string) error {
	g.apps = nil
	for name := range strings.SplitSeq(text, ",") {
		i := slices.IndexFunc(gameNames, func(n named) bool { return n.name == strings.TrimSpace(name) })
		if i < 0 {
			return fmt.Errorf("no game %q: want some of cs2, dota2, rust, tf2", name)
		}
		g.apps = append(g.apps, gameNames[i].app)
	}
	return nil
}

// Type is how the flag's value is called in help texts.
func (g *Games) Type() string { return "games" }

func (g *Games) String() string {
	var names []string
	for _, n := range gameNames {
		if len(g.apps) == 0 || slices.Contains(g.apps, n.app) {
			names = append(names, n.name)
		}
	}
	return strings.Join(names, ",")
}

// gameName is a game's name, "other" for one without.
func gameName(app steam.AppID) string {
	for _, n := range gameNames {
		if n.app == app {
			return n.name
		}
	}
	return "other"
}
