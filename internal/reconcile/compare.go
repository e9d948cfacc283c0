package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// Outcome is what a comparison came to.
type Outcome string

// The outcomes.
const (
	NotYet      Outcome = ""            // never compared
	Agreed      Outcome = "agreed"      // 一致
	Accounted   Outcome = "explained"   // what differs follows from what people decided
	Differs     Outcome = "differs"     // 不一致
	Backlog     Outcome = "backlog"     // too much is under way to speak of one moment
	Making      Outcome = "making"      // an end still makes its entries of what was there before the book
	Unreachable Outcome = "unreachable" // the copy does not answer
	Failed      Outcome = "failed"      // through a fault of the source, or of what the copy answered
)

// difference is a key under which the copy does not hold what it must.
type difference struct {
	key       string
	mine      message.Hash
	copyPrint [8]byte
	what      string
	says      plain.Sentence // what the copy holds, in its words
	withdrawn message.ID     // the message that was withdrawn and so explains it
}

// Why a key differs.
const (
	missing = "missing" // the copy lacks it
	extra   = "extra"   // the copy holds what the source does not
	differs = "differs"
)

// finding of one comparison.
type comparison struct {
	p         *pair
	asked     time.Time
	outcome   Outcome
	reason    string
	entries   int64
	under     *underWay
	different []difference
	putOff    map[string]bool // keys on which the next comparison will know more
	suspects  map[message.ID]time.Time
	trips     int64
	bytes     int64
}

// unanswered is the error of a question to which nothing came back: the copy is away, or asks for patience.
type unanswered struct{ error }

func (u *unanswered) Unwrap() error { return u.error }

// ask puts one question and counts it.
func (c *comparison) ask(ctx context.Context, b *Books, kind string, q, a proto.Message) error {
	body, err := proto.Marshal(q)
	if err != nil {
		return err
	}
	answer, err := b.x.Ask(ctx, c.p.peer, kind, body)
	if err != nil {
		return &unanswered{err}
	}
	c.trips++
	c.bytes += int64(len(body) + len(answer))
	return proto.Unmarshal(answer, a)
}

// compare compares one book with its copy, in up to three rounds, while messages flow. Every answer of the copy names the
// moment at which it holds; we look at our side afterwards, take off what was not applied at that moment, and so compare
// two sides of the same moment each time.
//
//  1. The sum of all. Nearly always that is all.
//  2. The 256 sums of the second level, as we expect them; for those that differ the copy tells the sixteen below.
//  3. The buckets below those that differ; the copy tells its entries of the buckets that differ.
func (b *Books) compare(ctx context.Context, p *pair) (*comparison, error) {
	b.foldFew(ctx, p)
	c := &comparison{p: p, asked: b.cfg.Clock.Now(), putOff: map[string]bool{}, suspects: map[message.ID]time.Time{}}
	var a messagepb.BookRootAnswer
	err := c.ask(ctx, b, askRoot, &messagepb.BookRootQuestion{Book: string(p.book), Last: b.lastToWire(p)}, &a)
	var nodes *messagepb.BookNodesQuestion
	if err == nil {
		nodes, err = b.compareRoot(ctx, c, &a)
	}
	if err == nil && nodes != nil {
		err = b.compareNodes(ctx, c, nodes)
	}
	switch {
	case errors.As(err, new(*unanswered)):
		c.outcome, c.reason = Unreachable, err.Error()
		return c, nil
	case errors.Is(err, exchange.ErrTooMany):
		c.outcome, c.reason = Backlog, err.Error()
		return c, nil
	}
	if err == nil && c.outcome == NotYet {
		c.outcome = Agreed
		if len(c.different) > 0 {
			c.outcome = Differs
		}
	}
	return c, err
}

