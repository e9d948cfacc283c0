package message

import (
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message/messagepb"
)

// CaseActs are what happens to a case, in the words of the wire.
var CaseActs = []string{"opened", "inquiry", "answer", "asked", "resent", "proposed", "closed", "explained"}

// ReconcileCase tells the other side what happened to a case: a difference between what both hold under a key.
type ReconcileCase struct {
	Case   string // named by the source: "municipality-202029/57"
	Book   Book
	Key    string
	Act    string         // one of CaseActs
	Source plain.Sentence // what the source holds, for people
	Copy   plain.Sentence // what the copy holds
	Text   string
	By     string // a person, or System
	Second string // who confirmed it
}

// Kind is reconcile.case.
func (ReconcileCase) Kind() Kind { return KindReconcileCase }

// Keys is empty: a case waits for nothing.
func (ReconcileCase) Keys() []string { return nil }

func (n ReconcileCase) wire() proto.Message {
	return &messagepb.ReconcileCase{Case: n.Case, Book: string(n.Book), Key: n.Key, Act: n.Act, SourceJa: n.Source.JA, SourceEn: n.Source.EN,
		CopyJa: n.Copy.JA, CopyEn: n.Copy.EN, Text: n.Text, By: n.By, Second: n.Second}
}

func caseFromWire(w *messagepb.ReconcileCase) (ReconcileCase, error) {
	var c check
	n := ReconcileCase{Case: w.Case, Book: Book(w.Book), Key: w.Key, Act: w.Act, Source: plain.Sentence{JA: w.SourceJa, EN: w.SourceEn},
		Copy: plain.Sentence{JA: w.CopyJa, EN: w.CopyEn}, Text: w.Text, By: w.By, Second: w.Second}
	required(&c, "case", n.Case != "" && inLine(n.Case, maxName))
	required(&c, "book", n.Book.Known())
	required(&c, "key", n.Key != "" && inLine(n.Key, maxName))
	required(&c, "act", slices.Contains(CaseActs, n.Act))
	required(&c, "by", n.By != "" && inLine(n.By, maxPerson))
	// What ends a difference is done by the program, or by two persons.
	ends := n.Act == "closed" || n.Act == "asked" || n.Act == "resent"
	required(&c, "second", n.Second != n.By && n.Second != System && inLine(n.Second, maxPerson) && (n.Second != "" || n.By == System || !ends))
	required(&c, "text", len(n.Text) <= 4000 && inLines(n.Text))
	return n, c.err()
}
