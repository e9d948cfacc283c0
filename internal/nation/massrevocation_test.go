package nation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/message"
)

// TestManyAreRevokedByTheCommandLine: one officer has the dry run made, another confirms its set, and all of it is revoked and
// listed.
func TestManyAreRevokedByTheCommandLine(t *testing.T) {
	t.Parallel()
	r := open(t, dataDir(t))
	clerk := r.clerk("municipality-202029")
	for _, name := range []string{"見本　一郎", "見本　二郎"} {
		person := clerk.register(name, "ミホン", "長野県松本市丸の内3番7号")
		if _, crt := clerk.apply(person, "signature"); len(crt) == 0 {
			t.Fatal("no certificate was issued")
		}
	}
	operate := func(op MassOperation) string {
		body, err := json.Marshal(op)
		if err != nil {
			t.Fatal(err)
		}
		a, err := r.control.Post("http://country/ca/revocations", "application/json", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		text, _ := io.ReadAll(a.Body)
		return fmt.Sprint(a.StatusCode, " ", strings.TrimSpace(string(text)))
	}
	see := func() (m MassRevocation) {
		if err := r.ask("/ca/revocations?id=1", &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	propose := MassOperation{As: "operator-ueda", Act: "propose", Municipality: "202029", Profile: "signature", Ground: "mistaken", Since: "2026-04-01", Why: "書類の誤り"}
	for _, x := range []struct {
		why    string
		change func(*MassOperation)
		want   string
	}{
		{"a clerk may not", func(op *MassOperation) { op.As = "clerk-aoki" }, "403"},
		{"nobody of that name", func(op *MassOperation) { op.As = "operator-nobody" }, "422"},
		{"no such municipality", func(op *MassOperation) { op.Municipality = "202020" }, "422"},
		{"no such kind", func(op *MassOperation) { op.Profile = "seal" }, "422"},
		{"no day", func(op *MassOperation) { op.From = "tomorrow" }, "422"},
		{"no serial", func(op *MassOperation) { op.Serials = "xyz" }, "422"},
		{"a list of none", func(op *MassOperation) { op.Serials = "\n" }, "422"},
		{"no ground", func(op *MassOperation) { op.Ground = "" }, "422"},
		{"no day of the ground", func(op *MassOperation) { op.Since = "" }, "422"},
		{"an unreadable day of the ground", func(op *MassOperation) { op.Since = "once" }, "422"},
		{"no such act", func(op *MassOperation) { op.Act, op.ID = "stop", 1 }, "422"},
		{"a proposal", func(*MassOperation) {}, `200 {"id":1}`},
	} {
		op := propose
		x.change(&op)
		if got := operate(op); !strings.HasPrefix(got, x.want) {
			t.Errorf("%s: %s, want %s", x.why, got, x.want)
		}
	}
	eventually(t, 20*time.Second, "the set is frozen", func() (bool, string) {
		m := see()
		return m.State == "frozen" && m.Size == 2, fmt.Sprintf("%+v", m)
	})
	m := see()
	confirm := MassOperation{As: "operator-egawa", Act: "confirm", ID: 1, Digest: m.Digest, Left: m.Left}
	same := confirm
	same.As = "operator-ueda"
	for _, x := range []struct {
		why  string
		op   MassOperation
		want string
	}{{"the same person", same, "422"}, {"another", confirm, "200"}} {
		if got := operate(x.op); !strings.HasPrefix(got, x.want) {
			t.Errorf("%s confirms: %s", x.why, got)
		}
	}
	eventually(t, 20*time.Second, "both are revoked, and a list names them", func() (bool, string) {
		m := see()
		return m.State == "done" && m.Revoked == 2 && len(m.Parts) == 1 && m.Parts[0].Followed, fmt.Sprintf("%+v", m)
	})
	var all []MassRevocation
	if err := r.ask("/ca/revocations", &all); err != nil || len(all) != 1 || all[0].ConfirmedBy != "operator-egawa" {
		t.Errorf("%+v, %v", all, err)
	}
	// One person can give two names there: whoever audits what takes two sees which way each came.
	auditor := r.person("auditor-onishi", message.Org(message.CA))
	page := auditor.must(auditor.get("/audit"))
	for _, want := range []string{"command line, mistaken since 2026-04-01", "command line, proposed by operator-ueda"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the audit log does not say %q", want)
		}
	}
}
