package verify_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/verify"
)

var document = []byte("確定申告書\n所得の金額　３，２００，０００円\n\n.\nFrom here\n--boundary\nend of the document\n")

func (ca *authority) options() verify.Options {
	return verify.Options{CAs: [][]byte{ca.Certificate()}, At: ca.now, Status: &verify.OCSP{}}
}

func check(t *testing.T, what string, file, content []byte, o verify.Options, want verify.Verdict, words string) verify.Result {
	t.Helper()
	r, err := verify.CMS(context.Background(), file, content, o)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if r.Verdict != want || !strings.Contains(r.Reason.EN, words) || r.Reason.JA == "" || r.Reason.EN == "" {
		t.Fatalf("%s: %v, %v (%v); want %v with %q", what, r.Verdict, r.Reason, r.StatusError, want, words)
	}
	return r
}

// Every form in which openssl writes a signature, with every kind of key.
func TestOpenSSLSignsWeVerify(t *testing.T) {
	for _, algorithm := range cert.Algorithms {
		ca := newAuthority(t, cert.Signature, algorithm)
		h := ca.holder(t, algorithm)
		caFile := save(t, "ca.pem", pki.EncodeCertificates(ca.Certificate()))
		forms := map[string][]string{"DER": {"-outform", "DER"}, "PEM": {"-outform", "PEM"}, "SMIME": {"-outform", "SMIME"}}
		kinds := map[string][]string{
			"detached binary": {"-binary"}, "detached text": nil, "attached": {"-nodetach"}, "attached binary": {"-nodetach", "-binary"},
			"stream": {"-stream", "-nodetach"}, "stream binary": {"-stream", "-binary"}, "key identifier": {"-keyid", "-nodetach"}, "CAdES": {"-cades", "-nodetach", "-binary"},
			"SHA-512": {"-md", "sha512", "-nodetach"}, "with MIME text header": {"-text"}, "more certificates": {"-certfile", caFile, "-nodetach"},
		}
		if algorithm == cert.RSA2048SHA256 {
			kinds["PSS"] = []string{"-keyopt", "rsa_padding_mode:pss", "-nodetach"}
			kinds["PSS, salt as long as the hash"] = []string{"-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:-1", "-md", "sha384", "-nodetach"}
		}
		for form, formArgs := range forms {
			for kind, kindArgs := range kinds {
				what := algorithm.String() + " " + form + " " + kind
				file := h.cms(t, document, append(append([]string{}, formArgs...), kindArgs...)...)
				detached := strings.Contains(kind, "detached") || kind == "with MIME text header"
				var content []byte
				if detached && form != "SMIME" {
					content = document
					if kind == "with MIME text header" { // the signature covers a header that openssl puts before the text
						content = append([]byte("Content-Type: text/plain\r\n\r\n"), document...)
					}
				}
				r := check(t, what, file, content, ca.options(), verify.Valid, "valid")
				if r.Serial != h.serial || r.Profile != cert.Signature || r.Holder == nil || r.Holder.Name != "松本　花子" ||
					!bytes.Equal(r.Certificate, h.der) || r.ClaimedTime.IsZero() || r.Status.Status != cert.Valid ||
					!bytes.Contains(r.Content, []byte("所得の金額")) {
					t.Errorf("%s: %+v", what, r)
				}
				if detached && form != "SMIME" {
					check(t, what+", no content", file, nil, ca.options(), verify.Invalid, "document is missing")
				} else {
					check(t, what+", content given too", file, r.Content, ca.options(), verify.Valid, "valid")
					check(t, what+", other content given", file, []byte("x"), ca.options(), verify.Invalid, "not what was signed")
				}
				spoilt := bytes.Replace(document, []byte("３，２００"), []byte("９，２００"), 1)
				if content != nil {
					check(t, what+", tampered", file, spoilt, ca.options(), verify.Invalid, "not what was signed")
				}
				// OpenSSL agrees about the same file.
				args := []string{"cms", "-verify", "-in", save(t, "f", file), "-inform", form, "-CAfile", caFile, "-out", save(t, "out", nil)}
				if content != nil {
					args = append(args, "-content", save(t, "content", content))
				}
				if strings.Contains(strings.Join(kindArgs, " "), "-binary") {
					args = append(args, "-binary")
				}
				if _, err := openssl(t, args...); err != nil {
					t.Errorf("%s: openssl refuses it: %v", what, err)
				}
			}
		}
	}
}

