package nation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/message"
)

// do has an organisation carry out an operation, as the command line does, and returns what it is told.
func (r *running) do(at message.Org, op Operation) string {
	r.t.Helper()
	body, err := json.Marshal(op)
	if err != nil {
		r.t.Fatal(err)
	}
	a, err := r.control.Post("http://country/"+string(at)+"/exchange/operate", "application/json", bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	defer a.Body.Close()
	text, _ := io.ReadAll(a.Body)
	return fmt.Sprint(a.StatusCode, " ", strings.TrimSpace(string(text)))
}

// A parked message is asked about, and resolved, by the command line as by the screens: by persons who may, two of them,
// and written into the audit log.
func TestAnOperatorWorksByTheCommandLine(t *testing.T) {
	t.Parallel()
	r := openWith(t, Options{Dir: dataDir(t), Spec: withoutTowns()})
	c := r.clerk("municipality-202029")
	person := c.register("見本　花子", "ミホン　ハナコ", "長野県松本市丸の内3番7号")
	r.settled(20 * time.Second) // with the individual number: what waits behind the parked message is nothing
	c.file(person, "move-within", url.Values{"address": {"どこにもない町1番1号"}, "as_is": {"yes"}})
	stuck := func(at message.Org) []exchange.Item {
		var items []exchange.Item
		if err := r.ask("/"+string(at)+"/exchange/stuck", &items); err != nil {
			t.Fatal(err)
		}
		return items
	}
	var parked exchange.Item
	eventually(t, 20*time.Second, "the message is parked at both ends", func() (bool, string) {
		sent, got := stuck("prefecture-20"), stuck("nationalcenter")
		if len(sent) != 1 || len(got) != 1 || !sent[0].Parked() || !got[0].Parked() || sent[0].ID != got[0].ID {
			return false, fmt.Sprint(sent, got)
		}
		parked = sent[0]
		return true, ""
	})
	id := parked.ID.String()
	noted := func() StuckMessage {
		var m StuckMessage
		if err := r.ask("/prefecture-20/exchange/message?id="+url.QueryEscape(id), &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, step := range []struct {
		why  string
		at   message.Org
		op   Operation
		want string
	}{
		{"nobody of that name", "prefecture-20", Operation{id, "operator-nobody", "withdraw", "x"}, "422"},
		{"a clerk may not", "prefecture-20", Operation{id, "clerk-aoki", "withdraw", "x"}, "403"},
		{"an act that does not exist", "prefecture-20", Operation{id, "operator-ueda", "drop", "x"}, "422"},
		{"the sender's act, at the receiver", "nationalcenter", Operation{id, "operator-ueda", "withdraw", "x"}, "422"},
		{"nothing was proposed", "prefecture-20", Operation{id, "operator-ueda", "", ""}, "422"},
		{"an empty inquiry", "nationalcenter", Operation{id, "operator-ueda", "inquiry", " "}, "422"},
		{"an inquiry", "nationalcenter", Operation{id, "operator-ueda", "inquiry", "この住所は正しいですか"}, "200"},
		{"a proposal", "prefecture-20", Operation{id, "operator-ueda", "withdraw", "届出の誤り"}, "200"},
		{"the same person confirms", "prefecture-20", Operation{id, "operator-ueda", "", ""}, "422"},
		{"another confirms", "prefecture-20", Operation{id, "operator-egawa", "", ""}, "200"},
	} {
		if got := r.do(step.at, step.op); !strings.HasPrefix(got, step.want) {
			t.Errorf("%s: %s, want %s", step.why, got, step.want)
		}
		if step.op.Act == "inquiry" && strings.HasPrefix(step.want, "200") {
			// The prefecture does not wait for an inquiry that is under way; notes stand in the order in which they came.
			eventually(t, 20*time.Second, "the inquiry is at the prefecture", func() (bool, string) {
				m := noted()
				return len(m.Notes) == 1, fmt.Sprint(m.Notes)
			})
		}
	}
	eventually(t, 20*time.Second, "it has ended at both ends", func() (bool, string) {
		sent, got := stuck("prefecture-20"), stuck("nationalcenter")
		// The receiver has taken the withdrawal before its sender has read the answer.
		return len(sent) == 0 && len(got) == 0 && noted().State == "withdrawn", fmt.Sprint(sent, got, noted().State)
	})
	m := noted()
	acts := ""
	for _, n := range m.Notes {
		acts += n.Act + " "
	}
	if acts != "inquiry withdraw " {
		t.Errorf("the withdrawn message has the notes %s", acts)
	}
	if a, err := r.control.Get("http://country/prefecture-20/exchange/message?id=x"); err != nil || a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a number that is none: %v %v", a, err)
	}
}
