package desk

import (
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// TestWaysOf holds who may choose what: the sender never accepts, the receiver never withdraws, and what the sender lost
// can only be closed.
func TestWaysOf(t *testing.T) {
	for name, c := range map[string]struct {
		item exchange.Item
		want []exchange.Act
	}{
		"ours":                   {exchange.Item{Out: true, Kind: message.KindResidentChange}, []exchange.Act{exchange.Correct, exchange.Withdraw}},
		"theirs":                 {exchange.Item{Kind: message.KindResidentChange, Code: "unreadable-address"}, []exchange.Act{exchange.Accept}},
		"lost by its sender":     {exchange.Item{Kind: message.KindResidentChange, Code: "sender-restored"}, []exchange.Act{exchange.Discard}},
		"ours, of the same code": {exchange.Item{Out: true, Kind: message.KindResidentChange, Code: "sender-restored"}, []exchange.Act{exchange.Correct, exchange.Withdraw}},
	} {
		var got []exchange.Act
		for _, w := range waysOf(c.item) {
			got = append(got, w.act)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestWithNames: organisations are called by their names, and the numbers that their identifiers are part of stay whole.
func TestWithNames(t *testing.T) {
	now := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct{ in, ja, en string }{
		{"municipality-202029から。", "松本市から。", "Matsumoto-shiから。"},
		{"prefecture-20 では", "長野県では", "Nagano-ken では"},
		{"from prefecture-20.", "from prefecture-20.", "from prefecture-20."}, // it may be the beginning of a number
		{"prefecture-20.1.1.nationalcenter.7", "prefecture-20.1.1.nationalcenter.7", "prefecture-20.1.1.nationalcenter.7"},
		{"件 prefecture-20/20260401-090030-1.1 で", "件 prefecture-20/20260401-090030-1.1 で", "件 prefecture-20/20260401-090030-1.1 で"},
		{"municipality-abc と", "市区町村 abcと", "Municipality abc と"}, // there is no such municipality
	} {
		if got := withNames(plain.Sentence{JA: c.in, EN: c.in}, now); got.JA != c.ja || got.EN != c.en {
			t.Errorf("%q: %q, %q", c.in, got.JA, got.EN)
		}
	}
}

// TestWorkIsNamed: work that falls due at an organisation has a name of its own where an alarm is about it. Taken word by word, "sign list" would
// be the signing of certificates and the making of lists.
func TestWorkIsNamed(t *testing.T) {
	for _, kind := range []string{"sign", "sign list", "list", "daily list", "full list", "list again", "list parts", "publish lists", "mass count", "mass revoke", "impact", "report",
		"report asked", "responder", "municipality.refill", "municipality.move-out"} {
		if _, named := things[kind]; !named {
			says := subjectOf(alarm.Alarm{What: kind}, time.Time{})
			t.Errorf("%q is called %v", kind, says)
		}
	}
}
