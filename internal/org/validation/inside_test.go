package validation_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// exec runs a statement that may change no rows.
func (c *country) exec(query string) {
	c.t.Helper()
	if err := c.Store.Update(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, query)
		return err
	}); err != nil {
		c.t.Fatal(err)
	}
}

// TestInspectionWithoutAnAddress: where the address is closed to everybody the inspection asks within the organisation. It finds what is
// wrong all the same, says that no network is between, and nobody else gets in by its door.
func TestInspectionWithoutAnAddress(t *testing.T) {
	c := newCountry(t, "memory:")
	c.closed, c.inspect = true, true
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c.open()
	c.send(good(t, c.signature, "4711"), good(t, c.signature, "4712"), revoked(t, c.signature, "4712", cert.AffiliationChanged, start),
		c.signature.list(t, 1, start.Add(time.Second), matsumoto, "4712"))
	c.run(time.Minute)
	round := func() []string {
		t.Helper()
		if err := clock.Drive(t.Context(), c.clk, append(c.CheckTasks(), c.Serving()...), c.clk.Now().Add(65*time.Second)); err != nil {
			t.Fatal(err)
		}
		return c.inspected()
	}
	if got := round(); len(got) > 0 {
		t.Fatalf("nothing is wrong yet, and it found %v", got)
	}
	ways := 0
	for _, s := range must[[]inspection.Standing](t)(c.Standings(t.Context())) {
		if s.Way == "published" || s.Way == "lists-came" { // what is inside, whether there is an address or not
			continue
		}
		if ways++; s.Way != "answers-changed" && s.Rounds == 0 || !strings.Contains(s.Title.EN, "no public address") || !strings.Contains(s.Title.JA, "外の番地がない") {
			t.Errorf("%+v", s)
		}
	}
	if ways != 5 {
		t.Errorf("%d ways", ways)
	}
	c.byHand(`UPDATE status SET state = 'revoked', reason = 'affiliationChanged', revoked_at = $1 WHERE serial = $2`, start, serial(t, "4711").Bytes())
	if got := round(); !slices.Contains(got, "served-lists missing signature/202029") {
		t.Errorf("of what is revoked and on no list it found %v", got)
	}
	for _, path := range []string{"/validation/crl/signature/202029.crl", "/validation/inspection"} {
		r := must[*http.Request](t)(http.NewRequest("GET", c.server.URL+path, nil))
		r.Header.Set("Akashi-Inspection", "00000000000000000000000000000000")
		answer := must[*http.Response](t)((&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(r))
		if answer.Body.Close(); answer.StatusCode == http.StatusOK {
			t.Errorf("%s is given to somebody who guesses the mark", path)
		}
	}
}
