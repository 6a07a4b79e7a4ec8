package market

import "strings"

// doppler is the finish whose items have a phase that is not in their name.
const doppler = "Doppler"

// PhaseName is the name with the phase right after the word Doppler, under which
// the item is listed a second time; empty for an item without a phase.
func (r Row) PhaseName() string {
	if r.Phase == "" || !strings.Contains(r.Name, doppler) {
		return ""
	}
	return strings.Replace(r.Name, doppler, doppler+" "+r.Phase, 1)
}

// listed is what a name in a list can stand for: items of that plain name, or
// only those of a phase.
type listed struct{ name, phase string }

// readings are what a name can stand for, the likelier first: a plain name may
// itself look like one with a phase.
func readings(name string) []listed {
	plain, phase := splitPhase(name)
	if phase == "" {
		return []listed{{name, ""}}
	}
	return []listed{{plain, phase}, {name, ""}}
}

// splitPhase takes a phase out of a name again: "… Doppler Ruby (Factory New)"
// is "… Doppler (Factory New)" and "Ruby".
func splitPhase(name string) (plain, phase string) {
	before, after, ok := strings.Cut(name, doppler+" ")
	if !ok || strings.HasPrefix(after, "(") {
		return name, ""
	}
	phase, wear, bracket := strings.Cut(after, " (")
	if !bracket {
		return before + doppler, phase
	}
	return before + doppler + " (" + wear, phase
}
