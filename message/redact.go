package message

import (
	"fmt"
	"log/slog"
)

// What names a person by the key of a book, or carries a person's record as bytes, says of itself in logs and sentences
// what it is about, and never whom. (The records' own types do so themselves, in package resident.)

// LogValue leaves out keys and body.
func (e *Envelope) LogValue() slog.Value {
	return slog.GroupValue(slog.String("message", e.ID.String()), slog.String("kind", string(e.Kind)), slog.String("trace", e.Trace))
}

// Format leaves out keys and body.
func (e *Envelope) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "%s (%s)", e.ID, e.Kind) }

// LogValue leaves out the key.
func (e Entry) LogValue() slog.Value {
	return slog.GroupValue(slog.String("book", string(e.Book)), slog.String("is", short(e.Is)))
}

// Format leaves out the key.
func (e Entry) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "entry of %s, %s → %s", e.Book, short(e.Was), short(e.Is))
}

// LogValue leaves out the key.
func (n SnapshotRequest) LogValue() slog.Value {
	return slog.GroupValue(slog.String("book", string(n.Book)), slog.Uint64("epoch", n.Epoch), slog.Uint64("seq", n.Seq))
}

// Format leaves out the key.
func (n SnapshotRequest) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "request for a snapshot of %s, about %d/%d, holding %s", n.Book, n.Epoch, n.Seq, short(n.Holds))
}

// LogValue leaves out key and body.
func (n Snapshot) LogValue() slog.Value {
	return slog.GroupValue(slog.String("book", string(n.Book)), slog.String("of", string(n.Of)), slog.String("case", n.Case))
}

// Format leaves out key and body.
func (n Snapshot) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "snapshot of %s (%s), case %q", n.Book, n.Of, n.Case)
}

// LogValue leaves out the key and what people wrote.
func (n ReconcileCase) LogValue() slog.Value {
	return slog.GroupValue(slog.String("case", n.Case), slog.String("book", string(n.Book)), slog.String("act", n.Act))
}

// Format leaves out the key and what people wrote.
func (n ReconcileCase) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "case %s of %s: %s", n.Case, n.Book, n.Act)
}

// short tells one state from another.
func short(h Hash) string {
	if h == (Hash{}) {
		return "nothing"
	}
	return fmt.Sprintf("%.4x", h[:])
}

// LogValue says what is sent to whom, and nothing of what is in it.
func (o Out) LogValue() slog.Value {
	kind := Kind("")
	if o.Body != nil {
		kind = o.Body.Kind()
	}
	return slog.GroupValue(slog.String("to", string(o.To)), slog.String("kind", string(kind)), slog.String("trace", o.Trace))
}
