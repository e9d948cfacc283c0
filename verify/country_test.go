package verify_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
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

// authority is a CA with an OCSP responder whose answers a test may spoil.
type authority struct {
	*jpki.Issuer
	key       crypto.Signer
	now       time.Time
	next      byte
	responder []byte
	ocspKey   crypto.Signer
	revoked   map[cert.Serial]cert.RevocationReason
	issued    map[cert.Serial]bool
	spoil     func(*ocspwire.Response)
	fail      http.Handler // answers instead, when set
	server    *httptest.Server
}

func newAuthority(t testing.TB, p cert.Profile, a cert.Algorithm) *authority {
	ca := &authority{key: must[crypto.Signer](t)(pki.GenerateKey(rand.Reader, a)), now: time.Now().UTC().Truncate(time.Second),
		ocspKey: must[crypto.Signer](t)(pki.GenerateKey(rand.Reader, a)),
		revoked: make(map[cert.Serial]cert.RevocationReason), issued: make(map[cert.Serial]bool)}
	tbs := must[[]byte](t)(jpki.CATBS(p, ca.key.Public(), ca.serial(t), ca.now.Add(-24*time.Hour)))
	ca.Issuer = must[*jpki.Issuer](t)(jpki.OpenIssuer(ca.sign(t, tbs)))
	ca.responder = ca.sign(t, must[[]byte](t)(ca.OCSPSignerTBS(jpki.OCSPSigner{Serial: ca.serial(t), Public: ca.ocspKey.Public(),
		NotBefore: ca.now.Add(-time.Hour), NotAfter: ca.now.Add(30 * 24 * time.Hour), CommonName: "OCSP"})))
	ca.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ca.fail != nil {
			ca.fail.ServeHTTP(w, r)
			return
		}
		body, _ := io.ReadAll(io.LimitReader(r.Body, ocspwire.MaxRequestOctets+1))
		_, _ = w.Write(ca.answer(t, body))
	}))
	t.Cleanup(ca.server.Close)
	return ca
}

func (ca *authority) serial(t testing.TB) cert.Serial {
	ca.next++
	return must[cert.Serial](t)(cert.SerialFromBytes([]byte{ca.next}))
}

func (ca *authority) sign(t testing.TB, tbs []byte) []byte {
	return must[[]byte](t)(pki.AssembleCertificate(tbs, must[[]byte](t)(pki.SignTBS(rand.Reader, ca.key, tbs))))
}

func (ca *authority) answer(t testing.TB, der []byte) []byte {
	request := must[*ocspwire.Request](t)(ocspwire.ParseRequest(der))
	responder := must[*x509.Certificate](t)(x509.ParseCertificate(ca.responder))
	response := &ocspwire.Response{ResponderKey: must[[]byte](t)(ocspwire.ResponderKeyOf(responder)), ProducedAt: ca.now, Nonce: request.Nonce}
	for _, id := range request.CertIDs {
		s := ocspwire.Single{ID: id, Status: cert.Unknown, ThisUpdate: ca.now, NextUpdate: ca.now.Add(time.Hour)}
		if ca.issued[id.Serial] {
			s.Status = cert.Valid
		}
		if reason, ok := ca.revoked[id.Serial]; ok {
			s.Status, s.RevokedAt, s.Reason = cert.Revoked, ca.now.Add(-time.Minute), reason
		}
		response.Singles = append(response.Singles, s)
	}
	if ca.spoil != nil {
		ca.spoil(response)
	}
	tbs := must[[]byte](t)(response.TBS())
	algorithm := must[[]byte](t)(pki.AlgorithmIdentifier(must[cert.Algorithm](t)(pki.AlgorithmOf(ca.ocspKey.Public()))))
	return must[[]byte](t)(ocspwire.Assemble(tbs, algorithm, must[[]byte](t)(pki.SignTBS(rand.Reader, ca.ocspKey, tbs)), ca.responder))
}

// holder is a person with a certificate, as files for openssl.
type holder struct {
	serial            cert.Serial
	der               []byte
	certFile, keyFile string
}

func (ca *authority) holder(t testing.TB, a cert.Algorithm, change ...func(*jpki.User)) *holder {
	key := must[crypto.Signer](t)(pki.GenerateKey(rand.Reader, a))
	h := &holder{serial: ca.serial(t)}
	u := jpki.User{Serial: h.serial, Public: key.Public(), NotBefore: ca.now.Add(-time.Hour), NotAfter: ca.now.Add(24 * time.Hour),
		CommonName: must[string](t)(jpki.CommonName(ca.Profile(), ca.now, 1, "202021A01")),
		Partition:  jpki.Partition{Prefecture: "Nagano-ken", Municipality: "Matsumoto-shi"}, OCSP: ca.server.URL}
	if ca.Profile() == cert.Signature {
		u.Holder = must[*cert.Holder](t)(jpki.NewHolder("松本　花子", "2", 1980, 2, 17, "長野県松本市丸の内３番７号"))
	}
	for _, f := range change {
		f(&u)
	}
	h.der = ca.sign(t, must[[]byte](t)(ca.UserTBS(u)))
	h.certFile = save(t, "cert.pem", pki.EncodeCertificates(h.der))
	h.keyFile = save(t, "key.pem", must[[]byte](t)(pki.EncodeKey(key)))
	ca.issued[h.serial] = true
	return h
}

func save(t testing.TB, name string, content []byte) string {
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// openssl runs the real program. Tests that need it are skipped, loudly, only where it is missing.
func openssl(t testing.TB, args ...string) ([]byte, error) {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("SKIPPED: the openssl program is missing, so no foreign signature was checked")
	}
	var out, complaint bytes.Buffer
	command := exec.Command(path, args...)
	command.Stdout, command.Stderr = &out, &complaint
	if err = command.Run(); err != nil {
		t.Logf("openssl %v: %s", args, complaint.String())
	}
	return out.Bytes(), err
}

// cms is `openssl cms -sign` over content, with more arguments.
func (h *holder) cms(t testing.TB, content []byte, args ...string) []byte {
	t.Helper()
	args = append([]string{"cms", "-sign", "-in", save(t, "content", content), "-signer", h.certFile, "-inkey", h.keyFile}, args...)
	return must[[]byte](t)(openssl(t, args...))
}
