package interop

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"iter"
	"math/big"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/crl"
	"github.com/akashi-id/akashi/internal/pki/jpki"
)

var (
	matsumoto = jpki.Partition{Prefecture: "Nagano-ken", Municipality: "Matsumoto-shi"}
	iida      = jpki.Partition{Prefecture: "Nagano-ken", Municipality: "Iida-shi"}
	birthday  = cert.Birthday{Month: 2, Day: 17}
)

const day = 24 * time.Hour

// world is a generation of the card: its CAs, a holder, and the service that answers. The keys are those of package jpki's tests, which are known to everybody;
// the stranger's is nobody's.
type world struct {
	*testing.T
	generation cert.Generation
	now        time.Time // programs of others have their own clock, so this is the real one
	cas        map[cert.Profile]authority
	holder     crypto.Signer
	responder  crypto.Signer
	stranger   crypto.Signer

	http    *httptest.Server
	mu      sync.Mutex // guards what follows
	answers []*answering
}

// authority is a CA with its key.
type authority struct {
	*jpki.Issuer
	certificate *x509.Certificate
	key         crypto.Signer
}

func newWorld(t *testing.T, g cert.Generation) *world {
	w := &world{T: t, generation: g, now: clock.System().Now().Truncate(time.Second), cas: map[cert.Profile]authority{}}
	w.holder, w.responder = w.key("holder"), w.key("ocsp")
	w.stranger = must[crypto.Signer](w)(pki.GenerateKey(rand.Reader, g.Algorithm()))
	for _, p := range cert.Profiles {
		w.cas[p] = w.authority(w.selfSigned(p, w.key("ca-"+p.String()), nil), w.key("ca-"+p.String()))
	}
	w.http = httptest.NewServer(w)
	t.Cleanup(w.http.Close)
	return w
}

