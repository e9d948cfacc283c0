package municipality

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// After the fact (事後の調査): what the counter knows of a document by its own database, for whoever must find out what became of it, and to whom. The
// issuing server says the same of its own (package issuing); neither reads the other's, and whoever asks both holds the digests side by side.

// Place is where the paper of a document is.
type Place string

// The places. Of an attempt that a case is open about nobody knows, whatever became of the next one.
const (
	PlaceNone      Place = "none"        // no document was made
	PlaceMaking    Place = "making"      // the server was asked, and has not answered
	PlaceUnprinted Place = "not-printed" // there is a file, and it was never printed
	PlaceCounter   Place = "counter"     // printed, and neither handed over nor destroyed
	PlaceCitizen   Place = "citizen"     // handed over
	PlaceRecalled  Place = "recalled"    // handed over, declared void, and not back
	PlaceOutside   Place = "outside"     // somebody took along what was not handed over: proven in a case
	PlaceGone      Place = "destroyed"   // recovered or destroyed: somebody wrote down the proof
	PlaceUnknown   Place = "unknown"     // a case is open
)

// Places are all of them, those that concern somebody first.
var Places = []Place{PlaceOutside, PlaceCitizen, PlaceRecalled, PlaceUnknown, PlaceCounter, PlaceGone, PlaceUnprinted, PlaceMaking, PlaceNone}

var placeNames = map[Place]plain.Sentence{
	PlaceNone:      both("証明書は作られなかった", "no document was made"),
	PlaceMaking:    both("作成中", "being made"),
	PlaceUnprinted: both("印刷していない", "not printed"),
	PlaceCounter:   both("窓口にある（印刷済み、未交付）", "at the counter, printed and not handed over"),
	PlaceCitizen:   both("申請した方に渡した", "with the applicant"),
	PlaceRecalled:  both("渡した後に無効とした（まだ戻っていない）", "handed over, declared void, and not back"),
	PlaceOutside:   both("渡した記録のない紙を、だれかが持って行った", "outside: somebody took along what was not handed over"),
	PlaceGone:      both("回収・廃棄した（証拠あり）", "recovered or destroyed, with proof"),
	PlaceUnknown:   both("分からない（件が開いている）", "unknown: a case is open"),
}

// Name is the place in words.
func (p Place) Name() plain.Sentence { return placeNames[p] }

// placeOf is where the paper of a document is, by how it stands and by its cases. What somebody took along that was not handed over is said before all else.
func placeOf(d Document, cases []store.DocumentCase) (at Place, open int) {
	for _, c := range cases {
		if c.ClosedAt.IsZero() {
			open++
		}
	}
	if slices.ContainsFunc(cases, func(c store.DocumentCase) bool {
		given := d.State == store.DocumentDelivered && c.Job == jobOf(d)
		return c.Fate == FateCitizen && !c.ClosedAt.IsZero() && !given
	}) {
		return PlaceOutside, open
	}
	switch d.State {
	case store.DocumentApplied:
		return PlaceMaking, open
	case store.DocumentRefused:
		return PlaceNone, open
	case store.DocumentDelivered:
		return PlaceCitizen, open
	case store.DocumentRecalled:
		return PlaceRecalled, open
	}
	switch {
	case open > 0:
		return PlaceUnknown, open
	case d.Prints == 0 && d.Sheets == 0:
		return PlaceUnprinted, 0
	case d.State == store.DocumentHeld:
		return PlaceCounter, 0
	case d.State == store.DocumentVoided, d.State == store.DocumentRecovered, len(cases) > 0:
		return PlaceGone, 0
	}
	return PlaceUnknown, 0
}

// keepPage writes down who stands on a document that has come, by our own register.
func (o *Municipality) keepPage(ctx context.Context, tx *store.Tx, doc Document) error {
	people := []PersonID{doc.Person}
	if making.Kind(doc.Kind) == making.HouseholdRecord {
		now, found, err := tx.Current(ctx, doc.Person)
		if err != nil || !found {
			return err
		}
		members, err := tx.Household(ctx, now.Record.Household)
		if err != nil {
			return err
		}
		people = nil
		for _, m := range members {
			people = append(people, m.Person)
		}
	}
	all, err := tx.Printable(ctx, people)
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b store.Printable) int { return making.Order(a.Record, b.Record) })
	var page []store.DocumentPerson
	for _, p := range all {
		page = append(page, store.DocumentPerson{Request: doc.Request, Person: p.Person, Version: p.Version()})
	}
	tx.KeepPage(doc.Request, page)
	return nil
}

