package org_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/issuing"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/printing"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// as is a context of one of the personas, without a ground.
func as(t testing.TB, id string) context.Context {
	t.Helper()
	all := access.Personas()
	i := slices.IndexFunc(all, func(p access.Person) bool { return p.ID == id })
	return access.With(t.Context(), all[i])
}

// traced is what both sides know of a request, for the auditor.
func (v *issuers) traced(request string) (c municipality.DocumentTrace, s issuing.DocumentTrace) {
	v.Helper()
	c, there, err := v.town.TraceDocument(as(v, "auditor-onishi"), request)
	check(v, err)
	s, known, err := v.server.TraceDocument(as(v, "auditor-onishi"), request)
	check(v, err)
	if !there || !known {
		v.Fatalf("of %s the counter knows (%v), the server knows (%v)", request, there, known)
	}
	return c, s
}

// exec changes a database behind the program's back.
func exec(t testing.TB, s *sqlstore.Store, query string, args ...any) {
	t.Helper()
	check(t, s.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		n, err := tx.Exec(ctx, query, args...)
		if err == nil && n == 0 {
			err = fmt.Errorf("nothing was changed by %s", query)
		}
		return err
	}))
}

// TestDocumentIsTraced: what both sides know of a paper from the application to the hands of who asked, each by its own database, on both engines: the same
// file, made of the same versions; and who followed it is written down.
func TestDocumentIsTraced(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, _ string) {
		url := sqlstoretest.SQLite
		if strings.HasSuffix(t.Name(), "postgres") {
			url = sqlstoretest.Postgres
		}
		v := newIssuers(t, url, true)
		head := v.person("松本　一子", "1960-05-01", "世帯主", "")
		v.person("松本　二子", "2012-05-01", "子", v.household(head.Person))
		v.run(2 * time.Second)
		id := v.applied(making.HouseholdRecord, head.Person, document.Items{Relation: true, Number: true})
		if c, found, err := v.town.TraceDocument(v.clerk, id); err != nil || !found || c.Place != municipality.PlaceMaking || len(c.Versions) != 0 {
			t.Errorf("before the server has answered: %+v %v", c, err)
		}
		v.run(2 * time.Second)
		for range 2 { // the first jammed
			_, err := v.town.PrintDocument(v.clerk, id)
			check(t, err)
		}
		if c, _ := v.traced(id); c.Place != municipality.PlaceUnknown || !c.Kept || c.Altered {
			t.Errorf("when it is printed twice: %+v", c)
		}
		v.closes(id+"-1", municipality.FateDestroyed, "詰まった紙を裁断した。")
		if c, _ := v.traced(id); c.Place != municipality.PlaceCounter {
			t.Errorf("with proof of the first: %+v", c)
		}
		check(t, v.handOver(id, 3))
		v.run(2 * time.Second)
		c, s := v.traced(id)
		if len(c.File) != 64 || c.File != s.File || c.Content != s.Content || c.Number != s.Number || !c.IssuedAt.Equal(s.IssuedAt) {
			t.Errorf("the two sides have %s %s %s and %s %s %s", c.Number, c.Content, c.File, s.Number, s.Content, s.File)
		}
		if len(c.Versions) != 2 || !slices.Equal(c.Versions, s.Versions) {
			t.Errorf("it was made of the versions %v, by the server %v", c.Versions, s.Versions)
		}
		if c.State != "delivered" || s.Ending != message.Delivered || c.Place != municipality.PlaceCitizen || c.Kept || s.Kept || c.Sheets != 3 || s.Sheets != 3 || c.EndedBy != "clerk-aoki" || s.EndedBy != "clerk-aoki" {
			t.Errorf("it ended %+v and %+v", c, s)
		}
		if s.Program != "test 1" || s.RegisterAt.IsZero() || s.DecidedAt.Before(s.AskedAt) || s.AskedBy != "clerk-aoki" || s.Pages != 1 {
			t.Errorf("the server decided %+v", s)
		}
		var judged []string
		for _, j := range c.Judgements {
			judged = append(judged, j.Moment+" "+j.Program)
		}
		if want := []string{"came counter 1", "print counter 1", "print counter 1", "hand-over counter 1"}; !slices.Equal(judged, want) || s.Signer != "test 1" || c.Server != "test 1" {
			t.Errorf("it was judged %q, signed by %q, of which the counter knows %q", judged, s.Signer, c.Server)
		}
		if len(c.Checks) != 1 || c.Checks[0].By != "clerk-aoki" || c.Checks[0].Documents.JA == "" || c.AppliedBy != "clerk-aoki" {
			t.Errorf("who applied was checked %+v", c.Checks)
		}
		if len(c.Jobs) != 2 || c.Jobs[0].Job != id+"-1" || c.Jobs[1].Job != id+"-2" || c.Jobs[0].By != "clerk-aoki" || c.Jobs[0].State != "" {
			t.Errorf("it was printed %+v", c.Jobs)
		}
		var steps []string
		for _, one := range c.Steps {
			steps = append(steps, one.Act+" "+strings.Fields(one.Detail)[0])
		}
		if want := []string{"apply-for-document " + string(making.HouseholdRecord) + ",", "document-state held", "document-print " + c.Number, "document-case " + id + "-1", "document-print " + c.Number, "document-case-propose " + id + "-1", "document-case-close " + id + "-1", "document-state delivered"}; !slices.Equal(steps, want) {
			t.Errorf("the steps are %q", steps)
		}
		if _, found, err := v.town.TraceDocument(v.clerk, "202029-none"); found || err != nil {
			t.Errorf("a number that nobody gave: %v %v", found, err)
		}
		if _, found, err := v.server.TraceDocument(v.clerk, "202029-none"); found || err != nil {
			t.Errorf("at the server: %v %v", found, err)
		}
		if got, err := v.server.FileOf(v.clerk, c.File); got != id || err != nil {
			t.Errorf("the file is of %q, %v", got, err)
		}
		if got, err := v.server.FileOf(v.clerk, strings.Repeat("0", 64)); got != "" || err != nil {
			t.Errorf("nobody's file is of %q, %v", got, err)
		}
		if _, err := v.server.FileOf(v.clerk, "1234"); err == nil || !strings.Contains(err.Error(), "ファイルのSHA-256を、16進数64文字で入力してください。") {
			t.Errorf("no digest: %v", err)
		}
		day := v.clk.Now()
		q, err := municipality.ParseInquiry(day.Format(time.DateOnly), day.Format(time.DateOnly), "別の人の証明書が印刷された")
		check(t, err)
		q, err = v.town.InquireDocuments(v.clerk, q)
		check(t, err)
		if a, err := v.town.Affected(v.clerk, municipality.AffectedQuery{Inquiry: q.ID, Names: true}); err != nil || len(a.Documents) != 1 || a.Documents[0].File != c.File || len(a.Persons) != 2 {
			t.Errorf("the inquiry has %+v, %v", a, err)
		}
		if all, whole, err := v.server.Decided(v.clerk, q.From, q.Until); err != nil || !whole || len(all) != 1 || all[0].File != c.File || all[0].Ending != message.Delivered {
			t.Errorf("of that day the server has %+v, %v", all, err)
		}
		if unknown, err := v.town.UnknownDocuments(v.clerk, []string{id, "x"}); err != nil || !slices.Equal(unknown, []string{"x"}) {
			t.Errorf("unknown are %v, %v", unknown, err)
		}
		for where, log := range map[string]*sqlstore.Store{"counter": v.town.Store, "server": v.server.Store} {
			check(t, log.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				all, err := auditlog.List(ctx, tx, auditlog.Filter{Act: "document-trace", Case: id})
				if n := map[string]int{"counter": 4, "server": 3}[where]; len(all) != n || all[0].Actor != "auditor-onishi" {
					t.Errorf("at the %s it is written down %d times that it was followed, not %d: %v", where, len(all), n, all)
				}
				return err
			}))
		}
	})
}

