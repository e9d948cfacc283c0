package verifier_test

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/verify"
)

// post sends the form of the front page.
func (c *country) post(parts ...formPart) (*http.Response, string) {
	c.t.Helper()
	return c.do(upload(c.t, c.base+"/verify", parts...))
}

// result follows the answer to a form that was taken to the result.
func (c *country) result(parts ...formPart) (path, body string) {
	c.t.Helper()
	response, body := c.post(parts...)
	path, ok := strings.CutPrefix(response.Header.Get("Location"), "/"+string(self))
	if response.StatusCode != http.StatusSeeOther || !ok {
		c.t.Fatalf("%s: %s", response.Status, body)
	}
	response, body = c.get(path)
	if response.StatusCode != http.StatusOK {
		c.t.Fatalf("%s: %s", response.Status, body)
	}
	return path, body
}

// as chooses a persona and gets a page.
func (c *country) as(persona, path string) (*http.Response, string) {
	c.t.Helper()
	return c.send(persona, must[*http.Request](c.t)(http.NewRequest(http.MethodGet, c.base+path, nil)))
}

// fill chooses a persona and sends a form.
func (c *country) fill(persona, path string, form url.Values) (*http.Response, string) {
	c.t.Helper()
	r := must[*http.Request](c.t)(http.NewRequest(http.MethodPost, c.base+path, strings.NewReader(form.Encode())))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.send(persona, r)
}

func (c *country) send(persona string, r *http.Request) (*http.Response, string) {
	c.t.Helper()
	response, err := client.PostForm(c.base+"/session", url.Values{"persona": {persona}})
	if err != nil {
		c.t.Fatal(err)
	}
	response.Body.Close()
	for _, cookie := range response.Cookies() {
		r.AddCookie(cookie)
	}
	return c.do(r)
}

func expect(t *testing.T, body string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// TestResultIsShownAndNotKept: whoever asked sees who signed, and after that nobody finds the name, neither in the
// database nor in the log.
func TestResultIsShownAndNotKept(t *testing.T) {
	c := newCountry(t, sqlstoretest.SQLite(t))
	c.open()
	h := c.cas[cert.Signature].holder()
	signature := h.sign()
	path, body := c.result(both(document, signature)...)
	expect(t, body, "有効", "Valid", "高橋　花子", "長野県松本市丸の内３番７号", "置き換えられています", h.serial.String(), "本人の申告", c.ocsp.URL+"/ocsp",
		"OCSP responder 2026-04", "FILE.p7s")
	_, body = c.get(path + "?lang=en")
	expect(t, body, "Valid", "有効", "the signer says", "高橋　花子")
	if c.asked != 1 {
		t.Errorf("the validation authority was asked %d times for one check that was read twice", c.asked)
	}
	if looks := c.audit("look"); len(looks) != 2 || looks[0].Actor != "public" || looks[0].Subject != h.serial.String() {
		t.Errorf("the audit log has %v", looks)
	}
	c.revoked[h.id] = cert.AffiliationChanged
	_, body = c.result(both(document, signature)...)
	expect(t, body, "失効", "Revoked", "記載内容変更", "失効した時刻", "What the certificate says of its holder has changed.")
	_, body = c.result(formPart{"signature", "x", []byte("x")}, formPart{"pem", "", nil})
	expect(t, body, "署名が不正")
	c.away = http.NotFoundHandler()
	_, body = c.result(both(document, signature)...)
	expect(t, body, "確認できない", "Indeterminate", "数分後に", "得られませんでした")

	c.clk.Set(start.Add(16 * time.Minute))
	for _, p := range []string{path, "/results/guessed"} {
		if response, body := c.get(p); response.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "この結果は、もう表示できません。結果を表示できるのは15分間です") || strings.Contains(body, "花子") {
			t.Errorf("%s: %s", p, response.Status)
		}
	}
	if err := c.verifier.Close(); err != nil {
		t.Fatal(err)
	}
	var kept []byte
	err := filepath.WalkDir(filepath.Dir(strings.TrimPrefix(c.url, "sqlite:")), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			content, _ := os.ReadFile(path)
			kept = append(kept, content...)
		}
		return err
	})
	if err != nil || !bytes.Contains(kept, []byte("affiliationChanged")) {
		t.Fatalf("the database was not found: %v", err)
	}
	for where, text := range map[string][]byte{"database": kept, "log": c.log.Bytes()} {
		if !bytes.Contains(text, []byte("revoked")) {
			t.Errorf("the %s says nothing", where)
		}
		for _, personal := range []string{"花子", "丸の内", "4,000,000", "FILE.p7s"} {
			if bytes.Contains(text, []byte(personal)) {
				t.Errorf("the %s holds %q", where, personal)
			}
		}
	}
}

var heldValue = regexp.MustCompile(`name="(file|signature)-held" value="([^"]*)"`)

