package inspect

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/crl"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
)

// noon is when the specimens are made.
var noon = time.Date(2026, 4, 1, 12, 0, 0, 0, jst)

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// office is a CA with its key. Its writers are those of the program, on which this package does not stand.
type office struct {
	t           testing.TB
	key         crypto.Signer
	issuer      *jpki.Issuer
	certificate *x509.Certificate
}

func newOffice(t testing.TB, p cert.Profile) *office {
	t.Helper()
	o := &office{t: t, key: must[crypto.Signer](t)(pki.GenerateKey(rand.Reader, cert.P256SHA256))}
	der := o.sign(must[[]byte](t)(jpki.CATBS(p, o.key.Public(), serial(t, "01"), noon.AddDate(-1, 0, 0))))
	o.issuer = must[*jpki.Issuer](t)(jpki.OpenIssuer(der))
	o.certificate = must[*x509.Certificate](t)(x509.ParseCertificate(der))
	return o
}

func serial(t testing.TB, s string) cert.Serial {
	t.Helper()
	return must[cert.Serial](t)(cert.ParseSerial(s))
}

func (o *office) sign(tbs []byte) []byte {
	o.t.Helper()
	return must[[]byte](o.t)(pki.AssembleCertificate(tbs, must[[]byte](o.t)(pki.SignTBS(rand.Reader, o.key, tbs))))
}

var matsumoto = jpki.Partition{Prefecture: "Nagano-ken", Municipality: "Matsumoto-shi"}

// tbs writes a certificate with a key, or a new one.
func (o *office) tbs(public crypto.PublicKey, until time.Time) []byte {
	o.t.Helper()
	if public == nil {
		public = must[*ecdsa.PrivateKey](o.t)(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)).Public()
	}
	u := jpki.User{Serial: serial(o.t, "4711"), Public: public, NotBefore: noon, NotAfter: until, Partition: matsumoto, OCSP: "http://127.0.0.1/ocsp",
		CommonName: must[string](o.t)(jpki.CommonName(o.issuer.Profile(), noon, 1, "20202A001"))}
	if o.issuer.Profile() == cert.Signature {
		u.Holder = must[*cert.Holder](o.t)(jpki.NewHolder("髙橋　花子", "2", 1980, time.February, 17, "長野県松本市丸の内3番7号"))
	}
	return must[[]byte](o.t)(o.issuer.UserTBS(u))
}

var birthday = time.Date(2031, 2, 17, 23, 59, 59, 0, jst)

// stored is a row as it must be.
func (o *office) stored(tbs []byte) Stored {
	o.t.Helper()
	der := o.sign(tbs)
	c := must[*x509.Certificate](o.t)(x509.ParseCertificate(der))
	key, intent, told := sha256.Sum256(c.RawSubjectPublicKeyInfo), sha256.Sum256(tbs), true
	return Stored{DER: der, Serial: c.SerialNumber.Bytes(), Profile: o.issuer.Profile().String(), KeyHash: key[:], NotBefore: c.NotBefore, NotAfter: c.NotAfter,
		State: "valid", Issued: noon, Issuer: o.certificate, Prefecture: matsumoto.Prefecture, District: matsumoto.Municipality, Intent: intent[:],
		ToldIssue: &told, ToldState: &told}
}

// swap changes bytes of a certificate and has it signed again.
func (o *office) swap(tbs []byte, was, is string) []byte {
	o.t.Helper()
	if len(was) != len(is) || bytes.Count(tbs, []byte(was)) < 1 {
		o.t.Fatalf("%q is not there, or %q is longer", was, is)
	}
	return bytes.Replace(tbs, []byte(was), []byte(is), 1)
}

func (o *office) listTBS(number uint64, at, next time.Time, entries ...crl.Entry) []byte {
	o.t.Helper()
	return o.deltaTBS(number, 0, at, next, entries...)
}

// deltaTBS writes a delta list on a base; 0: a full list.
func (o *office) deltaTBS(number, base uint64, at, next time.Time, entries ...crl.Entry) []byte {
	o.t.Helper()
	a := must[crl.Authority](o.t)(crl.AuthorityOf(o.certificate))
	name := must[[]byte](o.t)(matsumoto.Name(o.issuer.Profile()).DER())
	var b bytes.Buffer
	head := crl.Head{Authority: a, Number: number, Base: base, ThisUpdate: at, NextUpdate: next, Partition: name, Freshest: name}
	if base != 0 {
		head.Freshest = nil
	}
	d := must[*crl.Draft](o.t)(crl.NewDraft(o.t.Context(), head, func(yield func(crl.Entry, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}))
	must[[]byte](o.t)(d.WriteTBS(o.t.Context(), &b))
	return b.Bytes()
}

func (o *office) signList(tbs []byte) []byte {
	o.t.Helper()
	return must[[]byte](o.t)(o.issuer.AssembleCRL(tbs, must[[]byte](o.t)(pki.SignTBS(rand.Reader, o.key, tbs))))
}

// entry is revoked an hour before noon.
func (o *office) entry(number string, r cert.RevocationReason) crl.Entry {
	return crl.Entry{Serial: serial(o.t, number), At: noon.Add(-time.Hour), Reason: r}
}

func (o *office) revocation(number, reason string) Revocation {
	return Revocation{Serial: serial(o.t, number).Bytes(), At: noon.Add(-time.Hour), Reason: reason, NotAfter: birthday}
}

// respond answers as a responder that the CA has certified.
func (o *office) respond(number string, change func(*ocspwire.Response), certificate func([]byte) []byte) []byte {
	o.t.Helper()
	key := must[crypto.Signer](o.t)(pki.GenerateKey(rand.Reader, cert.P256SHA256))
	tbs := must[[]byte](o.t)(o.issuer.OCSPSignerTBS(jpki.OCSPSigner{Serial: serial(o.t, "77"), Public: key.Public(), NotBefore: noon.Add(-time.Hour),
		NotAfter: noon.AddDate(0, 0, 30), CommonName: "OCSP"}))
	if certificate != nil {
		tbs = certificate(tbs)
	}
	der := o.sign(tbs)
	c := must[*x509.Certificate](o.t)(x509.ParseCertificate(der))
	id := must[ocspwire.CertID](o.t)(ocspwire.NewCertID(crypto.SHA1, o.certificate, serial(o.t, number)))
	r := ocspwire.Response{ResponderKey: must[[]byte](o.t)(ocspwire.ResponderKeyOf(c)), ProducedAt: noon,
		Singles: []ocspwire.Single{{ID: id, Status: cert.Valid, ThisUpdate: noon, NextUpdate: noon.Add(10 * time.Minute)}}}
	if change != nil {
		change(&r)
	}
	body := must[[]byte](o.t)(r.TBS())
	algorithm := must[[]byte](o.t)(pki.AlgorithmIdentifier(cert.P256SHA256))
	return must[[]byte](o.t)(ocspwire.Assemble(body, algorithm, must[[]byte](o.t)(pki.SignTBS(rand.Reader, key, body)), der))
}
