package look_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/bits"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const (
	town   message.Org = "municipality-202029"
	center message.Org = "nationalcenter"
	ca     message.Org = "ca"
)

var (
	start = time.Date(2026, 4, 1, 1, 0, 0, 0, time.UTC)
	clerk = access.Person{ID: "clerk-aoki", Job: access.Clerk}
	code  = resident.RecordCodeOf(7)
)

type office struct {
	*testing.T
	clock  *clock.Virtual
	store  *sqlstore.Store
	faults *sqlstoretest.Faults
}

func open(t *testing.T, url string) *office {
	o := &office{T: t, clock: clock.NewVirtual(start), faults: &sqlstoretest.Faults{}}
	o.store = sqlstoretest.Open(t, url, sqlstore.Options{Clock: o.clock, Faults: o.faults, Log: slog.New(slog.DiscardHandler)}, auditlog.Schema, alarm.Schema, look.Schema)
	return o
}

func (o *office) record(looks ...look.Look) error {
	return o.store.Update(o.Context(), func(_ context.Context, tx *sqlstore.Tx) error {
		for _, l := range looks {
			if err := look.Record(tx, l); err != nil {
				return err
			}
		}
		return nil
	})
}

// rows are the looks and the entries of the audit log.
func (o *office) rows(f look.Filter) (rows []look.Row, entries []auditlog.Record) {
	o.Helper()
	if err := o.store.View(o.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if rows, err = look.List(ctx, tx, f); err != nil {
			return err
		}
		entries, err = auditlog.List(ctx, tx, auditlog.Filter{Act: auditlog.ActLook})
		return err
	}); err != nil {
		o.Fatal(err)
	}
	return rows, entries
}

// good is a look that may be.
func good() look.Look {
	return look.Look{By: clerk, Office: town, Subject: code, Ground: look.Ground{Purpose: look.Notice, Case: "受付-17"}, Items: look.Four | look.Code, How: "search, 2 of 3"}
}

func TestALookIsTwoRowsOrNone(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		o := open(t, url)
		o.faults.FailNext(1)
		if err := o.record(good()); err == nil {
			t.Fatal("the commit failed, and nobody was told")
		}
		if rows, entries := o.rows(look.Filter{}); len(rows)+len(entries) != 0 {
			t.Fatalf("an answer that was not given left %d looks and %d entries", len(rows), len(entries))
		}
		// Applied, and nobody knows: whoever may have seen it has looked.
		o.faults.LoseNext(1)
		if err := o.record(good()); err == nil {
			t.Fatal("the answer of the commit was lost, and nobody was told")
		}
		rows, entries := o.rows(look.Filter{Subject: code.Reveal(), Operator: clerk.ID})
		if len(rows) != 1 || len(entries) != 1 {
			t.Fatalf("%d looks, %d entries", len(rows), len(entries))
		}
		want := look.Row{At: start, Seq: rows[0].Seq, Office: town, Operator: clerk.ID, Subject: code.Reveal(), Ground: good().Ground, Items: look.Four | look.Code, How: "search, 2 of 3"}
		if rows[0] != want {
			t.Errorf("got %+v, want %+v", rows[0], want)
		}
		if e := entries[0].Entry; e != (auditlog.Entry{Actor: clerk.ID, Act: auditlog.ActLook, Subject: code.Reveal(), Case: "受付-17", Detail: "notice, search, 2 of 3"}) {
			t.Errorf("audited as %+v", e)
		}
	})
}