// TestNothingIsLost: a form that is refused, or shown in the other language, comes back with its files.
func TestNothingIsLost(t *testing.T) {
	c := newCountry(t, "memory:")
	c.open()
	signature := c.cas[cert.Signature].holder().sign()
	heldIn := func(body string) (parts []formPart) {
		for _, m := range heldValue.FindAllStringSubmatch(body, -1) {
			parts = append(parts, formPart{m[1] + "-held", "", []byte(html.UnescapeString(m[2]))}, formPart{m[1] + "-name", "", []byte("kept")})
		}
		return parts
	}
	response, body := c.post(formPart{"file", "申告書.txt", document}, formPart{"signature", "", nil})
	if response.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("no signature: %s", response.Status)
	}
	expect(t, body, "署名ファイルがありません", `href="#f-signature"`, `aria-describedby="f-signature-hint f-signature-error"`, fmt.Sprintf("「申告書.txt」（%d バイト）を受け取っています", len(document)))
	_, body = c.result(append(heldIn(body), formPart{"signature", "FILE.p7s", signature})...)
	expect(t, body, "有効", "kept")

	// The other language, with both files and a pasted signature there: everything comes back, and nothing is checked.
	before := c.asked
	response, body = c.post(append(both(document, signature), formPart{"pem", "", []byte("-----BEGIN CMS-----")}, formPart{"_lang", "", []byte("en")})...)
	expect(t, body, `lang="en"`, "“FILE.p7s”", "-----BEGIN CMS-----", "<details class=\"paste\" open>")
	if len(heldIn(body)) != 4 || c.asked != before || strings.Contains(body, `id="errors"`) {
		t.Errorf("the switch of language: %s, %d fields", response.Status, len(heldIn(body)))
	}
	for name, x := range map[string]struct {
		parts []formPart
		says  string
	}{
		"empty document":       {both(nil, signature), "文書のファイルが空です"},
		"empty signature":      {both(document, nil), "署名ファイルが空です"},
		"two signatures":       {append(both(document, signature), formPart{"pem", "", []byte("x")}), "どちらか一つ"},
		"pasted too much":      {[]formPart{{"pem", "", bytes.Repeat([]byte("x"), 256<<10+1)}}, "署名ファイルとして送って"},
		"too large to be kept": {[]formPart{{"file", "FILE", make([]byte, 1<<20+1)}}, "もう一度選んでください"},
		"nothing":              {nil, "署名ファイルがありません"},
	} {
		if response, body := c.post(x.parts...); response.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, x.says) {
			t.Errorf("%s: %s, and not %q", name, response.Status, x.says)
		}
	}
	huge := make([]byte, verify.MaxOctets)
	for name, parts := range map[string][]formPart{"32 MiB": both(huge, signature), "64 MiB": both(append(huge, huge...), signature)} {
		if response, body := c.post(parts...); response.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(body, "32 MiB") {
			t.Errorf("%s: %s", name, response.Status)
		}
	}
	foreign := upload(t, c.base+"/verify", both(document, signature)...)
	foreign.Header.Set("Origin", "http://elsewhere.invalid")
	if response, _ := c.do(foreign); response.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %s", response.Status)
	}
}

// TestPasted: PEM is pasted as it is, also longer than what a person types, and with the line ends of a browser.
func TestPasted(t *testing.T) {
	c := newCountry(t, "memory:")
	c.open()
	h := c.cas[cert.Signature].holder()
	detached := pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: h.sign()})
	crlf := bytes.ReplaceAll(detached, []byte("\n"), []byte("\r\n"))
	_, body := c.result(formPart{"file", "FILE", document}, formPart{"signature", "", nil}, formPart{"pem", "", crlf})
	expect(t, body, "有効")
	details := save(t, "details", bytes.Repeat([]byte("所得の明細\n"), 500))
	long := pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: h.sign("-nodetach", "-in", details)})
	_, body = c.result(formPart{"pem", "", long})
	expect(t, body, "有効")
	if len(long) < 5000 {
		t.Errorf("only %d octets were pasted", len(long))
	}
	// A form without files, as a page without the file fields would send it.
	response, err := client.PostForm(c.base+"/verify", url.Values{"pem": {string(long)}})
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusSeeOther {
		t.Errorf("in the other encoding: %s", response.Status)
	}
}

