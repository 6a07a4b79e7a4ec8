package app

import (
	"fmt"
	"slices"
	"strings"
)

// Role is a part of the work that a process may take.
type Role string

// The roles. A process without a role answers 404 on its paths and runs none of
// its loops.
const (
	RoleAPI    Role = "api"    // merchant API and its reference
	RolePay    Role = "pay"    // payment page
	RolePanel  Role = "panel"  // merchant panel and operator console
	RoleSocket Role = "socket" // websockets
	RoleWorker Role = "worker" // notifications and what time asks for
	RoleBot    Role = "bot"    // the Steam accounts
)

var allRoles = []Role{RoleAPI, RolePay, RolePanel, RoleSocket, RoleWorker, RoleBot}

// Roles is a flag: the roles of a process. The zero value is all of them.
type Roles struct{ some []Role }

// Set reads roles with commas between them; one that is unknown is an error.
func (r *Roles) Set(text string) error {
	r.some = nil
	for name := range strings.SplitSeq(text, ",") {
		role := Role(strings.TrimSpace(name))
		if !slices.Contains(allRoles, role) {
			return fmt.Errorf("no role %q: want some of %s", role, Roles{})
		}
		r.some = append(r.some, role)
	}
	return nil
}

// Type is how the flag's value is called in help texts.
func (r *Roles) Type() string { return "roles" }

func (r Roles) String() string {
	var names []string
	for _, role := range allRoles {
		if r.has(role) {
			names = append(names, string(role))
		}
	}
	return strings.Join(names, ",")
}

// has reports whether the process has any of the roles.
func (r Roles) has(any ...Role) bool {
	return len(r.some) == 0 || slices.ContainsFunc(any, func(role Role) bool { return slices.Contains(r.some, role) })
}
