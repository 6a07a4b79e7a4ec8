package skinsback

import "testing"

func TestTypeLineIsTakenApart(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][2]string{
		"Mil-Spec Grade Pistol": {"Mil-Spec Grade", "Pistol"}, "★ Covert Knife": {"Covert", "Knife"}, "StatTrak™ Classified Sniper Rifle": {"Classified", "Sniper Rifle"},
		"★ StatTrak™ Covert Knife": {"Covert", "Knife"}, "Souvenir Consumer Grade SMG": {"Consumer Grade", "SMG"}, "Immortal": {"Immortal", ""}, "Rare Tool": {"Rare", "Tool"},
		"Workshop Item": {"", "Workshop Item"}, "Level 1 Item": {"", "Level 1 Item"}, "": {"", ""}, "Rarely": {"", "Rarely"},
	} {
		if rarity, kind := kindOf(line); rarity != want[0] || kind != want[1] {
			t.Errorf("%q is a %q of rarity %q", line, kind, rarity)
		}
	}
	for name, want := range map[string]string{"★ Karambit | Doppler (Factory New)": "★", "StatTrak™ AK-47 | Redline (Field-Tested)": "StatTrak™",
		"AK-47 | Redline (Field-Tested)": "", "Souvenirs": ""} {
		if got := qualityOf(name); got != want {
			t.Errorf("%q has quality %q", name, got)
		}
	}
}
