package message_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

func issuingRecord(t *testing.T) message.IssuingRecord {
	t.Helper()
	code := resident.RecordCodeOf(1_000_000_001)
	return message.IssuingRecord{Code: code, Version: 7, Before: message.Hash{1}, Register: 3, Reason: resident.MoveWithin, Arose: valid(resident.ParseDate("", "2026-11-01")),
		Leaves: valid(resident.ParseDate("", "2026-12-24")), Protected: true,
		Record: resident.Record{Code: code, BasicFour: resident.BasicFour{Name: valid(resident.ParseName("", "葛󠄂西　花子")), Birth: valid(resident.ParsePartialDate("", "1980-00-00")),
			Sex: resident.Female, Address: valid(resident.ParseAddress("", "長野県松本市丸の内3番7号"))}, Municipality: placeCode(t, "202029"), Household: "H-1",
			Relation: resident.Head, BecameResident: valid(resident.ParseDate("", "2001-04-01")), Furigana: valid(resident.ParseKana("", "カサイ ハナコ")),
			FamilyRegister: resident.FamilyRegister{State: resident.DomicileKnown, Domicile: valid(resident.ParseAddress("", "長野県松本市大手1番")), Head: valid(resident.ParseName("", "葛󠄂西　太郎"))}},
		Seal: message.RegisteredSeal{Card: 12, Text: "葛西", Imprint: []byte("PNG"), Registered: time.Unix(1_700_000_000, 0).UTC()}}
}

// TestIssuingMessages: each comes back as it was, and prints nobody.
func TestIssuingMessages(t *testing.T) {
	whole := issuingRecord(t)
	recoded := whole
	recoded.OldCode = resident.RecordCodeOf(1_000_000_002)
	gone := message.IssuingRecord{Code: whole.Code, Version: 8, Before: message.Hash{2}, Register: 4, Reason: resident.Death, Arose: whole.Arose}
	for _, p := range []message.Payload{whole, recoded, gone,
		message.IssuingQuestion{Request: "202029-1", Household: "H-1", Persons: []message.IssuingAsked{{Code: whole.Code, Version: 7}, {Code: recoded.OldCode}}},
		message.IssuingAnswer{Request: "202029-1", Members: 2, Persons: []message.IssuingStanding{
			{Code: whole.Code, Version: 7, Hash: message.Hash{3}, Deleted: resident.MoveOut, Leaving: true, Protected: true, Protection: 2, Seal: true}, {Code: recoded.OldCode}}},
		message.IssuingHalt{Halt: "h-1", Version: "v1.2", From: time.Unix(1_700_000_000, 0).UTC(), Reason: "別の人の証明書が出た。", By: "operator-ueda, operator-mori"},
		message.IssuingHalt{Halt: "h-1", From: time.Unix(1_700_000_000, 0).UTC(), Reason: "点検", By: "x", LiftedAt: time.Unix(1_700_000_100, 0).UTC(), LiftedBy: "y", Cause: "版を入れ替えた。"},
		message.IssuingProgram{Server: "issuing-202029", Program: "v1.2 1f0c", At: time.Unix(1_700_000_000, 0).UTC()},
		message.IssuingDocument{Request: "202029-1", Program: "v1.2 1f0c", Reasons: []string{"halted"}},
	} {
		again, err := message.Decode(p.Kind(), valid(message.Encode(p)))
		if err != nil || !reflect.DeepEqual(again, p) {
			t.Errorf("%s comes back as another: %v", p.Kind(), err)
		}
		if s := fmt.Sprintf("%v %+v", p, p); strings.Contains(s, "葛") || strings.Contains(s, whole.Code.Reveal()) {
			t.Errorf("%s prints somebody", p.Kind())
		}
	}
	if e := whole.Entries(); len(e) != 1 || e[0].Key != whole.Code.Reveal() || e[0].Was != whole.Before || e[0].Is != whole.StateHash() {
		t.Error("the entry is another")
	}
	if e := gone.Entries(); len(e) != 1 || e[0].Is != (message.Hash{}) {
		t.Error("a deleted record is in the book")
	}
	if e := recoded.Entries(); len(e) != 2 || e[0].Key != recoded.OldCode.Reveal() || e[0].Is != (message.Hash{}) || e[1].Was != (message.Hash{}) || e[1].Is != whole.StateHash() {
		t.Error("the entries of a change of code are others")
	}
}

