package skinsback

import "strings"

// rarities are the words with which Steam's type line begins in CS2 and Dota 2.
var rarities = []string{"Consumer Grade", "Industrial Grade", "Mil-Spec Grade", "Base Grade", "High Grade", "Restricted", "Classified", "Covert",
	"Contraband", "Extraordinary", "Remarkable", "Exotic", "Distinguished", "Exceptional", "Superior", "Master",
	"Common", "Uncommon", "Rare", "Mythical", "Legendary", "Ancient", "Immortal", "Arcana"}

// qualities are the marks before an item's name.
var qualities = []string{"★ StatTrak™", "★", "StatTrak™", "Souvenir"}

// kindOf takes an item's type line apart: "StatTrak™ Covert Rifle" is a Rifle of
// rarity Covert. A line of another form is all type.
func kindOf(line string) (rarity, kind string) {
	kind = strings.TrimSpace(strings.TrimPrefix(line, qualityOf(line)))
	for _, r := range rarities {
		if rest, is := strings.CutPrefix(kind+" ", r+" "); is {
			return r, strings.TrimSpace(rest)
		}
	}
	return "", kind
}

// qualityOf is the mark before a name; empty for an ordinary item.
func qualityOf(name string) string {
	for _, q := range qualities {
		if strings.HasPrefix(name, q+" ") {
			return q
		}
	}
	return ""
}
