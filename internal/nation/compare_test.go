package nation

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// The books of a country that stands still, laid side by side. No program of the country can do that: no organisation
// can read another's database.

// book reads rows of one organisation's database as text, by the first column.
func book(t testing.TB, dir string, o message.Org, columns int, query string) map[string]string {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), "sqlite:"+filepath.Join(dir, string(o), "akashi.db"), sqlstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rows := map[string]string{}
	err = s.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		clear(rows)
		list, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, row *[]any) error {
			*row = make([]any, columns)
			into := make([]any, columns)
			for i := range into {
				into[i] = &(*row)[i]
			}
			return r.Scan(into...)
		}, query)
		for _, row := range list {
			var words []string
			for _, v := range row {
				if b, ok := v.([]byte); ok {
					v = hex.EncodeToString(b)
				}
				words = append(words, fmt.Sprint(v))
			}
			rows[words[0]] = strings.Join(words[1:], " ")
		}
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", o, err)
	}
	return rows
}

// same fails the test with what differs.
func same(t testing.TB, what string, got, want map[string]string) {
	t.Helper()
	differ := 0
	for k, w := range want {
		if g, ok := got[k]; !ok || g != w {
			if differ++; differ <= 5 {
				t.Errorf("%s: …%s is %q, want %q", what, k[max(0, len(k)-6):], g, w)
			}
		}
	}
	for k, g := range got {
		if _, ok := want[k]; !ok {
			if differ++; differ <= 5 {
				t.Errorf("%s: …%s is %q, and must not be there", what, k[max(0, len(k)-6):], g)
			}
		}
	}
	if differ > 5 {
		t.Errorf("%s: and %d more", what, differ-5)
	}
}

// compare lays the books side by side: the center and the prefectures hold every resident in the state that the
// municipality has, have taken every version exactly once, and every certificate that a CA issued is known to the
// center, and is revoked when its holder has moved since. It returns the serials of those, by their CA.
func compare(t testing.TB, dir string, people []*mover) (revoked map[message.Org][]string) {
	t.Helper()
	spec, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	states, taken := map[string]string{}, map[string]string{}
	prefectures := map[message.Org][2]map[string]string{}
	persons := map[string]string{}
	for _, e := range spec.Organisations {
		if e.ID.Role() != message.Municipality {
			continue
		}
		p := PrefectureOf(e.ID)
		if prefectures[p][0] == nil {
			prefectures[p] = [2]map[string]string{{}, {}}
		}
		for code, state := range book(t, dir, e.ID, 3, `SELECT v.code, v.version, v.hash FROM resident r JOIN record_version v ON v.person = r.person AND v.version = r.version`) {
			states[code], prefectures[p][0][code] = state, state
		}
		for code, n := range book(t, dir, e.ID, 2, `SELECT code, COUNT(*) FROM record_version GROUP BY code`) {
			taken[code], prefectures[p][1][code] = n, n
		}
		for person, version := range book(t, dir, e.ID, 2, `SELECT person, version FROM resident`) {
			persons[string(e.ID)+" "+person] = version
		}
	}
	for _, m := range people {
		if got := persons[string(m.at)+" "+m.person]; got != fmt.Sprint(m.version) {
			t.Errorf("%s of %s is at version %s, and the counter has confirmed %d", m.person, m.at, got, m.version)
		}
	}
	const held, entries = `SELECT code, version, hash FROM resident`, `SELECT subject, COUNT(*) FROM audit WHERE act = 'resident.change' GROUP BY subject`
	same(t, "states at the center", book(t, dir, "nationalcenter", 3, held), states)
	same(t, "changes taken by the center", book(t, dir, "nationalcenter", 2, entries), taken)
	for p, want := range prefectures {
		same(t, "states at "+string(p), book(t, dir, p, 3, held), want[0])
		same(t, "changes taken by "+string(p), book(t, dir, p, 2, entries), want[1])
	}

	issued, dead := map[string]string{}, map[string]string{}
	revoked = map[message.Org][]string{}
	for _, e := range spec.Organisations {
		if e.ID.Role() != message.CA {
			continue
		}
		maps.Copy(issued, book(t, dir, e.ID, 3, `SELECT upper(hex(serial)), holder, version FROM certificate WHERE length(certificate) > 0`))
		ended := book(t, dir, e.ID, 2, `SELECT upper(hex(serial)), reason FROM certificate WHERE state = 'revoked'`)
		maps.Copy(dead, ended)
		revoked[e.ID] = slices.Sorted(maps.Keys(ended))
	}
	known := book(t, dir, "nationalcenter", 3, `SELECT upper(serial), code, version FROM certificate`)
	same(t, "certificates known to the center", known, issued)
	for serial, of := range issued {
		holder, version, _ := strings.Cut(of, " ")
		now, _, _ := strings.Cut(states[holder], " ")
		if moved := now != version; moved != (dead[serial] != "") {
			t.Errorf("certificate %s certifies version %s, the record is at %s, and it is revoked: %q", serial, version, now, dead[serial])
		}
	}
	t.Logf("%d residents in %d versions, %d certificates, of them %d revoked: the same in every book", len(states), total(taken), len(issued), len(dead))
	return revoked
}

func total(counts map[string]string) (n int) {
	for _, c := range counts {
		var k int
		fmt.Sscan(c, &k)
		n += k
	}
	return n
}

// onceMore files a change and a certificate after a new start, to show that everything goes on.
func onceMore(r *running, people []*mover, n int) {
	r.t.Helper()
	m := people[n%len(people)]
	c := r.clerk(m.at)
	if err := c.insist(m); err != nil {
		r.t.Fatal(err)
	}
	c.apply(m.person, "signature")
	if err := c.insist(m); err != nil {
		r.t.Fatal(err)
	}
	r.settled(30 * time.Second)
}
