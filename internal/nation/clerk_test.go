package nation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/org/verifier"
	"github.com/akashi-id/akashi/message"
)

// clerk is somebody at an organisation's screens whose browser shows no pictures: the same forms, over HTTP.
type clerk struct {
	t      testing.TB
	client *http.Client
	portal string
	base   string
}

// clerk sits down at a municipality's counter.
func (r *running) clerk(at message.Org) *clerk {
	r.t.Helper()
	return r.person("clerk-aoki", at)
}

// person enters an organisation as one of the personas.
func (r *running) person(persona string, at message.Org) *clerk {
	r.t.Helper()
	c := &clerk{r.t, nil, r.url, r.url + "/" + string(at)}
	c.must(c.sitDown(persona, at.Role() == message.Municipality && strings.HasPrefix(persona, "clerk-")))
	return c
}

// sitDown begins as one of the personas, and says what for where people are looked at.
func (c *clerk) sitDown(persona string, looks bool) (answerPage, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return answerPage{}, err
	}
	c.client = &http.Client{Jar: jar, Timeout: 20 * time.Second}
	p, err := c.post("/session", url.Values{"persona": {persona}})
	if err == nil && looks {
		p, err = c.post("/visit", url.Values{"visit_purpose": {"notice"}, "visit_case": {"A-17"}})
	}
	return p, err
}

// waitsForSecond tells whether the page of an application says that another person is to check the applicant.
func (p answerPage) waitsForSecond() bool { return strings.Contains(p.body, p.path+"/check\"") }

// checkAgain has another clerk of the same counter check the applicant too.
func (c *clerk) checkAgain(at string) (answerPage, error) {
	second := &clerk{c.t, nil, c.portal, c.base}
	if p, err := second.sitDown("clerk-inoue", true); err != nil || p.status != http.StatusOK {
		return p, fmt.Errorf("the second clerk sits down: %d %w", p.status, err)
	}
	return second.post(at+"/check", url.Values{"document": {"driving-licence"}})
}

// answer is what came back: where it led, and the page.
type answerPage struct {
	status int
	path   string // below the organisation
	body   string
}

func (c *clerk) get(path string) (answerPage, error) {
	a, err := c.client.Get(c.base + path)
	return c.read(a, err)
}

func (c *clerk) post(path string, form url.Values) (answerPage, error) {
	a, err := c.client.PostForm(c.base+path, form)
	return c.read(a, err)
}

func (c *clerk) read(a *http.Response, err error) (answerPage, error) {
	if err != nil {
		return answerPage{}, err
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	return answerPage{a.StatusCode, strings.TrimPrefix(a.Request.URL.String(), c.base), string(body)}, err
}

func (c *clerk) must(p answerPage, err error) answerPage {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
	if p.status != http.StatusOK {
		c.t.Fatalf("%s: %d\n%s", p.path, p.status, p.words())
	}
	return p
}

// words are what a reader sees of a page.
func (p answerPage) words() string {
	return strings.Join(strings.Fields(html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(p.body, " "))), " ")
}

var (
	personPath = regexp.MustCompile(`^/resident/(\d+)/filed/(t-[^/?]+)`)
	versionNow = regexp.MustCompile(`name="base" value="(\d+)"`)
)

// register registers a new resident from abroad, and returns the number in the register.
func (c *clerk) register(name, kana, address string) (person string) {
	c.t.Helper()
	form := entries(c.must(c.get("/register")))
	for field, value := range map[string]string{"step": "file", "name": name, "kana": kana, "birth": "1980-04-01", "sex": "女", "address": address,
		"domicile": "長野県松本市丸の内3番", "domicile_head": name, "earlier_address": "アメリカ合衆国", "document": "passport"} {
		form.Set(field, value)
	}
	p := c.must(c.post("/register", form))
	m := personPath.FindStringSubmatch(p.path)
	if m == nil {
		c.t.Fatalf("nobody was registered: %s\n%s", p.path, p.words())
	}
	return m[1]
}

