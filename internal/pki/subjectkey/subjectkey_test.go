package subjectkey_test

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/subjectkey"
	"github.com/akashi-id/akashi/internal/pki/subjectkey/subjectkeytest"
)

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// code is that of a refusal, "" for a key that is taken. A refusal says something in both languages.
func code(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var no *subjectkey.Refusal
	if !errors.As(err, &no) || no.Code == "" || !strings.HasSuffix(no.JA, "。") || !strings.HasSuffix(no.EN, ".") {
		t.Errorf("%v is no refusal for people", err)
		return "?"
	}
	return no.Code
}

var oidEC = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}

// spki writes a key of anything.
func spki(t testing.TB, algorithm asn1.ObjectIdentifier, parameters any, bits []byte) []byte {
	t.Helper()
	type identifier struct {
		Algorithm  asn1.ObjectIdentifier
		Parameters asn1.RawValue `asn1:"optional"`
	}
	id := identifier{Algorithm: algorithm}
	if parameters != nil {
		id.Parameters.FullBytes = must[[]byte](t)(asn1.Marshal(parameters))
	}
	return must[[]byte](t)(asn1.Marshal(struct {
		Algorithm identifier
		Bits      asn1.BitString
	}{id, asn1.BitString{Bytes: bits, BitLength: 8 * len(bits)}}))
}

type example struct {
	name, code string
	spki       []byte
}

func examples(t testing.TB) (all []example) {
	p384, p256 := asn1.ObjectIdentifier{1, 3, 132, 0, 34}, asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}
	good := subjectkeytest.Good().SPKI()
	d := sha256.Sum256([]byte("a key"))
	point := must[*ecdh.PrivateKey](t)(ecdh.P384().NewPrivateKey(append(make([]byte, 16), d[:]...))).PublicKey().Bytes()
	short := must[*ecdh.PrivateKey](t)(ecdh.P256().NewPrivateKey(d[:])).PublicKey().Bytes()
	off, beyond := bytes.Clone(point), bytes.Clone(point)
	off[96] ^= 1
	for i := range 48 {
		beyond[1+i] = 0xff
	}
	compressed := append([]byte{2 + point[96]&1}, point[1:49]...)
	hybrid := append([]byte{6 + point[96]&1}, point[1:]...)
	onP384 := func(bits []byte) []byte { return spki(t, oidEC, p384, bits) }
	edwards := must[[]byte](t)(x509.MarshalPKIXPublicKey(ed25519.NewKeyFromSeed(d[:]).Public()))
	// The good RSA key with a tail inside the bit string, which the lengths outside include.
	inner := must[*rsa.PublicKey](t)(readRSA(good))
	tail := spki(t, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}, asn1.NullRawValue, append(x509.MarshalPKCS1PublicKey(inner), 0))
	long := bytes.Clone(good)
	long = slices.Insert(long, 1, 0x83)
	long[2] = 0

	all = []example{
		{"RSA 2048", "", good},
		{"P-384", "", onP384(point)},
		{"nothing", "der-truncated", nil},
		{"an empty sequence", "key-form", []byte{0x30, 0}},
		{"a number", "key-form", []byte{2, 1, 1}},
		{"a tail", "der-trailing", append(bytes.Clone(good), 0)},
		{"a tail inside", "der-trailing", tail},
		{"cut", "der-truncated", good[:len(good)-1]},
		{"no length", "der-indefinite", append([]byte{0x30, 0x80}, append(bytes.Clone(good[4:]), 0, 0)...)},
		{"a length with a zero before it", "der-length", long},
		{"5,000 octets", "key-too-large", make([]byte, 5000)},
		{"RSA without parameters", "key-parameters", spki(t, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}, nil, x509.MarshalPKCS1PublicKey(inner))},
		{"RSA with a curve", "key-parameters", spki(t, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}, p384, x509.MarshalPKCS1PublicKey(inner))},
		{"RSA for PSS", "key-kind", spki(t, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}, nil, x509.MarshalPKCS1PublicKey(inner))},
		{"RSA that is text", "der-truncated", spki(t, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}, asn1.NullRawValue, []byte("modulus"))},
		{"RSA of one number", "key-form", spki(t, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}, asn1.NullRawValue, []byte{0x30, 3, 2, 1, 5})},
		{"Ed25519", "key-kind", edwards},
		{"DSA", "key-kind", spki(t, asn1.ObjectIdentifier{1, 2, 840, 10040, 4, 1}, asn1.NullRawValue, []byte{2, 1, 1})},
		{"ECDH only", "key-kind", spki(t, asn1.ObjectIdentifier{1, 3, 132, 1, 12}, p384, point)},
		{"P-256", "key-curve", spki(t, oidEC, p256, short)},
		{"secp256k1", "key-curve", spki(t, oidEC, asn1.ObjectIdentifier{1, 3, 132, 0, 10}, short)},
		{"a curve of its own", "key-parameters", spki(t, oidEC, []int{1, 2}, point)},
		{"a curve and more", "key-parameters", spki(t, oidEC, asn1.RawValue{FullBytes: []byte{6, 5, 0x2b, 0x81, 4, 0, 0x22, 5, 0}}, point)},
		{"a curve left out", "key-parameters", spki(t, oidEC, nil, point)},
		{"an implicit curve", "key-parameters", spki(t, oidEC, asn1.NullRawValue, point)},
		{"infinity", "key-infinity", onP384([]byte{0})},
		{"zeros", "key-off-curve", onP384(append([]byte{4}, make([]byte, 96)...))},
		{"off the curve", "key-off-curve", onP384(off)},
		{"a coordinate beyond the field", "key-off-curve", onP384(beyond)},
		{"compressed", "key-compressed", onP384(compressed)},
		{"hybrid", "key-point-form", onP384(hybrid)},
		{"a point of the other curve", "key-point-form", onP384(short)},
		{"no point", "key-point-form", onP384(nil)},
	}
	for _, l := range subjectkeytest.RSALiars() {
		all = append(all, example{l.Name, l.Code, l.Key.SPKI()})
	}
	return all
}

