package message

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
)

// LineState is what came of the comparison of a line (突合結果).
type LineState string

// The states, from good to bad.
const (
	Agreed      LineState = "agreed"      // both sides say the same, and nothing is open
	Explained   LineState = "explained"   // what differs is exactly what is open, and it is named
	Unexplained LineState = "unexplained" // somebody has to find out
)

// Worse is the worse of two.
func (s LineState) Worse(t LineState) LineState {
	if s == Unexplained || t == Unexplained {
		return Unexplained
	}
	if s == Explained || t == Explained {
		return Explained
	}
	return Agreed
}

// Line is one line of a statement.
type Line struct {
	About    string // "range", "kind", "book", "count"
	Subject  string // of a kind, book or count: its name
	State    LineState
	Says     plain.Sentence
	Sender   Figures
	Receiver Figures
	Messages []ID     // that are open, or that the difference is about, as far as they are named
	Cases    []string // that are open
}

// Figures are one side's numbers in a line.
type Figures struct {
	Total     int64        // of a kind: sent or received in the range; of a book: entries; of a count: as of the cut
	Applied   int64        // of a kind, in the range
	Withdrawn int64        // of a kind, in the range
	Open      []StateCount // of a kind: not ended, from the range and from before it
	Oldest    time.Time    // of what has not ended
	Compared  time.Time    // of a book: its last comparison
}

// compareWithin is how old the last comparison of a book may be when an account is made. They are made every minute.
const compareWithin = 10 * time.Minute

// Lines compares the two accounts of a statement (Account.AnswersTo holds). It reads nothing else, so both sides come to
// the same lines, and so does everybody who has the file.
func Lines(sender, receiver *Account) []Line {
	lines := []Line{rangeLine(sender, receiver)}
	for _, k := range kindsOf(sender, receiver) {
		lines = append(lines, kindLine(sender, receiver, k))
	}
	for _, b := range Books {
		s, inS := find(sender.Books, func(x BookAccount) bool { return x.Book == b })
		r, inR := find(receiver.Books, func(x BookAccount) bool { return x.Book == b })
		if inS || inR {
			lines = append(lines, bookLine(sender, receiver, b, s, r, inS, inR))
		}
	}
	for _, c := range sender.Counts {
		r, both := find(receiver.Counts, func(x CountAccount) bool { return x.Name == c.Name })
		lines = append(lines, countLine(sender, receiver, c, r, both))
	}
	return lines
}

// StateOf is the worst of the lines.
func StateOf(lines []Line) LineState {
	state := Agreed
	for _, l := range lines {
		state = state.Worse(l.State)
	}
	return state
}

func find[T any](all []T, is func(T) bool) (v T, ok bool) {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], true
	}
	return v, false
}

func kindsOf(accounts ...*Account) (kinds []Kind) {
	for _, a := range accounts {
		for _, k := range a.Kinds {
			if !slices.Contains(kinds, k.Kind) {
				kinds = append(kinds, k.Kind)
			}
		}
	}
	slices.Sort(kinds)
	return kinds
}

func (a *Account) kind(k Kind) KindAccount {
	found, _ := find(a.Kinds, func(x KindAccount) bool { return x.Kind == k })
	return found
}

func count(ss []StateCount, states ...string) (n int64) {
	for _, s := range ss {
		if len(states) == 0 || slices.Contains(states, s.State) {
			n += s.N
		}
	}
	return n
}

