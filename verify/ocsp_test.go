package verify_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/verify"
)

func keyID(t *testing.T, h *holder) []byte {
	return must[*x509.Certificate](t)(x509.ParseCertificate(h.der)).SubjectKeyId
}

// Whatever is wrong with the answer about the status, the verdict is never "valid", and the next good answer counts.
func TestStatusThatCannotBeHad(t *testing.T) {
	ca := newAuthority(t, cert.Signature, cert.P256SHA256)
	h := ca.holder(t, cert.P256SHA256)
	file := h.cms(t, document, "-nodetach", "-outform", "DER")
	other := newAuthority(t, cert.Signature, cert.P256SHA256)
	goodResponder, goodKey := ca.responder, ca.ocspKey
	bytesOf := func(b []byte) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(b) })
	}
	delegate := func(o jpki.OCSPSigner) func() {
		return func() {
			o.Serial, o.Public, o.CommonName = ca.serial(t), ca.ocspKey.Public(), "OCSP"
			ca.responder = ca.sign(t, must[[]byte](t)(ca.OCSPSignerTBS(o)))
		}
	}
	for name, c := range map[string]struct {
		spoil func()
		why   string
	}{
		"server error":  {func() { ca.fail = http.NotFoundHandler() }, "404"},
		"try later":     {func() { ca.fail = bytesOf(ocspwire.TryLater.Encode()) }, "try later"},
		"unauthorized":  {func() { ca.fail = bytesOf(ocspwire.Unauthorized.Encode()) }, "does not answer"},
		"nonsense":      {func() { ca.fail = bytesOf([]byte("<html>")) }, "no OCSP response"},
		"endless":       {func() { ca.fail = bytesOf(make([]byte, 1<<20)) }, "too long"},
		"nothing":       {func() { ca.fail = bytesOf(nil) }, "no OCSP response"},
		"no nonce":      {func() { ca.spoil = func(r *ocspwire.Response) { r.Nonce = nil } }, "nonce"},
		"another nonce": {func() { ca.spoil = func(r *ocspwire.Response) { r.Nonce = make([]byte, 32) } }, "nonce"},
		"old": {func() {
			ca.spoil = func(r *ocspwire.Response) { r.Singles[0].NextUpdate = ca.now.Add(-6 * time.Minute) }
		}, "not for"},
		"from the future": {func() {
			ca.spoil = func(r *ocspwire.Response) { r.Singles[0].ThisUpdate = ca.now.Add(6 * time.Minute) }
		}, "not for"},
		"no next update":           {func() { ca.spoil = func(r *ocspwire.Response) { r.Singles[0].NextUpdate = time.Time{} } }, "not for"},
		"another serial":           {func() { ca.spoil = func(r *ocspwire.Response) { r.Singles[0].ID.Serial = ca.serial(t) } }, "other certificates"},
		"another issuer":           {func() { ca.spoil = func(r *ocspwire.Response) { r.Singles[0].ID.IssuerKey = make([]byte, 32) } }, "other certificates"},
		"nothing answered":         {func() { ca.spoil = func(r *ocspwire.Response) { r.Singles = nil } }, "other certificates"},
		"another name":             {func() { ca.spoil = func(r *ocspwire.Response) { r.ResponderKey = make([]byte, 20) } }, "who signed"},
		"not delegated by this CA": {func() { ca.responder, ca.ocspKey = other.responder, other.ocspKey }, "not delegated"},
		"a user as responder": {func() {
			ca.responder = ca.sign(t, must[[]byte](t)(ca.UserTBS(jpki.User{Serial: ca.serial(t), Public: ca.ocspKey.Public(), NotBefore: ca.now.Add(-time.Hour),
				NotAfter: ca.now.Add(time.Hour), CommonName: "x", Partition: jpki.Partition{Prefecture: "a", Municipality: "b"}, OCSP: "http://x",
				Holder: must[*cert.Holder](t)(jpki.NewHolder("a", "1", 1980, 1, 1, "b"))})))
		}, "not for signing OCSP"},
		"responder expired":  {delegate(jpki.OCSPSigner{NotBefore: ca.now.Add(-time.Hour), NotAfter: ca.now.Add(-time.Second)}), "not valid now"},
		"another key signed": {func() { ca.ocspKey = other.ocspKey }, "not genuine"},
	} {
		c.spoil()
		r := check(t, name, file, nil, ca.options(), verify.Indeterminate, "try again later")
		if r.StatusError == nil || !strings.Contains(r.StatusError.Error(), c.why) || r.Status != nil {
			t.Errorf("%s: because of %v, want %q", name, r.StatusError, c.why)
		}
		if got := strings.Contains(r.Reason.EN, "filing is accepted"); got != (name == "unauthorized") {
			t.Errorf("%s: it says %q", name, r.Reason.EN)
		}
		ca.fail, ca.spoil, ca.responder, ca.ocspKey = nil, nil, goodResponder, goodKey
		check(t, "after "+name, file, nil, ca.options(), verify.Valid, "valid")
	}

	// Nobody listens, and later somebody does: a failed first try must not decide the later ones.
	asker := &verify.OCSP{URL: "http://127.0.0.1:1/"}
	o := ca.options()
	o.Status = asker
	check(t, "nobody listens", file, nil, o, verify.Indeterminate, "try again later")
	asker.URL = ca.server.URL
	check(t, "now somebody does", file, nil, o, verify.Valid, "valid")

	asker.NonceOptional = true
	ca.spoil = func(r *ocspwire.Response) { r.Nonce = nil }
	check(t, "signed beforehand", file, nil, o, verify.Valid, "valid")
	ca.spoil = func(r *ocspwire.Response) { r.Nonce = []byte("another") }
	check(t, "signed for somebody else", file, nil, o, verify.Indeterminate, "try again later")
	asker.Random = bytes.NewReader(nil)
	check(t, "no randomness", file, nil, o, verify.Indeterminate, "try again later")
	asker.Random, ca.spoil = rand.Reader, nil
	check(t, "good again", file, nil, o, verify.Valid, "valid")

	// The CA may answer itself.
	ca.responder, ca.ocspKey = ca.Certificate(), ca.key
	check(t, "the CA itself answers", file, nil, o, verify.Valid, "valid")
}
