package municipality

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// In 2023 it took days to say whose papers an error concerned, and whether an individual number was on one of them. Here somebody states the cause and the time,
// which is written down under a number (調査); under that number, and for that reason, the documents are listed, and the people on them are looked at.

// Inquiry is an inquiry into the documents that were at the counter in a time.
type Inquiry = store.Inquiry

// maxCause bounds in characters what is said of the cause.
const maxCause = 500

// ParseInquiry reads what an inquiry is about: days ("2026-11-22", in Japan; the last one with its end) or instants (RFC 3339), and the cause.
func ParseInquiry(from, until, cause string) (q Inquiry, err error) {
	var problems plain.Problems
	read := func(field, text string, days int) time.Time {
		if t, err := time.Parse(time.RFC3339, text); err == nil {
			return t.UTC().Truncate(time.Microsecond)
		}
		d, err := resident.ParseDate(field, text)
		if err != nil {
			problems = append(problems, plain.Bad(field, "調べる期間を、日付（2026-11-22）か時刻（2026-11-22T09:00:00+09:00）で入力してください。",
				"Write the time to look into as a day (2026-11-22) or an instant (2026-11-22T09:00:00+09:00)."))
			return time.Time{}
		}
		return d.AddDays(days).Start()
	}
	q.From, q.Until, q.Cause = read("from", from, 0), read("to", until, 1), strings.TrimSpace(cause)
	if len(problems) == 0 && !q.From.Before(q.Until) {
		problems = append(problems, plain.Bad("to", "調べる期間の終わりが始まりより前です。入れ替えてください。", "The time ends before it begins: exchange the two."))
	}
	if q.Cause == "" || len([]rune(q.Cause)) > maxCause {
		problems = append(problems, plain.Bad("cause", fmt.Sprintf("何が起きたかを%d文字以内で書いてください。氏名は書かないでください。例：プログラムの誤りで、別の人の証明書が印刷された。", maxCause),
			fmt.Sprintf("Say in at most %d characters what happened, and name nobody: for example, that a fault of the program printed another person's document.", maxCause)))
	}
	return q, problems.Err()
}

// InquireDocuments begins an inquiry for the person in the context, who states the cause: the ground on which people are looked at in it.
func (o *Municipality) InquireDocuments(ctx context.Context, q Inquiry) (Inquiry, error) {
	by := access.From(ctx)
	if err := access.May(by, access.InquireDocuments, message.Municipality); err != nil {
		return q, err
	}
	_, err := o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) (_ []message.Out, err error) {
		if q.ID, err = o.drawName(o.code.String() + "-inquiry"); err != nil { // it stands on the letters
			return nil, err
		}
		q.At, q.By = tx.Now(), by.ID
		tx.AddInquiry(q)
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: by.ID, Act: "document-inquiry", Case: q.ID,
			Detail: access.Detail(ctx, fmt.Sprintf("%s to %s: %s", q.From.Format(time.RFC3339), q.Until.Format(time.RFC3339), q.Cause))})
		return nil, nil
	})
	return q, err
}

// inquiriesShown bounds a list.
const inquiriesShown = 100

// Inquiries are the last ones, the newest first.
func (o *Municipality) Inquiries(ctx context.Context) (all []Inquiry, err error) {
	if err := access.May(access.From(ctx), access.TraceDocument, message.Municipality); err != nil {
		return nil, err
	}
	err = o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		all, err = o.in(raw).Inquiries(ctx, inquiriesShown)
		return err
	})
	return all, err
}

