package nationalcenter

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// onCertIssuance writes down who holds a certificate (発行情報), the notice that stalled from 2004-05-26 to 07-26.
//
// The notice and the change that kills the certificate come on two rivers. When the invalidation came first, the
// certificate is dead on arrival and the CA is told so in this transaction. That is asked before the notice is judged: a
// notice that must be refused for what it says would otherwise leave a dead certificate alive until somebody has looked.
//
// The certificate may take another one's place, or have lost its own: nobody holds two valid ones of a kind, and only here is it known
// that two codes are of one person, and what each CA has issued (decision 0037).
func (o *Center) onCertIssuance(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.CertIssuance) ([]message.Out, error) {
	teller, err := tx.Teller(ctx, n.Serial)
	switch {
	case err != nil || teller == d.Sender:
		return nil, err
	case teller != "":
		return nil, errOfAnotherCA
	case d.Sender.Code() != "" && d.Sender.Code() != n.Municipality.Prefecture().String():
		return nil, errOfAnotherPrefecture
	}
	holder, err := tx.Holder(ctx, n.Code)
	if err != nil {
		return nil, err
	}
	i, err := tx.Invalidation(ctx, holder, n.Profile)
	if err != nil {
		return nil, err
	}
	// A snapshot states neither name nor address.
	if !i.Kills(n.Version) && !d.Accepted && d.Kind != message.KindSnapshot {
		if err := o.checkHolder(ctx, tx, n); err != nil {
			return nil, err
		}
	}
	if err := tx.PutCertificate(ctx, d.Sender, n, holder); err != nil {
		return nil, err
	}
	demands, err := tx.Settle(ctx, holder, i, o.exchangesWith)
	if err != nil {
		return nil, err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "cert.issuance", Subject: holder.Reveal(), Case: d.ID.String(),
		Detail: fmt.Sprintf("%s %s v%s", n.Profile, n.Serial, n.Version)})
	return demanded(demands), nil
}

// errOfAnotherCA protects the other CA's row: by it goes what ends the certificate.
var errOfAnotherCA = exchange.Reject("serial-of-another-ca",
	"この発行番号は、別の認証局から発行の通知を受けています。発行番号を確かめ、二つの認証局の記録を見比べてください。",
	"another CA has told of a certificate with this serial: check the serial, and compare the records of the two CAs")

// errOfAnotherPrefecture: who issued a certificate may report its loss, and no CA gives that to offices that it does not serve.
var errOfAnotherPrefecture = exchange.Reject("not-your-municipality",
	"発行した市区町村が、この認証局の都道府県のものではありません。認証局で、申請を受けた市区町村を確かめてください。",
	"the municipality of issue is in another prefecture than the CA: the CA must check where the application came from")

// onUnreadIssuance ends what a notice of issuance that waits here is about, by the holder alone, when an invalidation or a report came
// before it (decision 0007): the notice may be unreadable, or behind one that is, and nobody has told the CA of a
// certificate that we do not know. What comes after it does the same (revoke, onCertRevoke).
func (o *Center) onUnreadIssuance(ctx context.Context, raw *sqlstore.Tx, d exchange.Delivery) (outs []message.Out, err error) {
	tx := o.in(raw)
	for _, key := range d.Keys {
		code, err := resident.ParseRecordCode("key", key)
		if err != nil {
			continue // it names nobody, so that nothing can be told of it
		}
		holder, err := tx.Holder(ctx, code)
		if err != nil {
			return nil, err
		}
		for _, p := range cert.Profiles {
			i, err := tx.Invalidation(ctx, holder, p)
			if err != nil {
				return nil, err
			}
			if i.Version == 0 {
				continue
			}
			demand, first, err := tx.DemandHolder(ctx, d.Sender, code, i)
			if err != nil {
				return nil, err
			}
			if first {
				outs = append(outs, demanded([]store.Demand{demand})...)
			}
		}
		more, err := passOn(ctx, tx, holder, []unreadNotice{{d.Sender, code}})
		if err != nil {
			return nil, err
		}
		outs = append(outs, more...)
	}
	return outs, nil
}

// checkHolder compares what a signature certificate states with the state that it says it certifies, when the center
// holds exactly that one. A holder of whom nothing has come yet is no mistake: the change may be on its way.
func (o *Center) checkHolder(ctx context.Context, tx *store.Tx, n message.CertIssuance) error {
	if n.Profile != cert.Signature {
		return nil
	}
	state, found, err := tx.State(ctx, n.Code)
	if err != nil || !found || state.Version != n.Version {
		return err
	}
	if state.Name == n.Name && state.Address == n.Address {
		return nil
	}
	var ja, en string
	switch {
	case state.Name == n.Name:
		ja, en = "住所", "address"
	case state.Address == n.Address:
		ja, en = "氏名", "name"
	default:
		ja, en = "氏名と住所", "name and address"
	}
	return exchange.Reject("does-not-match",
		fmt.Sprintf("証明書の%sが、版%sの本人確認情報と合いません。発行した記録と住民の記録を見比べてください。", ja, resident.Version(n.Version)),
		fmt.Sprintf("the certificate's %s is not that of version %s of the record: compare what was issued with the register", en, n.Version))
}