// compareRoot compares the sums of all, and prepares the second round when they differ.
func (b *Books) compareRoot(ctx context.Context, c *comparison, a *messagepb.BookRootAnswer) (*messagepb.BookNodesQuestion, error) {
	theirs, err := rootFromWire(a.N, a.Sum)
	if err != nil {
		return nil, err
	}
	var q *messagepb.BookNodesQuestion
	return q, b.at(ctx, c, a.Cut, func(ctx context.Context, s *sight, fix map[int]*Digest) error {
		q = nil
		adopted, err := c.p.isAdopted(ctx, s.tx)
		if err != nil {
			return err
		}
		mine, err := s.root(ctx)
		if err != nil {
			return err
		}
		c.entries = mine.N
		if !adopted || a.Making {
			c.outcome = Making
			return nil
		}
		mine.join(*fix[rootBucket])
		if mine == theirs {
			return nil
		}
		sums, err := s.nodeSums(ctx, 8, 0, buckets-1)
		if err != nil {
			return err
		}
		q = &messagepb.BookNodesQuestion{Book: string(c.p.book)}
		q.N, q.Sums = packSums(fixed(sums, fix, 8, 0, 256))
		return nil
	})
}

// at looks at our side of the moment at which the copy answered.
func (b *Books) at(ctx context.Context, c *comparison, w *messagepb.BookCut, fn func(context.Context, *sight, map[int]*Digest) error) error {
	cut, err := cutFromWire(w)
	if err != nil {
		return err
	}
	return b.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		if c.under, err = b.underWay(ctx, tx, c.p, cut, c.asked); err != nil {
			return err
		}
		s, err := c.p.see(ctx, tx)
		if err != nil {
			return err
		}
		fix, err := s.corrections(ctx, c.under)
		if err != nil {
			return err
		}
		return fn(ctx, s, fix)
	})
}

// fixed are count sums of a level from a node on, as the copy must have them.
func fixed(sums map[int]shortSum, fix map[int]*Digest, shift, from, count int) []shortSum {
	all := make([]shortSum, count)
	for i := range all {
		all[i] = sums[from+i]
	}
	for bucket, d := range fix {
		node := bucket>>shift - from
		if bucket == rootBucket || node < 0 || node >= count {
			continue
		}
		all[node] = all[node].with(*d)
	}
	return all
}

// compareNodes goes down to the buckets that differ, and judges their keys.
func (b *Books) compareNodes(ctx context.Context, c *comparison, q *messagepb.BookNodesQuestion) error {
	var a messagepb.BookNodesAnswer
	if err := c.ask(ctx, b, askNodes, q, &a); err != nil {
		return err
	}
	below, err := unpackSums(a.N, a.Sums, 16*len(a.Node))
	if err != nil {
		return err
	}
	var todo []uint32 // of the third level
	var sums map[uint32][]shortSum
	err = b.at(ctx, c, a.Cut, func(ctx context.Context, s *sight, fix map[int]*Digest) error {
		todo, sums = nil, map[uint32][]shortSum{}
		for i, node := range a.Node {
			if node >= 256 {
				return errors.New("an answer about a node that is none")
			}
			children, err := s.nodeSums(ctx, 4, int(node)<<8, int(node)<<8+255)
			if err != nil {
				return err
			}
			mine := fixed(children, fix, 4, int(node)<<4, 16)
			for j := range 16 {
				if mine[j] == below[16*i+j] {
					continue
				}
				child := node<<4 + uint32(j)
				leaves, err := s.bucketSums(ctx, int(child)<<4, int(child)<<4+15)
				if err != nil {
					return err
				}
				todo, sums[child] = append(todo, child), fixed(leaves, fix, 0, int(child)<<4, 16)
			}
		}
		return nil
	})
	for err == nil && len(todo) > 0 {
		var done int
		done, err = b.compareLeaves(ctx, c, todo[:min(len(todo), maxNodes)], sums)
		todo = todo[done:]
	}
	return err
}

// compareLeaves asks for the entries of the buckets that differ below some nodes, and judges them. It tells how many of
// the nodes were answered.
func (b *Books) compareLeaves(ctx context.Context, c *comparison, nodes []uint32, sums map[uint32][]shortSum) (int, error) {
	q := &messagepb.BookLeavesQuestion{Book: string(c.p.book), Node: nodes}
	var all []shortSum
	for _, n := range nodes {
		all = append(all, sums[n]...)
	}
	q.N, q.Sums = packSums(all)
	var a messagepb.BookLeavesAnswer
	if err := c.ask(ctx, b, askLeaves, q, &a); err != nil {
		return 0, err
	}
	theirs, err := leavesOf(&a, len(nodes))
	if err != nil {
		return 0, err
	}
	return int(a.Done), b.at(ctx, c, a.Cut, func(ctx context.Context, s *sight, _ map[int]*Digest) error {
		var found []difference
		putOff := map[string]bool{}
		for _, leaf := range theirs {
			mine, err := s.entriesIn(ctx, leaf.bucket)
			if err != nil {
				return err
			}
			different, waits := b.judge(c, leaf, mine)
			for i := range different {
				if err := b.explain(ctx, s.tx, c.p, &different[i]); err != nil {
					return err
				}
			}
			found = append(found, different...)
			for _, k := range waits {
				putOff[k] = true
			}
		}
		c.different = append(c.different, found...)
		for k := range putOff {
			c.putOff[k] = true
		}
		return nil
	})
}

