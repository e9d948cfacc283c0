package validation

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/crl"
	"github.com/akashi-id/akashi/internal/pki/crl/publish"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

const (
	// maxListLife bounds the life of a list. The CA makes one every day; where it is told to make them every month, they live two.
	maxListLife = 100 * 24 * time.Hour
	// maxAhead is how far the CA's clock may be before ours.
	maxAhead = 5 * time.Minute
)

// decision is what became of a list that was looked at, outside of any transaction that writes.
type decision struct {
	ref         string
	found       bool // there was one to look at
	offer       store.Offer
	profile     cert.Profile
	full, delta int64 // the numbers that were published then
	verdict     *publish.Verdict
	wrong       plain.Sentence // it is refused, whatever the verdict
	untold      []crl.Entry    // what it names and no status has told
	more        bool           // and there is more of that: the list waits until all is told
}

// mostUntold is how much is taken from a list at a time: after a loss of the database nothing that it names may be known.
var mostUntold = 20_000

var errEnough = errors.New("enough")

// decide looks at the next list of a partition, in one view: a full one before a delta list, which adds to one. It holds a part of a list at a
// time, and of its entries those alone that nothing has told of before.
func (o *Validation) decide(ctx context.Context, tx *store.Tx, ref string) (d decision, err error) {
	d.ref = ref
	issuer, code, _ := strings.Cut(ref, "/")
	m, err := resident.ParseMunicipalityCode("municipality", code)
	if err != nil {
		return d, err
	}
	r, ok := o.byID[issuer]
	if !ok {
		return d, unknownIssuer()
	}
	d.profile = r.profile
	was, _, err := tx.Published(ctx, issuer, m)
	if err != nil {
		return d, err
	}
	delta, _, err := tx.Delta(ctx, issuer, m)
	if err != nil {
		return d, err
	}
	d.full, d.delta = was.Number, delta.Number
	if d.offer, d.found, err = tx.NextOffer(ctx, issuer, m, was.Number); err != nil || !d.found { // a delta list waits for its base
		return d, err
	}
	source := func() (io.Reader, error) { return tx.Bytes(ctx, issuer, m, d.offer.Digest), nil }
	sum := sha256.New()
	if _, err := io.Copy(sum, tx.Bytes(ctx, issuer, m, d.offer.Digest)); err != nil {
		return d, err
	}
	if !bytes.Equal(sum.Sum(nil), d.offer.Digest) {
		d.wrong = plain.Sentence{JA: "届いた部分をつなげたものが、認証局の送ったリストになりません。", EN: "The parts that came do not make the list that the CA sent."}
		return d, nil
	}
	rules, before, err := o.partition(ctx, tx, r, m, d.offer, source)
	if err != nil {
		return d, err
	}
	offer := publish.Offer{Full: source}
	if d.offer.Delta {
		offer = publish.Offer{Delta: source}
	}
	if d.verdict, err = publish.Check(ctx, rules, before, offer, tx.Now()); err != nil {
		return d, err
	}
	list := d.verdict.Full
	if d.offer.Delta {
		list = d.verdict.Delta
	}
	switch {
	case list != nil && list.Number != nil && (!list.Number.IsUint64() || list.Number.Uint64() != uint64(d.offer.Number)),
		list != nil && list.Base != nil && (!list.Base.IsUint64() || list.Base.Uint64() != uint64(d.offer.Base)):
		d.wrong = plain.Sentence{JA: "リストの番号が、電文の番号と違います。認証局で作り直してください。", EN: "Its number is not that of the message; make it again at the CA."}
	case !d.verdict.Publish():
		if !d.verdict.Same && !superseded(d.verdict) {
			d.wrong = told(d.verdict)
		}
	default:
		if d.untold, err = untold(ctx, tx, rules, before, source, d.offer); errors.Is(err, errEnough) {
			d.more, err = true, nil
		}
	}
	return d, err
}

