package municipality

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/document/readback"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/halting"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

var errDocumentUnknown = exchange.Reject("unknown-request", "この申請は、この市区町村の窓口からのものではありません。双方の申請の記録を確かめてください。",
	"no counter of this municipality has applied for this: compare the records of the request on both sides")

// onIssuingDocument takes what became of an application. A document is held against the register as it is now, and is kept back when it says
// anything else: then its bytes stay as evidence, and the server is told.
func (o *Municipality) onIssuingDocument(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.IssuingDocument) ([]message.Out, error) {
	if d.Sender != o.issuing || o.documents == nil {
		return nil, errNotOurServer
	}
	doc, found, err := tx.Document(ctx, n.Request)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errDocumentUnknown
	}
	if slices.Equal(doc.Reasons, []string{string(making.NoServer)}) {
		// Too late: whoever asked was told so. The server learns that nobody has it, and keeps its bytes.
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "document-state", Subject: doc.Code.Reveal(), Case: doc.Request, Detail: "late " + n.Number})
		if len(n.Reasons) > 0 {
			return nil, nil
		}
		return []message.Out{{To: o.issuing, Body: message.IssuingOutcome{Request: doc.Request, Number: n.Number, Outcome: message.Stopped, Findings: []string{foundLate}}, Trace: doc.Trace}}, nil
	}
	if doc.State != store.DocumentApplied {
		return nil, exchange.Reject("answered-already", "この申請には、すでに回答があります。双方の申請の記録を確かめてください。",
			"this application was answered already: compare the records of the request on both sides")
	}
	doc.Server = n.Program
	if len(n.Reasons) > 0 {
		doc.State, doc.Reasons, doc.EndedAt = store.DocumentRefused, n.Reasons, tx.Now()
		return nil, o.moveDocument(ctx, tx, store.DocumentApplied, doc, string(d.Sender))
	}
	if _, err := due.Remove(ctx, tx.Tx, dueDocumentLapse, doc.Request); err != nil {
		return nil, err
	}
	doc.Number, doc.IssuedAt, doc.Nonce, doc.Verify, doc.Content = n.Number, n.IssuedAt, n.Nonce, n.Verify, n.Content
	doc.File, doc.Came, doc.Bytes, doc.State = sha256.Sum256(n.File), readback.ContentDigest(n.File), n.File, store.DocumentHeld
	if err := o.keepPage(ctx, tx, doc); err != nil {
		return nil, err
	}
	outs, stopped, err := o.gateDocument(ctx, tx, store.DocumentApplied, doc, string(d.Sender), store.JudgedCame)
	if err != nil || stopped {
		return outs, err
	}
	return nil, o.moveDocument(ctx, tx, store.DocumentApplied, doc, string(d.Sender))
}

var errNotOurServer = exchange.Reject("not-our-issuing-server", "この市区町村の証明発行サーバではありません。送信側の設定を確かめてください。",
	"this is not the issuing server of this municipality: check the sender's configuration")

// gateDocument holds a document against the register as it is in this transaction. One that the register contradicts is stopped, with the outcome for
// the server.
func (o *Municipality) gateDocument(ctx context.Context, tx *store.Tx, from store.DocumentState, doc Document, by, moment string) (outs []message.Out, stopped bool, err error) {
	findings, err := o.judgeDocument(ctx, tx, doc)
	if err == nil && from == store.DocumentApplied {
		var more []string
		more, err = o.judgeArrival(ctx, tx, doc)
		findings = append(findings, more...)
	}
	if err == nil {
		err = tx.Judged(ctx, doc.Request, store.Judgement{Moment: moment, Program: o.program, Findings: findings})
	}
	if err != nil || len(findings) == 0 {
		return nil, false, err
	}
	doc.State, doc.Reasons, doc.EndedAt = store.DocumentStopped, findings, tx.Now()
	if doc.Prints > 0 {
		if err := openCase(ctx, tx, doc, store.CaseStopped); err != nil {
			return nil, false, err
		}
	}
	if err := o.moveDocument(ctx, tx, from, doc, by); err != nil {
		return nil, false, err
	}
	return []message.Out{{To: o.issuing, Body: message.IssuingOutcome{Request: doc.Request, Number: doc.Number, Outcome: message.Stopped, Findings: findings}, Trace: doc.Trace}}, true, nil
}

func (o *Municipality) moveDocument(ctx context.Context, tx *store.Tx, from store.DocumentState, doc Document, by string) error {
	if doc.State == store.DocumentDelivered || doc.State == store.DocumentRefused {
		doc.Bytes = nil
	}
	moved, err := tx.MoveDocument(ctx, from, doc)
	if err != nil {
		return err
	}
	if !moved {
		return errors.New("a document did not stand as it was read in the same transaction")
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: by, Act: "document-state", Subject: doc.Code.Reveal(), Case: doc.Request, Detail: strings.Join(append([]string{string(doc.State), doc.Number}, doc.Reasons...), " ")})
	return nil
}

// Findings about a document that are none of its pages.
const (
	foundLate   = "late"   // it came after the application had lapsed
	foundNumber = "number" // another document here has its number
	foundDay    = "day"    // it says that it was issued before it was asked for, or after now
	foundHalted = "halted" // issuing by the version that signed it is stopped
	foundVerify = "verify" // its code leads elsewhere than to where documents are verified
)

