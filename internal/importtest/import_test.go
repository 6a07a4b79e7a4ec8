package importtest

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/skinrail/skinrail"

// ground may be imported by everybody above it. Each imports only what stands
// here, beside the standard library and its drivers.
var ground = map[string][]string{
	"money":  nil,
	"fault":  nil,
	"seal":   nil,
	"config": nil,
	"random": nil,
	"steam":  nil,
	"db":     nil,
	"apidoc": nil,

	"goldentest": nil,

	"steam/authpb":    {"steam"},
	"steam/web":       {"steam", "steam/authpb", "random"},
	"steam/sim":       {"steam", "steam/authpb"},
	"steam/steamtest": {"steam", "steam/authpb", "steam/web", "steam/sim"},
	"db/dbtest":       {"db"},
	"db/vfs":          nil,
	"db/memory":       {"db", "db/vfs"},
	"db/disktest":     {"db/vfs"},

	"apidoc/apidoctest": {"apidoc"},
}

// notForRooms is ground that rooms and most doors keep away from: the two ends
// of Steam's wire belong to the bot door and to app, test support to tests.
var notForRooms = []string{"steam/web", "steam/sim", "steam/authpb", "steam/steamtest", "db/vfs", "db/memory", "db/dbtest", "db/disktest", "apidoc/apidoctest", "goldentest"}

// rooms may import ground and the rooms that stand here.
var rooms = map[string][]string{
	"ledger":    nil,
	"merchant":  nil,
	"event":     nil,
	"fleet":     nil,
	"trade":     nil,
	"risk":      nil,
	"reconcile": {"trade", "fleet"},
	"world":     nil, // the clock of the sandbox's world
	"lease":     nil,
	"webhook":   {"event", "merchant"},
	"cash":      {"ledger", "event", "merchant"},
	"pricing":   {"merchant"},
	"market":    {"pricing", "fleet"},
	"deposit":   {"ledger", "event", "merchant", "trade", "fleet", "risk", "pricing"},
	"purchase":  {"ledger", "event", "merchant", "trade", "fleet", "market", "pricing"},
}

// doors may import ground and rooms, never each other: any room, or only those
// that stand here.
var doors = map[string][]string{
	"skinsback": {anyRoom},
	"api":       {anyRoom},
	"pay":       {anyRoom},
	"panel":     {anyRoom},
	"console":   {anyRoom},
	"sandbox":   {anyRoom},
	"socket":    {"event", "merchant"},
	"bot":       {"trade", "fleet", "reconcile"},
}

const anyRoom = "any room"

// allowed returns what a place may import of the module, nil for a place that
// is not on the map.
func allowed(place string) (imports []string, known bool) {
	if list, ok := ground[place]; ok {
		return list, true
	}
	switch place {
	case "cmd":
		return []string{"app", "config", "simulation"}, true
	case "app", "simulation":
		return slices.Concat(keys(ground), keys(rooms), keys(doors), []string{"app"}), true
	case "importtest":
		return nil, true
	}
	below := slices.DeleteFunc(keys(ground), func(g string) bool { return slices.Contains(notForRooms, g) })
	if list, ok := rooms[place]; ok {
		return slices.Concat(below, list), true
	}
	list, ok := doors[place]
	if slices.Contains(list, anyRoom) {
		list = keys(rooms)
	}
	if place == "bot" {
		below = append(below, "steam/web")
	}
	return slices.Concat(below, list), ok
}

func keys(m map[string][]string) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	return names
}

// place is the room, door or ground a package folder belongs to: generated
// queries, pages and the like belong to the place they lie in.
func place(dir string) string {
	if dir == "cmd" || strings.HasPrefix(dir, "cmd/") {
		return "cmd"
	}
	rest, ok := strings.CutPrefix(dir, "internal/")
	if !ok {
		return dir
	}
	for name := rest; name != "."; name = path.Dir(name) {
		if _, known := allowed(name); known {
			return name
		}
	}
	return rest
}

