package ocspwire_test

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
)

// draft is a request in its making; each field is what stands at that place, with its tag.
type draft struct {
	version, name []byte
	ids           [][]byte
	extensions    []byte
	signature     []byte
}

func (d draft) der() []byte {
	return seq(seq(d.version, d.name, seq(d.ids...), d.extensions), d.signature)
}

func under(tag cb.Tag, parts ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) {
		for _, p := range parts {
			b.AddBytes(p)
		}
	})
	return b.BytesOrPanic()
}

func seq(parts ...[]byte) []byte { return under(cb.SEQUENCE, parts...) }

func place(n uint8, parts ...[]byte) []byte {
	return under(cb.Tag(n).ContextSpecific().Constructed(), parts...)
}

func oid(numbers ...int) []byte {
	der, err := asn1.Marshal(asn1.ObjectIdentifier(numbers))
	if err != nil {
		panic(err)
	}
	return der
}

func octetString(b []byte) []byte { return under(cb.OCTET_STRING, b) }

var (
	sha1OID  = oid(1, 3, 14, 3, 2, 26)
	nonceOID = oid(1, 3, 6, 1, 5, 5, 7, 48, 1, 2)
	null     = []byte{5, 0}
	ten      = []byte{2, 1, 10}
	yes      = []byte{1, 1, 0xff}
)

// id names a certificate: the algorithm and what follows its identifier, two hashes and a serial.
func id(algorithm []byte, hash int, serial []byte) []byte {
	return seq(seq(seq(algorithm), octetString(make([]byte, hash)), octetString(make([]byte, hash)), serial))
}

func nonce(octets int) []byte { return seq(nonceOID, octetString(octetString(make([]byte, octets)))) }

type question struct {
	name, says string // says: what the refusal names; "" when the question is read
	der        []byte
}

