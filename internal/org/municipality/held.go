package municipality

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/stillvalid"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// In July 2004 a clerk found by chance that the CA held a certificate for valid of which the register said that it had ended. Since
// then nobody has to find it: when the CA refuses an application because a certificate is valid, it names that, and the register is
// compared with it. What disagrees is said to the clerk, with where it stopped as far as it can be told from here, and the certificate
// is watched from outside (stillvalid), which is an alarm.

// compareHeld puts beside an application what the register says of the certificate that stands in its way.
func (o *Municipality) compareHeld(ctx context.Context, tx *store.Tx, a *store.Application, h message.HeldCertificate) error {
	a.Held = store.Held{Serial: h.Serial, Version: h.Version, Until: h.NotAfter}
	versions, err := tx.Versions(ctx, a.Person)
	if err != nil {
		return err
	}
	here, err := tx.Applications(ctx, a.Person)
	if err != nil {
		return err
	}
	v, ended := endedBy(h.Version, a.Profile, versions)
	if ended && tx.Now().Sub(v.EnteredAt) < stillvalid.Grace {
		a.Finding, a.Found = store.Agrees, both("この方の異動による失効が、いま認証局に向かっています。1分ほど待ってから、申請し直してください。",
			"The change that ends it is on its way to the CA just now: wait for a minute, then apply again.")
		return nil
	}
	if ended {
		a.Finding, a.Found = store.Disagrees, changeUnheard(h, v)
		if err := o.whereItStopped(ctx, tx, a, h); err != nil {
			return err
		}
		return o.watchHeld(ctx, tx, *a, h, v.Trace)
	}
	for _, e := range here {
		if e.Serial == h.Serial && e.RevokeReason.Valid() {
			at := e.RevokeAt.In(cert.JST).Format("2006-01-02 15:04")
			a.Finding, a.Found = store.Disagrees, both(
				"食い違いがあります。この電子証明書の失効は"+at+"に窓口で申請しましたが、認証局ではまだ有効です。電文の状況で、失効の申請が届いたか確かめてください。",
				"They disagree. Its revocation was asked for here at "+at+", and the CA still holds it for valid: see on the message page whether the request has arrived.")
			return o.watchHeld(ctx, tx, *a, h, e.Trace)
		}
	}
	a.Finding = store.Agrees
	place := h.Municipality.String()
	name := both(place, place)
	if m, err := resident.Lookup("municipality", h.Municipality, resident.DateOf(tx.Now())); err == nil {
		name = both(m.FullName(), m.Romaji())
	}
	a.Found = both(
		fmt.Sprintf("住民票と認証局に食い違いはありません。%sで発行した電子証明書（証明する記録は第%s版）が有効です。", name.JA, h.Version),
		fmt.Sprintf("Register and CA agree: the certificate that was issued in %s for version %s of the record is valid.", name.EN, h.Version))
	return nil
}

// endedBy is the first version of a record that must have ended a certificate of an earlier one. Somebody who came from elsewhere has
// moved, and that ends what states an address.
func endedBy(certified resident.Version, p cert.Profile, versions []store.Version) (first store.Version, ended bool) {
	for _, v := range versions { // the newest first
		if v.Number > certified && (dies(p, v.Kills) || p == cert.Signature && v.Change.Reason.Act() == resident.Entry) {
			first, ended = v, true
		}
	}
	return first, ended
}

func changeUnheard(h message.HeldCertificate, v store.Version) plain.Sentence {
	return both(
		fmt.Sprintf("食い違いがあります。認証局では有効ですが、住民票では第%s版の記載（%s、%s）で失効しているはずです。", v.Number, v.Change.Reason.In(plain.JA), v.Change.Arose.Wareki()),
		fmt.Sprintf("They disagree. The CA holds it for valid, and by the register version %s (%s, %s) has ended it.", v.Number, v.Change.Reason.In(plain.EN), v.Change.Arose))
}

// whereItStopped adds what can be told from here of where the end of the certificate got stuck: on the way from us, at the national
// center, which was not told of the issue or has demanded nothing, or at the CA.
func (o *Municipality) whereItStopped(ctx context.Context, tx *store.Tx, a *store.Application, h message.HeldCertificate) error {
	last, found, err := o.Exchange.LastOf(ctx, tx.Tx, o.prefecture, a.Code.Reveal(), message.KindResidentInvalidation)
	if err != nil {
		return err
	}
	var where plain.Sentence
	switch {
	case found && last.State != string(message.Applied):
		where = both("この方の異動に伴う失効の電文が、まだ都道府県に届いていません。", "The message that the change ends it has not arrived at the prefecture.")
	case h.Demanded:
		where = both("認証局は、全国センターから失効を求められたのに、失効させていません。", "The national center has demanded its end, and the CA has not ended it.")
	case !h.CenterTold:
		where = both("認証局からの発行情報が、全国センターに届いていません。センターは、失効させるものがあることを知りません。",
			"The CA's notice of its issue has not arrived at the national center, which does not know that there is something to end.")
	default:
		where = both("全国センターは、発行を知っていますが、失効を求めていません。", "The national center knows that it was issued, and has not demanded its end.")
	}
	ground := cert.Changed.Name()
	a.Found.JA += where.JA + "運用員に知らせ、下の「失効の申請」で、失効の理由に「" + ground.JA + "」を選んで失効させてください。"
	a.Found.EN += " " + where.EN + " Call an operator, and have it revoked below, for the reason “" + ground.EN + "”."
	return nil
}

// watchHeld has the public status service asked about it, until that says that it has ended: an alarm until then.
func (o *Municipality) watchHeld(ctx context.Context, tx *store.Tx, a store.Application, h message.HeldCertificate, trace string) error {
	if o.status == nil {
		return nil
	}
	return stillvalid.Watch(ctx, tx.Tx, stillvalid.Certificate{Issuer: h.Issuer, Serial: h.Serial, Trace: trace})
}
