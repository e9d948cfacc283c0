package nation

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/message"
)

// TestListsAreMadeByTheCommandLine: who may has a new list made, with a higher number, which is published within seconds; the record says who
// and why, and that it came by the command line.
func TestListsAreMadeByTheCommandLine(t *testing.T) {
	t.Parallel()
	r := open(t, dataDir(t))
	clerk := r.clerk("municipality-202029")
	if _, crt := clerk.apply(clerk.register("見本　一郎", "ミホン", "長野県松本市丸の内3番7号"), "signature"); len(crt) == 0 {
		t.Fatal("no certificate was issued")
	}
	ask := func(op ListOperation) string {
		body, err := json.Marshal(op)
		if err != nil {
			t.Fatal(err)
		}
		a, err := r.control.Post("http://country/ca/lists", "application/json", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		text, _ := io.ReadAll(a.Body)
		return fmt.Sprint(a.StatusCode, " ", strings.TrimSpace(string(text)))
	}
	good := ListOperation{As: "operator-ueda", Municipality: "202029", Profile: "signature", Why: "番号1が公表されなかった"}
	for _, x := range []struct {
		why    string
		change func(*ListOperation)
		want   string
	}{
		{"a clerk may not", func(op *ListOperation) { op.As = "clerk-aoki" }, "403"},
		{"an auditor may not", func(op *ListOperation) { op.As = "auditor-onishi" }, "403"},
		{"nobody of that name", func(op *ListOperation) { op.As = "operator-nobody" }, "422"},
		{"no such municipality", func(op *ListOperation) { op.Municipality = "202020" }, "422"},
		{"no list of it yet", func(op *ListOperation) { op.Municipality = "202053" }, "422"},
		{"no such kind", func(op *ListOperation) { op.Profile = "seal" }, "422"},
		{"no reason", func(op *ListOperation) { op.Why = " " }, "422"},
	} {
		op := good
		x.change(&op)
		if got := ask(op); !strings.HasPrefix(got, x.want) {
			t.Errorf("%s: %s, want %s", x.why, got, x.want)
		}
	}
	published := func(number int64) {
		t.Helper()
		eventually(t, 20*time.Second, fmt.Sprint("list ", number, " is published"), func() (bool, string) {
			a, err := http.Get(r.url + "/validation/crl/signature/202029.crl")
			if err != nil {
				return false, err.Error()
			}
			defer a.Body.Close()
			der, err := io.ReadAll(a.Body)
			if err != nil || a.StatusCode != http.StatusOK {
				return false, fmt.Sprint(a.Status, err)
			}
			list, err := x509.ParseRevocationList(der)
			return err == nil && list.Number.Int64() == number, fmt.Sprint(list, err)
		})
	}
	published(1)
	if got := ask(good); !strings.HasPrefix(got, "200") || !strings.Contains(got, `"profile":"signature"`) {
		t.Fatalf("a good one: %s", got)
	}
	published(2)
	auditor := r.person("auditor-onishi", message.Org(message.CA))
	if page := auditor.must(auditor.get("/audit")); !strings.Contains(page.body, "command line, signature: 番号1が公表されなかった") {
		t.Error("the audit log does not say who asked for the list, and why")
	}
}