func questions() (all []question) {
	good := id(append(bytes.Clone(sha1OID), null...), 20, ten)
	add := func(name, says string, d draft) {
		if d.ids == nil {
			d.ids = [][]byte{good}
		}
		all = append(all, question{name, says, d.der()})
	}
	many := func(n int) (ids [][]byte) {
		for range n {
			ids = append(ids, good)
		}
		return ids
	}
	list := func(extensions ...[]byte) []byte { return place(2, seq(extensions...)) }
	with := func(id []byte) draft { return draft{ids: [][]byte{id}} }

	add("one", "", draft{})
	add("64", "", draft{ids: many(64)})
	add("a hash without parameters", "", with(id(sha1OID, 20, ten)))
	add("its version", "", draft{version: place(0, []byte{2, 1, 0})})
	add("a name", "", draft{name: place(1, under(cb.Tag(2).ContextSpecific(), []byte("akashi.example")))})
	add("a signature that nobody looks at", "", draft{signature: place(0, seq(seq(oid(1, 2, 3)), []byte{3, 1, 0}))})
	add("an extension that is not known", "", draft{extensions: list(seq(oid(1, 2, 3), octetString(null)))})
	for _, n := range []int{1, 16, 32, 33, 128} {
		add("a nonce", "", draft{extensions: list(nonce(n))})
	}

	add("no certificate", "no OCSP request", draft{ids: [][]byte{}})
	add("65", "64 certificates at most", draft{ids: many(65)})
	add("1,000", "64 certificates at most", draft{ids: many(1000)})
	add("2,000 in more octets than are read", "too long", draft{ids: many(2000)})
	add("version 2", "no OCSP request", draft{version: place(0, []byte{2, 1, 1})})
	add("version -1", "no OCSP request", draft{version: place(0, []byte{2, 1, 0xff})})
	add("version 2^64", "no OCSP request", draft{version: place(0, []byte{2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0})})
	add("a version with a tail", "no OCSP request", draft{version: place(0, []byte{2, 1, 0}, null)})
	add("no name in its place", "no OCSP request", draft{name: place(1)})
	add("two names", "no OCSP request", draft{name: place(1, null, null)})
	add("no signature in its place", "no OCSP request", draft{signature: place(0)})
	add("a signature with a tail", "no OCSP request", draft{signature: place(0, seq(), null)})
	add("a signature that is a number", "no OCSP request", draft{signature: place(0, ten)})
	add("a signature of no length", "length is indefinite", draft{signature: place(0, []byte{0x30, 0x80, 0, 0})})
	add("something after the signature", "no OCSP request", draft{signature: append(place(0, seq()), null...)})

	add("an unknown hash", "1.2.3 is not supported", with(id(oid(1, 2, 3), 20, ten)))
	add("MD5", "is not supported", with(id(oid(1, 2, 840, 113549, 2, 5), 16, ten)))
	add("a hash of another length", "wrong length", with(id(sha1OID, 32, ten)))
	add("no hash", "wrong length", with(id(sha1OID, 0, ten)))
	add("a hash with a number", "not named", with(id(append(bytes.Clone(sha1OID), ten...), 20, ten)))
	add("a hash with two parameters", "not named", with(id(append(bytes.Clone(sha1OID), 5, 0, 5, 0), 20, ten)))
	add("no algorithm", "not named", with(id(nil, 20, ten)))
	add("the serial 0", "serial", with(id(sha1OID, 20, []byte{2, 1, 0})))
	add("a negative serial", "serial", with(id(sha1OID, 20, []byte{2, 1, 0x80})))
	add("a serial of 21 octets", "serial", with(id(sha1OID, 20, append([]byte{2, 21, 1}, make([]byte, 20)...))))
	add("a serial with a zero before it", "not written in the shortest way", with(id(sha1OID, 20, []byte{2, 2, 0, 10})))
	add("a serial that is a text", "not named", with(id(sha1OID, 20, octetString([]byte{10}))))
	add("two serials", "not named", with(id(sha1OID, 20, append(bytes.Clone(ten), ten...))))
	add("a certificate with a tail", "no OCSP request", with(seq(good[2:], null)))
	add("a certificate's extensions that are none", "extensions cannot be read", with(seq(good[2:], place(0, null))))

	add("no extension in a list", "extensions cannot be read", draft{extensions: list()})
	add("extensions without a list", "extensions cannot be read", draft{extensions: place(2)})
	add("a list of extensions with a tail", "extensions cannot be read", draft{extensions: place(2, seq(nonce(16)), null)})
	add("an extension without a value", "extensions cannot be read", draft{extensions: list(seq(nonceOID))})
	add("a critical extension that is not known", "critical extension 1.2.3", draft{extensions: list(seq(oid(1, 2, 3), yes, octetString(null)))})
	add("an extension twice", "twice", draft{extensions: list(seq(oid(1, 2, 3), octetString(null)), seq(oid(1, 2, 3), octetString(null)))})
	add("two nonces", "twice", draft{extensions: list(nonce(16), nonce(16))})
	add("a nonce of nothing", "nonce must have", draft{extensions: list(nonce(0))})
	add("a nonce of 129 octets", "nonce must have", draft{extensions: list(nonce(129))})
	add("a nonce that is not wrapped", "nonce cannot be read", draft{extensions: list(seq(nonceOID, octetString([]byte("0123456789abcdef"))))})
	add("something after the extensions", "no OCSP request", draft{extensions: append(list(nonce(16)), null...)})

	der := draft{}.der()
	return append(all,
		question{"nothing", "no OCSP request", nil},
		question{"text", "no OCSP request", []byte("GET /ocsp HTTP/1.1\r\n\r\n")},
		question{"cut", "ends too early", der[:len(der)-1]},
		question{"a tail", "follows after its end", append(bytes.Clone(der), 0)},
		question{"two questions", "follows after its end", append(bytes.Clone(der), der...)},
		question{"no length", "length is indefinite", append(append([]byte{0x30, 0x80}, der[2:]...), 0, 0)},
		question{"a long length", "not written in the shortest way", append([]byte{0x30, 0x81, der[1]}, der[2:]...)},
		question{"64 KiB and one octet", "too long", make([]byte, ocspwire.MaxRequestOctets+1)},
		question{"an answer", "no OCSP request", ocspwire.TryLater.Encode()},
	)
}

