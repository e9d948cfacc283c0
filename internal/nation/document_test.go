package nation

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/document/readback"
	"github.com/akashi-id/akashi/message"
)

// TestDocumentOfTheTestCountry: in the country as it is founded, with the sealed key of its issuing server in a token, somebody of 飯田市 gets a
// copy of her record, and it is signed by the key that the counter was handed at the founding.
func TestDocumentOfTheTestCountry(t *testing.T) {
	spec, tray := must(Default()), t.TempDir()
	for i := range spec.Organisations {
		if e := &spec.Organisations[i]; e.ID == "municipality-202053" {
			e.Printer = "folder:" + tray
		}
	}
	r := openWith(t, Options{Dir: dataDir(t), Spec: spec})
	defer r.stop()
	c := r.clerk(message.Org("municipality-202053"))
	c.must(c.post("/visit", url.Values{"visit_purpose": {"copy"}, "visit_case": {"A-18"}}))
	person := c.register("高橋　花子", "タカハシ　ハナコ", "長野県飯田市大久保町２５３４番地")
	form := entries(c.must(c.get("/resident/" + person + "/issue")))
	for field, value := range map[string]string{"kind": "resident-record-individual", "applicant": person, "relation": "yes", "document": "passport"} {
		form.Set(field, value)
	}
	// The copy may not have heard of her yet, and her number may still be on its way: then nothing is issued, and the counter asks again.
	var at string
	if err := c.again(func() (bool, error) {
		page := c.must(c.get("/resident/" + person + "/issue"))
		form.Set("base", versionNow.FindStringSubmatch(page.body)[1])
		p, err := c.post("/resident/"+person+"/issue", form)
		if err != nil || p.status != http.StatusOK {
			return false, err
		}
		at = p.path
		return true, c.again(func() (bool, error) {
			p, err := c.get(at)
			return err == nil && !strings.Contains(p.body, "証明書を作っています"), err
		})
	}); err != nil {
		t.Fatal(err)
	}
	p := c.must(c.get(at))
	if !strings.Contains(p.body, "証明書ができました") {
		t.Fatalf("it is not there: %s", p.words())
	}
	c.must(c.post(at+"/print", nil))
	if err := c.again(func() (bool, error) {
		p, err := c.get(at)
		return err == nil && strings.Contains(p.body, "印刷が終わりました"), err
	}); err != nil {
		t.Fatal(err)
	}
	printed, err := filepath.Glob(filepath.Join(tray, "*.pdf"))
	if err != nil || len(printed) != 1 {
		t.Fatalf("in the tray: %v %v", printed, err)
	}
	d, err := readback.Read(must(os.ReadFile(printed[0])))
	if err != nil || !d.Signed || len(d.Pages) != 1 {
		t.Fatalf("%d pages, %v", len(d.Pages), err)
	}
	var binding string
	for _, text := range d.Pages[0].Texts {
		if number, is := strings.CutPrefix(text.Text, "綴り番号"); is {
			binding = number
		}
	}
	if p, err = c.post(at+"/hand-over", url.Values{"sheets": {"1"}, "page-1": {binding}}); err != nil || !strings.Contains(p.body, "交付しました") {
		t.Errorf("%v: %s", err, p.words())
	}
	r.followed("202053", filepath.Base(at))
	if p, err = c.get(at + "/document.pdf"); err == nil && p.status == http.StatusOK {
		err = errors.New("it is printed after it was handed over")
	}
	if err != nil {
		t.Error(err)
	}
}

// TestWhoCertifiesIsMissing: a server that was not given who certifies says which file it wants.
func TestWhoCertifiesIsMissing(t *testing.T) {
	if _, err := (setting{dir: t.TempDir()}).office(); err == nil || !strings.Contains(err.Error(), "seal.png として同じ場所に置いてください") {
		t.Errorf("%v", err)
	}
}
