package municipality

import (
	"context"
	"encoding/base32"
	"fmt"
	"io"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/document/press"
	"github.com/akashi-id/akashi/internal/due"
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
	Gate   press.Gate
	Verify string // below which address documents are verified
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
		if request, err = o.drawName(o.code.String()); err != nil {
			return nil, err
		}
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
		return o.applies(ctx, tx, d, fmt.Sprintf("identity checked by %s (%s)", check.Way, check.Documents))
	})
	if err != nil {
		return "", err
	}
	return request, nil
}

// applies writes an application down and asks the issuing server, unless that is stopped.
func (o *Municipality) applies(ctx context.Context, tx *store.Tx, d Document, detail string) ([]message.Out, error) {
	if order, halted, err := o.issuingHalted(ctx, tx.Tx); err != nil {
		return nil, err
	} else if halted {
		return nil, plain.Bad("kind", mayNotBegin(order).JA, mayNotBegin(order).EN)
	}
	if err := o.againCases(ctx, tx, d); err != nil {
		return nil, err
	}
	tx.AddDocument(d)
	if err := o.dayWillClose(ctx, tx); err != nil {
		return nil, err
	}
	due.Add(tx.Tx, tx.Now().Add(documentPatience), dueDocumentLapse, d.Request, nil)
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: d.By, Act: actApply, Subject: d.Code.Reveal(), Case: d.Request, Detail: fmt.Sprintf("%s, as %s, %s", d.Kind, d.As, detail)})
	return []message.Out{{To: o.issuing, Body: message.IssuingApplication{Request: d.Request, Document: d.Kind, Subject: d.Code, Items: d.Items, Requester: d.Requester, As: d.As, By: d.By}}}, nil
}

// drawName names what leaves the organisation under its name. It is drawn, so that a counter that was restored from a copy gives none a second time.
func (o *Municipality) drawName(begins string) (string, error) {
	var random [8]byte
	if _, err := io.ReadFull(o.Rand, random[:]); err != nil {
		return "", fmt.Errorf("couldn't draw a name: %w", err)
	}
	s := base32.StdEncoding.EncodeToString(random[:])
	return fmt.Sprintf("%s-%s-%s-%s", begins, s[:4], s[4:8], s[8:12]), nil
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
	case !found || !by.Present() || by.Record.Household != now.Record.Household: // who has died or moved out asks for nothing
		return now, "", plain.Bad("applicant", "この画面で申請できるのは、本人と同じ世帯の方だけです。請求に来た方を世帯の中から選んでください。",
			"Here the person, or one of the same household, applies: choose who has come from the household.")
	case a.Kind == making.SealCertificate:
		return now, "", plain.Bad("applicant", "印鑑登録証明書は、登録した本人が印鑑登録証を示して申請します。本人を選んでください。",
			"The certificate of a seal is asked for by the holder, who shows the registration card: choose the person.")
	}
	return now, document.Household, nil
}
