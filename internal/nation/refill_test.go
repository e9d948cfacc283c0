package nation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/message"
)

// TestABookIsSentAnew: the center lost every resident of a prefecture, and two operators of the prefecture have the book
// sent again.
func TestABookIsSentAnew(t *testing.T) {
	t.Parallel()
	r := openTrial(t, dataDir(t), func(c host.Config) host.Config {
		c.Compare, c.Audit = 3*time.Second, 3*time.Second // the story is the same, told faster
		return c
	})
	clerk := r.clerk("municipality-202029")
	const people = 3
	for _, name := range []string{"見本　一郎", "見本　二郎", "見本　三郎"} {
		clerk.register(name, "ミホン", "長野県松本市丸の内3番7号")
	}
	r.settled(10 * soon)
	book := func() (s reconcile.PairStatus) {
		var all []reconcile.PairStatus
		if err := r.ask("/prefecture-20/reconcile", &all); err != nil {
			t.Fatal(err)
		}
		for _, p := range all {
			if p.A == "prefecture-20" && p.B == "nationalcenter" && p.Table == message.Residents {
				s = p
			}
		}
		return s
	}
	for range people {
		r.byHand("nationalcenter", `DELETE FROM resident WHERE code = (SELECT MIN(code) FROM resident WHERE municipality = '202029')`)
	}
	eventually(t, aMinute, "the prefecture has a case for each", func() (bool, string) {
		s := book()
		return s.Cases == people, fmt.Sprintf("%+v", s)
	})
	send := func(op Refill) string {
		op.Book, op.Peer = message.Residents, "nationalcenter"
		body, err := json.Marshal(op)
		if err != nil {
			t.Fatal(err)
		}
		a, err := r.control.Post("http://country/prefecture-20/reconcile/refill", "application/json", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		text, _ := io.ReadAll(a.Body)
		return fmt.Sprint(a.StatusCode, " ", strings.TrimSpace(string(text)))
	}
	for _, step := range []struct {
		why  string
		op   Refill
		want string
	}{
		{"a clerk may not", Refill{As: "clerk-aoki", Act: "propose", Text: "x"}, "403"},
		{"without a reason", Refill{As: "operator-ueda", Act: "propose", Text: " "}, "422"},
		{"nothing was proposed", Refill{As: "operator-ueda", Act: "confirm"}, "422"},
		{"no such act", Refill{As: "operator-ueda", Act: "erase"}, "422"},
		{"a proposal", Refill{As: "operator-ueda", Act: "propose", Text: "全国センターで消えた"}, "200"},
		{"the same person confirms", Refill{As: "operator-ueda", Act: "confirm"}, "422"},
		{"it is taken back", Refill{As: "operator-ueda", Act: "drop"}, "200"},
		{"a proposal again", Refill{As: "operator-ueda", Act: "propose", Text: "全国センターで消えた"}, "200"},
		{"another person confirms", Refill{As: "operator-egawa", Act: "confirm"}, "200"},
	} {
		if got := send(step.op); !strings.HasPrefix(got, step.want) {
			t.Errorf("%s: %s, want %s", step.why, got, step.want)
		}
	}
	eventually(t, aMinute, "both sides agree again, and every case is closed", func() (bool, string) {
		s := book()
		return s.Agree && s.Cases == 0 && s.Refill == nil && s.Outcome == reconcile.Agreed, fmt.Sprintf("%+v", s)
	})
}
