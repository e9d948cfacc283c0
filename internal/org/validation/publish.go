package validation

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/crl"
	"github.com/akashi-id/akashi/internal/pki/crl/publish"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const (
	// maxListLife bounds the life of a list. The CA makes one every day; where it is told to make them every month, they live two.
	maxListLife = 100 * 24 * time.Hour
	// maxAhead is how far the CA's clock may be before ours.
	maxAhead = 5 * time.Minute
)

// onCertCRL publishes a list, after it was checked by other code than the CA's. A list that is older than the published
// one has nothing to say and changes nothing, so that lists may come in any order (safe).
func (o *Validation) onCertCRL(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.CertCRL) ([]message.Out, error) {
	r, err := o.rootOf(d.Sender, n.Issuer)
	if err != nil {
		return nil, err
	}
	o.made(tx, d)
	rules, before, err := o.partition(ctx, tx, r, n.Municipality, n.CRL)
	if err != nil {
		return nil, err
	}
	list := publish.Bytes(n.CRL)
	v, err := publish.Check(ctx, rules, before, publish.Offer{Full: list}, tx.Now())
	if err != nil {
		return nil, err
	}
	switch {
	case v.Full != nil && v.Full.Number != nil && (!v.Full.Number.IsUint64() || v.Full.Number.Uint64() != n.Number):
		return nil, badList(plain.Sentence{JA: "リストの番号が、電文の番号と違います。認証局で作り直してください。", EN: "its number is not that of the message; make it again at the CA."})
	case v.Same || superseded(v):
		return nil, nil // RFC 5280 5.2.3: the numbers increase, and the highest is the one that counts
	case !v.Publish():
		return nil, badList(told(v))
	}
	for _, f := range v.Findings {
		o.Log.ErrorContext(ctx, "a revocation list was published and something is wrong with it", "municipality", n.Municipality, "number", n.Number, "finding", f.Code, "says", f.Sentence)
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "publish-finding", Subject: n.Municipality.String(), Case: d.ID.String(), Detail: string(f.Code) + " " + f.Serial.String()})
	}
	if err := o.notePublished(ctx, tx, r, n, v); err != nil {
		return nil, err
	}
	// What a list names and no status has told is taken from it: the CA signed it, and nothing that protects waits.
	if err := publish.Added(ctx, rules, before, list, func(e crl.Entry) error {
		s := message.CertStatus{Serial: e.Serial, Issuer: r.id, Profile: r.profile, Municipality: n.Municipality,
			Revoked: true, Reason: e.Reason, At: e.At, NotAfter: time.Unix(0, 0)}
		ended, err := tx.Tell(ctx, s)
		if err == nil {
			err = o.planImpact(tx, s, ended)
		}
		return err
	}); err != nil {
		return nil, err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "publish", Subject: n.Municipality.String(), Case: d.ID.String(), Detail: strconv.FormatUint(n.Number, 10)})
	return nil, tx.Publish(ctx, store.List{Issuer: n.Issuer, Municipality: n.Municipality, Profile: r.profile, Number: int64(n.Number),
		ThisUpdate: v.Full.ThisUpdate, NextUpdate: v.Full.NextUpdate, Entries: int64(v.Full.Entries), DER: n.CRL})
}

// superseded: the only thing that keeps a list from being published is that a later one is.
func superseded(v *publish.Verdict) bool {
	back := false
	for _, f := range v.Findings {
		if f.Code.Stops() && f.Code != publish.NumberBack {
			return false
		}
		back = back || f.Code == publish.NumberBack
	}
	return back
}

func badList(s plain.Sentence) error {
	return exchange.Reject("bad-list", "失効リストを公表できません。"+s.JA, "the revocation list cannot be published: "+s.EN)
}

// told joins what stops a list; a few of many are enough to go to the CA with.
func told(v *publish.Verdict) plain.Sentence {
	var ja, en []string
	for _, f := range v.Findings {
		if f.Code.Stops() && len(ja) < 5 {
			ja, en = append(ja, f.JA), append(en, f.EN)
		}
	}
	return plain.Sentence{JA: strings.Join(ja, ""), EN: strings.Join(en, " ")}
}