// TestRecords: operators and the auditor see what was checked, each look at one is recorded, and the answer that was
// kept convinces a stranger.
func TestRecords(t *testing.T) {
	c := newCountry(t, "memory:")
	c.open()
	h := c.cas[cert.Signature].holder()
	a, _ := c.call(both(document, h.sign())...)
	c.call(both(document, document)...)

	for persona, status := range map[string]int{"": http.StatusSeeOther, "clerk-aoki": http.StatusForbidden, "operator-ueda": http.StatusOK, "auditor-onishi": http.StatusOK} {
		response, body := c.as(persona, "/records")
		if response.StatusCode != status || strings.Contains(body, h.serial.String()) != (status == http.StatusOK) {
			t.Errorf("the records for %q: %s", persona, response.Status)
		}
	}
	link := regexp.MustCompile(`/records/-?\d+`)
	for query, want := range map[string]int{"": 2, "?what=" + a.Content: 2, "?what=" + strings.ToLower(h.serial.String()): 1, "?verdict=invalid": 1,
		"?verdict=invalid&what=" + h.serial.String(): 0, "?before=0.0": 0} {
		_, body := c.as("auditor-onishi", "/records"+query)
		if got := len(link.FindAllString(body, -1)); got != want {
			t.Errorf("%q finds %d, want %d", query, got, want)
		}
	}
	for query, says := range map[string]string{"?what=xyz": "か、文書の SHA-256（16進数64桁）を入力してください", "?verdict=perhaps": "判定を一覧から選んでください", "?before=x": "続きの位置が読めません"} {
		if response, body := c.as("auditor-onishi", "/records"+query); response.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, says) {
			t.Errorf("%q: %s", query, response.Status)
		}
	}

	_, body := c.as("auditor-onishi", "/records?verdict=valid")
	record := link.FindString(body)
	for path, status := range map[string]int{record: http.StatusSeeOther, record + "/answer": http.StatusSeeOther, "/nothing": http.StatusNotFound} {
		if response, _ := c.get(path); response.StatusCode != status {
			t.Errorf("%s for nobody in particular: %s", path, response.Status)
		}
	}
	response, body := c.as("auditor-onishi", record)
	expect(t, body, "有効", h.serial.String(), a.Content, "API", "署名された回答")
	if strings.Contains(body, "花子") || response.StatusCode != http.StatusOK {
		t.Errorf("%s, or the record names the signer", response.Status)
	}
	if looks := c.audit("look"); len(looks) != 1 || looks[0].Actor != "auditor-onishi" || looks[0].Subject != h.serial.String() {
		t.Errorf("the audit log has %v", looks)
	}
	for _, p := range []string{"/records/0", "/records/x", "/records/0/answer"} {
		if response, body := c.as("auditor-onishi", p); response.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "この検証の記録はありません") {
			t.Errorf("%s: %s", p, response.Status)
		}
	}

	response, answer := c.as("auditor-onishi", record+"/answer")
	if response.Header.Get("Content-Type") != "application/ocsp-response" {
		t.Errorf("the answer is %s", response.Header.Get("Content-Type"))
	}
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("SKIPPED: the openssl program is missing, so nothing foreign has judged the answer that was kept")
	}
	ca := filepath.Join(string(c.keys), "ca-signature.crt")
	out, err := exec.Command(openssl, "ocsp", "-respin", save(t, "answer.ors", []byte(answer)), "-CAfile", ca, "-issuer", ca, "-sha256",
		"-cert", h.certFile, "-no_nonce", "-attime", "1775001600", "-validity_period", "999999999").CombinedOutput()
	if !strings.Contains(string(out), "Response verify OK") || !strings.Contains(string(out), ": good") {
		t.Errorf("openssl says %v, %s", err, out)
	}
}

// TestRecordsHavePages: a list longer than a page is read to its end, each check once.
func TestRecordsHavePages(t *testing.T) {
	c := newCountry(t, "memory:")
	c.open()
	for range 51 {
		c.call(both(document, document)...)
	}
	next := regexp.MustCompile(`href="/` + string(self) + `(/records\?[^"]+)" rel="next"`)
	seen, path := map[string]bool{}, "/records?verdict=invalid"
	for pages := 1; ; pages++ {
		_, body := c.as("operator-ueda", path)
		for _, link := range regexp.MustCompile(`/records/\d+`).FindAllString(body, -1) {
			if seen[link] {
				t.Errorf("%s is there twice", link)
			}
			seen[link] = true
		}
		m := next.FindStringSubmatch(body)
		if m == nil {
			if pages != 2 || len(seen) != 51 {
				t.Errorf("%d checks on %d pages", len(seen), pages)
			}
			return
		}
		path = strings.ReplaceAll(m[1], "&amp;", "&")
	}
}

// command is what a user needs to know, and the first that the desk shows.
const command = "openssl cms -sign -binary -in FILE -signer cert.pem -inkey key.pem -outform DER -out FILE.p7s"

// TestFront: the desk is open to everybody, tells the whole command, and its menu shows the records only to those who
// may.
func TestFront(t *testing.T) {
	c := newCountry(t, "memory:")
	c.open()
	response, body := c.get("/")
	if response.StatusCode != http.StatusOK || strings.Contains(body, "/records") {
		t.Errorf("%s, or the menu shows the records", response.Status)
	}
	body = regexp.MustCompile("</?span>").ReplaceAllString(body, "") // which keep words together
	expect(t, body, command,
		"curl -F file=@FILE -F signature=@FILE.p7s http://127.0.0.1:8600/verifier-etax/api/verify")
	if _, body := c.as("operator-ueda", "/"); !strings.Contains(body, "/records") {
		t.Error("an operator's menu lacks the records")
	}
	if response, _ := c.get("/verify"); response.Header.Get("Location") != "/"+string(self)+"/" {
		t.Errorf("the form's address, opened: %s", response.Status)
	}
	response, body = c.get("/verdict.css")
	if response.StatusCode != http.StatusOK || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/css") || !strings.Contains(body, ".verdict") {
		t.Errorf("the style: %s, %s", response.Status, response.Header.Get("Content-Type"))
	}
}
