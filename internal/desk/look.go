package desk

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// errNotStopped is what somebody is told who would open a message that nobody has to resolve.
var errNotStopped = plain.Bad("message",
	"内容を開けるのは、止まっていて人の解決を待つ電文だけです。この電文は止まっていません。住民のことは、受付をして住民の記録で見てください。",
	"Only the content of a message that is stuck and waits for people can be opened, and this one is not stuck. What you need of a resident, see in the resident's record on the ground of a visit.")

// look opens the content of a message that is stuck. It is a look at persons, to find out why it stopped: the gate is asked for each, and
// it is written down, in the transaction that reads. The message is its case, where the organisation has no ground of its own.
func (d *Desk) look(w http.ResponseWriter, r *http.Request) {
	if _, ok := d.ui.ReadForm(w, r); !ok {
		return
	}
	id, err := message.ParseID(r.PathValue("message"))
	if err != nil {
		d.ui.Fail(w, r, err)
		return
	}
	var terms []webui.Term
	err = d.host.Store.Update(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		stopped, err := d.host.Exchange.WaitsForPerson(ctx, tx, id)
		if err != nil {
			return err
		}
		if !stopped {
			return errNotStopped
		}
		p, err := d.host.Exchange.Payload(ctx, tx, id)
		if err != nil {
			return err
		}
		ground, err := d.host.Admits(ctx, tx, look.Ground{Purpose: look.Fault, Case: id.String()}, personsOf(p.Keys()))
		if err != nil {
			return err
		}
		subject := ""
		if keys := p.Keys(); len(keys) > 0 {
			subject = keys[0]
		}
		terms = contentOf(p)
		return d.seen(ctx, tx, ground, subject, id, itemsOf(p))
	})
	if err != nil {
		d.ui.Fail(w, r, err)
		return
	}
	show(d, w, r, d.message, http.StatusOK, d.messagePage, func(p *messagePage) { p.Content = terms })
}

// opens asks the gate before somebody who serves persons is shown which messages went about one, and to whom: they say where a protected person
// has gone. An operator keeps messages moving, and has no page on which a message could be joined to a person.
func (d *Desk) opens(ctx context.Context, items ...exchange.Item) error {
	if !d.servesPersons(ctx) {
		return nil
	}
	var keys []string
	for _, i := range items {
		if !slices.Contains(keys, i.Key) {
			keys = append(keys, i.Key)
		}
	}
	codes := personsOf(keys)
	if len(codes) == 0 {
		return nil
	}
	return d.host.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := d.host.Admits(ctx, tx, look.Ground{Purpose: look.Fault, Case: items[0].ID.String()}, codes)
		return err
	})
}

// servesPersons tells whether whoever is in the context sees records of persons in their work.
func (d *Desk) servesPersons(ctx context.Context) bool {
	return access.May(access.From(ctx), access.LookAtPerson, d.role) == nil
}

// personsOf are those whom order keys name: "12345678902", or a key that begins so as a book's may.
func personsOf(keys []string) (codes []resident.RecordCode) {
	for _, key := range keys {
		head, _, _ := strings.Cut(key, "/")
		if code, err := resident.ParseRecordCode("key", head); err == nil {
			codes = append(codes, code)
		}
	}
	return codes
}

// seen writes down that somebody saw a message about a person. What is known by no code and no serial is in the audit log
// alone.
func (d *Desk) seen(ctx context.Context, tx *sqlstore.Tx, ground look.Ground, subject string, id message.ID, items look.Items) error {
	l := look.Look{By: access.From(ctx), Office: d.host.Self, Ground: ground, Items: items, How: "message " + id.String()}
	var err error
	if l.Subject, err = resident.ParseRecordCode("subject", subject); err != nil {
		if l.Serial, err = cert.ParseSerial(subject); err != nil {
			auditlog.Write(tx, auditlog.Entry{Actor: l.By.ID, Act: auditlog.ActLook, Subject: subject, Case: id.String()})
			return nil
		}
	}
	return look.Record(tx, l)
}

// itemsOf is what contentOf shows of a person.
func itemsOf(p message.Payload) look.Items {
	switch n := p.(type) {
	case message.ResidentChange:
		return look.Four | look.Code | look.CommonName | look.History
	case message.CertRequest:
		return look.Four | look.Code | look.CommonName | look.History | look.Certificates
	case message.Snapshot:
		if state, err := n.State(); err == nil && state != nil {
			return itemsOf(state)
		}
		return look.Code
	case message.ResidentInvalidation:
		return look.Code | look.History
	case message.CertIssuance:
		if n.Name.Valid() {
			return look.Four | look.Code | look.Certificates
		}
	}
	return look.Code | look.Certificates
}

