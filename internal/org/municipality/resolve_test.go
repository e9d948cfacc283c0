package municipality

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

type (
	pair = exchange.Pair
	item = exchange.Item
)

// unreadable is a receiver that refuses what does not begin with the names of the municipality.
func unreadable(n message.ResidentChange) error {
	if strings.HasPrefix(n.After.Address.Reveal(), "長野県松本市") {
		return nil
	}
	return exchange.Reject("unreadable-address", "住所が読めません。", "the address cannot be read")
}

// parked is the one message of ours that waits for a person.
func (c *country) parked() exchange.Item {
	c.t.Helper()
	for _, i := range must[[]exchange.Item](c.t)(c.o.Exchange.Stuck(c.t.Context(), 100)) {
		if i.Parked() {
			return i
		}
	}
	c.t.Fatal("nothing is parked")
	return exchange.Item{}
}

// TestResendCorrected: after a correction, the parked notice is sent again with what the register holds now, building on
// what the receiver has.
func TestResendCorrected(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	first := c.now(who.Person).Hash()
	c.refuse = unreadable
	if _, err := c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: c.filing(who.Person, "law-23"), Address: address("松本市大手1番"), AsIs: true}); err != nil {
		t.Fatal(err)
	}
	c.run(time.Second)
	if _, err := c.o.File(as(t, "clerk-aoki"), Amendment{Filing: c.filing(who.Person, "found-wrong"), Address: address("長野県松本市大手1番")}); err != nil {
		t.Fatal(err)
	}
	c.run(time.Second)
	id := c.parked().ID
	if err := c.o.Exchange.Propose(t.Context(), id, exchange.Correct, "住所を直した", "operator-ueda"); err != nil {
		t.Fatal(err)
	}
	if err := c.o.Exchange.Confirm(t.Context(), id, "operator-egawa"); err != nil {
		t.Fatal(err)
	}
	c.run(time.Minute)
	now := c.now(who.Person)
	if len(c.changes) != 3 {
		t.Fatalf("the prefecture has applied %d changes, want the first, the corrected one and the one behind it", len(c.changes))
	}
	if n := c.changes[1]; n.After != now.Identification() || n.Before != first || n.After.Version != 3 {
		t.Errorf("sent again: version %d, before %s", n.After.Version, short(n.Before))
	}
	if p := must[[]pair](t)(c.o.Exchange.Pairs(t.Context()))[0]; p.Open != 0 {
		t.Errorf("still open: %+v", p)
	}
}

// TestRebuild covers what is not a change of the same code.
func TestRebuild(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	old := c.now(who.Person)
	if _, err := c.o.File(as(t, "clerk-aoki"), Recode{Filing: c.filing(who.Person, "law-30-3")}); err != nil {
		t.Fatal(err)
	}
	recoded := c.now(who.Person)
	for _, test := range []struct {
		name      string
		was, want message.Payload
	}{
		{"the state under the old code", message.ResidentChange{After: old.Identification()}, message.ResidentChange{After: old.Identification()}},
		{"a change of code", message.ResidentChange{After: recoded.Identification(), Before: old.Hash()}, message.ResidentChange{After: recoded.Identification(), Before: old.Hash()}},
		{"a request for codes", message.CodeRequest{Request: "r", Count: 1}, message.CodeRequest{Request: "r", Count: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, err := c.rebuilt(test.was); err != nil || !samePayload(t, got, test.want) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	if got, err := c.rebuilt(message.CertRequest{Request: "r", Profile: 1, Holder: recoded.Identification(), PublicKey: []byte{1}, Window: c.o.window()}); err != nil ||
		got.(message.CertRequest).Holder != recoded.Identification() {
		t.Errorf("an application: %v", err)
	}
	if _, err := c.o.File(as(t, "clerk-aoki"), Death{c.filing(who.Person, "family-86")}); err != nil {
		t.Fatal(err)
	}
	_, err := c.rebuilt(message.CertRequest{Request: "r", Profile: 1, Holder: recoded.Identification()})
	saysNo(t, "an application of somebody who is gone", err, "申請した方はもう住民ではありません。再送せず、取り下げてください")
	_, err = c.rebuilt(message.ResidentChange{After: resident.IdentificationInfo{Code: resident.RecordCodeOf(1)}})
	fieldsOf(t, err)
}
func (c *country) rebuilt(was message.Payload) (p message.Payload, err error) {
	err = c.o.Store.View(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		p, err = c.o.rebuild(ctx, tx, was)
		return err
	})
	return p, err
}

func samePayload(t *testing.T, a, b message.Payload) bool {
	t.Helper()
	x, err := message.Encode(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := message.Encode(b)
	if err != nil {
		t.Fatal(err)
	}
	return a.Kind() == b.Kind() && string(x) == string(y)
}
