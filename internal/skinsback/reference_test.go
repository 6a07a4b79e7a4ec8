package skinsback

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/apidoc"
	"github.com/skinrail/skinrail/internal/apidoc/apidoctest"
)

func TestReferenceNamesEveryMethodWithItsParameters(t *testing.T) {
	t.Parallel()
	byName := methodsByName()
	known := map[string]bool{}
	for _, m := range apidoc.Methods() {
		known[m.Name], known[m.Alias] = true, true
		ours := byName[m.Name]
		if ours == nil {
			t.Errorf("%s is in the reference only", m.Name)
			continue
		}
		var params, documented []string
		for _, p := range ours.params {
			params = append(params, p.name)
		}
		for _, p := range m.Params {
			documented = append(documented, p.Name)
		}
		slices.Sort(params)
		slices.Sort(documented)
		if !slices.Equal(params, documented) || m.Market != ours.market || m.Idempotent != ours.effect {
			t.Errorf("%s reads %v, the reference says %v", m.Name, params, documented)
		}
		for _, p := range ours.params {
			if p.malformed.code > 0 && !slices.ContainsFunc(m.Errors, func(e apidoc.Error) bool { return e.Code == p.malformed.code && e.Name == p.malformed.name }) {
				t.Errorf("%s: the reference has no %d %s", m.Name, p.malformed.code, p.malformed.name)
			}
		}
	}
	for name := range byName {
		if !known[name] {
			t.Errorf("%s is not in the reference", name)
		}
	}
}

// errorsOf is the golden file with the errors of each method that has some of
// its own.
var errorsOf = map[string]string{"create": "create", "create_from_user_inventory": "direct", "user_inventory": "inventory", "orderstatus": "order",
	"offer_approve": "order", "orders": "list", "market_history": "list", "money_history": "money", "market_search": "search", "market_buy": "buy",
	"market_batch_buy": "batch", "market_getinfo": "getinfo"}

// Every error that the reference names for a method was answered by that
// method, to the byte.
func TestEveryDocumentedErrorHasItsGoldenFile(t *testing.T) {
	t.Parallel()
	standard, err := os.ReadFile("testdata/standard_errors.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range apidoc.Methods() {
		for _, e := range m.AllErrors() {
			kept := string(standard)
			if e.Code > 0 {
				own, err := os.ReadFile("testdata/" + errorsOf[m.Name] + "_errors.txt")
				if err != nil {
					t.Fatal(err)
				}
				kept = string(own)
			}
			want := fmt.Sprintf("%d %s\n\t{\"status\":\"error\",\"error_code\":%d,\"error_message\":%q}\n", e.Code, e.Name, e.Code, e.Name)
			if e.Code < 0 || strings.Contains(kept, "\n"+m.Name+" ") || strings.HasPrefix(kept, m.Name+" ") {
				want = m.Name + " " + want
			}
			if !strings.Contains("\n"+kept, "\n"+want) {
				t.Errorf("%s: no golden file shows %s", m.Name, e.Name)
			}
		}
	}
}

// goldenOf says which method a golden answer belongs to, by its name's start.
var goldenOf = map[string]string{"approve": "offer_approve", "balance": "balance", "batch": "market_batch_buy", "buy": "market_buy", "callback": "callback_error_list",
	"create": "create", "currencies": "currencies", "direct": "create_from_user_inventory", "direct_status": "orderstatus", "getinfo": "market_getinfo",
	"history": "market_history", "inventory": "user_inventory", "money": "money_history", "orders": "orders", "orderstatus": "orderstatus",
	"pricelist": "market_pricelist", "purchase": "market_getinfo", "search": "market_search", "status": "status"}

func TestGoldenAnswersAreDocumented(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		start, _, _ := strings.Cut(name, "_")
		method := goldenOf[name]
		if method == "" {
			method = goldenOf[start]
		}
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := apidoctest.Answer(method, body); err != nil {
			t.Errorf("%s as an answer of %s: %v", f, method, err)
		}
		seen[method] = true
	}
	for _, m := range apidoc.Methods() {
		if !seen[m.Name] {
			t.Errorf("no golden file shows an answer of %s", m.Name)
		}
	}
}
