package message

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message/messagepb"
)

// accountPrefix keeps an account's signature from being taken for a signature over anything else.
const accountPrefix = "akashi statement v1\n"

// Bounds of an account, so that one fits into a message whatever happened in its period.
const (
	MaxNumbered  = 64  // stretches: one for each epoch of the range
	MaxUnsettled = 256 // stretches; a maker joins those that are nearest to each other
	MaxNamed     = 100 // open messages, and cases of a book, that are named
	maxFigures   = 100 // kinds, books, counts, each
)

// Side tells whose account of a stream it is.
type Side string

// The sides.
const (
	BySender   Side = "sender"
	ByReceiver Side = "receiver"
)

// Span is how long a period is.
type Span string

// The spans. A day ends at midnight in Japan, a week with its Sunday.
const (
	Day  Span = "day"
	Week Span = "week"
)

// Place is a place in a stream. Numbers go on through the epochs.
type Place struct{ Epoch, Seq uint64 }

// Before tells whether p comes before q.
func (p Place) Before(q Place) bool { return p.Epoch < q.Epoch || p.Epoch == q.Epoch && p.Seq < q.Seq }

// Stretch is consecutive numbers of an epoch, First and Last among them.
type Stretch struct{ Epoch, First, Last uint64 }

// Account is one side's count of a stream over a range of its numbers (計算書): two of them, the sender's and the
// receiver's, are a statement. Both count under the headings that the sender fixed: a message is settled, or it stands in
// a stretch that the sender holds for unsettled, inside the range or before it.
type Account struct {
	Sender   Org
	Node     string
	Receiver Org
	Side     Side
	Span     Span
	Since    time.Time // the close before; zero: from the beginning of the stream
	Until    time.Time // the close
	MadeAt   time.Time

	From, To  Place     // the range: after From, up to and including To, which is the cut
	Numbered  []Stretch // the numbers that the sender gave in the range
	Unsettled []Stretch // up to the cut: all that the sender holds for not ended, and perhaps some between

	Kinds  []KindAccount
	Open   []OpenMessage // that have not ended, as this side sees it; the first MaxNamed, those that wait for people first
	Books  []BookAccount
	Counts []CountAccount

	Answers Hash  // the receiver's: of the bytes of the sender's account
	Held    Place // the receiver's: the cut before this one, as it was told; zero: it was told none
}

// KindAccount counts the messages of one kind.
type KindAccount struct {
	Kind                    Kind
	Applied, AppliedSum     int64        // settled, and the sum of their numbers, each less From.Seq
	Withdrawn, WithdrawnSum int64        // the same
	Stuck                   int64        // the receiver's: not ended, though the sender holds them for settled
	Beside                  int64        // the receiver's: under numbers that the sender's account leaves out, in the range or, of before the close, behind it
	Inside, Before          []StateCount // unsettled, in the range and before it
	Oldest                  time.Time    // when the oldest that has not ended was made; zero: all have
}

// StateCount counts messages in a state. Since is the state at a receiver of what it has applied after the sender made
// its account, or by the word of two persons.
type StateCount struct {
	State string
	N     int64
}

// AppliedSince is the state of a message that its receiver has applied without the sender being able to know.
const AppliedSince = "since"

// OpenMessage is a message that has not ended.
type OpenMessage struct {
	Epoch, Seq  uint64
	Kind        Kind
	State, Code string
}

// BookAccount is a book that the stream's messages change.
type BookAccount struct {
	Book        Book
	Entries     int64
	ComparedAt  time.Time // zero: never
	Differences int64     // found by the last comparison
	Cases       []string  // that are open
}

// CountAccount is a figure of the business: 電子証明書の件数.
type CountAccount struct {
	Name  string         // the same on both sides
	Title plain.Sentence // what is counted here
	Kind  Kind           // messages that carry it, each one of them; empty: none
	Book  Book           // that lists it; empty: none
	N     int64          // when the account was made
	Later int64          // of these, by messages beyond the cut
}