func readRSA(der []byte) (*rsa.PublicKey, error) {
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, err
	}
	return public.(*rsa.PublicKey), nil
}

var cards = []cert.Algorithm{cert.Today.Algorithm(), cert.Next.Algorithm()}

func TestRead(t *testing.T) {
	for _, x := range examples(t) {
		public, err := subjectkey.Examine(x.spki, cards...)
		if quick, qerr := subjectkey.Read(x.spki, cards...); x.code != "key-prime" && code(t, qerr) != x.code || quick == nil && qerr == nil {
			t.Errorf("%s: read at once: %v", x.name, qerr)
		}
		if got := code(t, err); got != x.code {
			t.Errorf("%s: got %q, want %q (%v)", x.name, got, x.code, err)
		}
		if err == nil && !bytes.Equal(must[[]byte](t)(x509.MarshalPKIXPublicKey(public)), x.spki) {
			t.Errorf("%s came out as another key", x.name)
		}
	}
}

// TestOnlyWhatTheProfileHas: each generation takes its own kind of key and no other.
func TestOnlyWhatTheProfileHas(t *testing.T) {
	keys := map[cert.Algorithm][]byte{cert.RSA2048SHA256: subjectkeytest.Good().SPKI()}
	for a, curve := range map[cert.Algorithm]elliptic.Curve{cert.P256SHA256: elliptic.P256(), cert.P384SHA384: elliptic.P384()} {
		key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(curve, rand.Reader))
		keys[a] = must[[]byte](t)(x509.MarshalPKIXPublicKey(key.Public()))
	}
	for given, key := range keys {
		for _, only := range cert.Algorithms {
			if _, err := subjectkey.Read(key, only); (err == nil) != (given == only) {
				t.Errorf("a key %s where %s is wanted: %v", given, only, err)
			}
		}
		if _, err := subjectkey.Read(key); code(t, err) != "key-kind" {
			t.Errorf("a key %s where none is wanted: %v", given, err)
		}
	}
}

