package nationalcenter_test

import (
	"context"
	"testing"

	"github.com/akashi-id/akashi/internal/inquiry"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// TestAGuessOfAnAddressMovesNobody: where more agree than an answer shows, an address that was asked with does not bring somebody who is withheld among
// those who are counted, nor take the place of somebody who is shown.
func TestAGuessOfAnAddressMovesNobody(t *testing.T) {
	c := newCountry(t, "memory:")
	for i := range uint64(25) {
		c.send(nagano, newPerson(t, i, "多田　多子").change(resident.MoveIn, at("長野県松本市大手1番1号")))
	}
	her := newPerson(t, 99, "多田　多子")
	c.send(nagano, her.change(resident.MoveIn, at("長野県松本市丸の内9番9号")))
	c.run()
	c.center.Inquiry.Withheld = func(_ context.Context, _ *sqlstore.Tx, code resident.RecordCode) (bool, error) {
		return code == her.Code, nil
	}
	ask := func(address string) inquiry.Answer {
		t.Helper()
		a, err := c.center.Inquiry.Ask(t.Context(), clerk, ground("受付-31"), inquiry.Question{Asked: resident.BasicFour{Name: her.Name, Birth: her.Birth, Address: must(resident.ParseAddress("address", address))}})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	right, wrong := ask("長野県松本市丸の内9番9号"), ask("長野県松本市丸の内8番8号")
	if right.Withheld != wrong.Withheld || len(right.Candidates) != len(wrong.Candidates) || right.More != wrong.More {
		t.Errorf("with her address: %d shown, %d withheld, more %v; with another: %d, %d, %v", len(right.Candidates), right.Withheld, right.More,
			len(wrong.Candidates), wrong.Withheld, wrong.More)
	}
}
