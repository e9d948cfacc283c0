package municipality

import (
	"context"
	"slices"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// 特例転入 (法24条の2): who has a card moves in without a 転出証明書, within 30 days of the planned day and 14 of moving in. After that the
// privilege is over, a certificate on paper is needed (同条1項ただし書, 22条2項), and the card is void; with it dies the authentication
// certificate (the signature certificate has died with the moving out).

// dueSpecialVoid is the kind of due item that ends the privilege of moving in by the card.
const dueSpecialVoid = "municipality.special-void"

// specialLapsed ends the privilege of a 特例転入 that nobody has filed within its time, and tells the old municipality, which issued the
// certificate or keeps the record: whether somebody has filed in time is known here alone.
func (o *Municipality) specialLapsed(ctx context.Context, raw *sqlstore.Tx, item due.Item, _ any) ([]message.Out, error) {
	tx := o.in(raw)
	m, found, err := tx.MoveHereOf(ctx, string(item.Payload))
	if err != nil || !found || !m.Waits() || m.SpecialVoid {
		return nil, err
	}
	if last := specialUntil(m.Planned); !resident.DateOf(tx.Now()).After(last) { // its day has been changed since
		due.Add(tx.Tx, last.AddDays(1).Start(), dueSpecialVoid, m.Move, []byte(m.Move))
		return nil, nil
	}
	m.SpecialVoid = true
	if err := tx.PutMoveHere(ctx, m); err != nil {
		return nil, err
	}
	auditlog.Write(raw, auditlog.Entry{Actor: message.System, Act: "card-lapsed", Subject: m.Code.Reveal(), Case: m.Move})
	last := specialUntil(m.Planned)
	return o.tellBack(ctx, tx, message.MoveIn{Move: m.Move, Step: message.MoveLapsed, From: m.From, To: o.code, Code: m.Code, Day: last.AddDays(1), Filed: last.AddDays(1)}, m.Trace)
}

// lapsedThere ends the authentication certificate of somebody who has left by the card and has not filed the moving in within its time. Of a
// move that is being taken back, or was, the card has not lapsed.
func (o *Municipality) lapsedThere(ctx context.Context, tx *store.Tx, m store.MoveAway, n message.MoveIn, d exchange.Delivery) ([]message.Out, error) {
	if !m.Special || m.State != store.OutLeft {
		return nil, nil
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "card-lapsed", Subject: m.Code.Reveal(), Case: m.Move})
	return o.cardVoid(ctx, tx, m.Person, m.Version, n.Day)
}

// cardVoid has the authentication certificate of somebody whose card is void ended, under every code that they had (公的個人認証法28条 is the
// holder's own way; here it follows the card, as by a moving abroad).
func (o *Municipality) cardVoid(ctx context.Context, tx *store.Tx, who PersonID, version resident.Version, since resident.Date) (outs []message.Out, err error) {
	codes, err := tx.Codes(ctx, who)
	if err != nil {
		return nil, err
	}
	for _, code := range codes {
		for _, out := range o.report(message.CertRevoke{Code: code, Profile: cert.Authentication, Version: version, Reason: cert.CessationOfOperation, Since: since, At: tx.Now()}) {
			if slices.Contains(o.Peers, out.To) {
				outs = append(outs, out)
			}
		}
	}
	return outs, nil
}

// fieldCertificate is the tick by which a clerk says that the 転出証明書 was shown.
const fieldCertificate = "certificate"

// checkSpecial refuses a moving in by the card that comes too late, unless a certificate on paper is there.
func checkSpecial(m store.MoveHere, became, today resident.Date, shown bool, ps *problems) {
	if !m.Special || shown || !became.Valid() || !m.SpecialVoid && !specialVoid(m.Planned, became, today) {
		return
	}
	if slices.ContainsFunc(ps.Problems, func(p *plain.Problem) bool { return p.Field == fieldCertificate }) {
		return // said of another of the family
	}
	until := specialUntil(m.Planned)
	if last := filingUntil(became); last.Before(until) {
		until = last
	}
	ps.bad(fieldCertificate,
		"カードによる転入届は"+until.Wareki()+"までです（転出の予定日から30日、転入をした日から14日）。転出証明書が必要です（法22条2項、24条の2第1項ただし書）。前の市区町村で交付を受けていただき、確かめてから印を付けてください。",
		"A moving in by the card could be filed until "+until.String()+" (30 days from the planned day, 14 from moving in). A moving-out certificate is needed now (Act, arts. 22(2) and 24-2(1), proviso): have the old municipality issue one, and tick the box when you have seen it.")
}

// cardNotice is what the page of a move says when the privilege is over.
var cardNotice = both("転出証明書が要ります（法22条2項、24条の2第1項ただし書）。カードは失効し、利用者証明用電子証明書も失効します。",
	"A moving-out certificate is needed (Act, arts. 22(2) and 24-2(1), proviso). The card is void, and the authentication certificate is revoked with it.")
