package municipality

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/gate"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Documents is what a counter must know to tell whether a document is its own: it trusts nothing of this to the server that issued it.
type Documents struct {
	Office document.Issuer // who certifies
	Fonts  []document.FontMark
	Signer [sha256.Size]byte // of the certificate
	Demo   bool              // samples may leave
}

// DocumentApplication asks for a document for somebody who stands at the counter (住民基本台帳法12条; 印鑑登録証明書: by ordinance).
type DocumentApplication struct {
	Person    PersonID // of whom, or of whose household
	Base      resident.Version
	Kind      making.Kind
	Items     document.Items
	Applicant PersonID // who asks: the person, or somebody of the household
	// Evidence is by what the clerk has checked who the applicant is (法12条3項).
	Evidence identity.Evidence
}

// Document is where a document stands at the counter.
type Document = store.Document

var errNoServer = plain.Bad("kind", "この市区町村には証明発行サーバがありません。証明書はほかの方法で交付してください。",
	"This municipality has no issuing server: issue the document in another way.")

var errKind = plain.Bad("kind", "証明書の種類を選んでください。", "Choose the kind of document.")

// ApplyForDocument asks the issuing server for a document, for the clerk in the context, who has checked the applicant. The answer comes as a
// message.
func (o *Municipality) ApplyForDocument(ctx context.Context, a DocumentApplication) (request string, err error) {
	who, err := clerk(ctx, access.IssueDocument)
	if err != nil {
		return "", err
	}
	if o.issuing == "" || o.documents == nil {
		return "", errNoServer
	}
	if !a.Kind.Known() {
		return "", errKind
	}
	if _, err := a.Evidence.Way(); err != nil {
		return "", err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) ([]message.Out, error) {
		now, as, err := o.asksFor(ctx, tx, a)
		if err != nil {
			return nil, err
		}
		request = fmt.Sprintf("%s-%d", o.code, tx.Serial())
		if err := o.spend(ctx, tx, who, now.Person, request); err != nil {
			return nil, err
		}
		ground, err := look.GroundOf(ctx, tx.Tx, who)
		if err != nil {
			return nil, err
		}
		if err := o.lookedOn(ctx, tx, ground, now.Record.Code, look.Four|itemsOf(now.Record), "application for a document"); err != nil {
			return nil, err
		}
		check, err := identity.In(tx.Tx).Record(access.IssueDocument, request, a.Applicant.String(), access.From(ctx), a.Evidence)
		if err != nil {
			return nil, err
		}
		d := Document{Request: request, Person: now.Person, Code: now.Record.Code, Kind: string(a.Kind), Items: making.Names(a.Items), As: string(as),
			Requester: fmt.Sprintf("check-%d", check.ID), At: tx.Now(), By: who, Trace: trace, State: store.DocumentApplied}
		if err := o.againCases(ctx, tx, now.Person, d.Kind); err != nil {
			return nil, err
		}
		tx.AddDocument(d)
		due.Add(tx.Tx, tx.Now().Add(documentPatience), dueDocumentLapse, request, nil)
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: "apply-for-document", Subject: d.Code.Reveal(), Case: request,
			Detail: fmt.Sprintf("%s, as %s, identity checked by %s (%s)", a.Kind, as, check.Way, check.Documents)})
		return []message.Out{{To: o.issuing, Body: message.IssuingApplication{Request: request, Document: d.Kind, Subject: d.Code, Items: d.Items, Requester: d.Requester, As: d.As, By: who}}}, nil
	})
	if err != nil {
		return "", err
	}
	return request, nil
}

// documentPatience is how long a counter waits for its server, which waits for the register half of that.
const documentPatience = time.Minute

// dueDocumentLapse is the kind of due item that ends an application to which the server did not answer.
const dueDocumentLapse = "municipality.document-lapse"

