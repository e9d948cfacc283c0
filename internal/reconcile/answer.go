package reconcile

import (
	"context"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// Bounds of one answer. A question beyond them is put in parts.
const (
	maxNodes   = 1024  // of the third level, in a question for their leaves
	maxEntries = 65536 // in an answer; at least one node's are in it
	maxLook    = 100   // keys in a question for what is held
)

// register tells the exchange what we answer.
func (b *Books) register() {
	for kind, fn := range map[string]func(context.Context, message.Org, []byte) ([]byte, error){
		askRoot: b.answerRoot, askNodes: b.answerNodes, askLeaves: b.answerLeaves, askLook: b.answerLook, askRing: b.answerRing,
	} {
		b.x.Answer(kind, fn)
	}
}

// answerRoot tells the sum of what we hold as copy, and at which moment. The question tells what the comparison before
// came to, so that both ends show the same.
func (b *Books) answerRoot(ctx context.Context, from message.Org, body []byte) ([]byte, error) {
	return answering(body, new(messagepb.BookRootQuestion), func(q *messagepb.BookRootQuestion) (*messagepb.BookRootAnswer, error) {
		p, err := b.knownBook(from, q.Book, copied)
		if err != nil {
			return nil, err
		}
		b.foldFew(ctx, p)
		a := new(messagepb.BookRootAnswer)
		err = b.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			a.Reset()
			adopted, err := p.isAdopted(ctx, tx)
			if err != nil {
				return err
			}
			s, err := p.see(ctx, tx)
			if err != nil {
				return err
			}
			sum, err := s.root(ctx)
			if err != nil {
				return err
			}
			cut, err := b.x.Cut(ctx, tx, from)
			a.Making, a.N, a.Sum, a.Cut = !adopted, sum.N, rootToWire(sum), cutToWire(cut)
			return err
		})
		if err != nil {
			return nil, err
		}
		return a, b.heard(ctx, p, q.Last)
	})
}

// answerNodes tells what lies below those of the 256 nodes that are not as the source expects them.
func (b *Books) answerNodes(ctx context.Context, from message.Org, body []byte) ([]byte, error) {
	return answering(body, new(messagepb.BookNodesQuestion), func(q *messagepb.BookNodesQuestion) (*messagepb.BookNodesAnswer, error) {
		p, err := b.knownBook(from, q.Book, copied)
		if err != nil {
			return nil, err
		}
		expected, err := unpackSums(q.N, q.Sums, 256)
		if err != nil {
			return nil, err
		}
		a := new(messagepb.BookNodesAnswer)
		return a, b.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			a.Reset()
			s, err := p.see(ctx, tx)
			if err != nil {
				return err
			}
			mine, err := s.nodeSums(ctx, 8, 0, buckets-1)
			if err != nil {
				return err
			}
			var below []shortSum
			for node, e := range expected {
				if mine[node] == e {
					continue
				}
				children, err := s.nodeSums(ctx, 4, node<<8, node<<8+255)
				if err != nil {
					return err
				}
				a.Node = append(a.Node, uint32(node))
				for i := range 16 {
					below = append(below, children[node<<4+i])
				}
			}
			a.N, a.Sums = packSums(below)
			cut, err := b.x.Cut(ctx, tx, from)
			a.Cut = cutToWire(cut)
			return err
		})
	})
}

// answerLeaves tells the entries of those buckets that are not as the source expects them.
func (b *Books) answerLeaves(ctx context.Context, from message.Org, body []byte) ([]byte, error) {
	return answering(body, new(messagepb.BookLeavesQuestion), func(q *messagepb.BookLeavesQuestion) (*messagepb.BookLeavesAnswer, error) {
		p, err := b.knownBook(from, q.Book, copied)
		if err != nil {
			return nil, err
		}
		expected, err := unpackSums(q.N, q.Sums, 16*len(q.Node))
		if err != nil {
			return nil, err
		}
		if len(q.Node) > maxNodes {
			return nil, fmt.Errorf("a question about more than %d nodes", maxNodes)
		}
		h := newHasher(p.secret, p.book)
		a := new(messagepb.BookLeavesAnswer)
		return a, b.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			a.Reset()
			s, err := p.see(ctx, tx)
			if err != nil {
				return err
			}
			for i, node := range q.Node {
				if node >= buckets/16 {
					return errors.New("a question about a node that is none")
				}
				if len(a.Key) >= maxEntries {
					break
				}
				mine, err := s.bucketSums(ctx, int(node)<<4, int(node)<<4+15)
				if err != nil {
					return err
				}
				for j := range 16 {
					bucket := int(node)<<4 + j
					if mine[bucket] == expected[16*i+j] {
						continue
					}
					entries, err := s.entriesIn(ctx, bucket)
					if err != nil {
						return err
					}
					a.Bucket = append(a.Bucket, uint32(bucket))
					a.Count = append(a.Count, uint32(len(entries)))
					for _, e := range entries {
						print := h.print(e.key, e.value)
						a.Key, a.Prints = append(a.Key, e.key), append(a.Prints, print[:]...)
					}
				}
				a.Done++
			}
			cut, err := b.x.Cut(ctx, tx, from)
			a.Cut = cutToWire(cut)
			return err
		})
	})
}

// answerLook tells what we hold under some keys, in words.
func (b *Books) answerLook(ctx context.Context, from message.Org, body []byte) ([]byte, error) {
	return answering(body, new(messagepb.BookLookQuestion), func(q *messagepb.BookLookQuestion) (*messagepb.BookLookAnswer, error) {
		p, err := b.knownBook(from, q.Book, copied)
		if err != nil {
			return nil, err
		}
		if len(q.Key) > maxLook {
			return nil, fmt.Errorf("a question about more than %d keys", maxLook)
		}
		h := newHasher(p.secret, p.book)
		a := new(messagepb.BookLookAnswer)
		var values map[string]message.Hash
		err = b.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			values, err = p.valuesOf(ctx, tx, q.Key)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, key := range q.Key {
			held := new(messagepb.BookHeld)
			if value := values[key]; value != (message.Hash{}) {
				print := h.print(key, value)
				held.Print = print[:]
			}
			says := b.says(ctx, p, key)
			held.Ja, held.En = says.JA, says.EN
			a.Held = append(a.Held, held)
		}
		return a, nil
	})
}

// answerRing lets a copy have us compare now.
func (b *Books) answerRing(_ context.Context, from message.Org, body []byte) ([]byte, error) {
	return answering(body, new(messagepb.BookRing), func(q *messagepb.BookRing) (*messagepb.BookRing, error) {
		p, err := b.knownBook(from, q.Book, source)
		if err != nil {
			return nil, err
		}
		b.hurry(p)
		return new(messagepb.BookRing), nil
	})
}
