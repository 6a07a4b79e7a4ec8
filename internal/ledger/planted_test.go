package ledger_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/ledger"
)

// sealedBooks are books in two seals: transactions 1 to 6 in the first, 7 and 8
// in the second.
func sealedBooks(t *testing.T, d *db.DB) *ledger.Service {
	t.Helper()
	l := books(t, d)
	sealAll(t, l, noon)
	payIn(t, l, 8, 70)
	payIn(t, l, 9, 90)
	sealAll(t, l, noon)
	wantTail(t, l, 0)
	return l
}

// What an outsider with the database's own password does to sealed books, and
// how the audit names the first row that is wrong.
func TestAuditNamesTheFirstWrongRow(t *testing.T) {
	t.Parallel()
	const cash = "(select id from account where path = 'outside/cash')"
	plants := map[string]struct {
		plant     []string
		first     string // in the name of the first wrong row
		onlyAudit bool   // the check of each minute does not see it
	}{
		"amount changed":      {[]string{"update entry set amount = amount + 1 where transaction_id = 3 and line = 2"}, "transaction 3 (hold/released): entry 3/2 on project/7/held is 12501, sealed was 12500", false},
		"both sides changed":  {[]string{"update entry set amount = amount * 2 where transaction_id = 3"}, "transaction 3 (hold/released) is not what was sealed: it reads hold/1772452800000000, 3/1 outside/steam -25000, 3/2 project/7/held 25000, digest ", false},
		"account changed":     {[]string{"update entry set account_id = " + available + " where transaction_id = 3 and line = 2"}, "entry 3/2 on project/7/available of 12500 was sealed on project/7/held", false},
		"entry added":         {[]string{balanced + "(3, 3, " + available + ", 5)"}, "transaction 3 (hold/released): entry 3/3 on project/7/available of 5 was not there when it was sealed", false},
		"entry removed":       {[]string{"delete from entry where transaction_id = 3 and line = 2"}, "transaction 3 (hold/released): entry 3/2 on project/7/held of 12500 is gone", false},
		"transaction removed": {[]string{"delete from entry where transaction_id = 5", "delete from ledger_transaction where id = 5"}, "transaction 5 is gone: seal 1 has it", false},
		"transaction put in between": {[]string{"insert into ledger_transaction (id, ref, kind, at) values (0, 'gift', 'in', 1)",
			balanced + "(0, 1, " + cash + ", -5)", balanced + "(0, 2, " + available + ", 5)",
			"update account set balance = balance - 5 where path = 'outside/cash'", "update account set balance = balance + 5 where path = 'project/7/available'",
			"update ledger_sum set amount = amount - 5 where account_id = " + cash, "update ledger_sum set amount = amount + 5 where account_id = " + available},
			"transaction 0 (gift) is in no seal", true},
		"time changed": {[]string{"update ledger_transaction set at = at + 1 where id = 7"}, "transaction 7 (payin/8) is not what was sealed", false},
		"order swapped": {[]string{"update ledger_transaction set ref = 'x' where id = 3", "update ledger_transaction set ref = 'hold/released' where id = 4",
			"update ledger_transaction set ref = 'hold/voided' where id = 3"}, "transaction 3 (hold/voided) is not what was sealed", false},
		"accounts swapped": {[]string{"update account set path = 'x' where path = 'project/8/available'", "update account set path = 'project/8/available' where path = 'project/9/available'",
			"update account set path = 'project/9/available' where path = 'x'"}, "transaction 7 (payin/8): entry 7/2 on project/9/available of 70 was sealed on project/8/available", false},
		"seals swapped":                 {[]string{"update ledger_seal set n = 9 where n = 1", "update ledger_seal set n = 1 where n = 2", "update ledger_seal set n = 2 where n = 9"}, "seal 1 says ", false},
		"seal changed":                  {[]string{"update ledger_seal set hash = " + "(select hash from ledger_seal where n = 1)" + " where n = 2"}, "seal 2 says ", false},
		"seal emptied":                  {[]string{"update ledger_seal set members = hash where n = 2"}, "seal 2 says ", false},
		"seal removed":                  {[]string{"delete from ledger_seal where n = 1"}, "seal 1 is gone", false},
		"seals cut off":                 {[]string{"delete from ledger_seal where n = 2"}, "the newest seal is 1:", false},
		"newest cut off":                {[]string{"delete from entry where transaction_id = 8", "delete from ledger_transaction where id = 8"}, "transaction 8 is gone: seal 2 has it", false},
		"tail cut off":                  {cutOff, "the newest seal is 1:", false},
		"head moved":                    {[]string{"update ledger_head set high = high + 5"}, "up to 13: the tail is cut off", false},
		"balance changed":               {[]string{"update account set balance = balance + 1 where path = 'project/8/available'"}, "(project/8/available) holds 71, its entries sum to 70", false},
		"sum changed":                   {[]string{"update ledger_sum set amount = amount + 1 where account_id = " + available}, "(project/7/available): 112501 were added up while sealing, the sealed entries sum to 112500", false},
		"hold made larger":              {[]string{"update hold set amount = amount + 1 where id = 'open'"}, "hold open of 12501 not before 1772452800000000, opened at 1772366400000000, has no such transaction", false},
		"hold ends earlier":             {[]string{"update hold set not_before = 1 where id = 'open'"}, "hold open of 12500 not before 1, opened at 1772366400000000, has no such transaction", false},
		"hold ends later":               {[]string{"update hold set not_before = not_before + 1 where id = 'open'"}, "hold open of 12500 not before 1772452800000001, opened at 1772366400000000, has no such transaction", true},
		"hold ended earlier":            {[]string{"update hold set not_before = 1 where id = 'released'"}, "hold released of 12500 not before 1, opened at 1772366400000000, has no such transaction", true},
		"hold taken for an old one":     {[]string{"update hold set timed = false, not_before = 1 where id = 'open'"}, "hold open of 12500 not before 1, which is not sealed, opened at 1772366400000000, has no such transaction", false},
		"hold with its transaction":     {[]string{"update hold set not_before = 1 where id = 'open'", "update ledger_transaction set kind = 'hold/1' where ref = 'hold/open'"}, "transaction 2 (hold/open) is not what was sealed: it reads hold/1, ", false},
		"hold with its old transaction": {[]string{"update hold set not_before = 1, timed = false where id = 'open'", "update ledger_transaction set kind = 'hold' where ref = 'hold/open'"}, "transaction 2 (hold/open) is not what was sealed: it reads hold, ", false},
		"hold opened earlier":           {[]string{"update hold set opened_at = 1 where id = 'open'"}, "hold open of 12500 not before 1772452800000000, opened at 1, has no such transaction", true},
		"hold resolved in advance":      {[]string{"update hold set resolved_at = 5 where id = 'open'"}, "hold open is open and was resolved at 5", true},
		"seal ends later":               {[]string{"update ledger_seal set high = high + 1 where n = 1"}, "seal 1 says up to transaction 7, what is sealed ends with 6", false},
		"low moved":                     {[]string{"update ledger_head set low = high + 1"}, "the head says that nothing is missing up to transaction 9 and seal 0 was verified, it is 2 up to 8", true},
		"verified moved":                {[]string{"update ledger_head set verified = 9"}, "up to transaction 8 and seal 9 was verified, it is 2 up to 8", false},
		"overdraft refused":             {[]string{"update account set overdraft = false, balance = 0 where path = 'outside/cash'"}, "(outside/cash) holds 0, ", false},
		"account called otherwise":      {[]string{"insert into account (path, overdraft) values ('project/7/savings', false)"}, "(project/7/savings) holds 0, and no account is called so", false},
		"hold removed":                  {[]string{"delete from hold where id = 'voided'"}, "hold/voided belongs to no hold", true},
		"hold reopened":                 {[]string{"update hold set state = 'open', resolved_at = 0 where id = 'released'"}, "release/released belongs to no hold", false},
		"hold resolved at another time": {[]string{"update hold set resolved_at = resolved_at + 1 where id = 'voided'"}, "hold voided is voided with 0 releases and 0 voids", true},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		sealedBooks(t, d)
		for name, c := range plants {
			audited, checked := planted(t, d, c.plant...)
			if audited.OK() || !strings.Contains(audited.First(), c.first) {
				t.Errorf("%s: first wrong is %q, want %q\n%s", name, audited.First(), c.first, audited)
			}
			if checked.OK() && !c.onlyAudit {
				t.Errorf("%s: the check finds nothing\n%s", name, checked)
			}
		}
	})
}

