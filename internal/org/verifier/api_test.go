package verifier_test

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/verifier"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/verify"
)

func TestMain(m *testing.M) { webuitest.Main(m) }

// formPart is a file when it has a name, else a value.
type formPart struct {
	field, name string
	content     []byte
}

func encode(t testing.TB, parts []formPart) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for _, p := range parts {
		w, err := m.CreateFormField(p.field)
		if p.name != "" {
			w, err = m.CreateFormFile(p.field, p.name)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(p.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), m.FormDataContentType()
}

func both(file, signature []byte) []formPart {
	return []formPart{{"file", "FILE", file}, {"signature", "FILE.p7s", signature}}
}

// call sends to the API and reads the answer, which must be a verdict.
func (c *country) call(parts ...formPart) (a verifier.Answer, raw string) {
	c.t.Helper()
	response, body := c.do(upload(c.t, c.base+"/api/verify", parts...))
	if response.StatusCode != http.StatusOK {
		c.t.Fatalf("%s: %s", response.Status, body)
	}
	d := json.NewDecoder(strings.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		c.t.Fatal(err)
	}
	return a, body
}

// TestVerdicts is the main job: what openssl signed is judged, and the certificate's end is seen at the next question.
func TestVerdicts(t *testing.T) {
	c := newCountry(t, "memory:")
	c.open()
	h := c.cas[cert.Signature].holder()
	signature := h.sign()
	expect := func(name string, want verify.Verdict, sentence string, parts []formPart) verifier.Answer {
		t.Helper()
		a, raw := c.call(parts...)
		if a.Verdict != want.String() || !strings.Contains(a.Reason.EN, sentence) || a.Reason.JA == "" {
			t.Errorf("%s: %s, %q; want %s, %q", name, a.Verdict, a.Reason.EN, want, sentence)
		}
		if strings.Contains(raw, "花子") || strings.Contains(raw, "松本") {
			t.Errorf("%s: the answer names the signer", name)
		}
		return a
	}

	a := expect("as the page tells", verify.Valid, "the certificate is valid", both(document, signature))
	if a.Serial != h.serial.String() || a.OCSP == nil || a.OCSP.URL != c.ocsp.URL+"/ocsp" || !strings.Contains(a.OCSP.Responder, "OCSP responder 2026-04") ||
		!a.OCSP.ThisUpdate.Equal(start) || a.RevokedAt != nil || !a.CheckedAt.Equal(start) || a.ClaimedTime == nil {
		t.Errorf("answered %+v", a)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: signature})
	for name, parts := range map[string][]formPart{
		"PEM":                  both(document, text),
		"PEM as a value":       {{"file", "FILE", document}, {"signature", "", text}},
		"S/MIME":               both(document, h.sign("-outform", "SMIME")),
		"S/MIME by itself":     {{"signature", "FILE.eml", h.sign("-outform", "SMIME")}},
		"document inside":      {{"signature", "FILE.p7m", h.sign("-nodetach")}},
		"document inside, BER": {{"signature", "FILE.p7m", h.sign("-nodetach", "-stream")}},
	} {
		if b := expect(name, verify.Valid, "", parts); b.Content != a.Content {
			t.Errorf("%s: the content's hash is %s, want %s", name, b.Content, a.Content)
		}
	}

	for name, wrong := range map[string]struct {
		parts    []formPart
		sentence string
	}{
		"another document":   {both(append([]byte("0"), document...), signature), "not what was signed"},
		"altered":            {both(document, altered(signature)), "does not match"},
		"no document":        {[]formPart{{"signature", "FILE.p7s", signature}}, "document is missing"},
		"SHA-1":              {both(document, h.sign("-md", "sha1")), "SHA-1"},
		"no certificate":     {both(document, h.sign("-nocerts")), "not in the file"},
		"no signature file":  {both(document, document), "not known"},
		"another CA":         {both(document, newCountry(t, "memory:").cas[cert.Signature].holder().sign()), "not issued by a trusted CA"},
		"authentication":     {both(document, c.cas[cert.Authentication].holder().sign()), "authentication certificate"},
		"not yet":            {both(document, c.cas[cert.Signature].holder(func(u *jpki.User) { u.NotBefore = start.Add(time.Minute) }).sign()), "not begun"},
		"PEM of certificate": {both(document, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signature})), "PEM"},
	} {
		before := c.asked
		if a := expect(name, verify.Invalid, wrong.sentence, wrong.parts); a.OCSP != nil || c.asked != before {
			t.Errorf("%s: the validation authority was asked", name)
		}
	}
	over := c.cas[cert.Signature].holder(func(u *jpki.User) { u.NotAfter = start.Add(-time.Second) })
	expect("expired", verify.Expired, "expired at", both(document, over.sign()))
	stranger := c.cas[cert.Signature].holder()
	delete(c.issued, stranger.id)
	expect("never issued", verify.Unknown, "never issued", both(document, stranger.sign()))

	c.revoked[h.id] = cert.AffiliationChanged
	a = expect("revoked", verify.Revoked, "Reason:", both(document, signature))
	if a.Revocation != "affiliationChanged" || a.RevokedAt == nil || !a.RevokedAt.Equal(start.Add(-time.Minute)) || !strings.Contains(a.Reason.JA, "記載内容に変更") {
		t.Errorf("revoked: %+v", a)
	}
}

// altered changes one bit of the last octet, which is the signature's.
func altered(signature []byte) []byte {
	out := bytes.Clone(signature)
	out[len(out)-1] ^= 1
	return out
}

