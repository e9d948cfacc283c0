package municipality

import (
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

// TestPlaceOfAPaper: where a paper is follows from how the document stands, from what was printed and from the cases; what nobody knows is never said to be anywhere.
func TestPlaceOfAPaper(t *testing.T) {
	closed, open := store.DocumentCase{ClosedAt: time.Unix(1, 0)}, store.DocumentCase{}
	for _, c := range []struct {
		name   string
		d      Document
		cases  []store.DocumentCase
		want   Place
		opened int
	}{
		{"asked for", Document{State: store.DocumentApplied}, nil, PlaceMaking, 0},
		{"refused", Document{State: store.DocumentRefused}, nil, PlaceNone, 0},
		{"held", Document{State: store.DocumentHeld}, nil, PlaceUnprinted, 0},
		{"held and printed", Document{State: store.DocumentHeld, Prints: 1}, nil, PlaceCounter, 0},
		{"held, and a jam that was cleared up", Document{State: store.DocumentHeld, Prints: 2}, []store.DocumentCase{closed}, PlaceCounter, 0},
		{"held, and a jam", Document{State: store.DocumentHeld, Prints: 2}, []store.DocumentCase{closed, open}, PlaceUnknown, 1},
		{"handed over", Document{State: store.DocumentDelivered, Prints: 1}, nil, PlaceCitizen, 0},
		{"handed over, and a jam before it", Document{State: store.DocumentDelivered, Prints: 2}, []store.DocumentCase{open}, PlaceCitizen, 1},
		{"stopped", Document{State: store.DocumentStopped}, nil, PlaceUnprinted, 0},
		{"stopped when it was printed", Document{State: store.DocumentStopped, Prints: 1}, []store.DocumentCase{open}, PlaceUnknown, 1},
		{"stopped, and recovered", Document{State: store.DocumentStopped, Prints: 1}, []store.DocumentCase{closed}, PlaceGone, 0},
		{"stopped when it was printed, and no case", Document{State: store.DocumentStopped, Prints: 1}, nil, PlaceUnknown, 0},
		{"voided without printing", Document{State: store.DocumentVoided}, nil, PlaceUnprinted, 0},
		{"voided", Document{State: store.DocumentVoided, Prints: 1, Sheets: 1}, nil, PlaceGone, 0},
		{"stopped, and somebody took it along", Document{State: store.DocumentStopped, Prints: 1}, []store.DocumentCase{{ClosedAt: time.Unix(1, 0), Fate: FateCitizen}}, PlaceOutside, 0},
		{"handed over, and somebody took the first attempt along", Document{Request: "r", State: store.DocumentDelivered, Prints: 2}, []store.DocumentCase{{Job: "r-1", ClosedAt: time.Unix(1, 0), Fate: FateCitizen}}, PlaceOutside, 0},
		{"handed over, as a case says too", Document{Request: "r", State: store.DocumentDelivered, Prints: 2}, []store.DocumentCase{{Job: "r-2", ClosedAt: time.Unix(1, 0), Fate: FateCitizen}}, PlaceCitizen, 0},
		{"that somebody took it along one person says alone", Document{State: store.DocumentStopped, Prints: 1}, []store.DocumentCase{{Fate: FateCitizen, ProposedAt: time.Unix(1, 0)}}, PlaceUnknown, 1},
		{"voided, printed past the program", Document{State: store.DocumentVoided, Sheets: 1}, nil, PlaceGone, 0},
	} {
		if at, n := placeOf(c.d, c.cases); at != c.want || n != c.opened {
			t.Errorf("%s: %s, %d open cases; want %s, %d", c.name, at, n, c.want, c.opened)
		}
	}
	for _, p := range Places {
		if p.Name().JA == "" || p.Name().EN == "" {
			t.Errorf("%s has no name", p)
		}
	}
	if len(Places) != len(placeNames) {
		t.Errorf("%d places are listed, and %d have names", len(Places), len(placeNames))
	}
}

// TestTracesOfAnError: a case, a stop and a file of another request are traces, also when they were explained; of what an older program took nobody knows what came.
func TestTracesOfAnError(t *testing.T) {
	own, others := message.Hash{1}, message.Hash{2}
	for _, c := range []struct {
		name    string
		d       Document
		cases   int
		want    []Doubt
		another bool // came out
	}{
		{"its own", Document{State: store.DocumentDelivered, Content: own, Came: own}, 0, []Doubt{}, false},
		{"an older program took it", Document{State: store.DocumentDelivered, Content: own}, 0, []Doubt{}, false},
		{"closed as normal", Document{State: store.DocumentHeld, Prints: 1, Content: own, Came: own}, 1, []Doubt{DoubtCase}, false},
		{"another's, handed over", Document{State: store.DocumentDelivered, Prints: 1, Content: own, Came: others}, 0, []Doubt{DoubtAnother}, true},
		{"another's, and recovered", Document{State: store.DocumentRecovered, Prints: 1, Content: own, Came: others}, 0, []Doubt{DoubtAnother}, true},
		{"another's, of which a case was closed as normal", Document{State: store.DocumentHeld, Prints: 1, Content: own, Came: others}, 1, []Doubt{DoubtCase, DoubtAnother}, true},
		{"another's, stopped", Document{State: store.DocumentStopped, Content: own, Came: others}, 0, []Doubt{DoubtStopped, DoubtAnother}, false},
		{"the server's gate stopped it", Document{State: store.DocumentRefused, Reasons: []string{string(making.Gate)}}, 0, []Doubt{DoubtStopped}, false},
		{"refused", Document{State: store.DocumentRefused, Reasons: []string{string(making.Stale)}}, 0, []Doubt{}, false},
	} {
		cases := make([]store.DocumentCase, c.cases)
		for i := range cases {
			cases[i].ClosedAt = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
		}
		place, open := placeOf(c.d, cases)
		one := AffectedDocument{Place: place, Open: open, Doubts: doubtsOf(c.d, cases)}
		if !slices.Equal(one.Doubts, c.want) || one.Another() != c.another {
			t.Errorf("%s: %v, and another's came out (%v)", c.name, one.Doubts, one.Another())
		}
		if c.another && place == PlaceCounter && !one.Concerns() {
			t.Errorf("%s: it concerns nobody", c.name)
		}
	}
	for _, d := range []Doubt{DoubtCase, DoubtStopped, DoubtAnother} {
		if d.Name().JA == "" || d.Name().EN == "" {
			t.Errorf("%s has no name", d)
		}
	}
}

// TestStepsInWords: what the audit log has of a document is shown in words; what came too late is not said to have been handed over.
func TestStepsInWords(t *testing.T) {
	for _, c := range []struct {
		act, detail string
		want        any
	}{
		{actApply, "resident-record-household, as self, identity checked by photo", making.HouseholdRecord.Name()},
		{actState, "delivered 202029-20260401-00001", documentBadge(store.DocumentDelivered)},
		{actState, "refused no-server", documentBadge(store.DocumentRefused)},
		{actState, "late 202029-20260401-00001", badge(webui.Bad, "遅れて届き、受け取らなかった", "came too late, and was not taken")},
		{actPrint, "202029-20260401-00001 202029-17-1", webui.Code("202029-17-1")},
		{actCase, "202029-17-1 print", caseCauses[store.CasePrint]},
		{actCaseClose, "202029-17-1 係長の前で 裁断した", webui.Name("係長の前で 裁断した")},
		{actCasePropose, "202029-17-1 destroyed 裁断した", webui.Name("裁断した")},
		{actCaseClose, "", nil}, // withheld
	} {
		if got := stepDetail(DocumentsStep{Act: c.act, Detail: c.detail}); got != c.want {
			t.Errorf("%s %q is shown as %v, want %v", c.act, c.detail, got, c.want)
		}
	}
}
