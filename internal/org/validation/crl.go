package validation

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/asn1"
	"net/http"
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
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// onCertCRL publishes a list, after it was checked by other code than the CA's. A list that is older than the published
// one has nothing to say and changes nothing, so that lists may come in any order (safe).
func (o *Validation) onCertCRL(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.CertCRL) ([]message.Out, error) {
	r, ok := o.byID[n.Issuer]
	if !ok {
		return nil, unknownIssuer()
	}
	list, err := x509.ParseRevocationList(n.CRL)
	if err != nil {
		return nil, badList("その内容は失効リストとして読めません。", "the bytes are no revocation list")
	}
	was, published, err := tx.Published(ctx, n.Issuer, n.Municipality)
	if err != nil {
		return nil, err
	}
	var previous *x509.RevocationList
	damaged := false
	if published {
		if previous, err = x509.ParseRevocationList(was.DER); err != nil {
			// Its row was damaged. That must not keep the next list from those who rely on it; what the damaged one named is
			// looked for in the states.
			o.Log.ErrorContext(ctx, "the published list cannot be read any more, and is replaced", "municipality", n.Municipality, "error", err)
			previous, damaged = nil, true
		}
	}
	switch {
	case list.CheckSignatureFrom(r.certificate) != nil:
		return nil, badList("署名が、その認証局の鍵によるものではありません。", "it is not signed with the key of its CA")
	case list.Number == nil || !list.Number.IsUint64() || list.Number.Uint64() != n.Number:
		return nil, badList("リストの番号が、電文の番号と違います。", "its number is not that of the message")
	case !list.ThisUpdate.Before(list.NextUpdate):
		return nil, badList("次回更新の時刻がありません。", "it does not say when the next one comes")
	}
	if err := checkScope(list, previous, r, n.Municipality); err != nil {
		return nil, err
	}
	if published && int64(n.Number) <= was.Number {
		return nil, nil // RFC 5280 5.2.3: the numbers increase, and the highest is the one that counts
	}
	if err := o.checkNothingVanished(ctx, tx, n.Issuer, previous, list); err != nil {
		return nil, err
	}
	if damaged {
		if err := o.checkStates(ctx, tx, n, list); err != nil {
			return nil, err
		}
	}
	if err := o.learn(ctx, tx, r, n.Municipality, previous, list); err != nil {
		return nil, err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "publish", Subject: n.Municipality.String(), Case: d.ID.String(), Detail: strconv.FormatUint(n.Number, 10)})
	return nil, tx.Publish(ctx, store.List{Issuer: n.Issuer, Municipality: n.Municipality, Profile: r.profile, Number: int64(n.Number),
		ThisUpdate: list.ThisUpdate, NextUpdate: list.NextUpdate, Entries: int64(len(list.RevokedCertificateEntries)), DER: n.CRL})
}

func badList(ja, en string) error {
	return exchange.Reject("bad-list", "失効リストを公表できません。"+ja+"認証局で作り直してください。", "the revocation list cannot be published: "+en+"; make it again at the CA")
}

var oidIssuingDistributionPoint = asn1.ObjectIdentifier{2, 5, 29, 28}