// documentLapsed ends an application to which nobody has answered: the person at the counter is told, and can ask again.
func (o *Municipality) documentLapsed(ctx context.Context, raw *sqlstore.Tx, item due.Item, _ any) ([]message.Out, error) {
	tx := o.in(raw)
	doc, found, err := tx.Document(ctx, item.Ref)
	if err != nil || !found || doc.State != store.DocumentApplied {
		return nil, err
	}
	doc.State, doc.Reasons, doc.EndedAt = store.DocumentRefused, []string{string(making.NoServer)}, tx.Now()
	return nil, o.moveDocument(ctx, tx, store.DocumentApplied, doc, string(o.Self))
}

// asksFor is of whom a document is asked for, and as what the applicant asks; or why there can be none.
func (o *Municipality) asksFor(ctx context.Context, tx *store.Tx, a DocumentApplication) (now store.Version, as document.Role, err error) {
	now, found, err := tx.Current(ctx, a.Person)
	if err == nil && !found {
		err = errNobody
	}
	if err == nil {
		err = open(now, a.Base)
	}
	if err != nil {
		return now, "", err
	}
	if a.Applicant == a.Person {
		return now, document.Self, nil
	}
	by, found, err := tx.Current(ctx, a.Applicant)
	if err != nil {
		return now, "", err
	}
	switch {
	case !found || by.Record.Household != now.Record.Household:
		return now, "", plain.Bad("applicant", "この画面で申請できるのは、本人と同じ世帯の方だけです。請求に来た方を世帯の中から選んでください。",
			"Here the person, or one of the same household, applies: choose who has come from the household.")
	case a.Kind == making.SealCertificate:
		return now, "", plain.Bad("applicant", "印鑑登録証明書は、登録した本人が印鑑登録証を示して申請します。本人を選んでください。",
			"The certificate of a seal is asked for by the holder, who shows the registration card: choose the person.")
	}
	return now, document.Household, nil
}

var errDocumentUnknown = exchange.Reject("unknown-request", "この申請は、この市区町村の窓口からのものではありません。双方の申請の記録を確かめてください。",
	"no counter of this municipality has applied for this: compare the records of the request on both sides")

