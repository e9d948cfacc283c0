package nationalcenter_test

import (
	"bytes"
	"testing"

	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

func TestAllotment(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		want(t, c.tell(matsumoto, message.CodeRequest{Request: "r1", Count: message.MaxAllotment}, message.CodeRequest{Request: "r2", Count: 3},
			message.CodeRequest{Request: "r1", Count: message.MaxAllotment}), "applied", "applied", "applied")
		if len(c.allotments) != 3 {
			t.Fatalf("%d answers to three requests", len(c.allotments))
		}
		given := map[resident.RecordCode]string{}
		for _, a := range c.allotments {
			for _, code := range a.Codes {
				if was, twice := given[code]; twice && was != a.Request {
					t.Errorf("a code was given to %s and to %s", was, a.Request)
				}
				given[code] = a.Request
			}
		}
		if len(given) != message.MaxAllotment+3 {
			t.Errorf("%d different codes were given, want %d: the same request must be answered with the same codes", len(given), message.MaxAllotment+3)
		}
		mine := newPerson(t, 1, "松本　花子")
		mine.Code = c.allotments[1].Codes[0]
		theirs := newPerson(t, 1, "軽井　沢子")
		theirs.Code = c.allotments[1].Codes[1]
		want(t, c.tell(nagano, mine.change(resident.Birth), theirs.change(resident.Birth, in("203211", "長野県北佐久郡軽井沢町長倉1番"))),
			"applied", "code-of-another")
	})
}

// TestAllotmentPassesOverTakenCodes: the source of randomness gives a code that somebody has, again and again.
func TestAllotmentPassesOverTakenCodes(t *testing.T) {
	c := newCountry(t, "memory:")
	drawn := []byte{0, 0, 0, 0, 9} // five bytes make a code; resident.NewRecordCode reads as many
	c.center.Rand = bytes.NewReader(append(append(drawn, drawn...), 0, 0, 0, 0, 10))
	has := newPerson(t, 9, "先約　有子")
	want(t, c.tell(nagano, has.change(resident.MoveIn)), "applied")
	want(t, c.tell(matsumoto, message.CodeRequest{Request: "r1", Count: 1}), "applied")
	if len(c.allotments) != 1 || c.allotments[0].Codes[0] != resident.RecordCodeOf(10) {
		t.Fatalf("%d allotments, or a code that somebody has", len(c.allotments))
	}
	c.center.Rand = bytes.NewReader(bytes.Repeat([]byte{0, 0, 0, 0, 9}, 1000))
	if items := c.tell(matsumoto, message.CodeRequest{Request: "r2", Count: 1}); items[0].State == string(message.Applied) {
		t.Error("a code that somebody has was allotted")
	}
}
