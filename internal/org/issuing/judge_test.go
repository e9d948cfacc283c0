package issuing

import (
	"fmt"
	"testing"

	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/issuing/internal/store"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func record(n uint64, birth string) message.IssuingRecord {
	code := resident.RecordCodeOf(n)
	return message.IssuingRecord{Code: code, Version: 3, Register: 2, Reason: resident.MoveIn, Arose: must(resident.ParseDate("", "2020-04-01")),
		Record: resident.Record{Code: code, Household: "H-1", BasicFour: resident.BasicFour{Name: must(resident.ParseName("", "松本　花子")), Birth: must(resident.ParsePartialDate("", birth))}},
		Seal:   message.RegisteredSeal{Card: 7, Text: "松本", Imprint: []byte{1}}}
}

func pageOf(records ...message.IssuingRecord) (page []onPage, a message.IssuingAnswer) {
	for _, n := range records {
		page = append(page, onPage{Held: store.Held{Key: n.Code.Reveal(), Record: n, Hash: n.StateHash()}, known: true})
		a.Persons = append(a.Persons, message.IssuingStanding{Code: n.Code, Version: n.Version, Hash: n.StateHash(), Seal: true})
	}
	a.Members = len(records)
	return page, a
}

// TestJudge: what either side says against anybody on the page stops the paper, and each reason is told.
func TestJudge(t *testing.T) {
	today := must(resident.ParseDate("", "2026-11-23"))
	for _, c := range []struct {
		name   string
		kind   Kind
		change func(page []onPage, a *message.IssuingAnswer)
		want   string
	}{
		{"as it is", making.HouseholdRecord, func([]onPage, *message.IssuingAnswer) {}, "[]"},
		{"the register is a version ahead", making.HouseholdRecord, func(_ []onPage, a *message.IssuingAnswer) { a.Persons[1].Version++; a.Persons[1].Hash[0]++ }, "[stale]"},
		{"the copy is a version ahead", making.HouseholdRecord, func(p []onPage, _ *message.IssuingAnswer) { p[1].Record.Version++ }, "[stale]"},
		{"the same version says another thing", making.HouseholdRecord, func(_ []onPage, a *message.IssuingAnswer) { a.Persons[0].Hash[0]++ }, "[stale]"},
		{"the register knows nobody", making.HouseholdRecord, func(_ []onPage, a *message.IssuingAnswer) {
			a.Persons[0] = message.IssuingStanding{Code: a.Persons[0].Code}
		}, "[unknown stale]"},
		{"the copy knows nobody", making.HouseholdRecord, func(p []onPage, _ *message.IssuingAnswer) {
			p[0] = onPage{Held: store.Held{Key: p[0].Key}}
		}, "[unknown]"},
		{"a damaged row", making.HouseholdRecord, func(p []onPage, _ *message.IssuingAnswer) { p[0].Damaged = true }, "[damaged]"},
		{"protected, says the register", making.HouseholdRecord, func(_ []onPage, a *message.IssuingAnswer) { a.Persons[1].Protected = true }, "[protected]"},
		{"protected, says the copy", making.HouseholdRecord, func(p []onPage, _ *message.IssuingAnswer) { p[1].Record.Protected = true }, "[protected]"},
		{"dead, says the register", making.HouseholdRecord, func(_ []onPage, a *message.IssuingAnswer) { a.Persons[1].Deleted = resident.Death }, "[dead]"},
		{"dead, says the copy", making.HouseholdRecord, func(p []onPage, _ *message.IssuingAnswer) { p[1].Record.Reason = resident.Death }, "[dead]"},
		{"moved", making.HouseholdRecord, func(_ []onPage, a *message.IssuingAnswer) { a.Persons[1].Deleted = resident.MoveOut }, "[moved]"},
		{"deleted ex officio", making.HouseholdRecord, func(_ []onPage, a *message.IssuingAnswer) { a.Persons[1].Deleted = resident.DeletionExOfficio }, "[deleted]"},
		{"moving, says the register", making.HouseholdRecord, func(_ []onPage, a *message.IssuingAnswer) { a.Persons[1].Leaving = true }, "[moving]"},
		{"moving, says the copy", making.HouseholdRecord, func(p []onPage, _ *message.IssuingAnswer) { p[1].Record.Leaves = today }, "[moving]"},
		{"the head, of whom the page has the name alone, is moving", making.IndividualRecord, func(p []onPage, a *message.IssuingAnswer) {
			p[1].beside, a.Persons[1].Leaving, p[1].Record.Leaves = true, true, today
		}, "[]"},
		{"the head, of whom the page has the name alone, is dead", making.IndividualRecord, func(p []onPage, a *message.IssuingAnswer) { p[1].beside, a.Persons[1].Deleted = true, resident.Death }, "[dead]"},
		{"the head, of whom the page has the name alone, has no seal", making.SealCertificate, func(p []onPage, a *message.IssuingAnswer) { p[1].beside, a.Persons[1].Seal = true, false }, "[]"},
		{"somebody came into the household", making.HouseholdRecord, func(_ []onPage, a *message.IssuingAnswer) { a.Members++ }, "[household]"},
		{"one for another", making.HouseholdRecord, func(p []onPage, _ *message.IssuingAnswer) { p[1].Record.Record.Household = "H-2" }, "[household]"},
		{"answered about another", making.HouseholdRecord, func(_ []onPage, a *message.IssuingAnswer) { a.Persons[1].Code = resident.RecordCodeOf(99) }, "[unasked]"},
		{"answered about fewer", making.HouseholdRecord, func(_ []onPage, a *message.IssuingAnswer) { a.Persons = a.Persons[:1] }, "[unasked]"},
		{"a seal", making.SealCertificate, func([]onPage, *message.IssuingAnswer) {}, "[]"},
		{"the seal has ended, says the register", making.SealCertificate, func(_ []onPage, a *message.IssuingAnswer) { a.Persons[0].Seal = false }, "[no-seal]"},
		{"the seal has ended, says the copy", making.SealCertificate, func(p []onPage, _ *message.IssuingAnswer) { p[0].Record.Seal = message.RegisteredSeal{} }, "[no-seal]"},
		{"no seal is no matter of a record", making.HouseholdRecord, func(_ []onPage, a *message.IssuingAnswer) { a.Persons[0].Seal = false }, "[]"},
		{"two at once", making.HouseholdRecord, func(_ []onPage, a *message.IssuingAnswer) { a.Persons[0].Protected, a.Persons[1].Leaving = true, true }, "[protected moving]"},
	} {
		page, a := pageOf(record(1, "1980-05-01"), record(2, "1982-00-00"))
		c.change(page, &a)
		if got := fmt.Sprint(judge(c.kind, "H-1", today, page, &a).all); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	page, _ := pageOf(record(1, "1980-05-01"))
	if got := fmt.Sprint(judge(making.HouseholdRecord, "H-1", today, page, nil).all); got != "[no-answer]" {
		t.Errorf("without an answer: %s", got)
	}
	// 満15歳: born on 24 November 2011 is attained at the end of the day before the birthday.
	for birth, want := range map[string]string{"2011-11-23": "[]", "2011-11-24": "[under-age]", "2011-00-00": "[under-age]", "2010-00-00": "[]"} {
		page, a := pageOf(record(1, birth))
		if got := fmt.Sprint(judge(making.SealCertificate, "", today, page, &a).all); got != want {
			t.Errorf("born %s: %s", birth, got)
		}
	}
}

// TestFollows: in order, the last one wins, an older one is refused, a hole is a gap.
func TestFollows(t *testing.T) {
	at := func(v resident.Version, before message.Hash) message.IssuingRecord {
		n := record(1, "1980-05-01")
		n.Version, n.Before = v, before
		return n
	}
	held := func(n message.IssuingRecord, builtOn resident.Version) store.Held {
		return store.Held{Key: n.Code.Reveal(), Record: n, BuiltOn: builtOn, Hash: n.StateHash()}
	}
	three := at(3, message.Hash{})
	gone := three
	gone.Reason, gone.Record, gone.Seal = resident.MoveOut, resident.Record{}, message.RegisteredSeal{}
	damaged := held(three, 3)
	damaged.Damaged = true
	for _, c := range []struct {
		name string
		held *store.Held
		n    message.IssuingRecord
		want string // done, or the code of the refusal
	}{
		{"the first", nil, at(1, message.Hash{}), ""},
		{"the first that comes is no first", nil, at(2, message.Hash{1}), "gap"},
		{"the next", ptr(held(three, 3)), at(4, three.StateHash()), ""},
		{"one further on", ptr(held(three, 3)), at(6, three.StateHash()), ""},
		{"a hole", ptr(held(three, 3)), at(5, message.Hash{1}), "gap"},
		{"the same again", ptr(held(three, 3)), three, "done"},
		{"an older one", ptr(held(three, 3)), at(2, message.Hash{1}), "stale-version"},
		{"an older one that says it follows", ptr(held(three, 3)), at(2, three.StateHash()), "stale-version"},
		{"the same version, another state", ptr(held(three, 3)), func() message.IssuingRecord { n := three; n.Protected = true; return n }(), "stale-version"},
		{"one that a snapshot overtook", ptr(held(three, 1)), at(2, message.Hash{1}), "done"},
		{"somebody comes back", ptr(held(gone, 3)), at(4, message.Hash{}), ""},
		{"somebody comes back, told of by an older state", ptr(held(gone, 3)), at(2, message.Hash{}), "stale-version"},
		{"a damaged row", &damaged, at(4, three.StateHash()), "gap"},
		{"a damaged row, from nothing on", &damaged, at(4, message.Hash{}), ""},
	} {
		var h store.Held
		if c.held != nil {
			h = *c.held
		}
		done, err := follows(h, c.held != nil, c.n)
		got := ""
		if done {
			got = "done"
		}
		if r, refused := err.(*exchange.Rejected); refused {
			got = r.Code
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func ptr[T any](v T) *T { return &v }
