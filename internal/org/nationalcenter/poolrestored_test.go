package nationalcenter_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// fewCodes is a source of randomness out of which only so many different codes come, so that draws meet.
type fewCodes struct {
	*rand.Rand
	codes int
}

func (r fewCodes) Read(p []byte) (int, error) {
	clear(p)
	p[len(p)-1] = byte(r.IntN(r.codes))
	return len(p), nil
}

var _ io.Reader = fewCodes{}

// TestAllotmentsAfterARestore: whatever municipalities ask for and give to people, in whatever order, no two allotments that the center knows of
// overlap; and when it has forgotten some, because it was restored from a copy, a code that it allots again never becomes two people's.
func TestAllotmentsAfterARestore(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		const seed = 46
		t.Log("seed", seed)
		random := rand.New(rand.NewPCG(seed, 0))
		c := newCountry(t, url)
		places := map[message.Org]func(*resident.IdentificationInfo){matsumoto: in("202029", "長野県松本市丸の内3番7号"), iida: in("202053", "長野県飯田市大久保町2534番地")}
		held := map[message.Org][]resident.RecordCode{} // what each was ever allotted, whatever the center has forgotten
		owner := map[resident.RecordCode]string{}       // who was first registered under a code
		overlaps, refused := 0, 0
		for step := range 50 {
			m := []message.Org{matsumoto, iida}[random.IntN(2)]
			switch what := random.IntN(10); {
			case what < 4: // asks for codes
				c.center.Rand = fewCodes{random, 60}
				request := fmt.Sprintf("r-%d", step)
				items := c.tell(m, message.CodeRequest{Request: request, Count: uint32(1 + random.IntN(3))})
				if items[0].State != string(message.Applied) {
					continue // so few codes are free that five draws did not do
				}
				for _, code := range c.allotted(m, request) {
					for other, has := range held {
						for _, h := range has {
							if h == code {
								overlaps++
								if other == m {
									t.Log("a municipality was allotted again what it has; it takes it once")
								}
							}
						}
					}
					held[m] = append(held[m], code)
				}
			case what < 8: // gives one to somebody
				if len(held[m]) == 0 {
					continue
				}
				code := held[m][random.IntN(len(held[m]))]
				p := newPerson(t, 0, "見本　太郎")
				p.Code = code
				p.Birth = resident.WholeDate(resident.MustDate(1950, 1, 1).AddDays(step))
				c.send(nagano, p.change(resident.Birth, places[m])) // it may be held behind one that was refused
				c.run()
				_, taken := owner[code]
				switch born := p.Birth.String(); {
				case c.bornUnder(code) != born:
					refused++
				case taken:
					t.Fatalf("step %d: a code became two people's", step)
				default:
					owner[code] = born
				}
			default: // restored from a copy: what was allotted lately is forgotten
				c.tamper(`DELETE FROM code WHERE allotted_to <> '' AND at > $1`, sqlstore.Micros(c.clk.Now().Add(-10*60e9)))
			}
			for code, born := range owner {
				if got := c.bornUnder(code); got != born {
					t.Fatalf("step %d: under a code stands %q, and %q was there first", step, got, born)
				}
			}
		}
		if overlaps == 0 || refused == 0 || len(owner) < 5 {
			t.Errorf("the test tries nothing: %d overlaps, %d refusals, %d people", overlaps, refused, len(owner))
		}
	})
}

// allotted are the codes that a request was answered with.
func (c *country) allotted(to message.Org, request string) (codes []resident.RecordCode) {
	c.t.Helper()
	c.view(func(ctx context.Context, tx *sqlstore.Tx) error {
		all, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, s *string) error { return r.Scan(s) }, `SELECT code FROM code WHERE allotted_to = $1 AND request = $2`, string(to), request)
		for _, s := range all {
			codes = append(codes, must(resident.ParseRecordCode("code", s)))
		}
		return err
	})
	return codes
}

// bornUnder is the birth of whoever is held under a code.
func (c *country) bornUnder(code resident.RecordCode) (birth string) {
	c.t.Helper()
	c.view(func(ctx context.Context, tx *sqlstore.Tx) error {
		err := tx.QueryRow(ctx, `SELECT birth FROM resident WHERE code = $1`, code.Reveal()).Scan(&birth)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return birth
}