// TestIssuingHash: whatever documents show of a person, or refuse by, is in the hash; how the message came is not.
func TestIssuingHash(t *testing.T) {
	whole := issuingRecord(t)
	for name, change := range map[string]func(*message.IssuingRecord){
		"version":    func(n *message.IssuingRecord) { n.Version++ },
		"register":   func(n *message.IssuingRecord) { n.Register++ },
		"reason":     func(n *message.IssuingRecord) { n.Reason = resident.MinorAmendment },
		"day":        func(n *message.IssuingRecord) { n.Arose = n.Arose.AddDays(1) },
		"leaves":     func(n *message.IssuingRecord) { n.Leaves = resident.Date{} },
		"protected":  func(n *message.IssuingRecord) { n.Protected = false },
		"household":  func(n *message.IssuingRecord) { n.Record.Household = "H-2" },
		"domicile":   func(n *message.IssuingRecord) { n.Record.FamilyRegister.Head = resident.Name{} },
		"seal":       func(n *message.IssuingRecord) { n.Seal = message.RegisteredSeal{} },
		"card":       func(n *message.IssuingRecord) { n.Seal.Card++ },
		"imprint":    func(n *message.IssuingRecord) { n.Seal.Imprint = []byte("other") },
		"seal text":  func(n *message.IssuingRecord) { n.Seal.Text = "葛" },
		"registered": func(n *message.IssuingRecord) { n.Seal.Registered = n.Seal.Registered.Add(time.Second) },
	} {
		n := whole
		change(&n)
		if n.StateHash() == whole.StateHash() {
			t.Errorf("%s is not in the hash", name)
		}
	}
	same := whole
	same.Before, same.OldCode = message.Hash{9}, resident.RecordCodeOf(5)
	if same.StateHash() != whole.StateHash() {
		t.Error("how it came is in the hash")
	}
	if r := message.Printed(resident.Record{Qualified: resident.Qualifications{Voter: true}}); r.Qualified.Voter {
		t.Error("a qualification is told")
	}
}

// TestIssuingRefused: what cannot be a record is refused at the door.
func TestIssuingRefused(t *testing.T) {
	for name, spoil := range map[string]func(*messagepb.IssuingRecord){
		"no version":              func(w *messagepb.IssuingRecord) { w.Version = 0 },
		"no items":                func(w *messagepb.IssuingRecord) { w.Items = nil },
		"items of a deleted one":  func(w *messagepb.IssuingRecord) { w.Reason = "death" },
		"no name":                 func(w *messagepb.IssuingRecord) { w.Items.Name = "" },
		"no household":            func(w *messagepb.IssuingRecord) { w.Items.Household = "" },
		"the old code is the new": func(w *messagepb.IssuingRecord) { w.OldCode = w.Code },
		"a seal without imprint":  func(w *messagepb.IssuingRecord) { w.Seal.Imprint = nil },
		"a large imprint":         func(w *messagepb.IssuingRecord) { w.Seal.Imprint = make([]byte, 600<<10) },
		"half a hash":             func(w *messagepb.IssuingRecord) { w.Before = []byte{1} },
	} {
		w := new(messagepb.IssuingRecord)
		if err := proto.Unmarshal(valid(message.Encode(issuingRecord(t))), w); err != nil {
			t.Fatal(err)
		}
		spoil(w)
		if _, err := message.Decode(message.KindIssuingRecord, valid(proto.Marshal(w))); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	for name, w := range map[string]*messagepb.IssuingQuestion{"nobody": {Request: "1"}, "no request": {Persons: []*messagepb.IssuingAsked{{Code: resident.RecordCodeOf(1).Reveal()}}},
		"too many": {Request: "1", Persons: make([]*messagepb.IssuingAsked, message.MaxIssuingPersons+1)}} {
		for i := range w.Persons {
			if w.Persons[i] == nil {
				w.Persons[i] = &messagepb.IssuingAsked{Code: resident.RecordCodeOf(uint64(i)).Reveal()}
			}
		}
		if _, err := message.Decode(message.KindIssuingQuestion, valid(proto.Marshal(w))); err == nil {
			t.Errorf("a question about %s is taken", name)
		}
	}
}