// contentOf is what a message carries, as people read it.
func contentOf(p message.Payload) []webui.Term {
	switch n := p.(type) {
	case message.ResidentChange:
		return identification(n.After)
	case message.CertRequest:
		return append([]webui.Term{profile(n.Profile)}, identification(n.Holder)...)
	case message.Snapshot:
		if state, err := n.State(); err == nil && state != nil {
			return contentOf(state)
		}
		return []webui.Term{{Label: plain.Sentence{JA: "帳簿", EN: "Book"}, Value: n.Book.Name()}, {Label: plain.Sentence{JA: "鍵", EN: "Key"}, Value: webui.Code(n.Key)},
			{Label: plain.Sentence{JA: "内容", EN: "Content"}, Value: plain.Sentence{JA: "元の団体は、何も保有していない", EN: "the source holds nothing"}}}
	case message.ResidentInvalidation:
		return []webui.Term{code(n.Code), version(n.Version), reason(n.Reason), day(n.Since)}
	case message.CertIssuance:
		terms := []webui.Term{profile(n.Profile), serial(n.Serial), code(n.Code), version(n.Version)}
		if n.Name.Valid() {
			terms = append(terms, webui.Term{Label: plain.Sentence{JA: "氏名", EN: "Name"}, Value: webui.Name(n.Name.Reveal())},
				webui.Term{Label: plain.Sentence{JA: "住所", EN: "Address"}, Value: webui.Name(n.Address.Reveal())})
		}
		return terms
	case message.CertIssued:
		return []webui.Term{profile(n.Profile), serial(n.Serial), code(n.Code), version(n.Version)}
	case message.CertRefused:
		return []webui.Term{profile(n.Profile), code(n.Code), {Label: plain.Sentence{JA: "理由", EN: "Reason"}, Value: n.Reason}}
	case message.CertRevocation:
		return []webui.Term{profile(n.Profile), serial(n.Serial), code(n.Code), version(n.Version), ground(n), day(n.Since)}
	case message.CertRevoke:
		return []webui.Term{profile(n.Profile), serial(n.Serial), code(n.Code), version(n.Version), day(n.Since)}
	}
	return []webui.Term{{Label: plain.Sentence{JA: "内容", EN: "Content"}, Value: plain.Sentence{JA: "人についての項目はありません。", EN: "It says nothing about a person."}}}
}

var sexes = map[resident.Sex]plain.Sentence{
	resident.Male: {JA: "男", EN: "male"}, resident.Female: {JA: "女", EN: "female"}, resident.SexUnknown: {JA: "不明", EN: "unknown"},
}

func identification(i resident.IdentificationInfo) []webui.Term {
	terms := []webui.Term{
		code(i.Code),
		{Label: plain.Sentence{JA: "氏名", EN: "Name"}, Value: webui.Name(i.Name.Reveal())},
		{Label: plain.Sentence{JA: "生年月日", EN: "Date of birth"}, Value: i.Birth.Wareki()},
		{Label: plain.Sentence{JA: "性別", EN: "Sex"}, Value: sexes[i.Sex]},
		{Label: plain.Sentence{JA: "住所", EN: "Address"}, Value: webui.Name(i.Address.Reveal())},
	}
	if i.CommonName.Valid() {
		terms = append(terms, webui.Term{Label: plain.Sentence{JA: "通称", EN: "Common name"}, Value: webui.Name(i.CommonName.Reveal())})
	}
	return append(terms, webui.Term{Label: plain.Sentence{JA: "市区町村コード", EN: "Municipality"}, Value: webui.Code(i.Municipality.String())},
		version(i.Version), reason(i.Change.Reason), day(i.Change.Arose))
}

func code(c resident.RecordCode) webui.Term {
	return webui.Term{Label: plain.Sentence{JA: "住民票コード", EN: "Resident record code"}, Value: webui.Code(c.Reveal())}
}

func version(v resident.Version) webui.Term {
	return webui.Term{Label: plain.Sentence{JA: "記録の版", EN: "Version of the record"}, Value: v.String()}
}

func reason(r resident.ChangeReason) webui.Term {
	return webui.Term{Label: plain.Sentence{JA: "異動事由", EN: "Reason of the change"}, Value: plain.Sentence{JA: r.In(plain.JA), EN: r.In(plain.EN)}}
}

// ground is why the center demands an end: a change of the record, or what the list will say where none led to it.
func ground(n message.CertRevocation) webui.Term {
	if n.Why.Valid() {
		return reason(n.Why)
	}
	return webui.Term{Label: plain.Sentence{JA: "失効の理由", EN: "Reason of the revocation"}, Value: n.Reason.Name()}
}

func day(d resident.Date) webui.Term {
	t := webui.Term{Label: plain.Sentence{JA: "事由の生じた日", EN: "Day on which it arose"}}
	if d.Valid() {
		t.Value = webui.Day(d.Start())
	}
	return t
}

func profile(p cert.Profile) webui.Term {
	return webui.Term{Label: plain.Sentence{JA: "証明書の種類", EN: "Certificate"}, Value: p.Name()}
}

func serial(s cert.Serial) webui.Term {
	t := webui.Term{Label: plain.Sentence{JA: "シリアル番号", EN: "Serial number"}}
	if !s.IsZero() {
		t.Value = webui.Code(s.String())
	}
	return t
}
