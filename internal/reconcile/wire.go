package reconcile

import (
	"encoding/binary"
	"errors"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// The questions that a source asks its copy, and the one that a copy asks its source (askRing).
const (
	askRoot   = "reconcile.root"
	askNodes  = "reconcile.nodes"
	askLeaves = "reconcile.leaves"
	askLook   = "reconcile.look"
	askRing   = "reconcile.ring"
)

func cutToWire(c exchange.Cut) *messagepb.BookCut {
	w := &messagepb.BookCut{Epoch: c.Epoch, Seq: c.Seq}
	for _, s := range c.Except {
		w.Except = append(w.Except, &messagepb.BookSpan{Epoch: s.Epoch, From: s.From, To: s.To})
	}
	return w
}

func cutFromWire(w *messagepb.BookCut) (exchange.Cut, error) {
	if w == nil {
		return exchange.Cut{}, errors.New("an answer without a cut")
	}
	c := exchange.Cut{Epoch: w.Epoch, Seq: w.Seq}
	for _, s := range w.Except {
		c.Except = append(c.Except, exchange.Span{Epoch: s.Epoch, From: s.From, To: s.To})
	}
	return c, nil
}

func rootToWire(d Digest) []byte {
	b := make([]byte, 0, 8*lanes)
	for _, l := range d.L {
		b = binary.BigEndian.AppendUint64(b, l)
	}
	return b
}

func rootFromWire(n int64, sum []byte) (d Digest, err error) {
	if len(sum) != 8*lanes {
		return d, errSums
	}
	d.N = n
	for i := range d.L {
		d.L[i] = binary.BigEndian.Uint64(sum[8*i:])
	}
	return d, nil
}

// answering reads a question and writes its answer.
func answering[Q, A proto.Message](body []byte, q Q, fn func(Q) (A, error)) ([]byte, error) {
	if err := proto.Unmarshal(body, q); err != nil {
		return nil, errors.New("a question that cannot be read")
	}
	a, err := fn(q)
	if err != nil {
		return nil, err
	}
	return proto.Marshal(a)
}

// knownBook finds the pair that a peer asks about, in the part in which it may ask.
func (b *Books) knownBook(from message.Org, book string, s side) (*pair, error) {
	p := b.pairs[pairName{message.Book(book), from}]
	if p == nil || p.side != s {
		return nil, errors.New("a question about a book that we do not hold with the peer")
	}
	return p, nil
}