// DocumentTrace is what the counter knows of a request, by its own database. It names nobody.
type DocumentTrace struct {
	Request string   `json:"request"`
	Kind    string   `json:"kind"`
	Items   []string `json:"items"`
	As      string   `json:"as"` // self, household

	AppliedAt time.Time       `json:"applied_at"`
	AppliedBy string          `json:"applied_by"`
	Checks    []IdentityCheck `json:"identity_checks"`

	State   string   `json:"state"`
	Reasons []string `json:"reasons,omitempty"`

	Number   string             `json:"number,omitempty"`
	IssuedAt time.Time          `json:"issued_at,omitzero"`
	Content  string             `json:"content_digest,omitempty"` // of all but the signature, as the server said
	Came     string             `json:"came_digest,omitempty"`    // the same of the file as it came, reckoned here; "": an older program took it
	Of       string             `json:"of,omitempty"`             // the request that the file was made for, where that is another one
	File     string             `json:"file_digest,omitempty"`    // of the file as it came
	Kept     bool               `json:"file_kept"`                // the file is still here …
	Altered  bool               `json:"file_altered"`             // … and is not what came
	Versions []resident.Version `json:"versions"`                 // of those who stand on it, in their order on the page; none: an older program took it

	Server     string      `json:"server_program,omitempty"` // the version that signed it or refused it, as the server said
	Judgements []Judgement `json:"judgements"`               // each time that the counter held it against the register

	Jobs  []PrintJob      `json:"print_jobs"`
	Cases []DocumentCase  `json:"cases"`
	Steps []DocumentsStep `json:"steps"`

	Place   Place     `json:"place"`
	EndedAt time.Time `json:"ended_at,omitzero"`
	EndedBy string    `json:"ended_by,omitempty"`
	Sheets  int       `json:"sheets"`
	Proof   string    `json:"proof,omitempty"` // of what became of the paper; for whoever may read what clerks wrote

	Recall *DocumentRecall `json:"recall,omitempty"`
}

// DocumentRecall is that a document was declared void after it had been handed over, and whether its paper is back.
type DocumentRecall struct {
	At          time.Time `json:"at"`
	By          string    `json:"by"`
	Reason      string    `json:"reason,omitempty"`      // for whoever may read what clerks wrote
	RecoveredAt time.Time `json:"recovered_at,omitzero"` // zero: it is not back
	RecoveredBy string    `json:"recovered_by,omitempty"`
	Sheets      int       `json:"sheets_back"`
	Proof       string    `json:"proof,omitempty"`
}

// Judgement is that the counter held the document against the register, by which version of its program, and what it found.
type Judgement struct {
	At       time.Time `json:"at"`
	Moment   string    `json:"moment"` // came, print, hand-over
	Program  string    `json:"program,omitempty"`
	Findings []string  `json:"findings,omitempty"` // none: it might leave
}

// IdentityCheck is by what somebody checked who the applicant is.
type IdentityCheck struct {
	At        time.Time      `json:"at"`
	By        string         `json:"by"`
	Way       plain.Sentence `json:"way"`
	Documents plain.Sentence `json:"documents"`
}

// PrintJob is one attempt to print, and what the printer said last.
type PrintJob struct {
	Job    string         `json:"job"`
	At     time.Time      `json:"at"`
	By     string         `json:"by,omitempty"`
	State  string         `json:"state"` // "": the file was given to the clerk's browser, and nobody was asked what came out
	Sheets int            `json:"sheets"`
	Says   plain.Sentence `json:"says,omitzero"`
	ToldAt time.Time      `json:"told_at"`
}

// DocumentCase is an attempt of which it was not sure what came out.
type DocumentCase struct {
	Job        string         `json:"job"`
	Cause      plain.Sentence `json:"cause"`
	OpenedAt   time.Time      `json:"opened_at"`
	Fate       Fate           `json:"fate,omitempty"`       // what became of the paper, as somebody says
	ProposedAt time.Time      `json:"proposed_at,omitzero"` // zero: nobody has said it, or an older program did not ask
	ProposedBy string         `json:"proposed_by,omitempty"`
	ClosedAt   time.Time      `json:"closed_at,omitzero"` // when another one confirmed it; zero: open
	ClosedBy   string         `json:"closed_by,omitempty"`
	Proof      string         `json:"proof,omitempty"`
}

// DocumentsStep is an entry of the audit log about the request: how it stood from when on, and by whom.
type DocumentsStep struct {
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Act    string    `json:"act"`
	Detail string    `json:"detail,omitempty"`
}

