package db_test

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
)

// The descriptions below print both schemas in the words of SQLite, one line
// per fact.
const (
	sqliteColumns = `select t.name || '.' || c.name || ' ' || lower(c.type)
			|| case when c."notnull" = 1 or c.pk > 0 then ' not null' else '' end
			|| coalesce(' default ' || lower(c.dflt_value), '')
		from sqlite_master t join pragma_table_info(t.name) c
		where t.type = 'table' and t.name not like 'sqlite_%' and t.name not like 'goose_%'`
	sqliteUnique = `select t.name || ' unique (' || (select group_concat(x.name, ', ' order by x.seqno) from pragma_index_info(i.name) x)
			|| ')' || case when i.partial = 1 then ' partly' else '' end
		from sqlite_master t join pragma_index_list(t.name) i
		where t.type = 'table' and i."unique" = 1 and t.name not like 'goose_%'
		union all
		select t.name || ' unique (' || c.name || ')' from sqlite_master t join pragma_table_info(t.name) c
		where t.type = 'table' and c.pk = 1 and c.type = 'INTEGER' and t.name not like 'goose_%' and t.name not like 'sqlite_%'
			and not exists (select 1 from pragma_table_info(t.name) o where o.pk > 1)`
	sqliteKeys = `select t.name || '.' || k."from" || ' -> ' || k."table" from sqlite_master t
		join pragma_foreign_key_list(t.name) k where t.type = 'table'`

	postgresColumns = `select c.table_name || '.' || c.column_name
			|| case c.data_type when 'bigint' then ' integer' when 'boolean' then ' integer'
				when 'bytea' then ' blob' else ' ' || c.data_type end
			|| case c.is_nullable when 'NO' then ' not null' else '' end
			|| coalesce(' default ' || lower(c.column_default), '')
		from information_schema.columns c
		where c.table_schema = current_schema() and c.table_name not like 'goose_%'`
	postgresUnique = `select t.relname || ' unique (' || (
				select string_agg(a.attname, ', ' order by k.n) from unnest(i.indkey) with ordinality as k(attnum, n)
				join pg_attribute a on a.attrelid = t.oid and a.attnum = k.attnum)
			|| ')' || case when i.indpred is not null then ' partly' else '' end
		from pg_index i join pg_class t on t.oid = i.indrelid
		where t.relnamespace = current_schema()::regnamespace and i.indisunique and t.relname not like 'goose_%'`
	postgresKeys = `select t.relname || '.' || a.attname || ' -> ' || r.relname
		from pg_constraint k join pg_class t on t.oid = k.conrelid join pg_class r on r.oid = k.confrelid
		join pg_attribute a on a.attrelid = t.oid and a.attnum = any(k.conkey)
		where k.contype = 'f' and t.relnamespace = current_schema()::regnamespace`
)

var cast = regexp.MustCompile(`::[a-z ]+$`)

func facts(t *testing.T, d *db.DB) []string {
	t.Helper()
	queries := []string{sqliteColumns, sqliteUnique, sqliteKeys}
	if d.Engine() == db.Postgres {
		queries = []string{postgresColumns, postgresUnique, postgresKeys}
	}
	var all []string
	for _, q := range queries {
		rows, err := d.Read().QueryContext(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var fact string
			if err := rows.Scan(&fact); err != nil {
				t.Fatal(err)
			}
			fact = cast.ReplaceAllString(fact, "")
			fact = strings.NewReplacer("default false", "default 0", "default true", "default 1", `'\x'`, "x''").Replace(fact)
			all = append(all, fact)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestSchemasAreInLockstep(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	schemas := map[db.Engine][]string{}
	t.Run("describe", func(t *testing.T) { // returns when its parallel subtests are done
		dbtest.Each(t, func(t *testing.T, d *db.DB) {
			f := facts(t, d)
			mu.Lock()
			defer mu.Unlock()
			schemas[d.Engine()] = f
		})
	})
	if len(schemas[db.SQLite]) < 50 {
		t.Errorf("only %d facts", len(schemas[db.SQLite]))
	}
	postgres, ok := schemas[db.Postgres]
	if !ok {
		return // dbtest has said that the server is missing
	}
	for _, f := range without(schemas[db.SQLite], postgres) {
		t.Errorf("only in SQLite: %s", f)
	}
	for _, f := range without(postgres, schemas[db.SQLite]) {
		t.Errorf("only in PostgreSQL: %s", f)
	}
}

func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool {
		_, found := slices.BinarySearchFunc(b, s, cmp.Compare)
		return found
	})
}

func TestMigrationsHaveTheSameFiles(t *testing.T) {
	t.Parallel()
	list := func(dir string) string {
		entries, err := os.ReadDir("migrations/" + dir)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(entries)
	}
	if a, b := list("sqlite"), list("postgres"); a != b {
		t.Errorf("sqlite has %s\npostgres has %s", a, b)
	}
}

func TestTablesAreStrict(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	rows, err := d.Read().QueryContext(t.Context(),
		`select name from pragma_table_list where type = 'table' and strict = 0 and name not like 'goose_%' and name not like 'sqlite_%'`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		t.Errorf("%s is not strict", name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