// partition says what the lists of a municipality are held to, and what was published for it.
func (o *Validation) partition(ctx context.Context, tx *store.Tx, r *root, m resident.MunicipalityCode, offered []byte) (rules publish.Rules, before publish.Before, err error) {
	a, err := crl.AuthorityOf(r.certificate)
	if err != nil {
		return rules, before, err
	}
	rules = publish.Rules{Issuer: a.Name, KeyID: a.KeyID, Algorithm: a.Algorithm, Hash: a.Hash, MaxLife: maxListLife, MaxAhead: maxAhead,
		Verify: func(digest, signature []byte) error {
			return pki.VerifyDigest(r.certificate.PublicKey, digest, signature)
		},
		Certificate: func(ctx context.Context, serial cert.Serial) (publish.Certificate, error) {
			held, found, err := tx.Held(ctx, r.id, serial)
			c := publish.Certificate{Known: found, Here: held.Municipality == m.String()}
			if held.NotAfter.Unix() > 0 { // a list that told of it did not say
				c.NotAfter = held.NotAfter
			}
			return c, err
		}}
	was, published, err := tx.Published(ctx, r.id, m)
	if err != nil {
		return rules, before, err
	}
	before.Base = func(context.Context, uint64) (publish.Source, bool, error) { return nil, false, nil } // no delta lists are sent
	if published {
		before.Number, before.Full = uint64(was.Number), publish.Bytes(was.DER)
		before.Revoked = tx.Revoked(ctx, r.id, m)
		// A municipality keeps the name under which it was first published, because certificates name it so for years.
		if list, err := crl.Read(bytes.NewReader(was.DER), a.Hash, crl.Limits{}, nil); err == nil {
			if e := list.Extension(crl.Scope); e != nil {
				rules.Scope = e.Value
				return rules, before, nil
			}
		}
	}
	made := tx.Now()
	if list, err := crl.Read(bytes.NewReader(offered), a.Hash, crl.Limits{}, nil); err == nil {
		made = list.ThisUpdate
	}
	part, err := partitionOf(m, resident.DateOf(made))
	if _, unknown := plain.AsProblems(err); unknown {
		return rules, before, nil // no list is for a municipality that is not there: no scope is the right one
	}
	if err == nil {
		rules.Scope, err = scope(part.Name(r.profile))
	}
	return rules, before, err
}

// partitionOf names a municipality in Latin letters. The CA does it too: a rule that both authorities apply is written by both, so
// that a mistake in one is found by the other.
func partitionOf(code resident.MunicipalityCode, on resident.Date) (jpki.Partition, error) {
	m, err := resident.Lookup("municipality", code, on)
	if err != nil {
		return jpki.Partition{}, err
	}
	p, _ := resident.PrefectureOf(code.Prefecture())
	part := jpki.Partition{Prefecture: p.Romaji(), Municipality: m.Romaji()}
	if m.City == "" {
		return part, nil
	}
	for _, city := range resident.FindMunicipalities(code.Prefecture(), m.City, on) {
		if city.Name == m.City && city.City == "" {
			part.Municipality = city.Romaji() + " " + m.Romaji()
		}
	}
	return part, nil
}

// scope is an issuing distribution point as it must be (RFC 5280 5.2.5): the partition's name, and user certificates only.
func scope(name jpki.Name) ([]byte, error) {
	der, err := name.DER()
	if err != nil {
		return nil, err
	}
	tag := func(n uint8) cb.Tag { return cb.Tag(n).ContextSpecific().Constructed() }
	var b cryptobyte.Builder
	b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(tag(0), func(b *cryptobyte.Builder) { // distributionPoint
			b.AddASN1(tag(0), func(b *cryptobyte.Builder) { // fullName
				b.AddASN1(tag(4), func(b *cryptobyte.Builder) { b.AddBytes(der) }) // directoryName
			})
		})
		b.AddASN1(cb.Tag(1).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddUint8(0xff) }) // onlyContainsUserCerts
	})
	return b.Bytes()
}
