package storybook_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"testing"

	"github.com/akashi-id/akashi/internal/webui/storybook"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
)

var assetHash = regexp.MustCompile(`\.[0-9a-f]{12}\.(css|js|svg)"`)

// TestHTML holds the HTML of every component in both languages, so that a change of one word or attribute is seen where
// there is no browser. The hashes of the assets are left out: a change of style is seen by TestScreens.
func TestHTML(t *testing.T) {
	base := serve(t)
	for _, lang := range []string{"ja", "en"} {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{Jar: jar}
		answer := func(resp *http.Response, err error) []byte {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			return assetHash.ReplaceAll(body, []byte(`.$1"`))
		}
		answer(client.PostForm(base+"/session", url.Values{"persona": {"clerk-aoki"}, "next": {storybook.Base + "/"}, "_lang": {lang}}))
		for name, path := range map[string]string{
			"blocks": "/", "form": "/form", "flow": "/flow", "part": "/flow/part", "trace": "/trace", "map": "/map", "choose": "/session", "refused": "/audit", "missing": "/nowhere",
		} {
			page := answer(client.Get(base + path))
			if name != "part" && !bytes.Contains(page, []byte(`<html lang="`+lang+`">`)) {
				t.Errorf("%s is not in %s", name, lang)
			}
			webuitest.GoldenText(t, "html/"+name+"-"+lang+".html", page)
		}
		wrong := url.Values{"family": {`"><script>alert(1)</script>`}, "birth": {"2023-02-29"}, "reason": {"movein"}}
		webuitest.GoldenText(t, "html/wrong-"+lang+".html", answer(client.PostForm(base+"/form", wrong)))
	}
}
