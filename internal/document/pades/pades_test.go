package pades_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/document/pades"
)

func certified(t *testing.T, key crypto.Signer) []byte {
	t.Helper()
	form := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "signer"}, NotAfter: time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestSignAndCheck(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r2048, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []crypto.Signer{p256, r2048} {
		chain := [][]byte{certified(t, key)}
		hole := "<" + strings.Repeat("00", pades.Room(chain)) + ">"
		file := []byte("what stands before " + hole + " and behind")
		start, end := strings.IndexByte(string(file), '<'), len(file)-len(" and behind")
		at := [4]int{0, start, end, len(file) - end}
		if _, err := pades.Check(file, at); !errors.Is(err, pades.ErrForm) {
			t.Errorf("%T: an empty signature: %v", key, err)
		}
		if err := pades.Sign(file, start, end, key, chain, rand.Reader); err != nil {
			t.Fatal(err)
		}
		signer, err := pades.Check(file, at)
		if err != nil || !bytes.Equal(signer.Raw, chain[0]) {
			t.Errorf("%T: %v", key, err)
		}
		for i := 0; i < len(file); i += 1 + (end-start)/300*boolean(i > start && i < end-5) {
			altered := bytes.Clone(file)
			altered[i] ^= 1
			if _, err := pades.Check(altered, at); err == nil {
				t.Errorf("%T: octet %d was changed and not found", key, i)
			}
		}
		// Less than the whole is signed.
		for name, wrong := range map[string][4]int{"not from the start": {1, start, end, at[3]}, "not to the end": {0, start, end, at[3] - 1}, "a larger hole": {0, start - 1, end, at[3]}, "backwards": {0, end, start, at[3]}} {
			if _, err := pades.Check(file, wrong); !errors.Is(err, pades.ErrUnsigned) {
				t.Errorf("%T: %s: %v", key, name, err)
			}
		}
		other := [][]byte{certified(t, r2048)}
		if key != crypto.Signer(r2048) && pades.Sign(file, start, end, key, other, rand.Reader) == nil {
			t.Error("the certificate of another key was taken")
		}
		if pades.Sign([]byte("a <0000> b"), 2, 8, key, chain, rand.Reader) == nil {
			t.Error("a place that is too small was taken")
		}
	}
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// anyKey is a key that nobody has; what it signs is no signature.
type anyKey struct{ rsa.PublicKey }

func (k anyKey) Public() crypto.PublicKey { return &k.PublicKey }

func (k anyKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return make([]byte, k.Size()), nil
}

// TestCheckIsBounded: how much there is to work out is not for whoever made the file to say. A signature of our form that is not good is ErrChanged;
// ErrForm says that it was not worked out.
func TestCheckIsBounded(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name       string
		bits, room int
		want       error
	}{
		{"a key of 8,192 bits", 8192, 8 << 10, pades.ErrChanged}, {"a longer key", 8200, 8 << 10, pades.ErrForm},
		{"the largest place", 2048, 64 << 10, pades.ErrChanged}, {"a larger place", 2048, 64<<10 + 1, pades.ErrForm},
	} {
		n := new(big.Int).Lsh(big.NewInt(1), uint(c.bits-1))
		key := anyKey{rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537}}
		form := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "signer"}, NotAfter: time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)}
		der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), p256)
		if err != nil {
			t.Fatal(err)
		}
		file := []byte("a <" + strings.Repeat("00", c.room) + "> b")
		start, end := 2, len(file)-2
		if err := pades.Sign(file, start, end, key, [][]byte{der}, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := pades.Check(file, [4]int{0, start, end, len(file) - end}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}