func must[V any](t testing.TB) func(V, error) V {
	return func(v V, err error) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (w *world) key(name string) crypto.Signer {
	w.Helper()
	if w.generation == cert.Next {
		name += "-next"
	}
	text := must[[]byte](w)(os.ReadFile(filepath.Join("..", "jpki", "testdata", name+".key")))
	return must[crypto.Signer](w)(pki.DecodeKey(text))
}

func (w *world) serial() cert.Serial { return must[cert.Serial](w)(cert.NewSerial(rand.Reader)) }

// signed signs a to-be-signed certificate, after a change perhaps, as the CA does.
func (w *world) signed(key crypto.Signer, tbs []byte, edit func(*fields)) []byte {
	w.Helper()
	if edit != nil {
		tbs = w.edit(tbs, edit)
	}
	signature := must[[]byte](w)(pki.SignTBS(rand.Reader, key, tbs))
	return must[[]byte](w)(pki.AssembleCertificate(tbs, signature))
}

func (w *world) selfSigned(p cert.Profile, key crypto.Signer, edit func(*fields)) []byte {
	w.Helper()
	return w.signed(key, w.caTBS(p, key.Public()), edit)
}

func (w *world) caTBS(p cert.Profile, public crypto.PublicKey) []byte {
	w.Helper()
	first := must[cert.Serial](w)(cert.SerialFromInt(big.NewInt(1)))
	return must[[]byte](w)(jpki.CATBS(p, public, first, w.now.AddDate(-1, 0, 0)))
}

func (w *world) authority(der []byte, key crypto.Signer) authority {
	w.Helper()
	return authority{must[*jpki.Issuer](w)(jpki.OpenIssuer(der)), must[*x509.Certificate](w)(x509.ParseCertificate(der)), key}
}

// userTBS is what a CA would issue a month ago to a resident of Matsumoto, with an address where the scenario's answers are.
func (w *world) userTBS(a authority, serial cert.Serial, ocsp string) []byte {
	w.Helper()
	from := w.now.AddDate(0, -1, 0)
	u := jpki.User{Serial: serial, Public: w.holder.Public(), NotBefore: from, NotAfter: must[time.Time](w)(cert.NotAfter(from, birthday)),
		CommonName: must[string](w)(jpki.CommonName(a.Profile(), from, 123, "202021A01")), Partition: matsumoto, OCSP: ocsp}
	if a.Profile() == cert.Signature {
		u.Holder = must[*cert.Holder](w)(jpki.NewHolder("\u9ad9橋　花子", "2", 1980, 2, 17, "長野県松本市丸の内３番７号"))
	}
	return must[[]byte](w)(a.UserTBS(u))
}

// responderOf is a certificate by which a CA lets a key answer for it.
func (w *world) responderOf(a authority, public crypto.PublicKey, edit func(*fields)) []byte {
	w.Helper()
	tbs := must[[]byte](w)(a.OCSPSignerTBS(jpki.OCSPSigner{Serial: w.serial(), Public: public, NotBefore: w.now.AddDate(0, 0, -5), NotAfter: w.now.AddDate(0, 0, 25), CommonName: "OCSP"}))
	return w.signed(a.key, tbs, edit)
}

// list is a revocation list of a CA: its number, since when, and what it names. Others are always on it.
type list struct {
	part    jpki.Partition
	number  uint64
	base    uint64
	from    time.Time
	until   time.Time
	key     crypto.Signer // nil: the CA's
	revoked []cert.Serial
}

func (w *world) full(revoked ...cert.Serial) list {
	return list{part: matsumoto, number: 7, from: w.now.Add(-time.Hour), until: w.now.Add(day), revoked: revoked}
}

func (w *world) delta(revoked ...cert.Serial) list {
	return list{part: matsumoto, number: 8, base: 7, from: w.now.Add(-time.Minute), until: w.now.Add(day), revoked: revoked}
}

// write writes a list as the CA's writer does.
func (w *world) write(a authority, l list) []byte {
	w.Helper()
	partition := must[[]byte](w)(l.part.Name(a.Profile()).DER())
	h := crl.Head{Authority: must[crl.Authority](w)(crl.AuthorityOf(a.certificate)), Number: l.number, Base: l.base, ThisUpdate: l.from, NextUpdate: l.until, Partition: partition}
	if l.base == 0 {
		h.Freshest = partition
	}
	key := l.key
	if key == nil {
		key = a.key
	}
	serials := append([]cert.Serial{must[cert.Serial](w)(cert.ParseSerial("0A")), must[cert.Serial](w)(cert.ParseSerial("0B0C"))}, l.revoked...)
	entries := func(yield func(crl.Entry, error) bool) { // by ascending serial: ours are longer
		for i, s := range serials {
			if !yield(crl.Entry{Serial: s, At: l.from.Add(-time.Hour), Reason: cert.Reasons[i+1]}, nil) {
				return
			}
		}
	}
	var out bytes.Buffer
	_, err := crl.Write(context.Background(), &out, h, iter.Seq2[crl.Entry, error](entries), func(_ context.Context, digest []byte) ([]byte, error) {
		return key.Sign(rand.Reader, digest, h.Authority.Hash)
	})
	if err != nil {
		w.Fatal(err)
	}
	return out.Bytes()
}

// fields is a TBSCertificate as far as it is changed here.
type fields struct {
	Version    int `asn1:"explicit,tag:0"`
	Serial     *big.Int
	Algorithm  asn1.RawValue
	Issuer     asn1.RawValue
	Validity   validity
	Subject    asn1.RawValue
	Key        asn1.RawValue
	Extensions []extension `asn1:"explicit,tag:3"`
}

type validity struct{ NotBefore, NotAfter time.Time }

type extension struct {
	ID       asn1.ObjectIdentifier
	Critical bool `asn1:"optional"`
	Value    []byte
}

func (w *world) edit(tbs []byte, change func(*fields)) []byte {
	w.Helper()
	var f fields
	if rest, err := asn1.Unmarshal(tbs, &f); err != nil || len(rest) > 0 {
		w.Fatal(err)
	}
	change(&f)
	return must[[]byte](w)(asn1.Marshal(f))
}

// set puts an extension in the place of that of its kind, or at the end.
func (f *fields) set(e extension) {
	for i := range f.Extensions {
		if f.Extensions[i].ID.Equal(e.ID) {
			f.Extensions[i] = e
			return
		}
	}
	f.Extensions = append(f.Extensions, e)
}

func raw(der []byte) asn1.RawValue { return asn1.RawValue{FullBytes: der} }
