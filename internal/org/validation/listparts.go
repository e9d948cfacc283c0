package validation

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// dueLists is the work of publishing what has come for a partition.
const dueLists = "publish lists"

// onCertCRL keeps a part of a list. When the last of its parts is there, the list is published by a step of its own (publish.go). What is
// older than the published list has nothing to say, so that parts and lists may come in any order (safe). What is older than one that came as
// a whole is kept until that one is published: were it refused, the older one would be missed.
func (o *Validation) onCertCRL(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.CertCRL) ([]message.Out, error) {
	if _, err := o.rootOf(d.Sender, n.Issuer); err != nil {
		return nil, err
	}
	o.made(tx, d)
	offer := store.Offer{Issuer: n.Issuer, Municipality: n.Municipality, Digest: n.Digest, Delta: n.Base != 0, Number: int64(n.Number), Base: int64(n.Base),
		Parts: int64(n.Parts), Sender: d.Sender, Case: d.ID.String()}
	part := int64(n.Part)
	if part == 0 { // an older program sends lists in one piece
		sum := sha256.Sum256(n.CRL)
		offer.Digest, offer.Parts, offer.Older, part = sum[:], 1, true, 1
	}
	k, kept, err := tx.Offer(ctx, n.Issuer, n.Municipality, offer.Digest)
	if err != nil {
		return nil, err
	}
	newest, err := o.newest(ctx, tx, offer)
	if err != nil {
		return nil, err
	}
	if kept {
		if k.Delta != offer.Delta || k.Number != offer.Number || k.Base != offer.Base || k.Parts != offer.Parts {
			return nil, contradicts()
		}
		if k.State != store.Collecting {
			return nil, nil // it is all here
		}
	}
	if offer.Number < newest {
		return nil, nil
	}
	now, same, err := tx.Gather(ctx, offer, part, n.CRL)
	if err != nil {
		return nil, err
	}
	if !same {
		return nil, contradicts()
	}
	if now.State != store.Whole {
		return nil, nil
	}
	due.Add(tx.Tx, tx.Now(), dueLists, listRef(n.Issuer, n.Municipality), nil)
	return nil, nil
}

// newest is the number of the published list of a kind.
func (o *Validation) newest(ctx context.Context, tx *store.Tx, of store.Offer) (int64, error) {
	find := tx.Published
	if of.Delta {
		find = tx.Delta
	}
	l, _, err := find(ctx, of.Issuer, of.Municipality)
	return l.Number, err
}

// contradicts refuses a part that cannot belong to what has come of its list: it is set aside as any message that is refused.
func contradicts() error {
	return exchange.Reject("list-parts-contradict", "失効リストの分割された部分が、先に届いた同じリストの部分と食い違います。認証局で新しいリストを作らせてください。",
		"the part of the revocation list contradicts a part of the same list that came before: have the CA make a new list")
}

// listPatience is how long a list may wait for its parts, or a whole one to be published, before somebody is told.
const listPatience = 10 * time.Minute

// listStands says what is wrong with a list that came and is not published; empty: nothing, yet.
func (o *Validation) listStands(of store.Offer, others []store.Offer, published int64, now time.Time) (rule string, says plain.Sentence) {
	switch {
	case of.State == store.Refused:
		return "refused", plain.Sentence{JA: "公表していません。" + of.Reason.JA + "認証局で新しいリストを作らせてください（akashi ca list）。",
			EN: "It is not published. " + of.Reason.EN + " Have the CA make a new list (akashi ca list)."}
	case of.State == store.PublishedOffer:
		return "", says
	}
	for _, k := range others {
		if k.Number == of.Number && k.Delta == of.Delta && !bytes.Equal(k.Digest, of.Digest) {
			return "contradicts", plain.Sentence{JA: "同じ番号で内容の違うリストが、二つ届いています。認証局が二重に動いていないか確かめてください。",
				EN: "Two lists of one number have come, and are not the same: check whether the CA runs twice."}
		}
	}
	since := of.First.In(cert.JST).Format("15:04:05")
	switch {
	case now.Sub(of.First) <= listPatience:
		return "", says
	case of.State == store.Collecting:
		return "incomplete", say(fmt.Sprintf("%d個に分かれたリストのうち%d個だけが、%sから届いたままです。認証局との連携を確かめ、新しいリストを作らせてください（akashi ca list）。", of.Parts, of.Have, since),
			fmt.Sprintf("Of %d parts of the list %d have come, since %s: look at the exchange with the CA, and have a new list made (akashi ca list).", of.Parts, of.Have, since))
	case of.Delta && of.Base > published:
		return "base-away", say(fmt.Sprintf("差分リストが、基となる番号%dのリストを%sから待っています。認証局で新しいリストを作らせてください（akashi ca list）。", of.Base, since),
			fmt.Sprintf("A delta list has waited for its base, number %d, since %s: have a new list made at the CA (akashi ca list).", of.Base, since))
	}
	return "waits", say(fmt.Sprintf("揃ったリストが、%sから公表されないままです。期日の仕事を調べてください。", since),
		fmt.Sprintf("A list is whole since %s and is not published: look at the due work.", since))
}

func listRef(issuer string, m resident.MunicipalityCode) string { return issuer + "/" + m.String() }
