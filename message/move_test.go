package message_test

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

func valid[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// moveOut is somebody who plans to move from 松本市 to 足立区.
func moveOut(t testing.TB) message.MoveOut {
	return message.MoveOut{Move: "202029-71", Family: "202029-70", Step: message.MovePlanned, From: placeCode(t, "202029"), To: placeCode(t, "131211"),
		Code: resident.RecordCodeOf(1_000_000_001), Version: 4, Planned: resident.MustDate(2026, 4, 20), Filed: resident.MustDate(2026, 4, 1), Special: true,
		Person: message.Moving{BasicFour: resident.BasicFour{Name: valid(resident.ParseName("name", "葛󠄂西　一郎")), Birth: valid(resident.ParsePartialDate("birth", "1980-05-01")),
			Sex: resident.Male, Address: valid(resident.ParseAddress("address", "長野県松本市丸の内3番7号"))}, Kana: valid(resident.ParseKana("kana", "カサイ　イチロウ")),
			Relation: resident.Head, Place: valid(resident.ParseAddress("place", "東京都足立区中央本町1丁目17番1号"))},
		Items: []message.MoveItem{{Name: "国民健康保険", Value: "被保険者"}}}
}

func moveIn(t testing.TB) message.MoveIn {
	return message.MoveIn{Move: "202029-71", Step: message.MoveRegistered, From: placeCode(t, "202029"), To: placeCode(t, "131211"), Code: resident.RecordCodeOf(1_000_000_001),
		Day: resident.MustDate(2026, 4, 19), Filed: resident.MustDate(2026, 4, 21), Version: 105}
}

// TestMovesTravel reads every step back as it was written, and holds the octets to what was published.
func TestMovesTravel(t *testing.T) {
	planned, registered := moveOut(t), moveIn(t)
	left, void := planned, planned
	left.Step, left.Version = message.MoveLeft, 5
	void.Step, void.Person, void.Items = message.MoveVoid, message.Moving{}, nil
	paper, voided := registered, registered
	paper.Move = ""
	voided.Step, voided.Version = message.MoveVoid, 0
	lapsed := voided
	lapsed.Step = message.MoveLapsed
	leftAgain, registeredAgain := left, registered
	leftAgain.Again, registeredAgain.Again = true, true // the same facts
	closed, unmade, paperUnmade := void, void, paper
	closed.Step, unmade.Step, paperUnmade.Step = message.MoveClosed, message.MoveUnmade, message.MoveUnmade
	for _, c := range []struct {
		p          message.Booked
		keys, fact string
		book       message.Book
	}{
		{planned, "10000000011,move/202029-71", "202029-71/out/planned", message.MovesBack},
		{left, "10000000011,move/202029-71", "202029-71/out/left", message.MovesBack},
		{void, "10000000011,move/202029-71", "202029-71/out/void", message.MovesBack},
		{registered, "10000000011,move/202029-71", "202029-71/in/registered", message.Moves},
		{paper, "10000000011", "paper-105-10000000011/in/registered", message.Moves},
		{voided, "10000000011,move/202029-71", "202029-71/in/void", message.Moves},
		{lapsed, "10000000011,move/202029-71", "202029-71/in/lapsed", message.Moves},
		{leftAgain, "10000000011,move/202029-71", "202029-71/out/left", message.MovesBack},
		{registeredAgain, "10000000011,move/202029-71", "202029-71/in/registered", message.Moves},
		{closed, "10000000011,move/202029-71", "202029-71/out/closed", message.MovesBack},
		{unmade, "10000000011,move/202029-71", "202029-71/out/unmade", message.MovesBack},
		{paperUnmade, "10000000011", "paper-105-10000000011/in/unmade", message.Moves},
	} {
		keys := strings.ReplaceAll(c.keys, "10000000011", planned.Code.Reveal())
		fact := strings.ReplaceAll(c.fact, "10000000011", planned.Code.Reveal())
		body := valid(message.Encode(c.p))
		again, err := message.Decode(c.p.Kind(), body)
		if err != nil || !reflect.DeepEqual(again, c.p) {
			t.Errorf("%s comes back as %+v, %v", fact, again, err)
		}
		if got := strings.Join(c.p.Keys(), ","); got != keys {
			t.Errorf("%s has the keys %s", fact, got)
		}
		e := c.p.Entries()
		if len(e) != 1 || e[0].Key != fact || e[0].Book != c.book || e[0].Was != (message.Hash{}) || e[0].Is == (message.Hash{}) {
			t.Errorf("%s is the entry %s in %s", fact, e[0].Key, e[0].Book)
		}
	}
	if p := message.Moves.Person("paper-105-" + planned.Code.Reveal() + "/in/registered"); p != planned.Code.Reveal() || message.Moves.Person("202029-71/out/left") != "" {
		t.Errorf("the key of a paper move names %q", p)
	}
	for p, want := range map[message.Payload]string{registered: wireOfMoveIn} {
		if got := hex.EncodeToString(valid(message.Encode(p))); got != want {
			t.Errorf("%s is written as %s", p.Kind(), got)
		}
	}
	if got := hex.EncodeToString(valid(message.Encode(planned))); got != wireOfMoveOut {
		t.Errorf("%s is written as %s", planned.Kind(), got)
	}
	for _, s := range []string{fmt.Sprint(planned), fmt.Sprintf("%+v", planned), fmt.Sprintf("%#v", planned.Items)} {
		if strings.Contains(s, "葛") || strings.Contains(s, "丸の内") || strings.Contains(s, "被保険者") || strings.Contains(s, planned.Code.Reveal()) {
			t.Errorf("printed as %s", s)
		}
	}
}

// TestMovesRefused: what cannot be a move is refused at the door, with the field that is wrong.
func TestMovesRefused(t *testing.T) {
	for what, x := range map[string]struct {
		spoil func(*messagepb.MoveOut)
		field string
	}{
		"another's name":     {func(w *messagepb.MoveOut) { w.Move = "131211-71" }, "move"},
		"a name in disguise": {func(w *messagepb.MoveOut) { w.Move = "202029-071" }, "move"},
		"no family":          {func(w *messagepb.MoveOut) { w.Family = "" }, "family"},
		"a move to itself":   {func(w *messagepb.MoveOut) { w.To = w.From }, "to"},
		"no step":            {func(w *messagepb.MoveOut) { w.Step = "registered" }, "step"},
		"no version":         {func(w *messagepb.MoveOut) { w.Version = 0 }, "version"},
		"no day":             {func(w *messagepb.MoveOut) { w.Planned = "2026-02-30" }, "planned"},
		"nobody":             {func(w *messagepb.MoveOut) { w.Person = nil }, "person"},
		"a wrong code":       {func(w *messagepb.MoveOut) { w.Code = "10000000010" }, "code"},
		"no relation":        {func(w *messagepb.MoveOut) { w.Person.Relation = "" }, "relation"},
		"a void with data":   {func(w *messagepb.MoveOut) { w.Step = "void" }, "person"},
		"a close with data":  {func(w *messagepb.MoveOut) { w.Step = "closed" }, "person"},
		"an item of lines":   {func(w *messagepb.MoveOut) { w.Items[0].Value = "a\nb" }, "items"},
		"a nameless item":    {func(w *messagepb.MoveOut) { w.Items[0].Name = "" }, "items"},
		"an item too long":   {func(w *messagepb.MoveOut) { w.Items[0].Value = strings.Repeat("x", 2001) }, "items"},
		"items for ever": {func(w *messagepb.MoveOut) {
			for range 100 {
				w.Items = append(w.Items, &messagepb.MoveItem{Name: "x"})
			}
		}, "items"},
	} {
		var w messagepb.MoveOut
		if err := proto.Unmarshal(valid(message.Encode(moveOut(t))), &w); err != nil {
			t.Fatal(err)
		}
		x.spoil(&w)
		_, err := message.Decode(message.KindMoveOut, valid(proto.Marshal(&w)))
		if ps, _ := plain.AsProblems(err); len(ps) == 0 || ps[0].Field != x.field {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, x := range map[string]struct {
		spoil func(*messagepb.MoveIn)
		field string
	}{
		"no step":                {func(w *messagepb.MoveIn) { w.Step = "left" }, "step"},
		"no version":             {func(w *messagepb.MoveIn) { w.Version = 0 }, "version"},
		"a void with a version":  {func(w *messagepb.MoveIn) { w.Step = "void" }, "version"},
		"a lapse with a version": {func(w *messagepb.MoveIn) { w.Step = "lapsed" }, "version"},
		"a lapse of nothing":     {func(w *messagepb.MoveIn) { w.Step, w.Move, w.Version = "lapsed", "", 0 }, "move"},
		"a void of nothing":      {func(w *messagepb.MoveIn) { w.Step, w.Move, w.Version = "void", "", 0 }, "move"},
		"a move within":          {func(w *messagepb.MoveIn) { w.To = w.From }, "to"},
		"no day":                 {func(w *messagepb.MoveIn) { w.Day = "" }, "day"},
		"another's name":         {func(w *messagepb.MoveIn) { w.Move = "131211-71" }, "move"},
	} {
		var w messagepb.MoveIn
		if err := proto.Unmarshal(valid(message.Encode(moveIn(t))), &w); err != nil {
			t.Fatal(err)
		}
		x.spoil(&w)
		_, err := message.Decode(message.KindMoveIn, valid(proto.Marshal(&w)))
		if ps, _ := plain.AsProblems(err); len(ps) == 0 || ps[0].Field != x.field {
			t.Errorf("moving in, %s: %v", what, err)
		}
	}
}

const (
	wireOfMoveIn  = "0a093230323032392d3731120a726567697374657265641a0632303230323922063133313231312a0b3130303030303030303134320a323032362d30342d31393a0a323032362d30342d32314069"
	wireOfMoveOut = "0a093230323032392d373112093230323032392d37301a07706c616e6e656422063230323032392a06313331323131320b31303030303030303031343804420a323032362d30342d32304a0a323032362d30342d303150015a9e010a13e8919bf3a08482e8a5bfe38080e4b880e9838e1218e382abe382b5e382a4e38080e382a4e38381e383ade382a61a0a313938302d30352d30312201312a23e995b7e9878ee79c8ce69dbee69cace5b882e4b8b8e381aee5868533e795aa37e58fb74209e4b896e5b8afe4b8bb522ee69db1e4baace983bde8b6b3e7ab8be58cbae4b8ade5a4aee69cace794ba31e4b881e79bae3137e795aa31e58fb762220a12e59bbde6b091e581a5e5bab7e4bf9de999ba120ce8a2abe4bf9de999bae88085"
)
