package verifier_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
)

// steady replaces what differs in each run: the port, the hash of the signature, and when openssl says that it signed.
const steady = `(() => {
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walker.nextNode()) walker.currentNode.data = walker.currentNode.data.replace(/127\.0\.0\.1:\d+\/ocsp/, "127.0.0.1/ocsp");
	for (const line of document.querySelectorAll(".terms__line")) {
		const label = line.querySelector("dt").textContent, value = line.querySelector("dd");
		if (/署名ファイルの SHA-256|SHA-256 of the signature file/.test(label)) value.firstElementChild.textContent = "0123456789abcdef".repeat(4);
		if (/本人の申告|the signer says/.test(label)) value.textContent = "(differs)";
	}
})()`

// TestScreens looks at the pages in both languages and widths, with each kind of verdict.
func TestScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			c := newCountry(t, "memory:")
			c.open()
			h := c.cas[cert.Signature].holder()
			file, signature := save(t, "return.txt", document), save(t, "return.txt.p7s", h.sign())
			tab := webuitest.Browser(t)
			look := func(name string) {
				t.Helper()
				webuitest.Eval[any](tab, steady)
				tab.Screen(name + "-" + lang)
			}
			send := func(files ...string) {
				t.Helper()
				for i, field := range []string{"#f-file", "#f-signature"} {
					if files[i] != "" {
						tab.Upload(field, files[i])
					}
				}
				if status := tab.Follow("#form .button"); status >= 500 {
					t.Fatalf("the form was answered with %d", status)
				}
			}
			tab.Open(c.base + "/?lang=" + lang)
			if got := webuitest.Eval[string](tab, `getSelection().selectAllChildren(document.querySelector(".command")), String(getSelection())`); !strings.HasSuffix(got, command) {
				t.Errorf("what is copied is %q", got)
			}
			webuitest.Eval[any](tab, `getSelection().removeAllRanges()`)
			look("desk")
			send(file, "")
			look("missing")
			send("", signature) // the document is still there
			look("valid")
			// The other language and back: the result stays.
			tab.Follow(".language")
			tab.Follow(".language")
			if c.asked != 1 {
				t.Errorf("the validation authority was asked %d times for one check", c.asked)
			}
			c.clk.Set(start.Add(time.Minute))
			c.revoked[h.id] = cert.AffiliationChanged
			tab.Follow(".actions .button")
			send(file, signature)
			look("revoked")
			c.clk.Set(start.Add(2 * time.Minute))
			c.away = http.NotFoundHandler()
			tab.Open(c.base + "/")
			send(file, signature)
			look("away")
			tab.Open(c.base + "/session?next=/" + string(self) + "/records")
			tab.Follow(`button[value="operator-ueda"]`)
			look("records")
			tab.Follow("tbody tr:nth-child(2) a")
			look("record")
		})
	}
}
