package municipality

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
)

// TestWhatARefusalTellsIsALook: a refusal that tells of somebody else is written down, though its transaction is rolled back; told twice it is
// two looks; and nobody is told without a ground.
func TestWhatARefusalTellsIsALook(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		clerk := as(t, "clerk-aoki")
		who := c.register(movedIn())
		gone := c.register(fromElsewhere(resident.RecordCodeOf(42), 7))
		must[Filed](t)(c.o.File(clerk, Removal{c.filing(gone.Person, "found-wrong")}))
		r := movedIn()
		r.Record.Birth = birth("1970-01-01")
		mother := c.register(r)
		child := movedIn()
		child.Record.Birth = birth("2000-01-01")
		child.Record.Household, child.Record.Relation = c.now(mother.Person).Record.Household, relation("子")
		daughter := c.register(child)
		if _, err := c.o.RegisterSeal(clerk, c.sealOf(mother.Person, 1)); err != nil {
			t.Fatal(err)
		}

		namesake := movedIn()
		namesake.Another = false
		known := movedIn()
		known.Record.Code = who.Code
		again := fromElsewhere(gone.Code, 9)
		again.Record.Birth = birth("1950-01-01")
		heads := movedIn()
		heads.Record.Household = c.now(mother.Person).Record.Household
		alike := c.sealOf(daughter.Person, 1)
		guaranteed := c.sealOf(daughter.Person, 2)
		guaranteed.Way, guaranteed.Guarantor = SealByGuarantor, who.Person
		for name, x := range map[string]struct {
			of  resident.RecordCode
			how string
			try func(context.Context) error
		}{
			"a namesake, checked":  {who.Code, "refusal: a namesake", func(ctx context.Context) error { return c.o.CheckRegistration(ctx, namesake) }},
			"a namesake":           {who.Code, "refusal: a namesake", func(ctx context.Context) error { _, err := c.o.Register(ctx, namesake); return err }},
			"a code that is taken": {who.Code, "refusal: whose code it is", func(ctx context.Context) error { return c.o.CheckRegistration(ctx, known) }},
			"somebody was here":    {gone.Code, "refusal: an earlier record of the code", func(ctx context.Context) error { return c.o.CheckRegistration(ctx, again) }},
			"a household":          {mother.Code, "refusal: the head of a household", func(ctx context.Context) error { return c.o.CheckRegistration(ctx, heads) }},
			"a seal alike":         {mother.Code, "refusal: a seal that looks alike", func(ctx context.Context) error { _, err := c.o.RegisterSeal(ctx, alike); return err }},
			"a guarantor":          {who.Code, "refusal: a guarantor of a seal", func(ctx context.Context) error { _, err := c.o.RegisterSeal(ctx, guaranteed); return err }},
		} {
			says := func(rows []look.Row) (n int) {
				for _, r := range rows {
					if r.How == x.how {
						n++
					}
				}
				return n
			}
			before := says(c.looks(x.of))
			if err := x.try(groundless(t)); err == nil || !slices.Contains(fieldsOf(t, err), "purpose") {
				t.Errorf("%s: told without a ground: %v", name, err)
			}
			if n := says(c.looks(x.of)); n != before {
				t.Errorf("%s: %d looks on no ground", name, n-before)
			}
			for i := 1; i <= 2; i++ {
				err := x.try(clerk)
				if _, refused := plain.AsProblems(err); !refused {
					t.Fatalf("%s: %v", name, err)
				}
				if n := says(c.looks(x.of)); n != before+i {
					t.Errorf("%s: %d looks after %d refusals (%s)", name, n-before, i, strings.ReplaceAll(err.Error(), "\n", " "))
				}
			}
		}
	})
}
