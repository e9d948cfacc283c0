package nation

import (
	"fmt"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/message"
)

// books asks every organisation how it stands with its books, and returns what the sources say.
func (r *running) books() map[string]reconcile.PairStatus {
	r.t.Helper()
	spec, err := Default()
	if err != nil {
		r.t.Fatal(err)
	}
	all := map[string]reconcile.PairStatus{}
	for _, e := range spec.Organisations {
		var pairs []reconcile.PairStatus
		if err := r.ask("/"+string(e.ID)+"/reconcile", &pairs); err != nil {
			r.t.Fatal(err)
		}
		for _, p := range pairs {
			if p.A == e.ID {
				all[fmt.Sprintf("%s→%s %s", p.A, p.B, p.Table)] = p
			}
		}
	}
	return all
}

// compareNow has every organisation compare.
func (r *running) compareNow() {
	r.t.Helper()
	spec, err := Default()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range spec.Organisations {
		a, err := r.control.Post("http://country/"+string(e.ID)+"/reconcile/now", "application/json", nil)
		if err != nil {
			r.t.Fatal(err)
		}
		a.Body.Close()
	}
}

// In a country that does its work every book of every pair agrees, and none is missing: residents and what their changes
// killed along the river, certificates, revocations and statuses between center, CA and validation.
func TestEveryBookAgrees(t *testing.T) {
	t.Parallel()
	r := open(t, dataDir(t))
	c := r.clerk("municipality-202029")
	person := c.register("見本　次郎", "ミホン　ジロウ", "長野県松本市丸の内3番7号")
	c.apply(person, "signature")
	c.apply(person, "authentication")
	c.file(person, "move-within", map[string][]string{"address": {"長野県松本市大手一丁目1番1号"}})
	r.settled(20 * time.Second)
	want := []string{"ca→nationalcenter certificates", "ca→validation status", "nationalcenter→ca revocations",
		"ca-13→nationalcenter certificates", "ca-13→validation status", "nationalcenter→ca-13 revocations"}
	for _, m := range []string{"municipality-202029", "municipality-202053", "municipality-131211"} {
		p := string(PrefectureOf(message.Org(m)))
		for _, b := range []string{"residents", "invalidations"} {
			want = append(want, m+"→"+p+" "+b, p+"→nationalcenter "+b)
		}
	}
	eventually(t, 90*time.Second, "every book has been compared and agrees", func() (bool, string) {
		r.compareNow()
		books := r.books()
		for _, w := range want {
			b, ok := books[w]
			if !ok || !b.Agree || b.Cases > 0 || b.Findings > 0 {
				return false, fmt.Sprintf("%s: %+v", w, b)
			}
		}
		for _, w := range []string{"ca→nationalcenter certificates", "nationalcenter→ca revocations", "municipality-202029→prefecture-20 invalidations"} {
			if books[w].Entries == 0 {
				return false, w + " is empty"
			}
		}
		return true, ""
	})
}
