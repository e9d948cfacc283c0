package message

import (
	"errors"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/message/messagepb"
)

// SnapshotRequest asks the source of a book for the present state under a key: a message of it built on something that
// never came, or a person asks for it.
type SnapshotRequest struct {
	Epoch, Seq uint64 // the message that it is about, sent by the receiver of the request; 0 for none
	Book       Book
	Key        string
	Holds      Hash // what the asker holds under the key; zero for nothing
}

// Kind is snapshot.request.
func (SnapshotRequest) Kind() Kind { return KindSnapshotRequest }

// Keys is empty: the request waits for nothing.
func (SnapshotRequest) Keys() []string { return nil }

func (n SnapshotRequest) wire() proto.Message {
	w := &messagepb.SnapshotRequest{Epoch: n.Epoch, Seq: n.Seq, Book: string(n.Book), Key: n.Key}
	if n.Holds != (Hash{}) {
		w.Holds = n.Holds[:]
	}
	return w
}

func snapshotRequestFromWire(w *messagepb.SnapshotRequest) (SnapshotRequest, error) {
	var c check
	n := SnapshotRequest{Epoch: w.Epoch, Seq: w.Seq, Book: Book(w.Book), Key: w.Key, Holds: Hash(hash(&c, "holds", w.Holds))}
	required(&c, "book", n.Book.Known())
	required(&c, "key", n.Key != "" && inLine(n.Key, maxName))
	required(&c, "seq", n.Epoch>>63 == 0 && n.Seq>>63 == 0 && (n.Epoch == 0) == (n.Seq == 0))
	return n, c.err()
}

// Snapshot is the full state under a key of a book, as its source holds it, whatever came before.
type Snapshot struct {
	Book Book
	Key  string
	Of   Kind   // of the body; empty: the source holds nothing under the key
	Body []byte // that kind's payload
	Case string // the case that it is to close; empty for none
}

// SnapshotOf makes the snapshot of a key. state is the payload that carries what the source holds, nil for nothing.
func SnapshotOf(book Book, key string, state Payload, of string) (Snapshot, error) {
	n := Snapshot{Book: book, Key: key, Case: of}
	if state == nil {
		return n, nil
	}
	body, err := Encode(state)
	n.Of, n.Body = state.Kind(), body
	return n, err
}

// State reads the payload that the snapshot carries; nil when the source holds nothing under the key.
func (n Snapshot) State() (Payload, error) {
	switch n.Of {
	case "":
		return nil, nil
	case KindSnapshot: // each one inside of another would be a copy of all that is in it
		return nil, errors.New("a snapshot carries a state, and no other snapshot")
	}
	return Decode(n.Of, n.Body)
}

// Kind is snapshot.
func (Snapshot) Kind() Kind { return KindSnapshot }

// Keys are those of what it carries, so that it takes its place among the changes of the same key. What carries nothing
// has the key of the book, which is the order key of its messages or begins with it.
func (n Snapshot) Keys() []string {
	if p, err := n.State(); err == nil && p != nil {
		return p.Keys()
	}
	return []string{n.Key}
}

func (n Snapshot) wire() proto.Message {
	return &messagepb.Snapshot{Book: string(n.Book), Key: n.Key, Kind: string(n.Of), Body: n.Body, Case: n.Case}
}

func snapshotFromWire(w *messagepb.Snapshot) (Snapshot, error) {
	var c check
	n := Snapshot{Book: Book(w.Book), Key: w.Key, Of: Kind(w.Kind), Body: w.Body, Case: w.Case}
	required(&c, "book", n.Book.Known())
	required(&c, "key", n.Key != "" && inLine(n.Key, maxName))
	required(&c, "case", inLine(n.Case, maxName))
	if n.Of == "" {
		required(&c, "kind", len(n.Body) == 0)
		return n, c.err()
	}
	p, err := n.State()
	if err != nil {
		return n, err
	}
	// It must be about the key that it says, or it would be put under a key that nobody compares it with.
	b, ok := p.(Booked)
	about := false
	if ok {
		for _, e := range b.Entries() {
			about = about || e.Book == n.Book && e.Key == n.Key
		}
	}
	if !about {
		c.note("body", errors.New("a snapshot that is not about its key"))
	}
	return n, c.err()
}