// TestFarEnough: what is only just not refused, so that the limits are known to be where the package says.
func TestFarEnough(t *testing.T) {
	for name, key := range map[string]subjectkeytest.RSA{"primes 2^518 apart": subjectkeytest.Apart(518), "a factor of 16411": subjectkeytest.Divided(16411)} {
		if _, err := subjectkey.Read(key.SPKI(), cert.RSA2048SHA256); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLiarsCanSign: the bad keys are keys. Where the numbers allow it, what they sign is verified by a program that does not
// judge keys, so that nothing but the judgement stands between them and a certificate.
func TestLiarsCanSign(t *testing.T) {
	message := []byte("a message")
	sum := sha256.Sum256(message)
	verified := 0
	for _, l := range append(subjectkeytest.RSALiars(), subjectkeytest.Liar{Name: "good", Key: subjectkeytest.Good()}) {
		if !l.Key.E.IsInt64() || l.Key.E.Int64() < 3 || l.Key.N.Sign() <= 0 || l.Key.D.Sign() == 0 || l.Key.N.Bit(0) == 0 {
			continue
		}
		public := &rsa.PublicKey{N: l.Key.N, E: int(l.Key.E.Int64())}
		if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], l.Key.Sign(crypto.SHA256, message)); err != nil && public.E < 1<<31 {
			t.Errorf("%s: %v", l.Name, err)
		} else if err == nil {
			verified++
		}
	}
	if verified < 9 {
		t.Errorf("only %d of the bad keys sign", verified)
	}
}

func TestWrapRSA(t *testing.T) {
	good := subjectkeytest.Good().SPKI()
	key := must[*rsa.PublicKey](t)(readRSA(good))
	if got := must[[]byte](t)(subjectkey.WrapRSA(x509.MarshalPKCS1PublicKey(key))); !bytes.Equal(got, good) {
		t.Errorf("%x, want %x", got, good)
	}
}

// TestOpenSSLKeys: keys of another program are taken.
func TestOpenSSLKeys(t *testing.T) {
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("SKIPPED: the openssl program is missing, so no foreign key was read")
	}
	for _, options := range [][]string{{"RSA", "rsa_keygen_bits:2048"}, {"EC", "ec_paramgen_curve:P-384"}} {
		private := must[[]byte](t)(exec.Command(path, "genpkey", "-algorithm", options[0], "-pkeyopt", options[1]).Output())
		convert := exec.Command(path, "pkey", "-pubout")
		convert.Stdin = bytes.NewReader(private)
		block, _ := pem.Decode(must[[]byte](t)(convert.Output()))
		if _, err := subjectkey.Read(block.Bytes, cards...); err != nil {
			t.Errorf("%v: %v", options, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, x := range examples(f) {
		f.Add(x.spki)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		public, err := subjectkey.Read(der, cards...)
		if code(t, err) != "" {
			return
		}
		// One key, one encoding: otherwise one key could have two hashes and two certificates.
		if again := must[[]byte](t)(x509.MarshalPKIXPublicKey(public)); !bytes.Equal(again, der) {
			t.Errorf("%x was read, and is written %x", der, again)
		}
		if theirs, err := x509.ParsePKIXPublicKey(der); err != nil || !public.(interface{ Equal(crypto.PublicKey) bool }).Equal(theirs) {
			t.Errorf("crypto/x509 reads %x otherwise: %v", der, err)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	good := subjectkeytest.Good().SPKI()
	key := must[*ecdsa.PrivateKey](b)(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	for name, der := range map[string][]byte{"rsa2048": good, "p384": must[[]byte](b)(x509.MarshalPKIXPublicKey(key.Public()))} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := subjectkey.Read(der, cards...); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"-examined", func(b *testing.B) {
			for b.Loop() {
				if _, err := subjectkey.Examine(der, cards...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
