package nationalcenter_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/akashi-id/akashi/internal/org/nationalcenter"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// testKey is the key of the center of the tests.
func testKey() nationalcenter.NumberKey {
	return must(nationalcenter.NewNumberKey(bytes.Repeat([]byte("key!"), 8)))
}

// number asks for somebody's number for Matsumoto, and gives what the center said.
func (c *country) number(request string, code resident.RecordCode) resident.IndividualNumber {
	c.t.Helper()
	given := len(c.assignments)
	want(c.t, c.tell(matsumoto, message.NumberRequest{Request: request, Code: code}), "applied")
	if len(c.assignments) != given+1 {
		c.t.Fatalf("%d answers to a request", len(c.assignments)-given)
	}
	a := c.assignments[given]
	if a.Request != request || a.Code != code {
		c.t.Errorf("the answer is to %s", a.Request)
	}
	return a.Number
}

// TestNumberVector: a number that was given is checked with its key for as long as anybody has it, so that the transform never changes.
func TestNumberVector(t *testing.T) {
	key := testKey()
	for counter, want := range []string{vector0, vector1} {
		if n, ok := nationalcenter.NumberCandidate(key, resident.RecordCodeOf(42), uint64(counter)); !ok || n.Reveal() != want {
			t.Errorf("candidate %d is %s, want %s", counter, n.Reveal(), want)
		}
	}
	if other := must(nationalcenter.NewNumberKey(bytes.Repeat([]byte{1}, 32))); other.ID() == key.ID() || len(key.ID()) != 16 {
		t.Error("two keys have one name")
	} else if n, _ := nationalcenter.NumberCandidate(other, resident.RecordCodeOf(42), 0); n.Reveal() == vector0 {
		t.Error("two keys make one number")
	}
	if _, err := nationalcenter.NewNumberKey(make([]byte, 31)); err == nil {
		t.Error("a short key is taken")
	}
	var b strings.Builder
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "key", key)
	fmt.Fprintf(&b, "%v %+v %#v %s %x", key, key, key, key, key)
	if strings.Contains(b.String(), "key!") || strings.Contains(b.String(), "6b657921") || strings.Contains(b.String(), "107, 101") {
		t.Errorf("the key prints as %s", b.String())
	}
}

const (
	vector0 = "653677650110"
	vector1 = "465772871417"
)

// TestNumber: one number for a person, for life; whoever asks again, and under whichever code, is told the same.
func TestNumber(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a, b := newPerson(t, 1, "松本　花子"), newPerson(t, 2, "髙橋　辰男")
		want(t, c.tell(nagano, a.change(resident.MoveIn), b.change(resident.MoveIn)), "applied", "applied")
		first := c.number("r-1", a.Code)
		if !first.Valid() || c.number("r-2", a.Code) != first || c.number("r-1", a.Code) != first {
			t.Error("a person has two numbers")
		}
		if c.number("r-3", b.Code) == first {
			t.Error("two persons have one number")
		}
		old := a.Code
		want(t, c.tell(nagano, a.change(resident.CodeChangeRequested, func(i *resident.IdentificationInfo) { i.Change.OldCode, i.Code = i.Code, resident.RecordCodeOf(7) })), "applied")
		if c.number("r-4", a.Code) != first || c.number("r-5", old) != first {
			t.Error("a change of code changed the number")
		}
		// The candidate that is taken, here by somebody's hand, is passed over, and which one was taken is written down.
		d := newPerson(t, 3, "飯田　三郎")
		want(t, c.tell(nagano, d.change(resident.MoveIn)), "applied")
		zeroth, _ := nationalcenter.NumberCandidate(testKey(), d.Code, 0)
		second, _ := nationalcenter.NumberCandidate(testKey(), d.Code, 1)
		c.tamper(`INSERT INTO individual_number(number, code, derived_from, counter, key_id, asked_by, at, ended_at) VALUES ($1, '1', '1', 0, '', '', 0, 1)`, zeroth.Reveal())
		if got := c.number("r-6", d.Code); got != second {
			t.Error("a number that somebody had was given again")
		}
		c.view(func(ctx context.Context, tx *sqlstore.Tx) error {
			var counter int64
			var keyID, from string
			err := tx.QueryRow(ctx, `SELECT counter, key_id, derived_from FROM individual_number WHERE number = $1`, second.Reveal()).Scan(&counter, &keyID, &from)
			if counter != 1 || keyID != testKey().ID() || from != d.Code.Reveal() {
				t.Errorf("written down as candidate %d of key %s", counter, keyID)
			}
			return err
		})
		if n := c.audited("number.assignment", d.Code); n != 1 {
			t.Errorf("%d assignments are in the audit log", n)
		}
	})
}