// What the audit log says of a request.
const (
	actApply       = "apply-for-document"
	actState       = "document-state"
	actPrint       = "document-print"
	actSheet       = "document-sheet"
	actCase        = "document-case"
	actCasePropose = "document-case-propose"
	actCaseClose   = "document-case-close"
	actRecall      = "document-recall"
	actRecover     = "document-recover"
)

// readsWords tells whether somebody may read what clerks wrote in their own words, in which a name may stand: the counter and the auditors.
func readsWords(by access.Person) bool {
	return access.May(by, access.LookAtPerson, message.Municipality) == nil || access.May(by, access.ViewAudit, message.Municipality) == nil
}

// TraceDocument says what the counter knows of a request, for the person in the context, and writes down that it was asked; false: nothing.
func (o *Municipality) TraceDocument(ctx context.Context, request string) (t DocumentTrace, found bool, err error) {
	by := access.From(ctx)
	if err := access.May(by, access.TraceDocument, message.Municipality); err != nil {
		return t, false, err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		var doc Document
		if doc, found, err = tx.Document(ctx, request); err != nil || !found {
			return nil, err
		}
		if t, err = o.traced(ctx, tx, doc, readsWords(by)); err != nil {
			return nil, err
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: by.ID, Act: "document-trace", Subject: doc.Code.Reveal(), Case: doc.Request, Detail: access.Detail(ctx, "")})
		return nil, nil
	})
	return t, found && err == nil, err
}

// UnknownDocuments are those among some requests of which the counter has no record.
func (o *Municipality) UnknownDocuments(ctx context.Context, requests []string) (unknown []string, err error) {
	if err := access.May(access.From(ctx), access.TraceDocument, message.Municipality); err != nil {
		return nil, err
	}
	err = o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		known, err := o.in(raw).DocumentsKnown(ctx, requests)
		unknown = slices.DeleteFunc(slices.Clone(requests), func(r string) bool { return slices.Contains(known, r) })
		return err
	})
	return unknown, err
}

// maxSteps is how many entries of the audit log a trace has.
const maxSteps = 1000

func (o *Municipality) traced(ctx context.Context, tx *store.Tx, d Document, words bool) (t DocumentTrace, err error) {
	t = DocumentTrace{Request: d.Request, Kind: d.Kind, Items: d.Items, As: d.As, AppliedAt: d.At, AppliedBy: d.By, State: string(d.State), Reasons: d.Reasons,
		Number: d.Number, IssuedAt: d.IssuedAt, EndedAt: d.EndedAt, EndedBy: d.EndedBy, Sheets: d.Sheets,
		Kept: len(d.Bytes) > 0, Altered: len(d.Bytes) > 0 && sha256.Sum256(d.Bytes) != d.File, Server: d.Server, Checks: []IdentityCheck{}, Judgements: []Judgement{}, Jobs: []PrintJob{}, Cases: []DocumentCase{}, Steps: []DocumentsStep{}}
	t.Content, t.Came, t.File = d.Content.Hex(), d.Came.Hex(), d.File.Hex()
	if isAnother(d) {
		made, err := tx.MadeFor(ctx, []message.Hash{d.Came})
		if err != nil {
			return t, err
		}
		t.Of = made[d.Came].Request
	}
	if words {
		t.Proof = d.Proof
	}
	if r, found, err := tx.RecallOf(ctx, d.Request); err != nil {
		return t, err
	} else if found {
		t.Recall = &DocumentRecall{At: r.At, By: r.By, RecoveredAt: r.RecoveredAt, RecoveredBy: r.RecoveredBy, Sheets: r.Sheets}
		if words {
			t.Recall.Reason, t.Recall.Proof = r.Reason, r.Proof
		}
	}
	checked := d.Request
	if third, found, err := tx.ThirdOf(ctx, d.Request); err != nil {
		return t, err
	} else if found { // who came was checked when the request was taken
		checked = third.ID
	}
	checks, err := identity.In(tx.Tx).ChecksOf(ctx, checked)
	if err != nil {
		return t, err
	}
	for _, c := range checks {
		t.Checks = append(t.Checks, IdentityCheck{At: c.At, By: c.By, Way: c.Way.Name(), Documents: c.Documents.Names()})
	}
	page, err := tx.PagesOf(ctx, []string{d.Request})
	if err != nil {
		return t, err
	}
	for _, p := range page {
		t.Versions = append(t.Versions, p.Version)
	}
	judged, err := tx.JudgementsOf(ctx, d.Request)
	if err != nil {
		return t, err
	}
	for _, j := range judged {
		t.Judgements = append(t.Judgements, Judgement(j))
	}
	cases, err := tx.CasesOf(ctx, d.Request)
	if err != nil {
		return t, err
	}
	t.Place, _ = placeOf(d, cases)
	for _, c := range cases {
		one := DocumentCase{Job: c.Job, Cause: caseCauses[c.Cause], OpenedAt: c.OpenedAt, Fate: c.Fate, ProposedAt: c.ProposedAt, ProposedBy: c.ProposedBy, ClosedAt: c.ClosedAt, ClosedBy: c.ClosedBy}
		if words {
			one.Proof = c.Proof
		}
		t.Cases = append(t.Cases, one)
	}
	entries, err := auditlog.List(ctx, tx.Tx, auditlog.Filter{Subject: d.Code.Reveal(), Case: d.Request, Limit: maxSteps})
	if err != nil {
		return t, err
	}
	slices.Reverse(entries)
	printedBy := map[string]string{}
	for _, e := range entries {
		switch e.Act {
		case actPrint:
			printedBy[e.Detail] = e.Actor
		case actApply, actState, actSheet, actCase:
		case actCasePropose, actCaseClose, actRecall, actRecover:
			if !words {
				e.Detail = ""
			}
		default:
			continue // who has asked about it
		}
		t.Steps = append(t.Steps, DocumentsStep{At: e.At, By: e.Actor, Act: e.Act, Detail: e.Detail})
	}
	jobs, err := tx.PrintsOf(ctx, d.Request)
	for _, j := range jobs {
		t.Jobs = append(t.Jobs, PrintJob{Job: j.Job, At: j.At, By: printedBy[d.Number+" "+j.Job], State: j.State, Sheets: j.Sheets, Says: j.Says, ToldAt: j.ToldAt})
	}
	return t, err
}