// TestWithoutAGroundNobodyLooks: each refusal has its field and its sentence, and leaves nothing.
func TestWithoutAGroundNobodyLooks(t *testing.T) {
	o := open(t, "memory:")
	for name, test := range map[string]struct {
		change func(*look.Look)
		field  string
		says   string
	}{
		"no purpose":               {func(l *look.Look) { l.Ground.Purpose = "" }, "purpose", "目的のない閲覧"},
		"a purpose nobody knows":   {func(l *look.Look) { l.Ground.Purpose = "curiosity" }, "purpose", "目的のない閲覧"},
		"a purpose of others":      {func(l *look.Look) { l.Ground.Purpose = look.Passport }, "purpose", "一覧から選んで"},
		"no case":                  {func(l *look.Look) { l.Ground.Case = "" }, "case", "番号が必要"},
		"a word for a case":        {func(l *look.Look) { l.Ground.Case = "テスト" }, "case", "数字が含まれます"},
		"a blank before the case":  {func(l *look.Look) { l.Ground.Case = " 17" }, "case", "番号の前後の空白や改行を取り除いてください"},
		"a line break in the case": {func(l *look.Look) { l.Ground.Case = "1\n7" }, "case", "番号の前後の空白や改行を取り除いてください"},
		"a long case":              {func(l *look.Look) { l.Ground.Case = strings.Repeat("7", 61) }, "case", "番号は60文字以内で入力してください"},
	} {
		l := good()
		test.change(&l)
		problems, ok := plain.AsProblems(o.record(l))
		if !ok || len(problems) != 1 || problems[0].Field != test.field || !strings.Contains(problems[0].JA, test.says) || problems[0].EN == "" {
			t.Errorf("%s: %v", name, problems)
		}
	}
	for name, change := range map[string]func(*look.Look){
		"an auditor":     func(l *look.Look) { l.By = access.Person{ID: "auditor-onishi", Job: access.Auditor} },
		"nobody":         func(l *look.Look) { l.By = access.Person{} },
		"the wrong work": func(l *look.Look) { l.Office, l.Ground.Purpose = ca, look.Running },
	} {
		l := good()
		change(&l)
		var refused *access.Refused
		if err := o.record(l); !errors.As(err, &refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	serial := mustSerial(t, "4711")
	for name, change := range map[string]func(*look.Look){
		"at nobody":        func(l *look.Look) { l.Subject = resident.RecordCode{} },
		"at two":           func(l *look.Look) { l.Serial = serial },
		"at no item":       func(l *look.Look) { l.Items = 0 },
		"at unknown items": func(l *look.Look) { l.Items = 1 << 31 },
		"a long way":       func(l *look.Look) { l.How = strings.Repeat("x", 101) },
	} {
		l := good()
		change(&l)
		if o.record(l) == nil {
			t.Errorf("%s: recorded", name)
		}
	}
	if rows, entries := o.rows(look.Filter{}); len(rows)+len(entries) != 0 {
		t.Errorf("refused, and %d looks and %d entries are there", len(rows), len(entries))
	}
	operator := access.Person{ID: "operator-ueda", Job: access.Operator}
	if err := o.record(look.Look{By: operator, Office: ca, Serial: serial, Ground: look.Ground{Purpose: look.Running}, Items: look.Certificates}); err != nil {
		t.Errorf("a look at a certificate needs no case: %v", err)
	}
	if rows, _ := o.rows(look.Filter{Subject: serial.String()}); len(rows) != 1 {
		t.Errorf("%d looks at the certificate", len(rows))
	}
}

func mustSerial(t testing.TB, s string) cert.Serial {
	t.Helper()
	serial, err := cert.ParseSerial(s)
	if err != nil {
		t.Fatal(err)
	}
	return serial
}

// TestGroundIsCarried: what a context carries is what is checked; without one there is no ground.
func TestGroundIsCarried(t *testing.T) {
	g := look.Ground{Purpose: look.Confirm, Case: "7"}
	if got := look.From(look.With(t.Context(), g)); got != g || got.Check(clerk, center) != nil {
		t.Errorf("carried %v", got)
	}
	if look.From(t.Context()).Check(clerk, center) == nil {
		t.Error("a context without a ground will do")
	}
}

func TestListGoesOnWhereItStopped(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		o := open(t, url)
		for i := range 7 {
			l := good()
			l.How = fmt.Sprint(i)
			if err := o.record(l, l); err != nil {
				t.Fatal(err)
			}
			o.clock.Set(o.clock.Now().Add(time.Hour))
		}
		var ways string
		f := look.Filter{Limit: 3, Since: start.Add(time.Hour), Until: start.Add(6 * time.Hour)}
		for {
			page, _ := o.rows(f)
			for _, r := range page {
				ways += r.How
			}
			if len(page) == 0 {
				break
			}
			f.After = page[len(page)-1]
		}
		if ways != "5544332211" {
			t.Errorf("listed %s", ways)
		}
		if err := o.store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			_, err := look.List(ctx, tx, look.Filter{Limit: 1001})
			return err
		}); err == nil {
			t.Error("a page without end is given")
		}
	})
}

// TestTableOfPurposes: each has its name and its article in both languages, is there once, and can be used by somebody or
// by nobody as the rules say.
func TestTableOfPurposes(t *testing.T) {
	seen := map[look.Purpose]bool{}
	for _, role := range []message.Role{message.Municipality, message.Prefecture, message.NationalCenter, message.CA, message.Validation} {
		rules := look.Purposes(role)
		if len(rules) == 0 {
			t.Errorf("nobody looks at anybody at %s", role)
		}
		for _, r := range rules {
			seen[r.Purpose] = true
			if r.Name.JA == "" || r.Name.EN == "" || r.Law.JA == "" || r.Law.EN == "" || r.Act == "" || r.Purpose.Name() != r.Name {
				t.Errorf("%+v", r)
			}
			if r.Act == access.LookAtPerson && !r.Case {
				t.Errorf("%s shows persons without a case", r.Purpose)
			}
		}
	}
	if len(seen) != 14 {
		t.Errorf("%d purposes", len(seen))
	}
	if len(look.Purposes("portal")) != 0 || look.Purpose("curiosity").Name().JA != "curiosity" {
		t.Error("there is a purpose that the table does not have")
	}
}

func TestItemsHaveNames(t *testing.T) {
	for i := look.Four; i <= look.Name; i <<= 1 {
		names := i.Names()
		if len(names) != 1 || names[0].JA == "" || names[0].EN == "" {
			t.Errorf("item %d is called %v", bits.TrailingZeros32(uint32(i)), names)
		}
	}
	if got := (look.Code | look.History).Name(); got.JA != "住民票コード、異動の履歴" || got.EN != "record code; history of the record" {
		t.Errorf("%v", got)
	}
}