func TestTamperedContentInside(t *testing.T) {
	ca := newAuthority(t, cert.Signature, cert.P256SHA256)
	h := ca.holder(t, cert.P256SHA256)
	for kind, args := range map[string][]string{"attached": {"-nodetach", "-outform", "DER"}, "multipart": {"-outform", "SMIME"}} {
		file := h.cms(t, document, args...)
		spoilt := bytes.Replace(file, []byte("３"), []byte("９"), 1)
		if bytes.Equal(spoilt, file) {
			t.Fatalf("%s: nothing was changed", kind)
		}
		check(t, kind, spoilt, nil, ca.options(), verify.Invalid, "not what was signed")
	}
	// A changed octet anywhere in a signature never makes it valid for other content, and never panics.
	file := h.cms(t, document, "-nodetach", "-outform", "DER", "-binary")
	for i := range file {
		spoilt := bytes.Clone(file)
		spoilt[i] ^= 0x01
		r, err := verify.CMS(context.Background(), spoilt, nil, ca.options())
		if err != nil {
			t.Fatal(err)
		}
		if r.Verdict == verify.Valid && !bytes.Equal(r.Content, document) {
			t.Fatalf("octet %d changed, and other content is valid", i)
		}
	}
}

func TestVerdictsOfTheCertificate(t *testing.T) {
	ca := newAuthority(t, cert.Signature, cert.P256SHA256)
	h := ca.holder(t, cert.RSA2048SHA256)
	file := h.cms(t, document, "-nodetach", "-outform", "DER")
	o := ca.options()

	check(t, "valid", file, nil, o, verify.Valid, "valid")

	ca.revoked[h.serial] = cert.AffiliationChanged
	r := check(t, "revoked", file, nil, o, verify.Revoked, "content changed")
	if !strings.Contains(r.Reason.JA, "記載内容変更") || !r.Status.RevokedAt.Equal(ca.now.Add(-time.Minute)) || r.Status.Reason != cert.AffiliationChanged {
		t.Errorf("%+v", r)
	}
	delete(ca.revoked, h.serial)
	check(t, "nothing is kept", file, nil, o, verify.Valid, "valid")

	delete(ca.issued, h.serial)
	check(t, "unknown", file, nil, o, verify.Unknown, "never issued")
	ca.issued[h.serial] = true

	late := o
	late.At = ca.now.Add(25 * time.Hour)
	check(t, "expired", file, nil, late, verify.Expired, "expired")
	early := o
	early.At = ca.now.Add(-2 * time.Hour)
	check(t, "not yet", file, nil, early, verify.Invalid, "not begun")

	// Another CA of the same name, and the same serial: only the key tells.
	other := newAuthority(t, cert.Signature, cert.P256SHA256)
	check(t, "wrong CA", file, nil, other.options(), verify.Invalid, "not issued by a trusted CA")
	both := o
	both.CAs = [][]byte{other.Certificate(), ca.Certificate()}
	check(t, "two generations", file, nil, both, verify.Valid, "valid")

	auth := newAuthority(t, cert.Authentication, cert.P256SHA256)
	login := auth.holder(t, cert.P256SHA256).cms(t, document, "-nodetach", "-outform", "DER")
	check(t, "authentication", login, nil, auth.options(), verify.Invalid, "authentication certificate")
	allowed := auth.options()
	allowed.AllowAuthentication = true
	if r := check(t, "authentication allowed", login, nil, allowed, verify.Valid, "valid"); r.Holder != nil || r.Profile != cert.Authentication {
		t.Errorf("%+v", r)
	}

	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("checked", "result", r)
	if strings.Contains(log.String(), "松本") || !strings.Contains(log.String(), "revoked") {
		t.Errorf("logged %s", log.String())
	}
}