// DocumentPerson is somebody who stands on a document, for whoever may look at people.
type DocumentPerson struct {
	Code     string           `json:"code,omitempty"` // "": withheld
	Name     string           `json:"name,omitempty"`
	Withheld bool             `json:"withheld"` // 支援措置, or on the list for attention: of the record nothing but the name is shown
	Version  resident.Version `json:"version,omitempty"`
}

// DocumentPersons says who stands on a document, for the clerk in the context and on the ground of the context or of the visit; each is a look.
func (o *Municipality) DocumentPersons(ctx context.Context, request string) (all []DocumentPerson, err error) {
	who, err := clerk(ctx, access.LookAtPerson)
	if err != nil {
		return nil, err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		doc, err := documentNamed(ctx, tx, request)
		if err != nil {
			return nil, err
		}
		page, err := tx.PagesOf(ctx, []string{request})
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			page = []store.DocumentPerson{{Request: request, Person: doc.Person}}
		}
		ground, err := look.GroundOf(ctx, tx.Tx, who)
		if err != nil {
			return nil, err
		}
		var people []PersonID
		for _, p := range page {
			people = append(people, p.Person)
		}
		named, err := o.named(ctx, tx, ground, people, "on the document "+request)
		all = nil
		for _, p := range page {
			one := named[p.Person]
			one.Version = p.Version
			all = append(all, one)
		}
		return nil, err
	})
	return all, err
}

// named gives people their names and codes as they are now, and records the look at each. Of a protected person no more is said than the name, which
// stands on the paper, and so of somebody on the list for attention.
func (o *Municipality) named(ctx context.Context, tx *store.Tx, ground look.Ground, people []PersonID, how string) (map[PersonID]DocumentPerson, error) {
	var now []store.Version
	for _, p := range people {
		v, found, err := tx.Current(ctx, p)
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, fmt.Errorf("couldn't find person %s, of whom a document was made", p)
		}
		now = append(now, v)
	}
	codes := codesOf(now)
	if err := o.hideFound(ctx, tx, now); err != nil {
		return nil, err
	}
	all := map[PersonID]DocumentPerson{}
	for i, v := range now {
		unconfirmed, err := look.Unconfirmed(ctx, tx.Tx, access.From(ctx).ID, codes[i], ground.Case)
		if err != nil {
			return nil, err
		}
		one, items := DocumentPerson{Name: v.Record.Name.Reveal(), Withheld: isMasked(v) || unconfirmed}, look.Name
		if !one.Withheld {
			one.Code, items = codes[i].Reveal(), look.Name|look.Code
		}
		if err := o.record(ctx, tx, ground, codes[i], items, how); err != nil {
			return nil, err
		}
		all[v.Person] = one
	}
	return all, nil
}