// superseded: the only thing that keeps a list from being published is that a later one is (RFC 5280 5.2.3: the numbers increase, and the
// highest is the one that counts).
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

// untold gives what a list names and no status has told: the CA signed it, and nothing that protects waits.
func untold(ctx context.Context, tx *store.Tx, rules publish.Rules, before publish.Before, list publish.Source, of store.Offer) (all []crl.Entry, err error) {
	see := func(e crl.Entry) error {
		ends, err := tx.Ends(ctx, of.Issuer, e.Serial)
		if err == nil && ends {
			if all = append(all, e); len(all) == mostUntold {
				return errEnough
			}
		}
		return err
	}
	if of.Delta {
		before = publish.Before{} // whatever it names: it is short
	}
	err = publish.Added(ctx, rules, before, list, see)
	return all, err
}

// partition says what the lists of a municipality are held to, and what was published for it.
func (o *Validation) partition(ctx context.Context, tx *store.Tx, r *root, m resident.MunicipalityCode, of store.Offer, offered publish.Source) (rules publish.Rules, before publish.Before, err error) {
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
	delta, _, err := tx.Delta(ctx, r.id, m)
	if err != nil {
		return rules, before, err
	}
	before.Base = func(ctx context.Context, number uint64) (publish.Source, bool, error) {
		l, found, err := tx.Base(ctx, r.id, m, int64(number))
		return l.Open(ctx, tx), found, err
	}
	if delta.Number > 0 {
		before.DeltaNumber, before.Delta = uint64(delta.Number), delta.Open(ctx, tx)
	}
	if published {
		before.Number, before.Full = uint64(was.Number), was.Open(ctx, tx)
		before.Revoked = tx.Revoked(ctx, r.id, m)
		// A municipality keeps the name under which it was first published, because certificates name it so for years.
		if list := o.read(before.Full, a); list != nil {
			if e := list.Extension(crl.Scope); e != nil {
				rules.Scope = e.Value
			}
		}
	}
	made, list := tx.Now(), o.read(offered, a)
	if list != nil {
		made = list.ThisUpdate
	}
	if rules.Scope == nil {
		part, err := partitionOf(m, resident.DateOf(made))
		if _, unknown := plain.AsProblems(err); unknown {
			return rules, before, nil // no list is for a municipality that is not there: no scope is the right one
		}
		if err != nil {
			return rules, before, err
		}
		if rules.Scope, err = scope(part.Name(r.profile)); err != nil {
			return rules, before, err
		}
	}
	if rules.Freshest, err = freshest(rules.Scope); of.Older && list != nil && list.Extension(crl.Freshest) == nil {
		rules.Freshest = nil // an older program made it, for which there were no delta lists
	}
	return rules, before, err
}

// read reads a list, nil when it is none.
func (o *Validation) read(from publish.Source, a crl.Authority) *crl.Info {
	r, err := from()
	if err != nil {
		return nil
	}
	list, err := crl.Read(r, a.Hash, crl.Limits{}, nil)
	if err != nil {
		return nil
	}
	return list
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

// freshest is a freshest CRL extension as it must be (RFC 5280 5.2.6): delta lists are where the full lists of the scope are.
func freshest(scope []byte) ([]byte, error) {
	in := cryptobyte.String(scope)
	var body, point cryptobyte.String
	if !in.ReadASN1(&body, cb.SEQUENCE) || !body.ReadASN1Element(&point, cb.Tag(0).ContextSpecific().Constructed()) {
		return nil, nil // a published list with such a scope is a matter of the scope
	}
	var b cryptobyte.Builder
	b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(point) })
	})
	return b.Bytes()
}

// detail names a list in the record: "12", "13 on 12".
func detail(of store.Offer) string {
	if of.Delta {
		return strconv.FormatInt(of.Number, 10) + " on " + strconv.FormatInt(of.Base, 10)
	}
	return strconv.FormatInt(of.Number, 10)
}