// TestTraceSaysWhatIsWrong: the file of another request lies at the counter, and one that was changed on the disk; neither side hides it.
func TestTraceSaysWhatIsWrong(t *testing.T) {
	v := newIssuers(t, inMemory, true)
	one, two := v.person("松本　一子", "1960-05-01", "世帯主", ""), v.person("松本　二子", "1970-05-01", "世帯主", "")
	v.run(2 * time.Second)
	theirs := v.applied(making.IndividualRecord, two.Person, document.Items{})
	v.run(2 * time.Second)
	good, err := v.town.DocumentOf(v.clerk, theirs)
	check(t, err)
	v.net.Join(server, nil)
	id := v.applied(making.IndividualRecord, one.Person, document.Items{})
	v.forged(message.IssuingDocument{Request: id, Number: good.Number, IssuedAt: good.IssuedAt, Nonce: good.Nonce, Verify: good.Verify, Content: good.Content, File: good.Bytes})
	v.net.Join(server, v.server.Exchange)
	v.run(20 * time.Second)
	c, s := v.traced(id)
	if c.File == s.File || c.File == "" || c.State != "stopped" || c.Place != municipality.PlaceUnprinted {
		t.Errorf("the counter has %s (%s), the server %s", c.File, c.State, s.File)
	}
	if of, err := v.server.FileOf(as(t, "operator-ueda"), c.File); err != nil || of != theirs {
		t.Errorf("the file at the counter is said to be of %q, not of %q: %v", of, theirs, err)
	}

	exec(t, v.town.Store, `UPDATE document_request SET bytes = $2 WHERE request = $1`, theirs, []byte("%PDF-1.7 something else"))
	exec(t, v.server.Store, `UPDATE document SET bytes = $2 WHERE request = $1`, theirs, []byte("%PDF-1.7 something else"))
	if c, s := v.traced(theirs); !c.Altered || !s.Altered {
		t.Errorf("changed files are not seen: %v %v", c.Altered, s.Altered)
	}
}