func TestRefusals(t *testing.T) {
	ca := newAuthority(t, cert.Signature, cert.RSA2048SHA256) // RSA: all certificates have the same length
	h, second := ca.holder(t, cert.RSA2048SHA256), ca.holder(t, cert.RSA2048SHA256)
	in := []string{"-nodetach", "-outform", "DER"}
	with := func(more ...string) []byte { return h.cms(t, document, append(more, in...)...) }
	for name, c := range map[string]struct {
		file  []byte
		words string
	}{
		"SHA-1":            {with("-md", "sha1"), "hash"},
		"MD5":              {with("-md", "md5"), "hash"},
		"SHA-224":          {with("-md", "sha224"), "hash"},
		"PSS with SHA-1":   {with("-md", "sha1", "-keyopt", "rsa_padding_mode:pss"), "hash"},
		"PSS, SHA-1 mask":  {with("-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_mgf1_md:sha1"), "algorithm"},
		"no attributes":    {with("-noattr"), "-noattr"},
		"no certificate":   {with("-nocerts"), "-nocerts"},
		"two signers":      {with("-signer", second.certFile, "-inkey", second.keyFile), "several signers"},
		"empty":            {nil, "empty"},
		"text":             {[]byte("確定申告書"), "form"},
		"zeros":            {make([]byte, 100), "form"},
		"a certificate":    {h.der, "form"},
		"PEM certificate":  {pki.EncodeCertificates(h.der), "PEM"},
		"two PEM blocks":   {bytes.Repeat(h.cms(t, document, "-nodetach", "-outform", "PEM"), 2), "PEM"},
		"cut":              {with()[:700], "form"},
		"64 MiB":           {make([]byte, 64<<20), "too large"},
		"depth bomb":       {bytes.Repeat([]byte{0x30, 0x80}, 1<<20), "encoding"},
		"definite bomb":    {bytes.Repeat([]byte{0x30, 0x84, 0x7f, 0xff, 0xff, 0xff}, 1000), "form"},
		"MIME bomb":        {append([]byte("Content-Type: multipart/signed; boundary=x\n\n"), bytes.Repeat([]byte("--x\n"), 1<<20)...), "form"},
		"encrypted":        {must[[]byte](t)(openssl(t, "cms", "-encrypt", "-in", save(t, "d", document), "-outform", "DER", "-aes256", h.certFile)), "no SignedData"},
		"stranger's name":  {strangersCertificate(t, h, second), "not match the key"},
		"trailing octets":  {append(with(), 0), "form"},
		"indefinite, cut":  {h.cms(t, document, "-stream", "-nodetach", "-outform", "DER")[:900], "encoding"},
		"indefinite, more": {append(h.cms(t, document, "-stream", "-nodetach", "-outform", "DER"), 0, 0), "encoding"},
	} {
		check(t, name, c.file, nil, ca.options(), verify.Invalid, c.words)
	}
	check(t, "64 MiB of content", with(), make([]byte, 64<<20), ca.options(), verify.Invalid, "too large")

	for name, o := range map[string]verify.Options{"no CAs": {At: ca.now, Status: &verify.OCSP{}}, "no time": {CAs: ca.options().CAs, Status: &verify.OCSP{}},
		"no asker": {CAs: ca.options().CAs, At: ca.now}, "an unusable CA": {CAs: [][]byte{h.der}, At: ca.now, Status: &verify.OCSP{}}} {
		if r, err := verify.CMS(context.Background(), with(), nil, o); err == nil || r.Verdict != 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if r, err := verify.CMS(ctx, with(), nil, ca.options()); !errors.Is(err, context.Canceled) || r.Verdict != 0 {
		t.Errorf("after the end of its context: %+v, %v", r, err)
	}
}

// strangersCertificate is a signature by one person, with another's certificate in the place of the signer's: both
// certificates have the same length, and the signer is named by key identifier.
func strangersCertificate(t *testing.T, signer, other *holder) []byte {
	file := signer.cms(t, document, "-nodetach", "-outform", "DER", "-binary", "-keyid")
	if len(signer.der) != len(other.der) || !bytes.Contains(file, signer.der) {
		t.Fatal("the certificates differ in length")
	}
	file = bytes.Replace(file, signer.der, other.der, 1)
	mine, yours := keyID(t, signer), keyID(t, other)
	return bytes.Replace(file, mine, yours, 1)
}

func TestCertificateExchangedForOneOfTheSameKey(t *testing.T) {
	ca := newAuthority(t, cert.Signature, cert.RSA2048SHA256)
	key := must[crypto.Signer](t)(pki.GenerateKey(rand.Reader, cert.RSA2048SHA256))
	same := func(u *jpki.User) { u.Public = key.Public() }
	old, renewed := ca.holder(t, cert.RSA2048SHA256, same), ca.holder(t, cert.RSA2048SHA256, same)
	old.keyFile = save(t, "key.pem", must[[]byte](t)(pki.EncodeKey(key)))
	file := old.cms(t, document, "-nodetach", "-outform", "DER", "-cades", "-keyid")
	check(t, "as signed", file, nil, ca.options(), verify.Valid, "valid")
	check(t, "exchanged", bytes.Replace(file, old.der, renewed.der, 1), nil, ca.options(), verify.Invalid, "not the one that the signature names")
}