// ID names a message of the account's stream.
func (a *Account) ID(epoch, seq uint64) ID { return ID{a.Sender, a.Node, epoch, a.Receiver, seq} }

// By is the organisation whose account it is.
func (a *Account) By() Org {
	if a.Side == ByReceiver {
		return a.Receiver
	}
	return a.Sender
}

// Encode gives the bytes that are signed.
func (a *Account) Encode() ([]byte, error) {
	w := &messagepb.Account{Sender: string(a.Sender), Node: a.Node, Receiver: string(a.Receiver), Side: string(a.Side), Span: string(a.Span),
		Since: toMicros(a.Since), Until: toMicros(a.Until), MadeAt: toMicros(a.MadeAt), From: a.From.wire(), To: a.To.wire(),
		Numbered: stretchesToWire(a.Numbered), Unsettled: stretchesToWire(a.Unsettled)}
	for _, k := range a.Kinds {
		w.Kinds = append(w.Kinds, &messagepb.KindAccount{Kind: string(k.Kind), Applied: k.Applied, AppliedSum: k.AppliedSum,
			Withdrawn: k.Withdrawn, WithdrawnSum: k.WithdrawnSum, Stuck: k.Stuck, Beside: k.Beside,
			Inside: statesToWire(k.Inside), Before: statesToWire(k.Before), Oldest: toMicros(k.Oldest)})
	}
	for _, o := range a.Open {
		w.Open = append(w.Open, &messagepb.OpenMessage{Epoch: o.Epoch, Seq: o.Seq, Kind: string(o.Kind), State: o.State, Code: o.Code})
	}
	for _, b := range a.Books {
		w.Books = append(w.Books, &messagepb.BookAccount{Book: string(b.Book), Entries: b.Entries, ComparedAt: toMicros(b.ComparedAt),
			Differences: b.Differences, Cases: b.Cases})
	}
	for _, c := range a.Counts {
		w.Counts = append(w.Counts, &messagepb.CountAccount{Name: c.Name, Ja: c.Title.JA, En: c.Title.EN, Kind: string(c.Kind),
			Book: string(c.Book), N: c.N, Later: c.Later})
	}
	if a.Side == ByReceiver {
		w.Answers = a.Answers[:]
		if a.Held != (Place{}) {
			w.Held = a.Held.wire()
		}
	}
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("couldn't encode the account: %w", err)
	}
	return raw, nil
}

// Sign encodes an account and signs it with its maker's key, which is an ECDSA P-256 key.
func (a *Account) Sign(random io.Reader, key crypto.Signer, certificate []byte) (ExchangeStatement, error) {
	raw, err := a.Encode()
	if err != nil {
		return ExchangeStatement{}, err
	}
	signature, err := key.Sign(random, accountDigest(raw), crypto.SHA256)
	if err != nil {
		return ExchangeStatement{}, fmt.Errorf("couldn't sign the account: %w", err)
	}
	return ExchangeStatement{Account: raw, Signature: signature, Certificate: certificate}, nil
}

// ErrAccountSignature means that an account was not signed by the certificate's key.
var ErrAccountSignature = errors.New("the account's signature does not verify under its maker's certificate")

// Verify checks the account's signature under the key of a certificate that the caller trusts to be its maker's.
func (n ExchangeStatement) Verify(public crypto.PublicKey) error {
	key, ok := public.(*ecdsa.PublicKey)
	if !ok || !ecdsa.VerifyASN1(key, accountDigest(n.Account), n.Signature) {
		return ErrAccountSignature
	}
	return nil
}

func accountDigest(raw []byte) []byte {
	h := sha256.New()
	io.WriteString(h, accountPrefix)
	h.Write(raw)
	return h.Sum(nil)
}

