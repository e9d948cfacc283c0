package prefecture_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/inquiry"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/provision"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// TestWhoIsProtectedIsNotFound: a protected person is shown by no search and given to no body, one by one or by file: under the present
// code, also where the flag is on a code that she had before two changes. Where the flags cannot be read nobody is shown.
func TestWhoIsProtectedIsNotFound(t *testing.T) {
	c := newCountry(t, "memory:")
	her, free := newPerson(t, 1, "山田　花子"), newPerson(t, 2, "山田　花子")
	recode := func(to uint64) func(*resident.IdentificationInfo) {
		return func(i *resident.IdentificationInfo) { i.Change.OldCode, i.Code = i.Code, resident.RecordCodeOf(to) }
	}
	first := her.Code
	for _, m := range []message.Payload{her.change(resident.MoveIn), free.change(resident.MoveIn), her.change(resident.CodeChangeRequested, recode(7)),
		her.change(resident.CodeChangeRequested, recode(8)), her.change(resident.MoveWithin)} {
		want(t, c.tell(matsumoto, m), "applied")
	}
	today := resident.DateOf(c.clk.Now())
	use := provision.Use{Name: "一般旅券の発給", Body: "旅券センター", Law: "住民基本台帳法第30条の8・別表第五の六", Purpose: look.Passport,
		Items: provision.Resides | provision.Name | provision.Birth | provision.Address, Staff: []string{clerk.ID}, Begins: today}
	n := must(c.nagano.Provision.Propose(t.Context(), access.Person{ID: "operator-ueda", Job: access.Operator, Fresh: true}, use))
	if err := c.nagano.Provision.Approve(t.Context(), access.Person{ID: "operator-egawa", Job: access.Operator, Fresh: true}, n, true, ""); err != nil {
		t.Fatal(err)
	}
	byName, byCode := inquiry.Question{Asked: resident.BasicFour{Name: her.Name, Birth: her.Birth}}, inquiry.Question{Code: her.Code}
	file := []byte("\ufeff" + strings.Join(provision.BulkColumns, ",") + "\r\n17," + her.Code.Reveal() + ",,,,\r\n18," + free.Code.Reveal() + ",,,,\r\n")
	fault := look.Ground{Purpose: look.Fault, Case: "17"}
	admits := func(code resident.RecordCode) error {
		return c.nagano.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			g, err := c.nagano.Admits(ctx, tx, fault, []resident.RecordCode{free.Code, code})
			if err == nil && g != fault {
				t.Errorf("the ground is %+v", g)
			}
			return err
		})
	}
	if err := admits(her.Code); err != nil {
		t.Errorf("what came about her, before: %v", err)
	}
	shown := func() (found, given, filed int, err error) {
		for _, q := range []inquiry.Question{byName, byCode} {
			a, e := c.nagano.Inquiry.Ask(t.Context(), clerk, look.Ground{Purpose: look.Confirm, Case: "照会1"}, q)
			b, f := c.nagano.Provision.Provide(t.Context(), clerk, provision.Request{Use: n, Case: "旅券-1", Question: q})
			found, given, err = found+len(a.Candidates), given+len(b.Given), errors.Join(err, e, f)
		}
		b, e := c.nagano.Provision.ProvideFile(t.Context(), clerk, n, 0, file)
		return found, given, b.Given, errors.Join(err, e)
	}
	if found, given, filed, err := shown(); found != 3 || given != 3 || filed != 2 || err != nil {
		t.Fatalf("before: found %d, given %d, by file %d, %v", found, given, filed, err)
	}
	want(t, c.tell(matsumoto, message.ResidentProtection{Code: first, Owner: "municipality-202029", Version: 1, Measure: "S202029-1", Provisional: true}), "applied")
	if found, given, filed, err := shown(); found != 1 || given != 1 || filed != 1 || err != nil {
		t.Errorf("protected: found %d, given %d, by file %d, %v", found, given, filed, err)
	}
	for _, code := range []resident.RecordCode{first, her.Code} {
		if err := admits(code); err == nil {
			t.Error("what came about her is shown")
		}
	}
	if err := c.nagano.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `ALTER TABLE protection_flag RENAME TO elsewhere`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if found, given, filed, err := shown(); found+given+filed != 0 || err == nil {
		t.Errorf("flags that cannot be read: found %d, given %d, by file %d, %v", found, given, filed, err)
	}
}