// TestMalformed: whatever is wrong with a question is said, and what is unusual but allowed is read.
func TestMalformed(t *testing.T) {
	for _, q := range questions() {
		r, err := ocspwire.ParseRequest(q.der)
		switch {
		case q.says == "" && err != nil:
			t.Errorf("%s: %v", q.name, err)
		case q.says != "" && err == nil:
			t.Errorf("%s was read as %+v", q.name, r)
		case err != nil && !strings.Contains(err.Error(), q.says):
			t.Errorf("%s: %v; that does not say %q", q.name, err, q.says)
		}
	}
}

// TestAnswersThatAreTwo: what stands beside what is read, at a place where nothing may stand, makes an answer unreadable. Somebody
// else might read that instead.
func TestAnswersThatAreTwo(t *testing.T) {
	c := newCountry(t, cert.P256SHA256)
	request := ocspwire.Request{Nonce: []byte("0123456789abcdef")}
	request.CertIDs = []ocspwire.CertID{must[ocspwire.CertID](t)(ocspwire.NewCertID(crypto.SHA1, c.ca, number(t, "0A")))}
	answer := c.answer(t, must[[]byte](t)(request.Encode()))
	// Its parts, from outside: status, [0], SEQUENCE, type, OCTET STRING, SEQUENCE.
	var body, status, holder, typed, kind, wrapped, basic, tbs, algorithm, signature, certificates cryptobyte.String
	s := cryptobyte.String(answer)
	if !s.ReadASN1(&body, cb.SEQUENCE) || !body.ReadASN1Element(&status, cb.ENUM) || !body.ReadASN1(&holder, cb.Tag(0).ContextSpecific().Constructed()) ||
		!holder.ReadASN1(&typed, cb.SEQUENCE) || !typed.ReadASN1Element(&kind, cb.OBJECT_IDENTIFIER) || !typed.ReadASN1(&wrapped, cb.OCTET_STRING) ||
		!wrapped.ReadASN1(&basic, cb.SEQUENCE) || !basic.ReadASN1Element(&tbs, cb.SEQUENCE) || !basic.ReadASN1Element(&algorithm, cb.SEQUENCE) ||
		!basic.ReadASN1Element(&signature, cb.BIT_STRING) || !basic.ReadASN1(&certificates, cb.Tag(0).ContextSpecific().Constructed()) {
		t.Fatal("the answer is none")
	}
	for tail, b := range map[string][]byte{"": nil, "a tail": null} {
		build := func(at int) []byte {
			end := func(i int) []byte {
				if i == at {
					return b
				}
				return nil
			}
			inner := seq(tbs, algorithm, signature, place(0, certificates, end(1)), end(2))
			return append(seq(status, place(0, seq(kind, octetString(append(inner, end(3)...)), end(4)), end(5)), end(6)), end(7)...)
		}
		for at := 1; at <= 7; at++ {
			if _, err := ocspwire.ParseResponse(build(at)); (err == nil) != (tail == "") {
				t.Errorf("%s at place %d: %v", tail, at, err)
			}
		}
	}
	// And inside what is signed: after the key's hash in its place, and after the extensions in theirs.
	data := must[[]byte](t)((&ocspwire.Response{ResponderKey: make([]byte, 20), ProducedAt: c.now, Nonce: request.Nonce}).TBS())
	key := place(2, octetString(make([]byte, 20)))
	extended := place(1, seq(seq(nonceOID, octetString(octetString(request.Nonce)))))
	for name, change := range map[string][2][]byte{
		"the key":        {key, place(2, octetString(make([]byte, 20)), null)},
		"the extensions": {extended, place(1, seq(seq(nonceOID, octetString(octetString(request.Nonce)))), null)},
	} {
		for _, with := range change {
			content := bytes.Replace(data[2:], change[0], with, 1)
			whole := must[[]byte](t)(ocspwire.Assemble(seq(content), algorithm, []byte("signature")))
			if _, err := ocspwire.ParseResponse(whole); (err == nil) != bytes.Equal(with, change[0]) {
				t.Errorf("something after %s: %v", name, err)
			}
		}
	}
}