// rangeLine compares the numbers themselves: the range goes on where the last one ended, and each unsettled number was
// received once at most.
func rangeLine(s, r *Account) Line {
	l := Line{About: "range", State: Agreed}
	var given, open, received int64
	for _, n := range s.Numbered {
		given += int64(n.Last - n.First + 1)
	}
	for _, k := range s.Kinds {
		l.Sender.Total += k.Applied + k.Withdrawn + count(k.Inside)
		open += count(k.Inside) + count(k.Before)
	}
	for _, k := range r.Kinds {
		l.Receiver.Total += k.Applied + k.Withdrawn + k.Stuck + k.Beside + count(k.Inside)
		received += count(k.Inside) + count(k.Before)
	}
	l.Says = plain.Sentence{JA: fmt.Sprintf("送信側は番号を%d使い、電文%d件があります。", given, l.Sender.Total),
		EN: fmt.Sprintf("The sender gave %d numbers and has %d messages under them.", given, l.Sender.Total)}
	switch {
	case l.Sender.Total != given && restored(s, r):
		// What was numbered a second time has moved to the new epoch, among others.
		l.worse(Explained, "送信側のデータベースが控えから戻され、番号が続いていません。", "The sender's database was restored from a copy, so its numbers do not go on.")
	case l.Sender.Total != given:
		l.worse(Unexplained, fmt.Sprintf("送信側の控えに、使った番号の電文が%d件ありません。", given-l.Sender.Total),
			fmt.Sprintf("The sender's outbox lacks %d messages whose numbers it gave.", given-l.Sender.Total))
	case received > open:
		l.worse(Unexplained, fmt.Sprintf("未了の番号について、送信側の%d件に対し受信側が%d件を持っています。", open, received),
			fmt.Sprintf("Under the numbers that are not settled the sender has %d messages and the receiver %d.", open, received))
	}
	if r.Held != (Place{}) && r.Held != s.From {
		if restored(s, r) {
			l.worse(Explained, "前回の締めとつながりません。送信側のデータベースが控えから戻されたためです。",
				"It does not go on where the last close ended, because the sender's database was restored from a copy.")
		} else {
			l.worse(Unexplained, fmt.Sprintf("前回は%d/%dで締められたのに、今回は%d/%dの次から始まっています。", r.Held.Epoch, r.Held.Seq, s.From.Epoch, s.From.Seq),
				fmt.Sprintf("The last close ended with %d/%d, but this range begins after %d/%d.", r.Held.Epoch, r.Held.Seq, s.From.Epoch, s.From.Seq))
		}
	}
	return l
}

// restored tells whether the sender began a new epoch since the cut that its receiver knows: its database is a copy.
func restored(s, r *Account) bool {
	return s.To.Epoch > max(s.From.Epoch, 1) || r.Held.Epoch != 0 && r.Held.Epoch < s.To.Epoch
}

func (l *Line) worse(state LineState, ja, en string) {
	if l.State == Agreed || l.State == Explained && state == Unexplained {
		l.Says = plain.Sentence{}
	}
	l.State = l.State.Worse(state)
	if l.State == state {
		l.Says.JA += ja
		l.Says.EN = strings.TrimSpace(l.Says.EN + " " + en)
	}
}

func kindLine(sender, receiver *Account, kind Kind) Line {
	s, r := sender.kind(kind), receiver.kind(kind)
	l := Line{About: "kind", Subject: string(kind), State: Agreed,
		Sender: Figures{Total: s.Applied + s.Withdrawn + count(s.Inside), Applied: s.Applied + count(s.Inside, "applied"),
			Withdrawn: s.Withdrawn + count(s.Inside, "withdrawn"), Open: openStates(s), Oldest: s.Oldest},
		Receiver: Figures{Total: r.Applied + r.Withdrawn + r.Stuck + r.Beside + count(r.Inside), Applied: r.Applied + count(r.Inside, "applied", AppliedSince),
			Withdrawn: r.Withdrawn + count(r.Inside, "withdrawn"), Open: openStates(r), Oldest: r.Oldest}}
	l.Says = plain.Sentence{JA: "双方の件数が一致し、未了はありません。", EN: "Both sides count the same, and nothing is open."}

	if open := count(l.Sender.Open); open > 0 {
		l.Messages = named(sender, kind)
		l.worse(Explained, fmt.Sprintf("未了%d件(%s)を除き、双方の件数が一致します。", open, statesJA(l.Sender.Open)),
			fmt.Sprintf("Both sides count the same, but for %d that have not ended (%s).", open, statesEN(l.Sender.Open)))
	}
	if r.Beside > 0 {
		if restored(sender, receiver) {
			l.worse(Explained, fmt.Sprintf("送信側のデータベースが控えから戻され、受信側にある%d件を送信側が失いました。帳簿の突合で確かめてください。", r.Beside),
				fmt.Sprintf("The sender's database was restored from a copy and has lost %d messages that the receiver holds: look at the comparison of the books.", r.Beside))
		} else {
			l.worse(Unexplained, fmt.Sprintf("送信側の計算書にない番号の電文が、受信側に%d件あります。", r.Beside),
				fmt.Sprintf("The receiver has %d messages under numbers that the sender's account leaves out.", r.Beside))
		}
	}
	l.settled(sender, s, r)
	if r.Stuck > 0 {
		l.Messages = append(named(receiver, kind), l.Messages...)
		l.worse(Unexplained, fmt.Sprintf("送信側が終了とした%d件が、受信側では終わっていません。", r.Stuck),
			fmt.Sprintf("%d messages that the sender holds for ended have not ended at the receiver.", r.Stuck))
	}
	// What its sender does not offer cannot have been applied before, unless two persons said so.
	could := count(s.Inside, "applied", "ready") + count(s.Before, "applied", "ready")
	if applied := count(r.Inside, "applied") + count(r.Before, "applied"); applied > could {
		l.worse(Unexplained, fmt.Sprintf("送信側で待っている%d件が、受信側では適用済みです。", applied-could),
			fmt.Sprintf("%d messages that wait at the sender stand as applied at the receiver.", applied-could))
	}
	return l
}