// skew is how far the clocks of a counter and its server may be apart.
const skew = time.Minute

// judgeArrival says what is wrong with what the server says of a new document, which nobody at the counter can know by the register: a server that was restored, whose
// clock is wrong, or which lies.
func (o *Municipality) judgeArrival(ctx context.Context, tx *store.Tx, doc Document) (codes []string, err error) {
	taken, err := tx.NumberTaken(ctx, doc.Number, doc.Request)
	if err != nil {
		return nil, err
	}
	if taken {
		codes = append(codes, foundNumber)
	}
	if _, bound, err := halting.Binding(ctx, tx.Tx, doc.Server); err != nil {
		return nil, err
	} else if bound {
		codes = append(codes, foundHalted)
	}
	if doc.IssuedAt.Before(doc.At.Add(-skew)) || doc.IssuedAt.After(tx.Now().Add(skew)) {
		codes = append(codes, foundDay)
	}
	if !strings.HasPrefix(doc.Verify, o.documents.Verify+"/"+doc.Number+"#") {
		codes = append(codes, foundVerify)
	}
	return codes, nil
}

// judgeDocument says what is wrong with a document, by the register as it is now; nothing: it may leave.
func (o *Municipality) judgeDocument(ctx context.Context, tx *store.Tx, doc Document) (codes []string, err error) {
	findings, err := o.documents.Gate.Judge(doc.Bytes, func() (document.Paper, error) { return o.documentPaper(ctx, tx, doc) }, doc.Content, doc.File)
	for _, f := range findings {
		if !slices.Contains(codes, string(f.Code)) {
			codes = append(codes, string(f.Code))
		}
	}
	return codes, err
}

// documentPaper is what must stand on a document, made anew from the register.
func (o *Municipality) documentPaper(ctx context.Context, tx *store.Tx, doc Document) (document.Paper, error) {
	all, err := tx.Printable(ctx, []PersonID{doc.Person})
	if err != nil {
		return document.Paper{}, err
	}
	if len(all) != 1 || all[0].Err != nil || all[0].Record.Code != doc.Code {
		return document.Paper{}, errNobody
	}
	subject := all[0].Record
	var household []store.Printable
	if doc.Kind != string(making.SealCertificate) {
		members, err := tx.Household(ctx, subject.Record.Household)
		if err != nil {
			return document.Paper{}, err
		}
		var people []PersonID
		for _, m := range members {
			people = append(people, m.Person)
		}
		if household, err = tx.Printable(ctx, people); err != nil {
			return document.Paper{}, err
		}
	}
	c := making.Content{Form: doc.Kind, Items: making.ItemsOf(doc.Items), Request: document.Request{ID: doc.Request, Nonce: doc.Nonce, Number: doc.Number,
		Requester: document.Requester{ID: doc.Requester, Role: document.Role(doc.As)}, Channel: document.Counter, At: doc.IssuedAt, Verify: doc.Verify}}
	for _, m := range household {
		if m.Err != nil {
			return document.Paper{}, errNobody
		}
		if m.Record.Record.Relation == resident.Head {
			c.Head = m.Record.Record.Name
		}
	}
	page := all
	if doc.Kind == string(making.HouseholdRecord) {
		page = household
	}
	if err := o.protectedAmong(ctx, tx, page); err != nil {
		return document.Paper{}, err
	}
	if doc.Kind == string(making.IndividualRecord) && making.ItemsOf(doc.Items).Relation {
		if err := o.headMayBeNamed(ctx, tx, subject, household); err != nil {
			return document.Paper{}, err
		}
	}
	for _, p := range page {
		var standing message.IssuingStanding
		if err := o.standing(ctx, tx, p, &standing); err != nil {
			return document.Paper{}, err
		}
		if err := o.releasedFor(ctx, tx, doc, p, &standing); err != nil {
			return document.Paper{}, err
		}
		if standing.Leaving || standing.Deleted != 0 {
			return document.Paper{}, errNobody
		}
		c.Page = append(c.Page, making.Person{IssuingRecord: p.As(p.Version()), Protection: standing.Protection, Release: standing.Release})
	}
	slices.SortStableFunc(c.Page, func(a, b making.Person) int { return making.Order(a.IssuingRecord, b.IssuingRecord) })
	return c.Paper(o.documents.Office)
}

// headMayBeNamed refuses the name of a head of the household who is protected beside somebody else's record.
func (o *Municipality) headMayBeNamed(ctx context.Context, tx *store.Tx, subject message.IssuingRecord, household []store.Printable) error {
	heads := slices.DeleteFunc(slices.Clone(household), func(m store.Printable) bool {
		return m.Record.Record.Relation != resident.Head || m.Record.Code == subject.Code
	})
	if err := o.protectedAmong(ctx, tx, heads); err != nil {
		return err
	}
	if slices.ContainsFunc(heads, func(m store.Printable) bool { return m.Record.Protected }) {
		return errProtected
	}
	return nil
}

// releasedFor tells of a protected person whether two persons have released this one document, which names the release.
func (o *Municipality) releasedFor(ctx context.Context, tx *store.Tx, doc Document, p store.Printable, s *message.IssuingStanding) error {
	if !s.Protected || p.Person != doc.Person {
		return nil
	}
	spent, err := o.flags(tx.Tx).Spent(ctx, p.Person.String(), doc.By, doc.Request)
	if spent {
		s.Release = doc.Request
	}
	return err
}
