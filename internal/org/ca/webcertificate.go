package ca

import (
	"context"
	"encoding/hex"
	"net/http"
	"net/url"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// certificatesPage is a list of certificates, with the form that finds one.
type certificatesPage struct {
	*webui.Form
	Places []webui.Choice
	Table  webui.Table
	Next   string // address of the next page; "" at the end
}

const pageSize = 50

func (s *screens) showCertificates(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	form := webui.NewForm(map[string]string{"serial": q.Get("serial"), "municipality": q.Get("municipality")})
	status := http.StatusOK
	if text := form.Value("serial"); text != "" {
		serial, err := cert.ParseSerial(text)
		if err == nil {
			err = s.issued(r.Context(), serial)
		}
		if err == nil {
			http.Redirect(w, r, s.ui.URL("/certificates/"+serial.String()), http.StatusSeeOther)
			return
		}
		if err := form.Take(err); err != nil {
			s.ui.Fail(w, r, err)
			return
		}
		status = http.StatusUnprocessableEntity
	}
	municipality := form.Value("municipality")
	if municipality != "" {
		if _, err := resident.ParseMunicipalityCode("municipality", municipality); err != nil {
			_ = form.Take(err) // what it refuses is a plain.Problem
			municipality, status = "", http.StatusUnprocessableEntity
		}
	}
	after, err := hex.DecodeString(q.Get("after"))
	if err != nil {
		s.ui.NotFound(w, r)
		return
	}
	page := certificatesPage{Form: form}
	var found []store.Certificate
	err = s.o.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		page.Places = nil
		counts, err := s.o.in(tx).Counts(ctx)
		if err != nil {
			return err
		}
		for i, c := range counts {
			if i == 0 || counts[i-1].Municipality != c.Municipality {
				page.Places = append(page.Places, webui.Choice{Value: c.Municipality.String(), Name: s.place(c.Municipality)})
			}
		}
		found, err = s.o.in(tx).Page(ctx, municipality, after, pageSize+1)
		return err
	})
	if err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	if len(found) > pageSize {
		found = found[:pageSize]
		page.Next = s.ui.URL("/certificates") + "?" + url.Values{"municipality": {municipality},
			"after": {hex.EncodeToString(found[pageSize-1].Serial.Bytes())}}.Encode()
	}
	page.Table = s.table(found)
	s.ui.Render(w, r, s.certificates, status, page)
}

func (s *screens) table(found []store.Certificate) webui.Table {
	t := webui.Table{
		Caption: say("発行番号の順", "By serial"),
		Columns: []webui.Column{
			{Name: say("発行番号", "Serial")}, {Name: say("種別", "Kind")}, {Name: say("市区町村", "Municipality")},
			{Name: say("発行", "Issued")}, {Name: say("状態", "State")},
		},
		Empty: webui.Empty{Text: say("該当する電子証明書はありません。", "There is no such certificate.")},
	}
	for _, c := range found {
		t.Rows = append(t.Rows, []any{
			webui.Link{Href: s.ui.URL("/certificates/" + c.Serial.String()), Text: webui.Code(c.Serial.String())},
			c.Profile.Name(), s.place(c.Municipality), happened(c), s.state(c),
		})
	}
	return t
}

// happened is when a certificate was issued, nil when it was not yet.
func happened(c store.Certificate) any {
	if len(c.DER) == 0 {
		return nil
	}
	return c.IssuedAt
}

func (s *screens) state(c store.Certificate) webui.Badge {
	switch {
	case c.State == store.Intended:
		return webui.Badge{Kind: webui.Wait, Text: say("署名を待つ", "waiting to be signed")}
	case c.State == store.Revoked:
		return webui.Badge{Kind: webui.Bad, Text: cert.Revoked.Name()}
	case c.State == store.Expired || !c.NotAfter.After(s.o.Clock.Now()):
		return webui.Badge{Kind: webui.Off, Text: cert.Expired.Name()}
	}
	return webui.Badge{Kind: webui.OK, Text: cert.Valid.Name()}
}

// certificatePage is one certificate.
type certificatePage struct {
	Serial webui.Code
	State  webui.Badge
	Terms  []webui.Term
}

// issued refuses a serial under which there is no certificate.
func (s *screens) issued(ctx context.Context, serial cert.Serial) error {
	return s.o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		_, found, err := s.o.in(tx).Certificate(ctx, serial)
		if err == nil && !found {
			err = notIssued()
		}
		return err
	})
}

func notIssued() error {
	return plain.Bad("serial", "この発行番号の電子証明書は、発行していません。番号を確かめてください。", "No certificate with this serial was issued: check the number.")
}

// showCertificate shows one certificate. The look is recorded in the transaction that reads it, so that nobody sees what is
// not in the audit log.
func (s *screens) showCertificate(w http.ResponseWriter, r *http.Request) {
	serial, err := cert.ParseSerial(r.PathValue("serial"))
	if err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	var c store.Certificate
	err = s.o.Store.Update(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		var found bool
		if c, found, err = s.o.in(tx).Certificate(ctx, serial); err == nil && !found {
			err = notIssued()
		}
		auditlog.Write(tx, auditlog.Entry{Actor: access.From(ctx).ID, Act: auditlog.ActLook, Subject: serial.String()})
		return err
	})
	if err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	page := certificatePage{Serial: webui.Code(c.Serial.String()), State: s.state(c), Terms: []webui.Term{
		{Label: say("種別", "Kind"), Value: c.Profile.Name()},
		{Label: say("市区町村", "Municipality"), Value: s.place(c.Municipality)},
		{Label: say("申請", "Application"), Value: webui.Code(string(c.Requester) + " " + c.Request)},
		{Label: say("証明する記載の版", "Version of the record certified"), Value: uint64(c.Version)},
		{Label: say("書き留めた時刻", "Written down at"), Value: c.IntendedAt},
		{Label: say("発行した時刻", "Issued at"), Value: happened(c)},
		{Label: say("有効期間の始め", "Valid from"), Value: c.NotBefore},
		{Label: say("有効期間の終わり", "Valid until"), Value: c.NotAfter},
		{Label: say("認証局の鍵", "The CA's key"), Value: webui.Code(c.Issuer)},
	}}
	if c.State == store.Revoked {
		page.Terms = append(page.Terms,
			webui.Term{Label: say("失効した時刻", "Revoked at"), Value: c.At},
			webui.Term{Label: say("失効理由", "Reason"), Value: c.Reason.Name()},
			webui.Term{Label: say("事由の生じた日", "Ground arose on"), Value: webui.Day(c.Since.Start())},
			webui.Term{Label: say("異動事由", "Change of the record"), Value: whyOf(c.Why)},
			webui.Term{Label: say("求めた団体", "Asked for by"), Value: webui.Code(c.By)})
	}
	s.ui.Render(w, r, s.one, http.StatusOK, page)
}

func whyOf(why resident.ChangeReason) any {
	if !why.Valid() {
		return nil
	}
	return say(why.In(plain.JA), why.In(plain.EN))
}