// OpenAccount reads the bytes of an account. What it says may be wrong; what it names can be relied on to have a form:
// organisations, bounded lists in their order, numbers that add up and that every reader of JSON takes exactly (below 2^53).
func OpenAccount(raw []byte) (*Account, error) {
	var w messagepb.Account
	if err := proto.Unmarshal(raw, &w); err != nil {
		return nil, badAccount("account", "it cannot be read")
	}
	r := accountReader{}
	a := &Account{Sender: r.org("sender", w.Sender), Node: r.name("node", w.Node), Receiver: r.org("receiver", w.Receiver),
		Side: Side(w.Side), Span: Span(w.Span), Since: r.time("since", w.Since), Until: r.time("until", w.Until), MadeAt: r.time("made_at", w.MadeAt),
		From: r.place("from", w.From), To: r.place("to", w.To),
		Numbered: r.stretches("numbered", w.Numbered, MaxNumbered), Unsettled: r.stretches("unsettled", w.Unsettled, MaxUnsettled),
		Held: r.place("held", w.Held)}
	r.must("side", a.Side == BySender && len(w.Answers) == 0 || a.Side == ByReceiver && len(w.Answers) == len(a.Answers))
	r.must("span", a.Span == Day || a.Span == Week)
	r.must("receiver", a.Receiver != a.Sender)
	r.must("until", a.Since.Before(a.Until) && !a.MadeAt.IsZero())
	r.must("to", !a.To.Before(a.From))
	for _, s := range a.Numbered {
		r.must("numbered", a.From.Before(Place{s.Epoch, s.First}) && !a.To.Before(Place{s.Epoch, s.Last}))
	}
	for _, s := range a.Unsettled {
		r.must("unsettled", !a.To.Before(Place{s.Epoch, s.Last}))
	}
	copy(a.Answers[:], w.Answers)
	r.must("kinds", len(w.Kinds) <= maxFigures)
	for _, k := range w.Kinds {
		a.Kinds = append(a.Kinds, KindAccount{Kind: Kind(r.name("kind", k.Kind)), Applied: r.n("applied", k.Applied), AppliedSum: k.AppliedSum,
			Withdrawn: r.n("withdrawn", k.Withdrawn), WithdrawnSum: k.WithdrawnSum, Stuck: r.n("stuck", k.Stuck), Beside: r.n("beside", k.Beside),
			Inside: r.states("inside", k.Inside), Before: r.states("before", k.Before), Oldest: r.time("oldest", k.Oldest)})
	}
	r.must("open", len(w.Open) <= MaxNamed)
	for _, o := range w.Open {
		r.must("open", o.Epoch>>53 == 0 && o.Seq>>53 == 0)
		a.Open = append(a.Open, OpenMessage{o.Epoch, o.Seq, Kind(r.name("kind", o.Kind)), r.name("state", o.State), r.text("code", o.Code)})
	}
	r.must("books", len(w.Books) <= maxFigures)
	for _, b := range w.Books {
		r.must("cases", len(b.Cases) <= MaxNamed)
		for _, c := range b.Cases {
			r.name("cases", c)
		}
		a.Books = append(a.Books, BookAccount{Book(r.name("book", b.Book)), r.n("entries", b.Entries), r.time("compared_at", b.ComparedAt),
			r.n("differences", b.Differences), b.Cases})
	}
	r.must("counts", len(w.Counts) <= maxFigures)
	for _, c := range w.Counts {
		a.Counts = append(a.Counts, CountAccount{r.name("name", c.Name), plain.Sentence{JA: r.text("ja", c.Ja), EN: r.text("en", c.En)},
			Kind(r.text("kind", c.Kind)), Book(r.text("book", c.Book)), r.n("n", c.N), r.n("later", c.Later)})
	}
	r.must("kinds", distinct(a.Kinds, func(k KindAccount) string { return string(k.Kind) }))
	r.must("books", distinct(a.Books, func(b BookAccount) string { return string(b.Book) }))
	r.must("counts", distinct(a.Counts, func(c CountAccount) string { return c.Name }))
	return a, r.err
}