// TestNumberThatCameWithARecord: a number that an imported record states is that person's and nobody else's, and one that two records state is
// not handed on.
func TestNumberThatCameWithARecord(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a, b, d, e := newPerson(t, 1, "松本　花子"), newPerson(t, 2, "髙橋　辰男"), newPerson(t, 3, "飯田　三郎"), newPerson(t, 4, "足立　京子")
		states := func(n resident.IndividualNumber) func(*resident.IdentificationInfo) {
			return func(i *resident.IdentificationInfo) { i.Number = n }
		}
		zeroth, _ := nationalcenter.NumberCandidate(testKey(), a.Code, 0)
		other := resident.IndividualNumberOf(12345)
		want(t, c.tell(nagano, a.change(resident.MoveIn), b.change(resident.EntryExOfficio, states(zeroth)), d.change(resident.EntryExOfficio, states(other))),
			"applied", "applied", "applied")
		if n := c.number("r-1", a.Code); n == zeroth || !n.Valid() {
			t.Error("the number that a record states was given to somebody else")
		}
		if c.number("r-2", d.Code) != other || c.number("r-3", d.Code) != other {
			t.Error("who holds a number was given another")
		}
		want(t, c.tell(nagano, e.change(resident.EntryExOfficio, states(zeroth))), "applied")
		want(t, c.tell(matsumoto, message.NumberRequest{Request: "r-4", Code: b.Code}), "number-of-another")
	})
}

// TestNumberOfOthers: no municipality learns the number of another one's resident, and none is made for a code that nobody has.
func TestNumberOfOthers(t *testing.T) {
	c := newCountry(t, "memory:")
	a := newPerson(t, 1, "松本　花子")
	want(t, c.tell(nagano, a.change(resident.MoveIn)), "applied")
	want(t, c.tell(iida, message.NumberRequest{Request: "r-1", Code: a.Code}), "not-your-resident")
	want(t, c.tell(matsumoto, message.NumberRequest{Request: "r-2", Code: resident.RecordCodeOf(99)}), "not-your-resident")
	// A code of the pool: the change is on its way by the prefecture.
	want(t, c.tell(matsumoto, message.CodeRequest{Request: "codes", Count: 1}), "applied")
	mine := c.allotments[0].Codes[0]
	if n := c.number("r-3", mine); !n.Valid() {
		t.Error("no number for a code that was just given")
	}
	want(t, c.tell(iida, message.NumberRequest{Request: "r-4", Code: mine}), "not-your-resident")
}

// TestNoNumberKey: a center without its key gives no number, and says so.
func TestNoNumberKey(t *testing.T) {
	c := newCountry(t, "memory:")
	c.center.ForgetNumberKey()
	a := newPerson(t, 1, "松本　花子")
	want(t, c.tell(nagano, a.change(resident.MoveIn)), "applied")
	want(t, c.tell(matsumoto, message.NumberRequest{Request: "r-1", Code: a.Code}), "no-number-key")
}

// TestNumbersNeverTwice: whatever is asked for in whatever order, from a key that gives each code the candidates of few numbers, nobody gets a
// number that another one has or had.
func TestNumbersNeverTwice(t *testing.T) {
	c := newCountry(t, "memory:")
	holder := map[resident.IndividualNumber]uint64{}
	has := map[uint64]resident.IndividualNumber{}
	rapid.Check(t, func(r *rapid.T) {
		who := rapid.Uint64Range(1, 40).Draw(r, "who")
		p := newPerson(t, who, "松本　花子")
		if _, known := has[who]; !known {
			want(t, c.tell(nagano, p.change(resident.MoveIn)), "applied")
			if rapid.Bool().Draw(r, "first is taken") {
				n, _ := nationalcenter.NumberCandidate(testKey(), p.Code, 0)
				c.tamper(`INSERT INTO individual_number(number, code, derived_from, counter, key_id, asked_by, at, ended_at) VALUES ($1, $2, '', 0, '', '', 0, 1) ON CONFLICT DO NOTHING`,
					n.Reveal(), fmt.Sprint(who))
				holder[n] = 1000 + who
			}
		}
		n := c.number(fmt.Sprintf("r-%d", len(c.assignments)), p.Code)
		if was, known := has[who]; known && was != n {
			r.Fatalf("person %d had another number", who)
		}
		if other, taken := holder[n]; taken && other != who {
			r.Fatalf("the number of %d was given to %d", other, who)
		}
		if got, err := resident.ParseIndividualNumber("number", n.Reveal()); err != nil || got != n {
			r.Fatalf("the check digit: %v", err)
		}
		holder[n], has[who] = who, n
	})
}
