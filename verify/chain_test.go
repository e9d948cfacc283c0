package verify_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/verify"
)

// Certificates that the trusted CA's key signed, each unlike a user certificate in one place.
func TestChainRefusesOtherShapes(t *testing.T) {
	ca := newAuthority(t, cert.Signature, cert.P256SHA256)
	cas := [][]byte{ca.Certificate()}
	tbs := must[[]byte](t)(pki.TBSOf(ca.holder(t, cert.P256SHA256).der))
	for name, c := range map[string]struct {
		old, new string
		words    string
	}{
		"as built":                    {"", "", ""},
		"authentication policy":       {"\x05\x01\x01\x14", "\x05\x01\x03\x1e", "policy and key usage"},
		"no nonRepudiation":           {"\x03\x02\x06\xc0", "\x03\x02\x06\x80", "policy and key usage"},
		"keyCertSign":                 {"\x03\x02\x06\xc0", "\x03\x02\x02\xc4", "policy and key usage"},
		"a critical unknown":          {"\x06\x03\x55\x1d\x0f\x01\x01\xff", "\x06\x03\x55\x1d\x7f\x01\x01\xff", "policy and key usage"},
		"a holder's attribute twice":  {"\x8c\x9b\x55\x08\x05\x05\x02", "\x8c\x9b\x55\x08\x05\x05\x01", "holder's attributes"},
		"a holder's attribute broken": {"\xa0\x03\x0c\x012", "\xa0\x03\x04\x012", "holder's attributes"},
		"no holder":                   {"\x06\x03\x55\x1d\x11", "\x06\x03\x55\x1d\x7f", "holder's attributes"},
		"no issuer key":               {"\x06\x03\x55\x1d\x23", "\x06\x03\x55\x1d\x7f", "trusted CA"},
		"not a certificate":           {"\xa0\x03\x02\x01\x02", "\xa0\x03\x02\x01\x07", "cannot be read"},
	} {
		if c.old != "" && !bytes.Contains(tbs, []byte(c.old)) {
			t.Fatalf("%s: % x is not in the certificate", name, c.old)
		}
		issued, err := verify.Chain(ca.sign(t, bytes.Replace(tbs, []byte(c.old), []byte(c.new), 1)), cas, ca.now)
		if c.words == "" {
			if err != nil || issued.Profile != cert.Signature || issued.Holder.Sex != "2" || !bytes.Equal(issued.Issuer.Raw, ca.Certificate()) {
				t.Errorf("%s: %+v, %v", name, issued, err)
			}
			continue
		}
		var refusal *verify.Refusal
		if !errors.As(err, &refusal) || refusal.Verdict != verify.Invalid || !strings.Contains(refusal.Reason.EN, c.words) {
			t.Errorf("%s: %+v, %v; want a refusal with %q", name, issued, err, c.words)
		}
	}

	// A CA's own certificate is no user's.
	auth := newAuthority(t, cert.Authentication, cert.P256SHA256)
	if issued, err := verify.Chain(auth.Certificate(), [][]byte{auth.Certificate()}, auth.now); err == nil {
		t.Errorf("a CA passed for a user: %+v", issued)
	}
	for name, cas := range map[string][][]byte{"none": nil, "a user's": {ca.holder(t, cert.P256SHA256).der}, "nonsense": {[]byte("x")}} {
		_, err := verify.Chain(ca.holder(t, cert.P256SHA256).der, cas, ca.now)
		var refusal *verify.Refusal
		if err == nil || errors.As(err, &refusal) {
			t.Errorf("CAs %s: %v; want an error about the CAs, not about the certificate", name, err)
		}
	}
}
