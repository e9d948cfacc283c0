package desk

import (
	"slices"
	"testing"

	"github.com/akashi-id/akashi/internal/exchange"
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