// TestTraceOfWhatAPrinterSays: each attempt at a printer keeps what the printer said of it, also when the next came out; and the proof by which a case was closed
// is for those who may read what clerks wrote.
func TestTraceOfWhatAPrinterSays(t *testing.T) {
	v, p := withPrinter(t)
	who := v.person("松本　一子", "1960-05-01", "世帯主", "")
	v.run(2 * time.Second)
	id := v.applied(making.IndividualRecord, who.Person, document.Items{})
	v.run(2 * time.Second)
	p.submit = func(context.Context, printing.Job) (printing.Status, error) {
		return printing.Status{State: printing.Aborted, Sheets: 1}, nil
	}
	check(t, v.town.PrintAtCounter(v.clerk, id))
	v.run(5 * time.Second)
	p.submit = nil
	check(t, v.town.PrintAtCounter(v.clerk, id))
	v.run(5 * time.Second)
	c, _ := v.traced(id)
	if len(c.Jobs) != 2 || c.Jobs[0].State != string(printing.Aborted) || c.Jobs[0].Sheets != 1 || c.Jobs[1].State != string(printing.Printed) || c.Jobs[1].By != "clerk-aoki" {
		t.Errorf("it was printed %+v", c.Jobs)
	}
	if c.Place != municipality.PlaceUnknown || len(c.Cases) != 1 || c.Cases[0].Job != id+"-1" || !c.Cases[0].ClosedAt.IsZero() {
		t.Errorf("after a jam the paper is %s, and the cases are %+v", c.Place, c.Cases)
	}
	const proof = "トレイの1枚を係長の前で裁断した"
	v.closes(id+"-1", municipality.FateDestroyed, proof)
	if c, _ := v.traced(id); c.Place != municipality.PlaceCounter || c.Cases[0].Proof != proof || c.Cases[0].ProposedBy != "clerk-aoki" || c.Cases[0].ClosedBy != "clerk-inoue" {
		t.Errorf("when the case is closed the paper is %s, and the cases are %+v", c.Place, c.Cases)
	}
	c, _, err := v.town.TraceDocument(as(t, "operator-ueda"), id)
	check(t, err)
	for _, step := range c.Steps {
		if strings.Contains(step.Detail, "裁断") {
			t.Errorf("an operator reads what the clerk wrote: %+v", step)
		}
	}
	if c.Cases[0].Proof != "" || c.Cases[0].ClosedBy != "clerk-inoue" {
		t.Errorf("an operator reads %+v", c.Cases)
	}
	check(t, v.town.VoidDocument(v.clerk, id, 2, "2枚とも裁断した"))
	if c, _ := v.traced(id); c.Place != municipality.PlaceGone || c.Proof != "2枚とも裁断した" {
		t.Errorf("after that the paper is %s: %s", c.Place, c.Proof)
	}
}