// onIssuingDocument takes what became of an application. A document is held against the register as it is now, and is kept back when it says
// anything else: then its bytes stay as evidence, and the server is told.
func (o *Municipality) onIssuingDocument(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.IssuingDocument) ([]message.Out, error) {
	if d.Sender != o.issuing || o.documents == nil {
		return nil, exchange.Reject("not-our-issuing-server", "この市区町村の証明発行サーバではありません。送信側の設定を確かめてください。",
			"this is not the issuing server of this municipality: check the sender's configuration")
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
	if len(n.Reasons) > 0 {
		doc.State, doc.Reasons, doc.EndedAt = store.DocumentRefused, n.Reasons, tx.Now()
		return nil, o.moveDocument(ctx, tx, store.DocumentApplied, doc, string(d.Sender))
	}
	if _, err := due.Remove(ctx, tx.Tx, dueDocumentLapse, doc.Request); err != nil {
		return nil, err
	}
	doc.Number, doc.IssuedAt, doc.Nonce, doc.Verify, doc.Content = n.Number, n.IssuedAt, n.Nonce, n.Verify, n.Content
	doc.File, doc.Bytes, doc.State = sha256.Sum256(n.File), n.File, store.DocumentHeld
	return o.gateDocument(ctx, tx, store.DocumentApplied, doc, string(d.Sender))
}

// gateDocument holds a document against the register as it is in this transaction, and writes down how it stands after that.
func (o *Municipality) gateDocument(ctx context.Context, tx *store.Tx, from store.DocumentState, doc Document, by string) ([]message.Out, error) {
	findings, err := o.judgeDocument(ctx, tx, doc)
	if err != nil {
		return nil, err
	}
	if len(findings) == 0 {
		return nil, o.moveDocument(ctx, tx, from, doc, by)
	}
	doc.State, doc.Reasons, doc.EndedAt = store.DocumentStopped, findings, tx.Now()
	if doc.Prints > 0 {
		if err := openCase(ctx, tx, doc, store.CaseStopped); err != nil {
			return nil, err
		}
	}
	if err := o.moveDocument(ctx, tx, from, doc, by); err != nil {
		return nil, err
	}
	return []message.Out{{To: o.issuing, Body: message.IssuingOutcome{Request: doc.Request, Number: doc.Number, Outcome: message.Stopped, Findings: findings}, Trace: doc.Trace}}, nil
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

// Findings of a document that the register contradicts before a page of it is looked at.
const (
	foundRegister = "register" // of these people no such document may be given out now
	foundFile     = "file"     // the file is not the one that was kept
	foundLate     = "late"     // it came after the application had lapsed
)

// judgeDocument says what is wrong with a document, by the register as it is now; nothing: it may leave.
func (o *Municipality) judgeDocument(ctx context.Context, tx *store.Tx, doc Document) (findings []string, err error) {
	paper, err := o.documentPaper(ctx, tx, doc)
	if _, refused := plain.AsProblems(err); refused {
		return []string{foundRegister}, nil
	}
	if err != nil {
		return nil, err
	}
	if sha256.Sum256(doc.Bytes) != doc.File {
		findings = append(findings, foundFile)
	}
	m := document.Manifest{Paper: paper, Fonts: o.documents.Fonts, Signer: o.documents.Signer, Content: doc.Content, File: doc.File}
	for _, f := range gate.Check(doc.Bytes, gate.Expected{Manifest: m, Demo: o.documents.Demo}) {
		if !slices.Contains(findings, string(f.Code)) {
			findings = append(findings, string(f.Code))
		}
	}
	return findings, nil
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

// DocumentOf opens a document for the clerk in the context, with its bytes while they are here, and writes down that it was opened.
func (o *Municipality) DocumentOf(ctx context.Context, request string) (doc Document, err error) {
	who, err := clerk(ctx, access.IssueDocument)
	if err != nil {
		return doc, err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		if doc, err = o.documentFor(ctx, tx, who, request); err != nil {
			return nil, err
		}
		return nil, nil
	})
	return doc, err
}

// documentFor finds a document that the clerk may see, and records the look at the person.
func (o *Municipality) documentFor(ctx context.Context, tx *store.Tx, who, request string) (Document, error) {
	doc, err := documentNamed(ctx, tx, request)
	if err == nil {
		err = o.handsOver(ctx, tx, who, doc.Person, doc.Request)
	}
	if err != nil {
		return Document{}, err
	}
	ground, err := look.GroundOf(ctx, tx.Tx, who)
	if err == nil {
		err = o.lookedOn(ctx, tx, ground, doc.Code, look.Four|look.Kana|look.Household, "document "+doc.Kind)
	}
	return doc, err
}

// documentNamed finds a document, and shows it to nobody.
func documentNamed(ctx context.Context, tx *store.Tx, request string) (Document, error) {
	doc, found, err := tx.Document(ctx, request)
	if err == nil && !found {
		err = plain.Bad("document", "この番号の申請はありません。", "There is no application of this number.")
	}
	return doc, err
}

// PrintDocument gives the bytes of a document to be printed, once more held against the register. Who is no more as the document says
// gets none.
func (o *Municipality) PrintDocument(ctx context.Context, request string) (file []byte, err error) {
	who, err := clerk(ctx, access.IssueDocument)
	if err != nil {
		return nil, err
	}
	var stopped []string
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		file, stopped = nil, nil
		doc, err := o.documentFor(ctx, tx, who, request)
		if err != nil {
			return nil, err
		}
		if doc.State != store.DocumentHeld {
			return nil, errDocumentNotHere
		}
		if stopped, err = o.judgeDocument(ctx, tx, doc); err != nil {
			return nil, err
		}
		if len(stopped) > 0 {
			return o.gateDocument(ctx, tx, store.DocumentHeld, doc, who)
		}
		doc.Prints++
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: "document-print", Subject: doc.Code.Reveal(), Case: doc.Request, Detail: doc.Number + " " + jobOf(doc)})
		file = doc.Bytes
		return nil, tx.KeepPrint(ctx, doc)
	})
	if err == nil && len(stopped) > 0 {
		return nil, errDocumentStopped
	}
	return file, err
}