// settled compares what the sender holds for ended. The sums of the numbers tell a message that is lost here and another
// that is doubled there from two that agree, and name one that is missing.
func (l *Line) settled(a *Account, s, r KindAccount) {
	for _, c := range []struct {
		ja, en           string
		s, sSum, r, rSum int64
	}{
		{ja: "適用", en: "applied", s: s.Applied, sSum: s.AppliedSum, r: r.Applied, rSum: r.AppliedSum},
		{ja: "取下げ", en: "withdrawn", s: s.Withdrawn, sSum: s.WithdrawnSum, r: r.Withdrawn, rSum: r.WithdrawnSum},
	} {
		switch {
		case c.s == c.r && c.sSum == c.rSum:
		case c.s == c.r:
			l.worse(Unexplained, fmt.Sprintf("%sの件数は同じですが、電文番号が違います。", c.ja),
				fmt.Sprintf("As many are %s on both sides, but not the same ones.", c.en))
		default:
			var which string
			if one := c.s - c.r; (one == 1 || one == -1) && len(a.Numbered) > 0 {
				if seq := int64(a.From.Seq) + one*(c.sSum-c.rSum); seq > 0 {
					id := a.ID(a.epochOf(uint64(seq)), uint64(seq))
					l.Messages = slices.Insert(l.Messages, 0, id)
					which = " " + id.String()
				}
			}
			l.worse(Unexplained, fmt.Sprintf("%sが、送信側で%d件、受信側で%d件です。%s", c.ja, c.s, c.r, which),
				fmt.Sprintf("%d are %s at the sender and %d at the receiver.%s", c.s, c.en, c.r, which))
		}
	}
}

// epochOf finds the epoch of a number of the range.
func (a *Account) epochOf(seq uint64) uint64 {
	for _, n := range a.Numbered {
		if n.First <= seq && seq <= n.Last {
			return n.Epoch
		}
	}
	return a.To.Epoch
}

func named(a *Account, kind Kind) (ids []ID) {
	for _, o := range a.Open {
		if o.Kind == kind {
			ids = append(ids, a.ID(o.Epoch, o.Seq))
		}
	}
	return ids
}

func openStates(k KindAccount) (open []StateCount) {
	for _, s := range slices.Concat(k.Inside, k.Before) {
		if s.State == "applied" || s.State == "withdrawn" || s.State == AppliedSince {
			continue
		}
		if i := slices.IndexFunc(open, func(o StateCount) bool { return o.State == s.State }); i >= 0 {
			open[i].N += s.N
		} else {
			open = append(open, s)
		}
	}
	return open
}

// stateNames are the words of the message desk.
var stateNames = map[string]plain.Sentence{
	"ready": {JA: "送信待ち", EN: "to be sent"}, "deferred": {JA: "再送待ち", EN: "deferred"}, "parked": {JA: "保留", EN: "parked"},
	"held": {JA: "順番待ち", EN: "held"}, "rejected": {JA: "拒否", EN: "rejected"}, "gap": {JA: "欠落", EN: "gap"},
}

func statesJA(ss []StateCount) string {
	var parts []string
	for _, s := range ss {
		parts = append(parts, fmt.Sprintf("%s%d", stateNames[s.State].JA, s.N))
	}
	return strings.Join(parts, "、")
}

func statesEN(ss []StateCount) string {
	var parts []string
	for _, s := range ss {
		parts = append(parts, fmt.Sprintf("%d %s", s.N, stateNames[s.State].EN))
	}
	return strings.Join(parts, ", ")
}