// TestAffectedByAnInquiry: of an error in a time it is said at once which documents it concerns, what was on them, whether an individual number was, and where each
// paper is. People are named to a clerk, on the ground of the inquiry, and each name is a look; of somebody protected there is nothing but the name.
func TestAffectedByAnInquiry(t *testing.T) {
	v := newIssuers(t, inMemory, true)
	head := v.person("松本　一子", "1960-05-01", "世帯主", "")
	child := v.person("松本　二子", "2012-05-01", "子", v.household(head.Person))
	hers := v.person("松本　三子", "1970-05-01", "世帯主", "")
	v.run(2 * time.Second)
	before := v.applied(making.IndividualRecord, head.Person, document.Items{})
	v.run(2 * time.Second)
	_, err := v.town.PrintDocument(v.clerk, before)
	check(t, err)
	check(t, v.handOver(before, 1))
	v.run(time.Minute)

	begun := v.clk.Now()
	made := func(kind making.Kind, who municipality.PersonID, items document.Items) string {
		t.Helper()
		id := v.applied(kind, who, items)
		v.run(2 * time.Second)
		return id
	}
	household := made(making.HouseholdRecord, child.Person, document.Items{Relation: true, Number: true})
	_, err = v.town.PrintDocument(v.clerk, household)
	check(t, err)
	check(t, v.handOver(household, 1))
	voided := made(making.IndividualRecord, head.Person, document.Items{Number: true})
	_, err = v.town.PrintDocument(v.clerk, voided)
	check(t, err)
	check(t, v.town.VoidDocument(v.clerk, voided, 1, "裁断した"))
	lost := made(making.IndividualRecord, hers.Person, document.Items{Domicile: true})
	_, err = v.town.PrintDocument(v.clerk, lost)
	check(t, err)
	again := made(making.IndividualRecord, hers.Person, document.Items{}) // what became of the first nobody has said
	v.net.Join(server, nil)
	refused := made(making.SealCertificate, head.Person, document.Items{})
	v.run(2 * time.Minute)
	v.net.Join(server, v.server.Exchange)
	v.run(time.Minute)
	ended := v.clk.Now()
	after := made(making.IndividualRecord, head.Person, document.Items{Number: true})
	_, err = v.town.Protect(v.clerk, municipality.Protecting{Applicant: hers.Person, Evidence: byCard})
	check(t, err)
	v.run(2 * time.Second)

	const cause = "プログラムの誤りで、別の人の証明書が印刷されたおそれ"
	q, err := municipality.ParseInquiry(begun.Format(time.RFC3339Nano), ended.Format(time.RFC3339Nano), cause)
	check(t, err)
	q, err = v.town.InquireDocuments(as(t, "operator-ueda"), q)
	check(t, err)
	a, err := v.town.Affected(as(t, "operator-ueda"), municipality.AffectedQuery{Inquiry: q.ID})
	check(t, err)
	type row struct {
		request string
		place   municipality.Place
		number  bool
		open    int
		persons int
	}
	var got []row
	for _, d := range a.Documents {
		got = append(got, row{d.Request, d.Place, d.MyNumber, d.Open, len(d.Persons)})
		if !d.PageKnown {
			t.Errorf("who is on %s is not known", d.Request)
		}
	}
	want := []row{{household, municipality.PlaceCitizen, true, 0, 2}, {voided, municipality.PlaceGone, true, 0, 1}, {lost, municipality.PlaceUnknown, false, 1, 1},
		{again, municipality.PlaceUnprinted, false, 0, 1}, {refused, municipality.PlaceNone, false, 0, 0}}
	if !slices.Equal(got, want) {
		t.Errorf("the inquiry has %+v,\nwant %+v (before it %s, after it %s)", got, want, before, after)
	}
	if w := (municipality.AffectedCounts{Documents: 4, Requests: 5, Persons: 3, Concerned: 3, MyNumber: 2, Outside: 1, OpenCases: 1, InDoubt: 1, Places: map[municipality.Place]int{municipality.PlaceCitizen: 1,
		municipality.PlaceGone: 1, municipality.PlaceUnknown: 1, municipality.PlaceUnprinted: 1, municipality.PlaceNone: 1}}); !reflect.DeepEqual(a.Counts, w) || !a.Whole || a.Cause != cause || a.By != "operator-ueda" {
		t.Errorf("counted %+v, want %+v", a.Counts, w)
	}
	if len(a.Persons) != 0 {
		t.Errorf("an operator is told of %+v", a.Persons)
	}
	if less, err := v.town.Affected(v.clerk, municipality.AffectedQuery{Inquiry: q.ID, Not: []string{lost, again}}); err != nil || len(less.Documents) != 3 || less.Counts.Persons != 2 {
		t.Errorf("without those of another version: %+v %v", less.Counts, err)
	}

	a, err = v.town.Affected(as(t, "clerk-inoue"), municipality.AffectedQuery{Inquiry: q.ID, Names: true})
	check(t, err)
	names := map[string]municipality.AffectedPerson{}
	for _, p := range a.Persons {
		names[p.Name] = p
	}
	if len(a.Persons) != 3 || !slices.Equal(names["松本　一子"].Requests, []string{household, voided}) || names["松本　一子"].Withheld || names["松本　一子"].Code == "" {
		t.Errorf("the persons are %+v", a.Persons)
	}
	if p := names["松本　三子"]; !p.Withheld || p.Code != "" || !p.Concerned {
		t.Errorf("of somebody protected there is %+v", p)
	}
	if n := names["松本　二子"].Notice; !strings.Contains(n.JA, cause) || !strings.Contains(n.JA, "続柄、個人番号") || !strings.Contains(n.JA, "番号利用法第7条第2項") || !strings.Contains(n.JA, "松本　二子 様") ||
		!strings.Contains(n.JA, q.ID) || !strings.Contains(n.EN, "The individual number (My Number) is on it.") || strings.Contains(n.JA, "丸の内") {
		t.Errorf("the notice is\n%s\n%s", n.JA, n.EN)
	}
	if n := names["松本　三子"].Notice; !strings.Contains(n.JA, "個人番号（マイナンバー）は載っていません。") || strings.Contains(n.JA, again) || !strings.Contains(n.JA, "分からない（件が開いている）") {
		t.Errorf("the notice is\n%s", n.JA)
	}
	check(t, v.town.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		looks, err := look.List(ctx, tx, look.Filter{Operator: "clerk-inoue"})
		if len(looks) != 3 {
			t.Errorf("%d looks are written down", len(looks))
		}
		withheld := 0
		for _, l := range looks {
			if l.Ground != (look.Ground{Purpose: look.Fault, Case: q.ID}) {
				t.Errorf("a look on the ground %+v", l.Ground)
			}
			if l.Items == look.Name {
				withheld++
			} else if l.Items != look.Name|look.Code {
				t.Errorf("a look at %s", l.Items.Name().EN)
			}
		}
		if withheld != 1 {
			t.Errorf("of %d persons the name alone was shown", withheld)
		}
		entries, err2 := auditlog.List(ctx, tx, auditlog.Filter{Case: q.ID, Act: "document-inquiry"})
		if len(entries) != 1 || entries[0].Actor != "operator-ueda" || !strings.HasSuffix(entries[0].Detail, cause) {
			t.Errorf("the inquiry is written down as %+v", entries)
		}
		if err == nil {
			err = err2
		}
		return err
	}))

	all, err := v.town.Inquiries(as(t, "auditor-onishi"))
	if err != nil || len(all) != 1 || all[0].ID != q.ID {
		t.Errorf("the inquiries are %+v, %v", all, err)
	}
	known, whole, err := v.server.Decided(as(t, "auditor-onishi"), begun, ended)
	if err != nil || !whole {
		t.Error(err)
	}
	if !slices.ContainsFunc(known, func(d issuing.Decided) bool {
		return d.Request == household && d.Program == "test 1" && d.Ending == message.Delivered && d.File == a.Documents[0].File
	}) ||
		slices.ContainsFunc(known, func(d issuing.Decided) bool { return d.Request == before || d.Request == after }) {
		t.Errorf("the server has %+v", known)
	}
	if unknown, err := v.town.UnknownDocuments(v.clerk, []string{household, "202029-0", lost}); err != nil || !slices.Equal(unknown, []string{"202029-0"}) {
		t.Errorf("of the requests the counter does not know %v, %v", unknown, err)
	}
}