var (
	errDocumentNotHere = plain.Bad("document", "この証明書は、いま印刷や交付ができる状態にありません。画面を開き直して、状態を確かめてください。",
		"This document cannot be printed or handed over as it stands: open the page again and see how it stands.")
	errDocumentStopped = plain.Bad("document", "証明書の内容が、いまの住民記録と違います。交付を止めました。印刷した紙があれば渡さずに回収し、申請をやり直してください。",
		"The document is not what the register says now, and was stopped. If a sheet was printed, do not hand it over, collect it, and apply again.")
)

// maxSheets is how many sheets of one document may have been printed, those that jammed among them.
const maxSheets = 100

// HandOverDocument: the applicant has it. The gate looks once more at what is handed over.
func (o *Municipality) HandOverDocument(ctx context.Context, request string, sheets int) error {
	if sheets < 1 || sheets > maxSheets {
		return plain.Bad("sheets", fmt.Sprintf("印刷した枚数を1から%dまでの数で入力してください。", maxSheets), fmt.Sprintf("Enter how many sheets were printed, 1 to %d.", maxSheets))
	}
	who, err := clerk(ctx, access.IssueDocument)
	if err != nil {
		return err
	}
	var stopped []string
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		doc, err := o.documentFor(ctx, tx, who, request)
		if err != nil {
			return nil, err
		}
		if doc.State != store.DocumentHeld {
			return nil, errDocumentNotHere
		}
		doc.Sheets, doc.EndedAt, doc.EndedBy = sheets, tx.Now(), who
		if stopped, err = o.judgeDocument(ctx, tx, doc); err != nil {
			return nil, err
		}
		if len(stopped) > 0 {
			return o.gateDocument(ctx, tx, store.DocumentHeld, doc, who)
		}
		doc.State = store.DocumentDelivered
		if err := o.moveDocument(ctx, tx, store.DocumentHeld, doc, who); err != nil {
			return nil, err
		}
		return []message.Out{{To: o.issuing, Body: message.IssuingOutcome{Request: doc.Request, Number: doc.Number, Outcome: message.Delivered, Sheets: sheets, By: who}, Trace: doc.Trace}}, nil
	})
	if err == nil && len(stopped) > 0 {
		return errDocumentStopped
	}
	return err
}

// maxProof bounds in characters what is said of the paper.
const maxProof = 500

// VoidDocument: nothing of it was handed over. proof says what became of the paper: not printed, jammed and taken out, cut up before a witness.
func (o *Municipality) VoidDocument(ctx context.Context, request string, sheets int, proof string) error {
	who, err := clerk(ctx, access.IssueDocument)
	if err != nil {
		return err
	}
	switch {
	case sheets < 0 || sheets > maxSheets:
		return plain.Bad("sheets", fmt.Sprintf("印刷した枚数を0から%dまでの数で入力してください。", maxSheets), fmt.Sprintf("Enter how many sheets were printed, 0 to %d.", maxSheets))
	case proves(proof) != nil:
		return errNoProof
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		doc, err := documentNamed(ctx, tx, request) // it shows nothing of the person, who may be protected by now
		if err != nil {
			return nil, err
		}
		if doc.State != store.DocumentHeld {
			return nil, errDocumentNotHere
		}
		doc.State, doc.Sheets, doc.Proof, doc.EndedAt, doc.EndedBy = store.DocumentVoided, sheets, proof, tx.Now(), who
		if err := o.moveDocument(ctx, tx, store.DocumentHeld, doc, who); err != nil {
			return nil, err
		}
		if _, err := tx.CloseCases(ctx, doc.Request, "", who, proof); err != nil {
			return nil, err
		}
		return []message.Out{{To: o.issuing, Body: message.IssuingOutcome{Request: doc.Request, Number: doc.Number, Outcome: message.Voided, Sheets: sheets, By: who}, Trace: doc.Trace}}, nil
	})
	return err
}
