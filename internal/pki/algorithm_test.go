package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"go/parser"
	"go/token"
	"io/fs"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/cert"
)

func TestEachAlgorithmIsDefinedWhole(t *testing.T) {
	if len(algorithms) != len(cert.Algorithms) {
		t.Errorf("%d definitions of %d algorithms", len(algorithms), len(cert.Algorithms))
	}
	tbs := []byte("what is to be signed")
	for _, a := range cert.Algorithms {
		key, err := GenerateKey(rand.Reader, a)
		if err != nil {
			t.Fatal(err)
		}
		if is, err := AlgorithmOf(key.Public()); is != a {
			t.Errorf("a key of %s is taken for %s: %v", a, is, err)
		}
		signature, err := SignTBS(rand.Reader, key, tbs)
		if err != nil {
			t.Fatal(err)
		}
		if err := VerifyTBS(key.Public(), tbs, signature); err != nil {
			t.Errorf("%s: %v", a, err)
		}
		if err := VerifyTBS(key.Public(), append(tbs, '.'), signature); err == nil {
			t.Errorf("%s: a signature over other bytes verifies", a)
		}
		if place := Placeholder(a); len(place) < len(signature) || len(place) > len(signature)+12 {
			t.Errorf("%s: the placeholder has %d octets, a signature %d", a, len(place), len(signature))
		} else if VerifyTBS(key.Public(), tbs, place) == nil {
			t.Errorf("%s: the placeholder verifies", a)
		}
		// Go's own table says the same of the identifier.
		identifier, err := AlgorithmIdentifier(a)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(1)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		var c struct {
			TBS       asn1.RawValue
			Algorithm asn1.RawValue
			Signature asn1.BitString
		}
		if _, err := asn1.Unmarshal(der, &c); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(c.Algorithm.FullBytes, identifier) {
			t.Errorf("%s: Go writes %x, we write %x", a, c.Algorithm.FullBytes, identifier)
		}
	}
	if _, err := GenerateKey(rand.Reader, 0); err == nil {
		t.Error("a key of no algorithm was made")
	}
	if _, err := AlgorithmIdentifier(0); err == nil {
		t.Error("no algorithm has an identifier")
	}
	if Placeholder(0) != nil || SignatureOID(0) != nil {
		t.Error("no algorithm has a signature")
	}
}

func TestUnfitKeysAreOfNoAlgorithm(t *testing.T) {
	modulus := new(big.Int).Lsh(big.NewInt(1), 2047)
	odd := new(big.Int).Add(modulus, big.NewInt(1))
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := AlgorithmOf(&rsa.PublicKey{N: odd, E: 65537}); err != nil {
		t.Fatal(err)
	}
	for name, public := range map[string]crypto.PublicKey{
		"nothing": nil, "no modulus": &rsa.PublicKey{E: 65537}, "no curve": &ecdsa.PublicKey{}, "P-521": p521.Public(),
		"RSA of 2047 bits": &rsa.PublicKey{N: new(big.Int).Rsh(odd, 1), E: 65537},
		"exponent 3":       &rsa.PublicKey{N: odd, E: 3}, "exponent 1": &rsa.PublicKey{N: odd, E: 1},
		"an even modulus": &rsa.PublicKey{N: modulus, E: 65537},
	} {
		if a, err := AlgorithmOf(public); err == nil {
			t.Errorf("%s is taken for %s", name, a)
		}
	}
}

// A third generation must be one row: nothing else below this folder may know what RSA or a curve is. The linter is apart,
// because it has to be able to contradict us, and the inspection, which shares no code with what it judges; and so is what judges the keys and requests of others, who may say anything.
func TestAlgorithmsAreKnownInOnePlace(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
			path == "algorithm.go" || path == filepath.Join("lint", "key.go") || slices.Contains([]string{"csr", "inspect", "subjectkey"}, filepath.Dir(path)) {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range file.Imports {
			switch i.Path.Value {
			case `"crypto/rsa"`, `"crypto/ecdsa"`, `"crypto/elliptic"`:
				t.Errorf("%s imports %s: what an algorithm is stands in algorithm.go", path, i.Path.Value)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
