package desk

import (
	"context"
	"database/sql"
	"errors"
	"net/http"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// look opens the content of a message. It is a look at a person: the entry is written in the transaction that reads.
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
		p, err := d.payload(ctx, tx, id)
		if err != nil {
			return err
		}
		subject := ""
		if keys := p.Keys(); len(keys) > 0 {
			subject = keys[0]
		}
		auditlog.Write(tx, auditlog.Entry{Actor: access.From(ctx).ID, Act: auditlog.ActLook, Subject: subject, Case: id.String()})
		terms = contentOf(p)
		return nil
	})
	if err != nil {
		d.ui.Fail(w, r, err)
		return
	}
	d.renderMessage(w, r, http.StatusOK, func(p *messagePage) { p.Content = terms })
}

// payload reads what a message carries, while its bytes are kept.
func (d *Desk) payload(ctx context.Context, tx *sqlstore.Tx, id message.ID) (message.Payload, error) {
	query, args := `SELECT envelope FROM x_out WHERE peer = $1 AND epoch = $2 AND seq = $3`, []any{string(id.Receiver), int64(id.Epoch), int64(id.Seq)}
	if id.Receiver == d.host.Self {
		query = `SELECT envelope FROM x_in WHERE peer = $1 AND epoch = $2 AND seq = $3 AND node = $4`
		args = []any{string(id.Sender), int64(id.Epoch), int64(id.Seq), id.Node}
	}
	var raw []byte
	err := tx.QueryRow(ctx, query, args...).Scan(&raw)
	if errors.Is(err, sql.ErrNoRows) || err == nil && len(raw) == 0 {
		return nil, plain.Bad("message",
			"この電文の内容は、もう保管していません。住民の記録を見てください。",
			"the content of this message is no longer kept: look at the resident's record")
	}
	if err != nil {
		return nil, err
	}
	e, err := message.OpenEnvelope(raw)
	if err != nil {
		return nil, err
	}
	p, err := message.Decode(e.Kind, e.Body)
	if err != nil {
		return nil, plain.Bad("message",
			"この電文の内容は、読み取れません。送信側に問い合わせてください。",
			"the content of this message cannot be read: ask the sender")
	}
	return p, nil
}

// contentOf lists what a payload says. 個人番号 is left out: nothing at this desk is decided by it.
func contentOf(p message.Payload) []webui.Term {
	switch n := p.(type) {
	case message.ResidentChange:
		return identification(n.After)
	case message.CertRequest:
		return append([]webui.Term{profile(n.Profile)}, identification(n.Holder)...)
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
		return []webui.Term{profile(n.Profile), serial(n.Serial), code(n.Code), version(n.Version), reason(n.Why), day(n.Since)}
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