// Affected is what an inquiry found.
type Affected struct {
	Inquiry Inquiry `json:"-"`
	ID      string  `json:"inquiry"`

	At    time.Time `json:"at"`
	By    string    `json:"by"`
	Cause string    `json:"cause"`
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`

	Documents []AffectedDocument `json:"documents"`
	Whole     bool               `json:"whole"`    // false: there are more documents than these
	Counts    AffectedCounts     `json:"counts"`   // of these
	LeftOut   int                `json:"left_out"` // that were of another version than was asked for

	Persons []AffectedPerson `json:"persons,omitempty"` // for whoever may look at people, and asked to
}

// Doubt is a trace that an error left on a document (誤りの跡).
type Doubt string

// The traces. That nothing left one is no proof that there was no error.
const (
	DoubtCase    Doubt = "case"    // it was not sure what came out of an attempt to print, or was not until somebody proved it
	DoubtStopped Doubt = "stopped" // a gate stopped it
	DoubtAnother Doubt = "another" // what came is not what was made for the request
)

var doubtNames = map[Doubt]plain.Sentence{
	DoubtCase:    both("印刷の件があった", "a case of printing"),
	DoubtStopped: both("照合で止めた", "stopped by a gate"),
	DoubtAnother: both("別の申請の証明書", "another request's document"),
}

// Name is the trace in words.
func (d Doubt) Name() plain.Sentence { return doubtNames[d] }

// AffectedDocument is a document that was at the counter in the time of an inquiry. It names nobody. Where the paper is another request's, kind, items and persons are
// those of that paper.
type AffectedDocument struct {
	Request  string           `json:"request"`
	Number   string           `json:"number,omitempty"`
	Kind     string           `json:"kind"`
	Shows    []plain.Sentence `json:"shows"` // items of personal data
	MyNumber bool             `json:"my_number"`
	State    string           `json:"state"`
	Place    Place            `json:"place"`
	Open     int              `json:"open_cases"`
	Doubts   []Doubt          `json:"doubts"`       // none: no error left a trace
	Of       string           `json:"of,omitempty"` // whose document lies in its place: the request that it was made for; "": its own, or nobody knows

	AppliedAt time.Time `json:"applied_at"`
	IssuedAt  time.Time `json:"issued_at,omitzero"`
	EndedAt   time.Time `json:"ended_at,omitzero"`

	File      string `json:"file_digest,omitempty"`
	Persons   []int  `json:"persons"`    // who stands on it, by their numbers in this list
	PageKnown bool   `json:"page_known"` // false: an older program took it, and of those on it only the one it was asked for is known

	items []string
	paper string // the number on the paper
}

// Another tells whether a paper came out that was not made for its request.
func (d AffectedDocument) Another() bool {
	return slices.Contains(d.Doubts, DoubtAnother) && d.Place != PlaceUnprinted && d.Place != PlaceNone
}

// Concerns tells whether the paper is, or may be, outside the counter.
func (d AffectedDocument) Concerns() bool {
	return d.Place == PlaceCitizen || d.Place == PlaceRecalled || d.Place == PlaceOutside || d.Place == PlaceUnknown || d.Open > 0 || d.Another() && d.Place == PlaceCounter
}

// AffectedCounts are the sums of a list.
type AffectedCounts struct {
	Documents int           `json:"documents"` // that were made
	Requests  int           `json:"requests"`  // those included of which no document was made
	Persons   int           `json:"persons"`   // on documents that were made
	Concerned int           `json:"concerned"` // persons of whom a paper is, or may be, outside
	MyNumber  int           `json:"my_number"` // documents with the individual number
	Outside   int           `json:"my_number_outside"`
	OpenCases int           `json:"open_cases"`
	InDoubt   int           `json:"in_doubt"` // requests on which an error left a trace
	Another   int           `json:"another"`  // papers that came out and were not made for their request …
	Shown     int           `json:"shown"`    // … and the persons on them
	Places    map[Place]int `json:"places"`
}

// AffectedPerson is somebody on the documents of an inquiry.
type AffectedPerson struct {
	Number int `json:"number"` // in the list
	DocumentPerson
	Requests  []string       `json:"requests"`
	Concerned bool           `json:"concerned"`
	Shown     bool           `json:"shown"`           // on a paper that was made for them, and came out for another request
	Notice    plain.Sentence `json:"notice,omitzero"` // a draft, of whoever is concerned or was shown
}

// AffectedQuery asks for the documents of an inquiry.
type AffectedQuery struct {
	Inquiry string
	Names   bool     // with the people, and drafts of the notices to them
	Not     []string // requests that do not belong to it, unless the counter has judged them by the version: the server decided and signed them by another
	Version string   // of the program; "": any
}

// maxAffected is how many documents a list has.
const maxAffected = 1000

// Affected lists the documents of an inquiry for the person in the context. People are named to a clerk who asks for it, on the ground of the inquiry, and
// each is a look.
func (o *Municipality) Affected(ctx context.Context, query AffectedQuery) (a Affected, err error) {
	by := access.From(ctx)
	if err := access.May(by, access.TraceDocument, message.Municipality); err != nil {
		return a, err
	}
	if query.Names {
		if err := access.May(by, access.LookAtPerson, message.Municipality); err != nil {
			return a, err
		}
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		q, found, err := tx.Inquiry(ctx, query.Inquiry)
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, plain.Bad("inquiry", "この番号の調査はありません。調査の一覧から開いてください。", "There is no inquiry of this number: open it from the list.")
		}
		var people []PersonID
		if a, people, err = o.affected(ctx, tx, q, query); err != nil {
			return nil, err
		}
		detail := fmt.Sprintf("%d requests", len(a.Documents))
		if query.Names {
			detail += fmt.Sprintf(", %d persons named", len(people))
			if err := o.nameAffected(ctx, tx, &a, people); err != nil {
				return nil, err
			}
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: by.ID, Act: "document-affected", Case: q.ID, Detail: access.Detail(ctx, detail)})
		return nil, nil
	})
	return a, err
}

// affected lists the documents of an inquiry, and who stands on them, in the order of their numbers from 1 on.
func (o *Municipality) affected(ctx context.Context, tx *store.Tx, q Inquiry, query AffectedQuery) (a Affected, people []PersonID, err error) {
	a = Affected{Inquiry: q, ID: q.ID, At: q.At, By: q.By, Cause: q.Cause, From: q.From, Until: q.Until, Documents: []AffectedDocument{}, Whole: true, Counts: AffectedCounts{Places: map[Place]int{}}}
	all, err := tx.DocumentsIn(ctx, q.From, q.Until, maxAffected+1)
	if err != nil {
		return a, nil, err
	}
	if len(all) > maxAffected {
		all, a.Whole = all[:maxAffected], false
	}
	judged, err := tx.JudgingPrograms(ctx, query.Not)
	if err != nil {
		return a, nil, err
	}
	before := len(all)
	all = slices.DeleteFunc(all, func(d Document) bool {
		return slices.Contains(query.Not, d.Request) && !slices.ContainsFunc(judged[d.Request], func(p string) bool { return message.IsProgram(p, query.Version) })
	})
	a.LeftOut = before - len(all)
	var requests []string
	var strange []message.Hash
	for _, d := range all {
		requests = append(requests, d.Request)
		if isAnother(d) {
			strange = append(strange, d.Came)
		}
	}
	others, err := tx.MadeFor(ctx, strange)
	if err != nil {
		return a, nil, err
	}
	cases, err := tx.CasesAmong(ctx, requests)
	if err != nil {
		return a, nil, err
	}
	casesOf := map[string][]store.DocumentCase{}
	for _, c := range cases {
		casesOf[c.Request] = append(casesOf[c.Request], c)
	}
	for _, d := range others {
		requests = append(requests, d.Request)
	}
	slices.Sort(requests)
	pages, err := tx.PagesOf(ctx, slices.Compact(requests))
	if err != nil {
		return a, nil, err
	}
	pageOf := map[string][]PersonID{}
	for _, p := range pages {
		pageOf[p.Request] = append(pageOf[p.Request], p.Person)
	}
	numbers, concerned, shown := map[PersonID]int{}, map[PersonID]bool{}, map[PersonID]bool{}
	for _, d := range all {
		place, open := placeOf(d, casesOf[d.Request])
		one := AffectedDocument{Request: d.Request, Number: d.Number, State: string(d.State), Place: place, Open: open, Doubts: doubtsOf(d, casesOf[d.Request]),
			AppliedAt: d.At, IssuedAt: d.IssuedAt, EndedAt: d.EndedAt, File: d.File.Hex(), Persons: []int{}}
		lies, known := d, true // what the paper is
		if slices.Contains(one.Doubts, DoubtAnother) {
			if lies, known = others[d.Came]; known {
				one.Of = lies.Request
			} else {
				lies = d
			}
		}
		one.Kind, one.Shows, one.MyNumber = lies.Kind, making.Shown(making.Kind(lies.Kind), lies.Items), making.ShowsNumber(making.Kind(lies.Kind), lies.Items)
		one.items, one.paper = lies.Items, lies.Number
		page := pageOf[lies.Request]
		if one.PageKnown = known && len(page) > 0; !known {
			page = nil
		} else if len(page) == 0 {
			page = []PersonID{lies.Person}
		}
		a.Counts.Requests++
		a.Counts.Places[place]++
		a.Counts.OpenCases += open
		if len(one.Doubts) > 0 {
			a.Counts.InDoubt++
		}
		if one.Another() {
			a.Counts.Another++
		}
		if d.Number == "" { // nothing was made: nobody is on it
			one.PageKnown, page = true, nil
		} else {
			a.Counts.Documents++
			if one.MyNumber {
				a.Counts.MyNumber++
				if one.Concerns() {
					a.Counts.Outside++
				}
			}
		}
		for _, who := range page {
			if numbers[who] == 0 {
				people = append(people, who)
				numbers[who] = len(people)
			}
			one.Persons = append(one.Persons, numbers[who])
			concerned[who], shown[who] = concerned[who] || one.Concerns(), shown[who] || one.Another()
		}
		a.Documents = append(a.Documents, one)
	}
	a.Counts.Persons = len(people)
	for who := range numbers {
		if concerned[who] {
			a.Counts.Concerned++
		}
		if shown[who] {
			a.Counts.Shown++
		}
	}
	return a, people, nil
}

// isAnother tells whether what came is not what was made for the request. The counter's gate finds the same when it comes, and stops it; here it is found of what was let
// through all the same, by a program without that gate.
func isAnother(d Document) bool { return d.Came != (message.Hash{}) && d.Came != d.Content }

// doubtsOf are the traces that an error left on a document, those that were explained since among them.
func doubtsOf(d Document, cases []store.DocumentCase) []Doubt {
	doubts := []Doubt{}
	if len(cases) > 0 {
		doubts = append(doubts, DoubtCase)
	}
	if d.State == store.DocumentStopped || slices.Contains(d.Reasons, string(making.Gate)) {
		doubts = append(doubts, DoubtStopped)
	}
	if isAnother(d) {
		doubts = append(doubts, DoubtAnother)
	}
	return doubts
}

// nameAffected says who the people of a list are, on the ground of the inquiry, and drafts the notices.
func (o *Municipality) nameAffected(ctx context.Context, tx *store.Tx, a *Affected, people []PersonID) error {
	named, err := o.named(ctx, tx, look.Ground{Purpose: look.Fault, Case: a.ID}, people, "affected documents")
	if err != nil {
		return err
	}
	for i, who := range people {
		p := AffectedPerson{Number: i + 1, DocumentPerson: named[who]}
		var of []AffectedDocument
		for _, d := range a.Documents {
			if slices.Contains(d.Persons, p.Number) {
				p.Requests = append(p.Requests, d.Request)
				p.Concerned, p.Shown = p.Concerned || d.Concerns(), p.Shown || d.Another()
				if d.Concerns() || d.Another() {
					of = append(of, d)
				}
			}
		}
		if len(of) > 0 {
			p.Notice = noticeTo(o.officeName(), p.Name, a.Inquiry, of)
		}
		a.Persons = append(a.Persons, p)
	}
	return nil
}

// officeName is who signs a notice.
func (o *Municipality) officeName() string {
	if o.documents == nil {
		return o.Name.JA
	}
	return o.documents.Office.Title
}
