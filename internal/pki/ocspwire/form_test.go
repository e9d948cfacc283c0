package ocspwire_test

import (
	"bytes"
	"crypto"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
)

// TestFormIsTheSame: an answer that is put together from what was kept of it is, octet for octet, the one that the encoder
// writes; for every state, reason, hash and length of a serial.
func TestFormIsTheSame(t *testing.T) {
	const seed = 20260401
	random := rand.New(rand.NewPCG(seed, seed))
	c := newCountry(t, cert.P256SHA256)
	key := must[[]byte](t)(ocspwire.ResponderKeyOf(c.responder))
	algorithm := must[[]byte](t)(pki.AlgorithmIdentifier(cert.P256SHA256))
	statuses := []ocspwire.Said{{Status: cert.Valid}, {Status: cert.Unknown}}
	for _, r := range cert.Reasons {
		statuses = append(statuses, ocspwire.Said{Status: cert.Revoked, Reason: r, RevokedAt: c.now.Unix() - 77})
	}
	for _, name := range must[[]ocspwire.Name](t)(ocspwire.NamesOf(c.ca)) {
		f := must[*ocspwire.Form](t)(ocspwire.NewForm(name, key, algorithm, c.responder.Raw))
		for octets := 1; octets <= cert.MaxSerialOctets; octets++ {
			for _, s := range statuses {
				number := make([]byte, octets)
				for i := range number {
					number[i] = byte(random.Uint32())
				}
				if number[0] |= 1; octets == cert.MaxSerialOctets {
					number[0] &= 0x7f
				}
				s.Serial, s.ProducedAt, s.ThisUpdate, s.NextUpdate = number, c.now.Unix(), c.now.Unix()-5, c.now.Unix()+600
				id := must[ocspwire.CertID](t)(ocspwire.NewCertID(name.Hash, c.ca, must[cert.Serial](t)(cert.SerialFromBytes(number))))
				single := ocspwire.Single{ID: id, Status: s.Status, ThisUpdate: time.Unix(s.ThisUpdate, 0), NextUpdate: time.Unix(s.NextUpdate, 0)}
				if s.Status == cert.Revoked {
					single.RevokedAt, single.Reason = time.Unix(s.RevokedAt, 0), s.Reason
				}
				tbs := must[[]byte](t)((&ocspwire.Response{ResponderKey: key, ProducedAt: c.now, Singles: []ocspwire.Single{single}}).TBS())
				if got := f.AppendTBS([]byte("x"), &s); !bytes.Equal(got[1:], tbs) {
					t.Fatalf("seed %d, %v, %d octets: signed is\n%x, want\n%x", seed, s.Status, octets, got[1:], tbs)
				}
				signature := make([]byte, []int{64, 71, 127, 128, 256, 512}[random.IntN(6)])
				want := must[[]byte](t)(ocspwire.Assemble(tbs, algorithm, signature, c.responder.Raw))
				if got := f.AppendResponse(nil, &s, signature); !bytes.Equal(got, want) {
					t.Fatalf("seed %d, %v, %d octets: answered is\n%x, want\n%x", seed, s.Status, octets, got, want)
				}
			}
		}
	}
}

// peeked holds what PeekSingle says of a request to what ParseRequest reads.
func peeked(t *testing.T, names []ocspwire.Name, der []byte) (ok bool) {
	t.Helper()
	name, octets, ok := ocspwire.PeekSingle(der)
	if !ok {
		return false
	}
	for _, n := range names {
		if !bytes.Equal(name, n.DER) && !bytes.Equal(name, n.Bare) {
			continue
		}
		r, err := ocspwire.ParseRequest(der)
		if err != nil || len(r.CertIDs) != 1 || r.Nonce != nil || r.CertIDs[0].Hash != n.Hash || !bytes.Equal(r.CertIDs[0].IssuerKey, n.Key) ||
			!bytes.Equal(r.CertIDs[0].IssuerName, n.SubjectHash) || !bytes.Equal(r.CertIDs[0].Serial.Bytes(), octets) {
			t.Errorf("%x: looked through as %x of %v; read as %+v, %v", der, octets, n.Hash, r, err)
		}
		return true
	}
	return false
}

// TestPeekSingle: the common request is looked through, with and without the NULL, and whatever else is not.
func TestPeekSingle(t *testing.T) {
	c := newCountry(t, cert.P256SHA256)
	names := must[[]ocspwire.Name](t)(ocspwire.NamesOf(c.ca))
	for _, n := range names {
		for _, hex := range []string{"0A", "80", "7F" + strings.Repeat("FF", 19), "40" + strings.Repeat("00", 15)} {
			id := must[ocspwire.CertID](t)(ocspwire.NewCertID(n.Hash, c.ca, number(t, hex)))
			der := must[[]byte](t)((&ocspwire.Request{CertIDs: []ocspwire.CertID{id}}).Encode())
			if short := der[1] < 0x80; peeked(t, names, der) != short || !short && n.Hash < crypto.SHA384 {
				t.Errorf("%v %s: looked through: %v", n.Hash, hex, !short)
			}
			for i := range der { // and nothing that differs from it in one place is taken for something that it is not
				for _, b := range []byte{der[i] ^ 1, der[i] ^ 0x80, 0, 0xff} {
					bent := bytes.Clone(der)
					bent[i] = b
					peeked(t, names, bent)
				}
				peeked(t, names, der[:i])
				peeked(t, names, append(bytes.Clone(der[:i]), append([]byte{0}, der[i:]...)...))
			}
		}
	}
	for _, q := range questions() {
		if peeked(t, names, q.der) && q.says != "" {
			t.Errorf("%s was looked through", q.name)
		}
	}
}

func FuzzPeekSingle(f *testing.F) {
	c := newCountry(f, cert.P256SHA256)
	names := must[[]ocspwire.Name](f)(ocspwire.NamesOf(c.ca))
	for _, n := range names[:2] {
		id := must[ocspwire.CertID](f)(ocspwire.NewCertID(n.Hash, c.ca, number(f, "0A")))
		f.Add(must[[]byte](f)((&ocspwire.Request{CertIDs: []ocspwire.CertID{id}}).Encode()))
	}
	f.Fuzz(func(t *testing.T, der []byte) { peeked(t, names, der) })
}
