package jpki_test

import (
	"bytes"
	"crypto/x509"
	"testing"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/jpki"
)

// TestGovernorsCA: the CA of a prefecture has a name of its own, in both languages, which all that it signs bears; and the agency's CA
// signs as it did before.
func TestGovernorsCA(t *testing.T) {
	tokyo := jpki.Governor("Tokyo-to", "東京都")
	for _, p := range cert.Profiles {
		signer := key(t, "ca-"+p.String())
		tbs, err := tokyo.CATBS(p, signer.Public(), serial(t, "01"), caStart)
		der := certify(t, signer, tbs, err)
		issuer, err := jpki.OpenIssuer(der)
		if err != nil || issuer.Profile() != p || issuer.Operator() != tokyo {
			t.Fatalf("%v: %+v %v", p, issuer, err)
		}
		agency := newAuthority(t, p, signer, "01")
		if agency.Operator() != (jpki.Operator{}) {
			t.Errorf("the agency's CA is run by %+v", agency.Operator())
		}
		root, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		if units := root.Subject.OrganizationalUnit; units[len(units)-1] != "Governor of Tokyo-to" || !bytes.Contains(der, []byte("東京都知事")) {
			t.Errorf("it is named %v", units)
		}
		user := authority{issuer, signer}.user(t, "05", key(t, "holder").Public())
		c, err := x509.ParseCertificate(user)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(c.RawIssuer, root.RawSubject) || c.CheckSignatureFrom(root) != nil || !bytes.Contains(user, []byte("東京都知事")) {
			t.Errorf("%v: its certificate does not name it", p)
		}
		if other := agency.user(t, "05", key(t, "holder").Public()); bytes.Contains(other, []byte("Governor")) || bytes.Contains(other, []byte("知事")) {
			t.Error("the agency's certificates name a governor")
		}
	}
}

// TestNamesOfNoOperator: a name that is neither the agency's nor a governor's is no CA's.
func TestNamesOfNoOperator(t *testing.T) {
	signer := key(t, "ca-signature")
	for _, by := range []jpki.Operator{{Latin: "Anybody", Japanese: "だれか"}, {Latin: "Governor of Tokyo-to", Japanese: "だれか"}, {Latin: "Tokyo-to", Japanese: "東京都知事"}} {
		tbs, err := by.CATBS(cert.Signature, signer.Public(), serial(t, "01"), caStart)
		if _, err := jpki.OpenIssuer(certify(t, signer, tbs, err)); err == nil {
			t.Errorf("%+v runs a CA", by)
		}
	}
	for _, half := range []jpki.Operator{{Latin: "Governor of Tokyo-to"}, {Japanese: "東京都知事"}} {
		if _, err := half.CATBS(cert.Signature, signer.Public(), serial(t, "01"), caStart); err == nil {
			t.Errorf("a certificate was built for %+v", half)
		}
	}
}
