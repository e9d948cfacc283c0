package nationalcenter_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

func (c *country) table(book message.Book) reconcile.Table {
	c.t.Helper()
	i := slices.IndexFunc(c.center.Tables(), func(t reconcile.Table) bool { return t.Book == book })
	if i < 0 {
		c.t.Fatalf("the center holds no book %s", book)
	}
	return c.center.Tables()[i]
}

func (c *country) view(fn func(context.Context, *sqlstore.Tx) error) {
	c.t.Helper()
	if err := c.center.Store.View(c.t.Context(), fn); err != nil {
		c.t.Fatal(err)
	}
}

// tamper writes past the program.
func (c *country) tamper(query string, args ...any) {
	c.t.Helper()
	if err := c.center.Store.Update(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	}); err != nil {
		c.t.Fatal(err)
	}
}

// held is a book with a peer as the state tables say, read in small pages.
func (c *country) held(book message.Book, peer message.Org) map[string]message.Hash {
	c.t.Helper()
	all := map[string]message.Hash{}
	c.view(func(ctx context.Context, tx *sqlstore.Tx) error {
		var keys []string
		for cursor := ""; ; {
			rows, next, err := c.table(book).Scan(ctx, tx, peer, cursor, 2)
			if err != nil {
				return err
			}
			for _, r := range rows {
				keys, all[r.Key] = append(keys, r.Key), r.Value
			}
			if cursor = next; cursor == "" {
				break
			}
		}
		if len(keys) != len(all) {
			c.t.Errorf("%s with %s: a key stands twice: %v", book, peer, keys)
		}
		looked, err := c.table(book).Look(ctx, tx, peer, append(keys, "nothing"))
		if err == nil && !maps.Equal(looked, all) {
			c.t.Errorf("%s with %s: looked up %x, scanned %x", book, peer, looked, all)
		}
		return err
	})
	return all
}

// entries are a book as it was written with the state.
func (c *country) entries(book message.Book, peer message.Org) map[string]message.Hash {
	c.t.Helper()
	var all map[string]message.Hash
	c.view(func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		all, err = reconcile.Entries(ctx, tx, book, peer)
		return err
	})
	return all
}

// says fails unless the tables and the book say just what these messages told, in their order.
func says[P message.Booked](c *country, when string, book message.Book, peer message.Org, told ...P) {
	c.t.Helper()
	want := map[string]message.Hash{}
	for _, p := range told {
		for _, e := range p.Entries() {
			if e.Book != book {
				continue
			}
			if want[e.Key] = e.Is; e.Is == (message.Hash{}) {
				delete(want, e.Key)
			}
		}
	}
	if got := c.held(book, peer); !maps.Equal(got, want) {
		c.t.Errorf("%s: the tables say of %s with %s %x, want %x", when, book, peer, got, want)
	}
	if got := c.entries(book, peer); !maps.Equal(got, want) {
		c.t.Errorf("%s: the book of %s with %s says %x, want %x", when, book, peer, got, want)
	}
}

// TestBooks: in whatever order changes, invalidations and issuances come, the tables and the books say what was told and
// what the CA was told.
func TestBooks(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 3))
			c := newCountry(t, "memory:")
			var changes []message.Booked // in order, as those of a resident are
			var invalidations []message.ResidentInvalidation
			var issuances []message.CertIssuance
			code := uint64(100)
			for n := range uint64(3) {
				p := newPerson(t, n+1, "松本　花子")
				changes = append(changes, p.change(resident.MoveIn))
				for range r.IntN(5) {
					switch r.IntN(5) {
					case 0:
						changes = append(changes, p.change(resident.MoveWithin, at(fmt.Sprintf("長野県松本市大手1番%d号", r.IntN(9)+1))))
						invalidations = append(invalidations, p.kill())
					case 1:
						code++
						changes = append(changes, p.change(resident.CodeChangeRequested, func(i *resident.IdentificationInfo) {
							i.Change.OldCode, i.Code = i.Code, resident.RecordCodeOf(code)
						}))
						p.Change.OldCode = resident.RecordCode{}
					case 2:
						changes = append(changes, p.change(resident.MinorAmendment))
					default:
						issuances = append(issuances, p.certified(cert.Profiles[r.IntN(2)]))
					}
				}
				if r.IntN(3) == 0 {
					changes = append(changes, p.change(resident.Death))
					invalidations = append(invalidations, p.kill())
				}
			}
			// The change of code parks nothing here: the rivers cross, and each keeps its order where it must.
			type river struct {
				from message.Org
				all  []message.Payload
			}
			rivers := []river{{from: nagano}, {from: nagano}, {from: theCA}}
			for _, n := range changes {
				rivers[0].all = append(rivers[0].all, n)
			}
			for _, n := range invalidations {
				rivers[1].all = append(rivers[1].all, n)
				if r.IntN(3) == 0 {
					rivers[1].all = append(rivers[1].all, n)
				}
			}
			for _, n := range issuances {
				rivers[2].all = append(rivers[2].all, n)
			}
			for _, i := range []int{1, 2} {
				r.Shuffle(len(rivers[i].all), func(a, b int) { rivers[i].all[a], rivers[i].all[b] = rivers[i].all[b], rivers[i].all[a] })
			}
			for len(rivers) > 0 {
				i := r.IntN(len(rivers))
				if len(rivers[i].all) == 0 {
					rivers = slices.Delete(rivers, i, i+1)
					continue
				}
				items := c.tell(rivers[i].from, rivers[i].all[0])
				want(t, items, "applied")
				rivers[i].all = rivers[i].all[1:]
			}
			says(c, "in the end", message.Residents, nagano, changes...)
			says(c, "in the end", message.Invalidations, nagano, invalidations...)
			says(c, "in the end", message.Certificates, theCA, issuances...)
			says(c, "in the end", message.Revocations, theCA, c.revocations...)
			if dead := c.living(); len(dead) > 0 {
				t.Errorf("dead and not demanded: %v", dead)
			}
			for _, pair := range []struct {
				peer   message.Org
				source bool
				books  int
			}{{nagano, false, 4}, {theCA, false, 1}, {theCA, true, 1}, {nagano, true, 2}, {matsumoto, true, 2}} {
				var counts []message.CountAccount
				c.view(func(ctx context.Context, tx *sqlstore.Tx) (err error) {
					counts, err = c.center.Counts(ctx, tx, pair.peer, pair.source)
					return err
				})
				if len(counts) != pair.books {
					t.Errorf("%s: %d figures, want %d", pair.peer, len(counts), pair.books)
				}
				for _, n := range counts {
					if n.Book == "" { // protections, of which there are none here
						if n.N != 0 || !strings.HasPrefix(n.Name, "protections") {
							t.Errorf("%s: counted %d of %s", pair.peer, n.N, n.Name)
						}
						continue
					}
					if held := c.entries(n.Book, pair.peer); n.N != int64(len(held)) || n.Name != string(n.Book) {
						t.Errorf("%s: counted %d of %s, held %d", pair.peer, n.N, n.Name, len(held))
					}
				}
			}
		})
	}
}

func (c *country) living() (serials []string) {
	c.t.Helper()
	c.view(func(ctx context.Context, tx *sqlstore.Tx) error {
		for cursor := ""; ; {
			found, next, err := c.center.Undemanded(ctx, tx, cursor, 1)
			if err != nil {
				return err
			}
			for _, u := range found {
				serials = append(serials, u.Serial.String())
			}
			if cursor = next; cursor == "" {
				break
			}
		}
		return nil
	})
	return serials
}