// AnswersTo tells whether a receiver's account is the counterpart of a sender's account, of which raw are the bytes: of the
// same stream and period, over the same numbers, under the same headings.
func (a *Account) AnswersTo(sender *Account, raw []byte) error {
	switch {
	case sender.Side != BySender || a.Side != ByReceiver:
		return badAccount("side", "a statement is a sender's account and a receiver's")
	case a.Answers != Hash(sha256.Sum256(raw)):
		return badAccount("answers", "it is the counterpart of another account")
	case a.Sender != sender.Sender || a.Node != sender.Node || a.Receiver != sender.Receiver || a.Span != sender.Span ||
		!a.Since.Equal(sender.Since) || !a.Until.Equal(sender.Until) || a.From != sender.From || a.To != sender.To ||
		!slices.Equal(a.Numbered, sender.Numbered) || !slices.Equal(a.Unsettled, sender.Unsettled):
		return badAccount("numbered", "it is not about what the sender's account is about")
	}
	return nil
}

func badAccount(field, en string) *plain.Problem {
	return plain.Bad(field, "計算書の項目「"+field+"」が正しくありません。作った団体のプログラムの版を確かめてください。",
		"the account's field "+field+" is wrong ("+en+"): check the version of its maker's program")
}

// accountReader reads fields and remembers the first that is wrong.
type accountReader struct{ err error }

func (r *accountReader) must(field string, ok bool) {
	if !ok && r.err == nil {
		r.err = badAccount(field, "out of its bounds")
	}
}

func (r *accountReader) org(field, s string) Org {
	o, err := ParseOrg(s)
	r.must(field, err == nil)
	return o
}

func (r *accountReader) text(field, s string) string {
	r.must(field, inLine(s, maxName))
	return s
}

func (r *accountReader) name(field, s string) string {
	r.must(field, s != "")
	return r.text(field, s)
}

func (r *accountReader) n(field string, n int64) int64 {
	r.must(field, n >= 0 && n>>50 == 0)
	return n
}

func (r *accountReader) time(field string, us int64) time.Time {
	r.must(field, us >= 0 && us>>53 == 0)
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func (r *accountReader) place(field string, w *messagepb.Place) Place {
	if w == nil {
		return Place{}
	}
	r.must(field, w.Epoch>>53 == 0 && w.Seq>>53 == 0)
	return Place{w.Epoch, w.Seq}
}

func (r *accountReader) stretches(field string, ws []*messagepb.Stretch, most int) (ss []Stretch) {
	r.must(field, len(ws) <= most)
	last := Place{}
	for _, w := range ws {
		s := Stretch{w.Epoch, w.First, w.Last}
		r.must(field, last.Before(Place{s.Epoch, s.First}) && s.First <= s.Last && s.Epoch>>53 == 0 && s.Last>>53 == 0)
		last = Place{s.Epoch, s.Last}
		ss = append(ss, s)
	}
	return ss
}

func (r *accountReader) states(field string, ws []*messagepb.StateCount) (ss []StateCount) {
	r.must(field, len(ws) <= 16)
	for _, w := range ws {
		ss = append(ss, StateCount{r.name(field, w.State), r.n(field, w.N)})
	}
	return ss
}

func distinct[T any](all []T, name func(T) string) bool {
	seen := map[string]bool{}
	for _, v := range all {
		if seen[name(v)] {
			return false
		}
		seen[name(v)] = true
	}
	return true
}

func (p Place) wire() *messagepb.Place { return &messagepb.Place{Epoch: p.Epoch, Seq: p.Seq} }

func stretchesToWire(ss []Stretch) (ws []*messagepb.Stretch) {
	for _, s := range ss {
		ws = append(ws, &messagepb.Stretch{Epoch: s.Epoch, First: s.First, Last: s.Last})
	}
	return ws
}

func statesToWire(ss []StateCount) (ws []*messagepb.StateCount) {
	for _, s := range ss {
		ws = append(ws, &messagepb.StateCount{State: s.State, N: s.N})
	}
	return ws
}

func toMicros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}
