package sim

import (
	"strings"

	"github.com/skinrail/skinrail/internal/steam"
)

// grade is a rarity with the colour Steam gives it.
type grade struct{ internal, name, color string }

var skinGrades = []grade{
	{"Rarity_Common_Weapon", "Consumer Grade", "b0c3d9"},
	{"Rarity_Uncommon_Weapon", "Industrial Grade", "5e98d9"},
	{"Rarity_Rare_Weapon", "Mil-Spec Grade", "4b69ff"},
	{"Rarity_Mythical_Weapon", "Restricted", "8847ff"},
	{"Rarity_Legendary_Weapon", "Classified", "d32ce6"},
	{"Rarity_Ancient_Weapon", "Covert", "eb4b4b"},
}

var plainGrades = []grade{
	{"Common", "Common", "b0c3d9"}, {"Uncommon", "Uncommon", "5e98d9"}, {"Rare", "Rare", "4b69ff"},
	{"Mythical", "Mythical", "8847ff"}, {"Immortal", "Immortal", "e4ae39"},
}

// kinds of CS2 weapons by the word before the bar.
var weaponKinds = map[string]grade{
	"AK-47": rifle, "M4A4": rifle, "M4A1-S": rifle, "FAMAS": rifle, "Galil AR": rifle, "AUG": rifle, "SG 553": rifle,
	"AWP": sniper, "SSG 08": sniper, "SCAR-20": sniper, "G3SG1": sniper,
	"P250": pistol, "Glock-18": pistol, "USP-S": pistol, "P2000": pistol, "Desert Eagle": pistol, "Five-SeveN": pistol,
	"Tec-9": pistol, "CZ75-Auto": pistol, "Dual Berettas": pistol, "R8 Revolver": pistol,
	"MP9": smg, "MAC-10": smg, "MP7": smg, "MP5-SD": smg, "UMP-45": smg, "P90": smg, "PP-Bizon": smg,
	"Nova": shotgun, "XM1014": shotgun, "MAG-7": shotgun, "Sawed-Off": shotgun, "M249": machinegun, "Negev": machinegun,
}

var (
	rifle      = grade{"CSGO_Type_Rifle", "Rifle", ""}
	sniper     = grade{"CSGO_Type_SniperRifle", "Sniper Rifle", ""}
	pistol     = grade{"CSGO_Type_Pistol", "Pistol", ""}
	smg        = grade{"CSGO_Type_SMG", "SMG", ""}
	shotgun    = grade{"CSGO_Type_Shotgun", "Shotgun", ""}
	machinegun = grade{"CSGO_Type_Machinegun", "Machinegun", ""}
	knife      = grade{"CSGO_Type_Knife", "Knife", ""}
	gloves     = grade{"Type_Hands", "Gloves", ""}
	sticker    = grade{"CSGO_Tool_Sticker", "Sticker", ""}
	container  = grade{"CSGO_Type_WeaponCase", "Container", ""}
	other      = grade{"CSGO_Type_Other", "Collectible", ""}
)

func lookOf(k classKey) look {
	l := look{icon: icon(k), nameColor: "D2D2D2", marketable: true}
	if k.App == steam.CS2 {
		dressCS2(k, &l)
	} else {
		dressPlain(k, &l)
	}
	if k.Phase != "" {
		l.tags = append(l.tags, Tag{"Phase", strings.ReplaceAll(strings.ToLower(k.Phase), " ", ""), "Phase", k.Phase, ""})
	}
	return l
}

func dressCS2(k classKey, l *look) {
	name, quality := k.Name, grade{"normal", "Normal", "D2D2D2"}
	special := strings.HasPrefix(name, "★ ")
	name = strings.TrimPrefix(name, "★ ")
	switch {
	case strings.HasPrefix(name, "StatTrak™ "):
		quality = grade{"strange", "StatTrak™", "CF6A32"}
		name = strings.TrimPrefix(name, "StatTrak™ ")
	case strings.HasPrefix(name, "Souvenir "):
		quality = grade{"tournament", "Souvenir", "FFD700"}
		name = strings.TrimPrefix(name, "Souvenir ")
	}
	if special {
		quality = grade{"unusual", "★", "8650AC"}
	}
	weapon, _, skin := strings.Cut(name, " | ")
	kind := cs2Kind(weapon, special)
	rarity := skinGrades[int(l.icon[0])%len(skinGrades)]
	if special {
		rarity = skinGrades[len(skinGrades)-1]
	}
	l.nameColor = quality.color
	l.kind = strings.TrimSpace(rarity.name + " " + kind.name)
	l.commodity = kind == container || kind == sticker
	l.tags = []Tag{
		{"Type", kind.internal, "Type", kind.name, ""},
		{"Quality", quality.internal, "Category", quality.name, quality.color},
		{"Rarity", rarity.internal, "Quality", rarity.name, rarity.color},
	}
	if skin && kind != sticker && kind != other {
		l.tags = append(l.tags, Tag{"Weapon", "weapon_" + internal(weapon), "Weapon", weapon, ""})
	}
	if _, wear, ok := exterior(k.Name); ok {
		l.tags = append(l.tags, Tag{"Exterior", "WearCategory_" + internal(wear), "Exterior", wear, ""})
	}
}

func cs2Kind(weapon string, special bool) grade {
	switch {
	case special && (strings.Contains(weapon, "Gloves") || strings.Contains(weapon, "Wraps")):
		return gloves
	case special:
		return knife
	case strings.HasPrefix(weapon, "Sticker"):
		return sticker
	case strings.HasSuffix(weapon, "Case") || strings.HasSuffix(weapon, "Capsule"):
		return container
	}
	if kind, ok := weaponKinds[weapon]; ok {
		return kind
	}
	return other
}

func dressPlain(k classKey, l *look) {
	rarity := plainGrades[int(l.icon[0])%len(plainGrades)]
	l.kind, l.nameColor = rarity.name, strings.ToUpper(rarity.color)
	switch k.App {
	case steam.Rust:
		l.kind, l.nameColor, l.commodity = "Workshop Item", "a7ec2e", true
		l.tags = []Tag{{"steamcat", "steamcat.weapon", "Category", "Weapon", ""}, {"itemclass", internal(k.Name), "Item", k.Name, ""}}
	case steam.TF2:
		l.kind, l.nameColor = "Level 1 Item", "7D6D00"
		l.tags = []Tag{{"Quality", "Unique", "Quality", "Unique", "7D6D00"}, {"Type", "misc", "Type", "Cosmetic", ""}}
	default:
		l.tags = []Tag{{"Quality", "unique", "Quality", "Standard", "D2D2D2"}, {"Rarity", "Rarity_" + rarity.internal, "Rarity", rarity.name, rarity.color}}
	}
}

// internal turns a shown name into the form of internal names.
func internal(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, s)
}