var errUndo = errors.New("undo")

// planted does something to the books without their guards, audits them, checks
// them as every minute, and undoes it.
func planted(t *testing.T, d *db.DB, plant ...string) (audited, checked ledger.Report) {
	t.Helper()
	err := d.Write(t.Context(), func(tx *db.Tx) (err error) {
		for _, s := range append(unlock(d), plant...) {
			if _, err := tx.ExecContext(t.Context(), s); err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
		}
		if audited, err = ledger.AuditIn(t.Context(), tx, ledger.Orders{}, nil); err != nil {
			return err
		}
		if checked, err = ledger.CheckIn(t.Context(), tx, noon); err != nil {
			return err
		}
		return errUndo
	})
	if !errors.Is(err, errUndo) {
		t.Fatal(err)
	}
	return audited, checked
}

// cutOff removes the second seal with everything that it sealed, and mends what
// was added up.
var cutOff = []string{"delete from ledger_seal where n = 2", "delete from entry where transaction_id > 6", "delete from ledger_transaction where id > 6",
	"update account set balance = balance + 160 where path = 'outside/cash'",
	"update account set balance = 0 where path in ('project/8/available', 'project/9/available')",
	"delete from ledger_sum where account_id in (select id from account where path in ('project/8/available', 'project/9/available'))",
	"update ledger_sum set amount = amount + 160 where account_id = (select id from account where path = 'outside/cash')"}