var (
	aField   = regexp.MustCompile(`<input[^>]*>`)
	aList    = regexp.MustCompile(`(?s)<select[^>]*name="([^"]*)".*?</select>`)
	selected = regexp.MustCompile(`<option value="([^"]*)" selected`)
)

// entries are what a page's form holds, as a browser would send it again.
func entries(p answerPage) url.Values {
	_, form, _ := strings.Cut(p.body, `id="form"`)
	form, _, _ = strings.Cut(form, "</form>")
	values := url.Values{}
	attribute := func(tag, name string) string {
		_, rest, _ := strings.Cut(tag, " "+name+`="`)
		value, _, _ := strings.Cut(rest, `"`)
		return html.UnescapeString(value)
	}
	for _, tag := range aField.FindAllString(form, -1) {
		kind := attribute(tag, "type")
		if kind != "radio" && kind != "checkbox" || strings.Contains(tag, " checked") {
			values.Set(attribute(tag, "name"), attribute(tag, "value"))
		}
	}
	for _, list := range aList.FindAllStringSubmatch(form, -1) {
		if o := selected.FindStringSubmatch(list[0]); o != nil {
			values.Set(list[1], html.UnescapeString(o[1]))
		}
	}
	return values
}

// version is the present version of a resident's record, and the page it was read from.
func (c *clerk) version(person string) (string, answerPage, error) {
	p, err := c.get("/resident/" + person + "/change/move-within")
	if err != nil {
		return "", p, err
	}
	m := versionNow.FindStringSubmatch(p.body)
	if m == nil {
		return "", p, fmt.Errorf("%s does not say the version: %d %.300s", p.path, p.status, p.words())
	}
	return m[1], p, nil
}

// file files a change and returns its trace.
func (c *clerk) file(person, act string, changed url.Values) (trace string) {
	c.t.Helper()
	form := entries(c.must(c.get("/resident/" + person + "/change/" + act)))
	form.Set("step", "file")
	form.Set("document", "driving-licence")
	for k, v := range changed {
		form[k] = v
	}
	p := c.must(c.post("/resident/"+person+"/change/"+act, form))
	m := personPath.FindStringSubmatch(p.path)
	if m == nil {
		c.t.Fatalf("nothing was filed: %s\n%s", p.path, p.words())
	}
	return m[2]
}

// apply applies for a certificate and waits for it. The key was made at the counter.
func (c *clerk) apply(person, profile string) (key, crt []byte) {
	c.t.Helper()
	form := entries(c.must(c.get("/resident/" + person + "/apply")))
	form.Set("profile", profile)
	form.Set("document", "my-number-card")
	p := c.must(c.post("/resident/"+person+"/apply", form))
	at := p.path
	if p.waitsForSecond() {
		c.must(c.checkAgain(at))
	}
	key = []byte(c.must(c.post(at+"/key", nil)).body)
	eventually(c.t, 20*time.Second, "the certificate is issued", func() (bool, string) {
		p, err := c.get(at + "/certificate.pem")
		crt = []byte(p.body)
		return err == nil && p.status == http.StatusOK, fmt.Sprint(p.status, err)
	})
	return key, crt
}

// verifies asks the verifier, as a script does.
func (r *running) verifies(document, signature []byte) (verifier.Answer, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, content := range map[string][]byte{"file": document, "signature": signature} {
		if content == nil {
			continue
		}
		w, err := form.CreateFormFile(name, name)
		if err != nil {
			return verifier.Answer{}, err
		}
		w.Write(content)
	}
	form.Close()
	a, err := http.Post(r.url+"/verifier-etax/api/verify", form.FormDataContentType(), &body)
	if err != nil {
		return verifier.Answer{}, err
	}
	defer a.Body.Close()
	var v verifier.Answer
	if a.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(a.Body)
		return v, fmt.Errorf("the verifier answers %d: %s", a.StatusCode, text)
	}
	return v, json.NewDecoder(a.Body).Decode(&v)
}