type leaf struct {
	bucket int
	prints map[string][8]byte
}

// leavesOf reads an answer about leaves.
func leavesOf(a *messagepb.BookLeavesAnswer, asked int) ([]leaf, error) {
	bad := errors.New("an answer about buckets that is not whole")
	if a.Done == 0 || int(a.Done) > asked || len(a.Bucket) != len(a.Count) || len(a.Prints) != 8*len(a.Key) {
		return nil, bad
	}
	at := 0
	leaves := make([]leaf, 0, len(a.Bucket))
	for i, bucket := range a.Bucket {
		n := int(a.Count[i])
		if bucket >= buckets || n > len(a.Key)-at {
			return nil, bad
		}
		l := leaf{int(bucket), make(map[string][8]byte, n)}
		for ; n > 0; n-- {
			if bucketOf(place(a.Key[at])) != l.bucket {
				return nil, bad
			}
			l.prints[a.Key[at]] = [8]byte(a.Prints[8*at:])
			at++
		}
		leaves = append(leaves, l)
	}
	return leaves, nil
}

// judge compares one bucket key by key. A key agrees when the copy holds what it must have held at its cut, or what we
// hold now (the same fact may be told twice). What a message on its way is about is put off.
func (b *Books) judge(c *comparison, l leaf, entries []placed) (different []difference, putOff []string) {
	h := newHasher(c.p.secret, c.p.book)
	mine := map[string]message.Hash{}
	for _, e := range entries {
		mine[e.key] = e.value
	}
	keys := map[string]bool{}
	for k := range mine {
		keys[k] = true
	}
	for k := range l.prints {
		keys[k] = true
	}
	for k := range c.under.chains {
		if bucketOf(place(k)) == l.bucket {
			keys[k] = true
		}
	}
	order := make([]string, 0, len(keys))
	for k := range keys {
		order = append(order, k)
	}
	slices.Sort(order)
	for _, k := range order {
		theirs := l.prints[k]
		want, known := c.under.expected(k, mine[k])
		switch {
		case known && theirs == h.print(k, want), theirs == h.print(k, mine[k]):
			continue
		case c.under.moving(k), b.newlyLost(c, k):
			putOff = append(putOff, k)
			continue
		}
		d := difference{key: k, mine: mine[k], copyPrint: theirs, what: differs}
		switch {
		case theirs == [8]byte{}:
			d.what = missing
		case mine[k] == message.Hash{}:
			d.what = extra
		}
		different = append(different, d)
	}
	return different, putOff
}

// newlyLost tells whether a message about a key is lost that was not when we last compared. A copy that was restored a
// moment ago may lack what it will be sent again as soon as the two have said hello.
func (b *Books) newlyLost(c *comparison, key string) bool {
	newly := false
	for _, id := range c.under.lost[key] {
		first, known := c.p.suspects[id]
		if !known {
			first = c.asked
		}
		c.suspects[id] = first
		newly = newly || c.asked.Sub(first) < b.again
	}
	return newly
}

// explain looks whether the last message about a key was withdrawn: then two persons decided that the copy shall not
// hold what we hold.
func (b *Books) explain(ctx context.Context, tx *sqlstore.Tx, p *pair, d *difference) error {
	// A book of facts has many keys for one order key, so that a withdrawal there would explain too much.
	if p.book != message.Residents {
		return nil
	}
	last, found, err := b.x.LastOf(ctx, tx, p.peer, d.key, message.KindResidentChange, message.KindSnapshot)
	if err != nil {
		return fmt.Errorf("couldn't look for a withdrawal: %w", err)
	}
	if found && last.State == "withdrawn" {
		d.withdrawn = last.ID
	}
	return nil
}
