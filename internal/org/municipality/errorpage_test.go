package municipality

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

// TestAReportOfAnErrorAsksTheGate: what somebody wrote about a record may be an address. It is opened on the ground of a visit, and of a
// protected person by nobody to whom she is not released.
func TestAReportOfAnErrorAsksTheGate(t *testing.T) {
	c := newCountry(t, "memory:")
	_, her := c.couple()
	err := c.o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO error_report(report, from_org, to_org, code, version, attributes, case_ref, text, found_by, found_at, noted_at, owner, owned_at, outcome, answer_version, answer, answered_by, answered_at)
			VALUES ('prefecture-20/1', 'prefecture-20', '', $1, 1, 0, '', '住所が丸の内になっている。', 'clerk-aoki', $2, $2, '', $3, '', 0, '', '', $3)`, her.Code.Reveal(), tx.Now(), time.Time{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	const page = "/errors/one?report=prefecture-20%2F1"
	opened := func(v *counter, want int) {
		t.Helper()
		if body := v.get(page, want); strings.Contains(body, "丸の内") != (want == http.StatusOK) {
			t.Errorf("what was written is shown, or is not: %d", want)
		}
	}
	aoki := c.counter("clerk-aoki")
	opened(aoki, http.StatusOK)
	aoki.post("/visit/close", url.Values{}, http.StatusOK)
	opened(aoki, http.StatusUnprocessableEntity)
	aoki.visit()
	opened(aoki, http.StatusOK)
	c.protect(Protecting{Applicant: her.Person})
	opened(aoki, http.StatusUnprocessableEntity)
}