func bookLine(sender, receiver *Account, book Book, s, r BookAccount, inS, inR bool) Line {
	l := Line{About: "book", Subject: string(book), State: Agreed, Sender: Figures{Total: s.Entries, Compared: s.ComparedAt},
		Receiver: Figures{Total: r.Entries, Compared: r.ComparedAt},
		Says:     plain.Sentence{JA: "直近の突合で帳簿が一致しました。", EN: "The books agreed at their last comparison."}}
	l.Cases = slices.Clone(s.Cases)
	for _, c := range r.Cases {
		if !slices.Contains(l.Cases, c) {
			l.Cases = append(l.Cases, c)
		}
	}
	if !inS || !inR {
		l.worse(Unexplained, "片方の団体だけがこの帳簿を持っています。", "Only one of the two holds this book.")
		return l
	}
	if len(l.Cases) > 0 {
		l.worse(Explained, fmt.Sprintf("不一致の件が%d件、処理中です。", len(l.Cases)), fmt.Sprintf("%d cases are open.", len(l.Cases)))
	}
	if d := max(s.Differences, r.Differences); d > int64(len(l.Cases)) && len(l.Cases) < MaxNamed {
		l.worse(Unexplained, fmt.Sprintf("突合の差異%d件のうち、件になっていないものがあります。", d), fmt.Sprintf("Of %d differences some have no case.", d))
	}
	for _, side := range []struct {
		a  *Account
		at time.Time
	}{{sender, s.ComparedAt}, {receiver, r.ComparedAt}} {
		if side.a.MadeAt.Sub(side.at) <= compareWithin {
			continue
		}
		// Whoever was away around the close could not compare; what is wrong now, the next close says.
		if away := sender.Since.IsZero() || late(sender) || late(receiver); away {
			l.worse(Explained, fmt.Sprintf("%s では、締めの前後にどちらかが止まっていたため、突合がありません。", side.a.By()),
				fmt.Sprintf("At %s there was no comparison, because one of the two was away around the close.", side.a.By()))
		} else {
			l.worse(Unexplained, fmt.Sprintf("%s では、計算書を作る前の%d分間に突合がありません。", side.a.By(), int(compareWithin.Minutes())),
				fmt.Sprintf("At %s there was no comparison in the %d minutes before its account.", side.a.By(), int(compareWithin.Minutes())))
		}
	}
	return l
}

// late tells whether an account was made long after its close.
func late(a *Account) bool { return a.MadeAt.Sub(a.Until) > compareWithin }

// countLine compares a figure of the business: within each side with the book that lists it, which must come to the same
// at the same moment, and between the sides as of the cut.
func countLine(sender, receiver *Account, s, r CountAccount, both bool) Line {
	l := Line{About: "count", Subject: s.Name, State: Agreed, Sender: Figures{Total: s.N - s.Later}, Receiver: Figures{Total: r.N - r.Later},
		Says: plain.Sentence{JA: "双方の件数が一致します。", EN: "Both sides count the same."}}
	for _, side := range []struct {
		a *Account
		c CountAccount
	}{{sender, s}, {receiver, r}} {
		b, listed := find(side.a.Books, func(x BookAccount) bool { return x.Book == side.c.Book })
		if listed && b.Entries != side.c.N {
			l.Cases = append(l.Cases, b.Cases...)
			state := Unexplained
			if len(b.Cases) > 0 {
				state = Explained
			}
			l.worse(state, fmt.Sprintf("%s の表は%d件、帳簿は%d件です。", side.a.By(), side.c.N, b.Entries),
				fmt.Sprintf("At %s the table holds %d and the book %d.", side.a.By(), side.c.N, b.Entries))
		}
	}
	if !both {
		l.Says = plain.Sentence{JA: "受信側では数えていません。", EN: "The receiver does not count it."}
		return l
	}
	// Each message of the kind that the receiver has not applied is one that it does not count yet.
	var missing int64
	if s.Kind != "" {
		ks, kr := sender.kind(s.Kind), receiver.kind(s.Kind)
		missing = count(ks.Inside) - count(ks.Inside, "withdrawn") + count(ks.Before) - count(ks.Before, "withdrawn") -
			count(kr.Inside, "applied", AppliedSince) - count(kr.Before, "applied", AppliedSince)
	}
	switch is, want := l.Receiver.Total, l.Sender.Total-missing; {
	case is == want && missing == 0:
	case is == want:
		l.Messages = named(sender, s.Kind)
		l.worse(Explained, fmt.Sprintf("差の%d件は、まだ適用されていない電文です。", missing), fmt.Sprintf("The difference is the %d messages that are not applied yet.", missing))
	default:
		sb, _ := find(sender.Books, func(x BookAccount) bool { return x.Book == s.Book })
		rb, _ := find(receiver.Books, func(x BookAccount) bool { return x.Book == r.Book })
		state := Unexplained
		if s.Book != "" && len(sb.Cases)+len(rb.Cases) > 0 {
			state, l.Cases = Explained, slices.Compact(slices.Sorted(slices.Values(slices.Concat(l.Cases, sb.Cases, rb.Cases))))
		}
		l.worse(state, fmt.Sprintf("送信側%d件、受信側%d件で、未適用の%d件を除いても合いません。", l.Sender.Total, is, missing),
			fmt.Sprintf("The sender counts %d and the receiver %d, and the %d messages not applied do not explain it.", l.Sender.Total, is, missing))
	}
	return l
}