// TestAfterTheFactIsRefused: who may not, and what is not understood.
func TestAfterTheFactIsRefused(t *testing.T) {
	v := newIssuers(t, inMemory, true)
	q, err := municipality.ParseInquiry("2026-04-01", "2026-04-01", "別の人の証明書が印刷された")
	check(t, err)
	if q.Until.Sub(q.From) != 24*time.Hour {
		t.Errorf("a day lasts %s", q.Until.Sub(q.From))
	}
	begun, err := v.town.InquireDocuments(v.clerk, q)
	check(t, err)
	nobody, administrator, auditor, operator := t.Context(), as(t, "administrator-kato"), as(t, "auditor-onishi"), as(t, "operator-ueda")
	for name, ctx := range map[string]context.Context{"nobody": nobody, "an administrator": administrator} {
		_, _, one := v.town.TraceDocument(ctx, "202029-1")
		_, _, two := v.server.TraceDocument(ctx, "202029-1")
		_, three := v.server.FileOf(ctx, strings.Repeat("0", 64))
		_, _, four := v.server.Decided(ctx, begun.From, begun.Until)
		_, five := v.town.Affected(ctx, municipality.AffectedQuery{Inquiry: begun.ID})
		_, six := v.town.Inquiries(ctx)
		_, seven := v.town.InquireDocuments(ctx, q)
		_, eight := v.town.DocumentPersons(ctx, "202029-1")
		_, nine := v.town.UnknownDocuments(ctx, nil)
		for i, err := range []error{one, two, three, four, five, six, seven, eight, nine} {
			if err == nil {
				t.Errorf("%s is let through the door %d", name, i+1)
			}
		}
	}
	for name, ctx := range map[string]context.Context{"an auditor": auditor, "an operator": operator} {
		if _, err := v.town.Affected(ctx, municipality.AffectedQuery{Inquiry: begun.ID, Names: true}); err == nil {
			t.Errorf("%s is told names", name)
		}
		if _, err := v.town.DocumentPersons(ctx, "202029-1"); err == nil {
			t.Errorf("%s is told who is on a document", name)
		}
	}
	if _, err := v.town.InquireDocuments(auditor, q); err == nil {
		t.Error("an auditor begins an inquiry")
	}
	_, unknown := v.town.Affected(v.clerk, municipality.AffectedQuery{Inquiry: "202029-inquiry-0"})
	parse := func(from, to, cause string) error { _, err := municipality.ParseInquiry(from, to, cause); return err }
	for _, c := range []struct {
		want string
		err  error
	}{
		{"この番号の調査はありません。調査の一覧から開いてください。", unknown},
		{"調べる期間を、日付（2026-11-22）か時刻（2026-11-22T09:00:00+09:00）で入力してください。", parse("", "2026-04-02", "誤り")},
		{"調べる期間の終わりが始まりより前です。入れ替えてください。", parse("2026-04-02", "2026-04-01", "誤り")},
		{"何が起きたかを500文字以内で書いてください。氏名は書かないでください。例：プログラムの誤りで、別の人の証明書が印刷された。", parse("2026-04-01", "2026-04-02", " ")},
		{"何が起きたかを500文字以内で書いてください。", parse("2026-04-01", "2026-04-02", strings.Repeat("誤", 501))},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%v, want %s", c.err, c.want)
		}
	}
}