// check says what is wrong with one import of one file.
func check(dir, imported string, test bool) error {
	from := place(dir)
	may, known := allowed(from)
	if !known {
		return fmt.Errorf("%s is not on the map: enter it in internal/importtest with what it may import", dir)
	}
	target, ours := strings.CutPrefix(imported, module+"/")
	if !ours {
		return nil
	}
	to := place(target)
	whole := target == "internal/"+to // and not a part of it, such as its generated queries
	if to == from || whole && slices.Contains(may, to) {
		return nil
	}
	if test && slices.Contains([]string{"db/dbtest", "db/disktest", "steam/steamtest", "steam/sim", "apidoc/apidoctest", "goldentest"}, to) {
		return nil
	}
	return fmt.Errorf("%s must not import %s", dir, target)
}

// source calls f with every Go file's folder and imports.
func source(t *testing.T, f func(dir, file, imported string)) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		if entry.IsDir() {
			if name != root && (strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(base, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			f(filepath.ToSlash(dir), base, imported)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestImportsFollowTheMap(t *testing.T) {
	t.Parallel()
	seen := 0
	source(t, func(dir, file, imported string) {
		if strings.HasPrefix(dir, "internal/") || strings.HasPrefix(dir, "cmd/") {
			seen++
			if err := check(dir, imported, strings.HasSuffix(file, "_test.go")); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	})
	if seen < 100 {
		t.Errorf("only %d imports were seen", seen)
	}
}

// The ground that may know only the standard library.
func TestPlainGroundImportsTheStandardLibraryOnly(t *testing.T) {
	t.Parallel()
	source(t, func(dir, file, imported string) {
		first, _, _ := strings.Cut(imported, "/")
		if strings.HasSuffix(file, "_test.go") || !strings.Contains(first, ".") {
			return
		}
		if slices.Contains([]string{"internal/money", "internal/fault", "internal/config"}, dir) {
			t.Errorf("%s/%s imports %s", dir, file, imported)
		}
	})
}

func TestMapRefusesWrongArrows(t *testing.T) {
	t.Parallel()
	const in = module + "/internal/"
	for _, c := range []struct {
		dir, imported string
		test, fine    bool
	}{
		{"internal/deposit", in + "ledger", false, true},
		{"internal/deposit", in + "risk", false, true},
		{"internal/deposit", in + "db", false, true},
		{"internal/deposit/sqlc", "database/sql", false, true},
		{"internal/deposit", in + "deposit/sqlc", false, true},
		{"internal/skinsback", in + "purchase", false, true},
		{"internal/bot", in + "steam/web", false, true},
		{"internal/app", in + "steam/sim", false, true},
		{"cmd/skinrail", in + "app", false, true},
		{"internal/ledger", in + "db/dbtest", true, true},
		{"internal/db", in + "db/dbtest", true, true},

		{"internal/deposit", in + "purchase", false, false},
		{"internal/purchase", in + "risk", false, false},
		{"internal/ledger", in + "merchant", false, false},
		{"internal/ledger", in + "db/dbtest", false, false},
		{"internal/deposit", in + "ledger/sqlc", false, false},
		{"internal/app", in + "ledger/sqlc", false, false},
		{"cmd/skinrail", in + "ledger", true, false},
		{"internal/deposit", in + "steam/web", false, false},
		{"internal/deposit", in + "skinsback", false, false},
		{"internal/skinsback", in + "pay", false, false},
		{"internal/bot", in + "deposit", false, false},
		{"internal/bot", in + "steam/sim", false, false},
		{"internal/pay/page", in + "bot", false, false},
		{"internal/money", in + "fault", false, false},
		{"internal/db", in + "ledger", false, false},
		{"internal/world", in + "event", false, false},
		{"internal/steam/web", in + "steam/sim", false, false},
		{"internal/skinsback", in + "app", false, false},
		{"cmd/skinrail", in + "ledger", false, false},
		{"internal/utils", "fmt", false, false},
		{"internal/shared/deep", "fmt", false, false},
		{"internal/app", in + "utils", false, false},
	} {
		if err := check(c.dir, c.imported, c.test); (err == nil) != c.fine {
			t.Errorf("%s -> %s: %v", c.dir, c.imported, err)
		}
	}
}
