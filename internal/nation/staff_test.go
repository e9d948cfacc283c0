package nation

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestTheFirstAdministratorIsInvitedFromTheMachine: at an organisation of a running country, by the socket that the command uses,
// with a link to the name under which browsers show passkeys. Nobody else comes in that way.
func TestTheFirstAdministratorIsInvitedFromTheMachine(t *testing.T) {
	r := open(t, dataDir(t))
	invite := func(i StaffInvitation) (int, string) {
		t.Helper()
		body, err := json.Marshal(i)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := r.control.Post("http://country/prefecture-20/staff/invite", "application/json", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		said, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(said)
	}
	hayashi := StaffInvitation{ID: "hayashi", Name: "林", NameEN: "Hayashi", Office: "情報政策課", Job: "administrator"}
	status, said := invite(hayashi)
	if want := strings.Replace(r.url, "127.0.0.1", "localhost", 1) + "/prefecture-20/join#"; status != http.StatusOK || !strings.Contains(said, want) {
		t.Fatalf("%d %s, want a link that begins with %s", status, said, want)
	}
	clerk := hayashi
	clerk.ID, clerk.Job = "tanaka", "clerk"
	for _, refused := range []StaffInvitation{hayashi, clerk, {}} {
		if status, said := invite(refused); status != http.StatusUnprocessableEntity || !strings.Contains(said, " / ") {
			t.Errorf("%+v: %d %s", refused, status, said)
		}
	}
	// Nothing waits to be confirmed: the machine's own invitation is good.
	confirm, err := r.control.Post("http://country/prefecture-20/staff/confirm", "application/json", strings.NewReader(`{"ID":"hayashi"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer confirm.Body.Close()
	if why, err := io.ReadAll(confirm.Body); err != nil || confirm.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(string(why), "確認を待っている招待がありません") {
		t.Errorf("confirming: %d %s %v", confirm.StatusCode, why, err)
	}
	resp, err := http.Get(strings.Replace(r.url, "127.0.0.1", "localhost", 1) + "/prefecture-20/join")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("the page of the link: %d", resp.StatusCode)
	}
}