// TestDocumentPersons: who stands on a document is told to a clerk on the ground of a visit, each as a look, and to nobody without a ground.
func TestDocumentPersons(t *testing.T) {
	v := newIssuers(t, inMemory, true)
	head := v.person("松本　一子", "1960-05-01", "世帯主", "")
	v.person("松本　二子", "2012-05-01", "子", v.household(head.Person))
	v.run(2 * time.Second)
	id := v.applied(making.HouseholdRecord, head.Person, document.Items{})
	v.run(2 * time.Second)
	if _, err := v.town.DocumentPersons(as(t, "clerk-inoue"), id); err == nil || !strings.Contains(err.Error(), "目的のない閲覧はできません") {
		t.Errorf("without a ground: %v", err)
	}
	on := look.With(as(t, "clerk-inoue"), look.Ground{Purpose: look.Fault, Case: "F-3"})
	all, err := v.town.DocumentPersons(on, id)
	check(t, err)
	if len(all) != 2 || all[0].Name != "松本　一子" || all[1].Name != "松本　二子" || all[0].Version == 0 || all[0].Code == "" {
		t.Errorf("on it are %+v", all)
	}
	// An older program kept nobody but whom it was asked for.
	exec(t, v.town.Store, `DELETE FROM document_person WHERE request = $1`, id)
	if all, err := v.town.DocumentPersons(on, id); err != nil || len(all) != 1 || all[0].Name != "松本　一子" {
		t.Errorf("on it are %+v, %v", all, err)
	}
	q, err := municipality.ParseInquiry("2026-01-01", "2030-01-01", "誤り")
	check(t, err)
	q, err = v.town.InquireDocuments(v.clerk, q)
	check(t, err)
	if a, err := v.town.Affected(v.clerk, municipality.AffectedQuery{Inquiry: q.ID}); err != nil || len(a.Documents) != 1 || a.Documents[0].PageKnown || len(a.Documents[0].Persons) != 1 {
		t.Errorf("of an older document: %+v, %v", a.Documents, err)
	}
	check(t, v.town.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		looks, err := look.List(ctx, tx, look.Filter{Operator: "clerk-inoue"})
		if len(looks) != 3 {
			t.Errorf("%d looks", len(looks))
		}
		return err
	}))
}