// TestNothingIsRemembered: a validation authority that is away makes no verdict, and the next check asks anew.
func TestNothingIsRemembered(t *testing.T) {
	c := newCountry(t, "memory:")
	c.open()
	h := c.cas[cert.Signature].holder()
	parts := both(document, h.sign())
	verdict := func(want verify.Verdict) verifier.Answer {
		t.Helper()
		a, _ := c.call(parts...)
		if a.Verdict != want.String() {
			t.Errorf("%s, want %s", a.Verdict, want)
		}
		return a
	}
	verdict(verify.Valid)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(c.answer(body))
	}))
	t.Cleanup(other.Close)
	for name, h := range map[string]http.HandlerFunc{
		"out of order": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusServiceUnavailable) },
		"nonsense":     func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"endless":      func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 4<<20)) },
		"elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		},
	} {
		c.away = h
		a := verdict(verify.Indeterminate)
		if !strings.Contains(a.Reason.EN, "try again") || a.OCSP == nil || a.OCSP.ThisUpdate != nil || a.OCSP.Responder != "" {
			t.Errorf("%s: %+v", name, a)
		}
	}
	c.away = nil
	verdict(verify.Valid)
	c.revoked[h.id] = cert.AffiliationChanged
	verdict(verify.Revoked)
	c.ocsp.Close()
	verdict(verify.Indeterminate)
}

// TestRefused: what cannot be checked at all is answered with what to do, in both languages, and leaves no record.
func TestRefused(t *testing.T) {
	c := newCountry(t, "memory:")
	c.open()
	signature := []byte("anything")
	huge := make([]byte, verify.MaxOctets+1)
	urlencoded := must[*http.Request](t)(http.NewRequest(http.MethodPost, c.base+"/api/verify", strings.NewReader("file=x&signature=y")))
	urlencoded.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	cut := upload(t, c.base+"/api/verify", both(document, signature)...)
	cut.Body, cut.ContentLength = io.NopCloser(io.LimitReader(cut.Body, 60)), 60
	// Without its length it is stopped on the way.
	unannounced := upload(t, c.base+"/api/verify", both(huge, signature)...)
	unannounced.ContentLength = -1
	get := must[*http.Request](t)(http.NewRequest(http.MethodGet, c.base+"/api/verify", nil))
	for name, x := range map[string]struct {
		request *http.Request
		status  int
		fields  []string
		says    string
	}{
		"no signature":     {upload(t, c.base+"/api/verify", formPart{"file", "FILE", document}), 400, []string{"signature"}, "missing"},
		"nothing":          {upload(t, c.base+"/api/verify"), 400, []string{"signature"}, "missing"},
		"empty signature":  {upload(t, c.base+"/api/verify", both(document, nil)...), 400, []string{"signature"}, "empty"},
		"both empty":       {upload(t, c.base+"/api/verify", both(nil, nil)...), 400, []string{"file", "signature"}, "empty"},
		"another encoding": {urlencoded, 400, []string{""}, "multipart/form-data"},
		"cut off":          {cut, 400, []string{""}, "cannot be read"},
		"33 MiB":           {upload(t, c.base+"/api/verify", both(huge, signature)...), 413, []string{""}, "32 MiB"},
		"64 MiB":           {upload(t, c.base+"/api/verify", both(append(huge, huge...), signature)...), 413, []string{""}, "32 MiB"},
		"not announced":    {unannounced, 413, []string{""}, "32 MiB"},
		"GET":              {get, 405, []string{""}, "POST"},
	} {
		response, body := c.do(x.request)
		var refusal verifier.Refusal
		if err := json.Unmarshal([]byte(body), &refusal); err != nil || response.StatusCode != x.status {
			t.Errorf("%s: %s, %v: %.200s", name, response.Status, err, body)
			continue
		}
		var fields []string
		for _, e := range refusal.Errors {
			fields = append(fields, e.Field)
			if e.JA == "" || e.EN == "" {
				t.Errorf("%s: says %+v", name, e)
			}
		}
		if !reflect.DeepEqual(fields, x.fields) || !strings.Contains(refusal.Errors[0].EN, x.says) {
			t.Errorf("%s: %+v", name, refusal)
		}
		if unread := name == "another encoding" || name == "cut off"; unread &&
			refusal.Errors[0].JA != "送られた内容を読めません。multipart/form-data で file と signature を送ってください（curl -F file=@FILE -F signature=@FILE.p7s）。" {
			t.Errorf("%s: %+v", name, refusal)
		}
	}
	if n := len(c.audit("verify-signature")); n != 0 {
		t.Errorf("%d checks are recorded", n)
	}
	// Another site's page cannot use this office through somebody's browser.
	foreign := upload(t, c.base+"/api/verify", both(document, signature)...)
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	if response, _ := c.do(foreign); response.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %s", response.Status)
	}
}

// TestAnswerAsItIsWritten holds the form of the answer, on which scripts rely.
func TestAnswerAsItIsWritten(t *testing.T) {
	c := newCountry(t, "memory:")
	c.open()
	h := c.cas[cert.Signature].holder()
	c.revoked[h.id] = cert.AffiliationChanged
	_, raw := c.call(both(document, h.sign())...)
	_, unread := c.call(both(document, document)...)
	for _, x := range []struct{ pattern, with string }{
		{`"claimed_signing_time": "[^"]+"`, `"claimed_signing_time": "(differs)"`},
		{`"signature_sha256": "[0-9a-f]{64}"`, `"signature_sha256": "(differs)"`},
		{`127\.0\.0\.1:\d+`, `127.0.0.1`},
	} {
		raw = regexp.MustCompile(x.pattern).ReplaceAllString(raw, x.with)
	}
	webuitest.GoldenText(t, "revoked.json", []byte(raw))
	webuitest.GoldenText(t, "unreadable.json", []byte(unread))
}