// checkScope: the list says, critically, that it is for this municipality's certificates and no others. A municipality
// keeps the name under which it was first published, because certificates name it so for years.
func checkScope(list, previous *x509.RevocationList, r *root, m resident.MunicipalityCode) error {
	got := scopeOf(list)
	if previous != nil {
		if !bytes.Equal(got, scopeOf(previous)) {
			return badList("対象の市区町村が、公表中のリストと違います。", "its scope is not that of the published list")
		}
		return nil
	}
	if part, err := partitionOf(m, resident.DateOf(list.ThisUpdate)); err == nil {
		if want, err := scope(part.Name(r.profile)); err == nil && bytes.Equal(got, want) {
			return nil
		}
	}
	return badList("対象の市区町村が、電文の市区町村と違います。", "its scope is not the municipality of the message")
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

// scopeOf is the list's critical issuing distribution point, nil when there is none.
func scopeOf(list *x509.RevocationList) []byte {
	for _, e := range list.Extensions {
		if e.Id.Equal(oidIssuingDistributionPoint) && e.Critical {
			return e.Value
		}
	}
	return nil
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

// checkNothingVanished: what was revoked stays on the lists for as long as its term runs. A list that leaves one out would make a
// dead certificate good again for everybody who relies on lists.
func (o *Validation) checkNothingVanished(ctx context.Context, tx *store.Tx, issuer string, previous, list *x509.RevocationList) error {
	for _, e := range missing(previous, list) {
		must, err := tx.StillRevoked(ctx, issuer, e.serial, list.ThisUpdate)
		if err != nil {
			return err
		}
		if must {
			return badList("公表中のリストにある発行番号 "+e.serial.String()+" がありません。", "it leaves out "+e.serial.String()+", which the published list names")
		}
	}
	return nil
}

// checkStates is checkNothingVanished where the list before can no longer be read: what was told as revoked stands on it.
func (o *Validation) checkStates(ctx context.Context, tx *store.Tx, n message.CertCRL, list *x509.RevocationList) error {
	ended, err := tx.RevokedIn(ctx, n.Issuer, n.Municipality, list.ThisUpdate)
	if err != nil {
		return err
	}
	names := map[cert.Serial]bool{}
	for _, e := range missing(list, nil) {
		names[e.serial] = true
	}
	for _, serial := range ended {
		if !names[serial] {
			return badList("失効した発行番号 "+serial.String()+" がありません。", "it leaves out "+serial.String()+", which is revoked")
		}
	}
	return nil
}

// learn takes revocations from a list whose statuses have not come yet: the CA signed them, and nothing that protects waits.
func (o *Validation) learn(ctx context.Context, tx *store.Tx, r *root, m resident.MunicipalityCode, previous, list *x509.RevocationList) error {
	for _, e := range missing(list, previous) {
		reason, err := cert.ReasonOfCode(e.ReasonCode)
		if err != nil {
			return badList("失効理由の符号が使われないものです。", "it gives a reason that is not used")
		}
		if _, err := tx.Tell(ctx, message.CertStatus{Serial: e.serial, Issuer: r.id, Profile: r.profile, Municipality: m,
			Revoked: true, Reason: reason, At: e.RevocationTime, NotAfter: time.Unix(0, 0)}); err != nil {
			return err
		}
	}
	return nil
}

type entry struct {
	serial cert.Serial
	x509.RevocationListEntry
}

// missing gives the entries of one list that another does not have, in their order.
func missing(of, in *x509.RevocationList) []entry {
	has := map[string]bool{}
	if in != nil {
		for _, e := range in.RevokedCertificateEntries {
			has[string(e.SerialNumber.Bytes())] = true
		}
	}
	var out []entry
	if of != nil {
		for _, e := range of.RevokedCertificateEntries {
			if serial, err := cert.SerialFromInt(e.SerialNumber); err == nil && !has[string(e.SerialNumber.Bytes())] {
				out = append(out, entry{serial, e})
			}
		}
	}
	return out
}

// serveList answers "202029.crl", the list for signature certificates, and "signature/202029.crl" or
// "authentication/202029.crl".
func (o *Validation) serveList(w http.ResponseWriter, r *http.Request, path string) {
	kind, file, named := strings.Cut(path, "/")
	if !named {
		kind, file = cert.Signature.String(), path
	}
	code, crl := strings.CutSuffix(file, ".crl")
	p, err := cert.ParseProfile(kind)
	m, err2 := resident.ParseMunicipalityCode("municipality", code)
	if err != nil || err2 != nil || !crl {
		http.NotFound(w, r)
		return
	}
	var newest store.List
	err = o.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		newest = store.List{}
		for _, root := range o.roots {
			if root.profile != p {
				continue
			}
			l, found, err := o.in(tx).Published(ctx, root.id, m)
			if err != nil {
				return err
			}
			if found && (newest.DER == nil || l.ThisUpdate.After(newest.ThisUpdate)) {
				newest = l
			}
		}
		return nil
	})
	switch {
	case err != nil:
		o.Log.ErrorContext(r.Context(), "a revocation list could not be read", "error", err)
		http.Error(w, "失効リストを読めませんでした。\nThe revocation list could not be read.", http.StatusServiceUnavailable)
	case newest.DER == nil:
		http.NotFound(w, r)
	default:
		w.Header().Set("Content-Type", "application/pkix-crl") // RFC 2585 4.2
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("ETag", `"`+newest.Issuer[:8]+"-"+strconv.FormatInt(newest.Number, 10)+`"`)
		http.ServeContent(w, r, "", newest.PublishedAt, bytes.NewReader(newest.DER))
	}
}

// serveRoot answers "signature.cer", the CA's certificate (DER), and "signature.pem", all its generations; the same for
// authentication.
func (o *Validation) serveRoot(w http.ResponseWriter, r *http.Request, file string) {
	name, form, _ := strings.Cut(file, ".")
	var ders [][]byte
	for _, root := range o.roots {
		if root.profile.String() == name {
			ders = append(ders, root.certificate.Raw)
		}
	}
	switch {
	case len(ders) == 0 || form != "cer" && form != "pem":
		http.NotFound(w, r)
	case form == "cer":
		w.Header().Set("Content-Type", "application/pkix-cert")
		w.Write(ders[0])
	default:
		w.Header().Set("Content-Type", "application/x-pem-file")
		w.Write(pki.EncodeCertificates(ders...))
	}
}
