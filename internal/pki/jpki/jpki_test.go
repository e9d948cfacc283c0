package jpki_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/pki/jpki/jpkitest"
)

var update = flag.Bool("update", false, "rewrite the goldens")

var (
	born      = cert.Birthday{Month: 2, Day: 17}
	caStart   = time.Date(2025, 4, 1, 0, 0, 0, 0, cert.JST)
	issued    = time.Date(2025, 10, 27, 10, 15, 30, 0, cert.JST)
	matsumoto = jpki.Partition{Prefecture: "Nagano-ken", Municipality: "Matsumoto-shi"}
	iida      = jpki.Partition{Prefecture: "Nagano-ken", Municipality: "Iida-shi"}
)

func key(t *testing.T, name string) crypto.Signer {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".key"))
	if err != nil {
		t.Fatal(err)
	}
	k, err := pki.DecodeKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newKey(t *testing.T, a cert.Algorithm) crypto.Signer {
	t.Helper()
	k, err := pki.GenerateKey(rand.Reader, a)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func serial(t *testing.T, hex string) cert.Serial {
	t.Helper()
	s, err := cert.ParseSerial(hex)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// certify signs a TBSCertificate as a CA does: sign, join, and compare with the intent.
func certify(t *testing.T, signer crypto.Signer, tbs []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	// Without randomness an ECDSA signature depends on key and message alone (RFC 6979), so that goldens come out the same.
	signature, err := pki.SignTBS(nil, signer, tbs)
	if err != nil {
		t.Fatal(err)
	}
	der, err := pki.AssembleCertificate(tbs, signature)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := pki.TBSOf(der); err != nil || !bytes.Equal(got, tbs) {
		t.Fatalf("the certificate is not what was intended: %v", err)
	}
	return der
}

type authority struct {
	*jpki.Issuer
	signer crypto.Signer
}

func newAuthority(t *testing.T, p cert.Profile, signer crypto.Signer, number string) authority {
	t.Helper()
	tbs, err := jpki.CATBS(p, signer.Public(), serial(t, number), caStart)
	issuer, err := jpki.OpenIssuer(certify(t, signer, tbs, err))
	if err != nil {
		t.Fatal(err)
	}
	return authority{issuer, signer}
}

func (a authority) user(t *testing.T, number string, public crypto.PublicKey) []byte {
	t.Helper()
	cn, err := jpki.CommonName(a.Profile(), issued, 123, "202021A01")
	if err != nil {
		t.Fatal(err)
	}
	notAfter, err := cert.NotAfter(issued, born)
	if err != nil {
		t.Fatal(err)
	}
	u := jpki.User{Serial: serial(t, number), Public: public, NotBefore: issued, NotAfter: notAfter, CommonName: cn,
		Partition: matsumoto, OCSP: "http://127.0.0.1:8600/ocsp"}
	if a.Profile() == cert.Signature {
		u.Holder, err = jpki.NewHolder("\u9ad9橋　花子", "2", 1980, 2, 17, "長野県松本市丸の内３番７号")
		if err != nil {
			t.Fatal(err)
		}
	}
	tbs, err := a.UserTBS(u)
	return certify(t, a.signer, tbs, err)
}

func (a authority) crl(t *testing.T, part jpki.Partition, at time.Time, revoked ...jpkitest.Revocation) []byte {
	t.Helper()
	tbs, err := jpkitest.CRLTBS(a.Issuer, jpkitest.CRL{Partition: part, Number: 7, ThisUpdate: at, NextUpdate: at.Add(36 * time.Hour), Revoked: revoked})
	if err != nil {
		t.Fatal(err)
	}
	signature, err := pki.SignTBS(rand.Reader, a.signer, tbs)
	if err != nil {
		t.Fatal(err)
	}
	der, err := a.AssembleCRL(tbs, signature)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func openssl(t *testing.T, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("SKIPPED: the openssl program is missing, so nothing foreign has judged these certificates")
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	return string(out), err
}

func save(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs from its golden:\n%s", name, got)
	}
}

func TestOpenSSLVerifiesWithPartitionedCRL(t *testing.T) {
	for _, algorithm := range cert.Algorithms {
		ca := newAuthority(t, cert.Signature, newKey(t, algorithm), "01")
		other := newAuthority(t, cert.Signature, newKey(t, algorithm), "02") // the same name, another key
		user := save(t, "user.pem", pki.EncodeCertificates(ca.user(t, "80A1", newKey(t, cert.RSA2048SHA256).Public())))
		roots := save(t, "ca.pem", pki.EncodeCertificates(ca.Certificate()))
		day := issued.Add(24 * time.Hour)
		verify := func(roots string, crl []byte) (string, error) {
			args := []string{"verify", "-attime", unix(day.Add(time.Hour)), "-x509_strict", "-CAfile", roots}
			if crl != nil {
				pem, err := openssl(t, "crl", "-inform", "DER", "-in", save(t, "crl", crl))
				if err != nil {
					t.Fatal(pem)
				}
				args = append(args, "-crl_check", "-CRLfile", save(t, "crl.pem", []byte(pem)))
			}
			return openssl(t, append(args, user)...)
		}
		for name, c := range map[string]struct {
			roots string
			crl   []byte
			want  string
		}{
			"no CRL":                {roots, nil, "OK"},
			"other key, same name":  {save(t, "other.pem", pki.EncodeCertificates(other.Certificate())), nil, "error 20"},
			"empty CRL":             {roots, ca.crl(t, matsumoto, day), "OK"},
			"listed":                {roots, ca.crl(t, matsumoto, day, jpkitest.Revocation{Serial: serial(t, "80A1"), At: day, Reason: cert.AffiliationChanged}), "error 23"},
			"neighbour listed":      {roots, ca.crl(t, matsumoto, day, jpkitest.Revocation{Serial: serial(t, "80A2"), At: day, Reason: cert.KeyCompromise}), "OK"},
			"of another partition":  {roots, ca.crl(t, iida, day), "error 44"},
			"over":                  {roots, ca.crl(t, matsumoto, day.Add(-72*time.Hour)), "error 12"},
			"signed by another key": {roots, other.crl(t, matsumoto, day), "error"},
		} {
			out, err := verify(c.roots, c.crl)
			if !strings.Contains(out, c.want) || (err == nil) != (c.want == "OK") {
				t.Errorf("%s, %s: %v\n%s", algorithm, name, err, out)
			}
		}
	}
}

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

func TestGoReadsWhatWeBuild(t *testing.T) {
	ca := newAuthority(t, cert.Signature, newKey(t, cert.P384SHA384), "01")
	c, err := x509.ParseCertificate(ca.user(t, "80A1", newKey(t, cert.P256SHA256).Public()))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.UnhandledCriticalExtensions) != 0 || len(c.PolicyIdentifiers) != 1 || !c.PolicyIdentifiers[0].Equal(cert.SignaturePolicy) {
		t.Errorf("critical %v, policies %v", c.UnhandledCriticalExtensions, c.PolicyIdentifiers)
	}
	h, err := jpki.ReadHolder(c)
	if err != nil || h == nil || h.Name != "高橋　花子" || h.NameSubstitutes != "10000" || h.Sex != "2" || h.Birth != "319800217" ||
		h.Address != "長野県松本市丸の内３番７号" || h.AddressSubstitutes != "0000000000000" {
		t.Errorf("the holder came back changed: %v", err)
	}
	if !c.NotAfter.Equal(time.Date(2030, 2, 17, 14, 59, 59, 0, time.UTC)) {
		t.Errorf("valid until %v", c.NotAfter)
	}
	root, err := x509.ParseCertificate(ca.Certificate())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.CheckSignatureFrom(root); err != nil {
		t.Error(err)
	}
	if h, err := jpki.ReadHolder(root); h != nil || err != nil {
		t.Errorf("a CA has a holder: %v", err)
	}
	list, err := x509.ParseRevocationList(ca.crl(t, iida, issued, jpkitest.Revocation{Serial: serial(t, "FFFF"), At: issued, Reason: cert.CertificateHold}))
	if err != nil {
		t.Fatal(err)
	}
	if err := list.CheckSignatureFrom(root); err != nil || len(list.RevokedCertificateEntries) != 1 || list.Number.Int64() != 7 ||
		list.RevokedCertificateEntries[0].ReasonCode != 6 {
		t.Errorf("%v, %+v", err, list.RevokedCertificateEntries)
	}
}

func TestUserTBSRefuses(t *testing.T) {
	signature := newAuthority(t, cert.Signature, key(t, "ca-signature"), "01")
	authentication := newAuthority(t, cert.Authentication, key(t, "ca-authentication"), "01")
	holder, err := jpki.NewHolder("松本　花子", "2", 1980, 2, 17, "長野県松本市丸の内３番７号")
	if err != nil {
		t.Fatal(err)
	}
	good := jpki.User{Serial: serial(t, "05"), Public: key(t, "holder").Public(), NotBefore: issued, NotAfter: issued.AddDate(5, 0, 0),
		CommonName: "x", Partition: matsumoto, Holder: holder, OCSP: "http://127.0.0.1/"}
	if _, err := signature.UserTBS(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*jpki.User){
		"no serial":         func(u *jpki.User) { u.Serial = cert.Serial{} },
		"no key":            func(u *jpki.User) { u.Public = nil },
		"no holder":         func(u *jpki.User) { u.Holder = nil },
		"no name":           func(u *jpki.User) { u.CommonName = "" },
		"no municipality":   func(u *jpki.User) { u.Partition.Municipality = "" },
		"no OCSP":           func(u *jpki.User) { u.OCSP = "" },
		"ends first":        func(u *jpki.User) { u.NotAfter = u.NotBefore },
		"outlives its CA":   func(u *jpki.User) { u.NotAfter = signature.NotAfter().Add(time.Second) },
		"flags too short":   func(u *jpki.User) { h := *holder; h.NameSubstitutes = "0"; u.Holder = &h },
		"a sex of 9":        func(u *jpki.User) { h := *holder; h.Sex = "9"; u.Holder = &h },
		"text is not UTF-8": func(u *jpki.User) { u.CommonName = "\xff" },
	} {
		u := good
		change(&u)
		if _, err := signature.UserTBS(u); err == nil {
			t.Errorf("%s: a certificate was built", name)
		}
	}
	if _, err := authentication.UserTBS(good); err == nil {
		t.Error("an authentication certificate was built with the holder's attributes")
	}
	if _, err := jpki.NewHolder("松本　花子", "2", 1980, 2, 17, strings.Repeat("長", 201)); err == nil {
		t.Error("an address of 201 characters was taken")
	}
	for _, counter := range []string{"", "202021A0", "202021a01", "202021A011"} {
		if cn, err := jpki.CommonName(cert.Signature, issued, 1, counter); err == nil {
			t.Errorf("counter %q gave %q", counter, cn)
		}
	}
	if cn, err := jpki.CommonName(cert.Authentication, issued, 1, "13221003A"); err != nil || cn != "2025102710153013221003A" || len(cn) != 23 {
		t.Errorf("%q, %v", cn, err)
	}
	if _, err := jpkitest.CRLTBS(signature.Issuer, jpkitest.CRL{Partition: iida, Number: 0, ThisUpdate: issued, NextUpdate: issued.Add(time.Hour)}); err == nil {
		t.Error("a CRL without a number was built")
	}
	if _, err := jpkitest.CRLTBS(signature.Issuer, jpkitest.CRL{Partition: iida, Number: 1, ThisUpdate: issued, NextUpdate: issued.Add(time.Hour),
		Revoked: []jpkitest.Revocation{{Serial: serial(t, "05"), At: issued}}}); err == nil {
		t.Error("a CRL entry without a reason was built")
	}
	if _, err := jpki.OpenIssuer(signature.user(t, "09", key(t, "holder").Public())); err == nil {
		t.Error("a user certificate was taken for a CA's")
	}
}
