package conform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// openProbes is a sender whose peer falls over certain messages: its process dies, and no verdict comes.
func openProbes(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	p := new(pair)
	p.link = func(_ message.Org, l exchange.Link) exchange.Link { return fallingLink{l} }
	if _, err := openPair(ctx, g, p); err != nil {
		return nil, err
	}
	return p.rig(func(ctx context.Context, _ queue.Poison, n int) error {
		_, err := p.send(ctx, each(n, func(i int) message.Out { return change(i, panics) })...)
		return err
	}, p.parkedAt(true, city)), nil
}

// fallingLink leads to a peer that answers a hello, and dies of a batch that holds poison.
type fallingLink struct{ exchange.Link }

func (l fallingLink) Deliver(ctx context.Context, to message.Org, b *messagepb.Batch) (*messagepb.Receipt, error) {
	batch, err := message.OpenBatch(b)
	if err != nil {
		return nil, err
	}
	for _, e := range batch.Envelopes {
		n, err := message.Decode(e.Kind, e.Body)
		if c, ok := n.(message.ResidentChange); err == nil && ok && c.After.Version == panics {
			return nil, errors.New("the line broke: the peer's process has ended")
		}
	}
	return l.Link.Deliver(ctx, to, b)
}

// openPeers is an organisation of whose peers some cannot be spoken to, from its start.
func openPeers(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	wrong, err := readWrong(g.Dir)
	if err != nil {
		return nil, err
	}
	p := &pair{peers: []message.Org{pref}}
	for i := range wrong.N {
		p.strangers = append(p.strangers, message.Org(fmt.Sprintf("%s-%06d", message.Municipality, 900000+i)))
	}
	p.link = func(_ message.Org, l exchange.Link) exchange.Link { return wrongLink{l, wrong.Poison} }
	p.limits.SendDeadline = g.Deadline
	if _, err := openPair(ctx, g, p); err != nil {
		return nil, err
	}
	current.Store(g.Dir, p)
	rig := p.rig(func(_ context.Context, poison queue.Poison, n int) error { return wrongPeers{poison, n}.write(g.Dir) },
		func(ctx context.Context) (a queue.Aside, err error) {
			pairs, err := p.x[city].Pairs(ctx)
			for _, v := range pairs {
				if v.State != exchange.PairDown && v.State != exchange.PairRefused {
					continue
				}
				a.Counted++
				if v.Reason != "" { // the screen has the words for the state, in both languages, and this beside them
					a.Shown++
					a.Reasons = append(a.Reasons, plain.Sentence{JA: v.Reason, EN: v.Reason})
				}
			}
			return a, err
		})
	rig.Good = func(ctx context.Context) (func(context.Context) (bool, error), error) {
		p.goods++
		person := goodPerson + int(g.Clock.Now().Sub(begin)/time.Millisecond) + p.goods
		_, err := p.send(ctx, change(person, fine))
		return func(ctx context.Context) (bool, error) {
			now, _ := current.Load(g.Dir) // the pair may have been opened again meanwhile
			return now.(*pair).hasCome(resident.RecordCodeOf(uint64(person)).Reveal())(ctx)
		}, err
	}
	return rig, nil
}

// current holds the pair that is open on a ground, by the ground's directory.
var current sync.Map

// wrongPeers says how many peers are wrong, and how. It stands in a file, because peers are known from the start.
type wrongPeers struct {
	Poison queue.Poison
	N      int
}

const wrongFile = "wrong-peers.json"

func (w wrongPeers) write(dir string) error {
	text, err := json.Marshal(w)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, wrongFile), text, 0o600)
}

func readWrong(dir string) (w wrongPeers, err error) {
	text, err := os.ReadFile(filepath.Join(dir, wrongFile))
	if errors.Is(err, fs.ErrNotExist) {
		return w, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &w)
	}
	return w, err
}

// wrongLink leads to peers of which all but the prefecture are wrong.
type wrongLink struct {
	exchange.Link
	poison queue.Poison
}

func (l wrongLink) Hello(ctx context.Context, to message.Org, g *messagepb.Greeting) (*messagepb.Acquaintance, error) {
	if to == pref {
		return l.Link.Hello(ctx, to, g)
	}
	switch l.poison {
	case queue.Undecodable:
		return &messagepb.Acquaintance{Epoch: 1 << 63, Seq: 1 << 63, Decisions: 1 << 63}, nil
	case queue.Foreign:
		return nil, &exchange.Refusal{Reason: "this certificate is not known here"}
	case queue.Panic:
		panic("planted by the conformance kit")
	}
	<-ctx.Done() // a connection that is silent is ended by its deadline
	return nil, ctx.Err()
}

// openDoor is a receiver at whose door batches are turned away as a whole.
func openDoor(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	line := new(tappedLink)
	p := new(pair)
	p.link = func(_ message.Org, l exchange.Link) exchange.Link { line.Link = l; return line }
	if _, err := openPair(ctx, g, p); err != nil {
		return nil, err
	}
	signers, err := keys()
	if err != nil {
		return nil, err
	}
	return p.rig(func(ctx context.Context, poison queue.Poison, n int) error {
		// A batch that was taken, as the model for those that will not be.
		if _, err := p.send(ctx, change(0, fine)); err != nil {
			return err
		}
		if err := p.ground.Drive(ctx, 0); err != nil {
			return err
		}
		for i := range n {
			pb := copyOf(line.last)
			if poison == queue.Foreign { // it says that another organisation signed it
				pb.Certificate = signers[other].Certificate
			} else {
				pb.Head = []byte{0xff, byte(i)}
			}
			_, err := p.x[pref].Deliver(ctx, city, pb)
			if refused := (*exchange.Refusal)(nil); !errors.As(err, &refused) {
				return fmt.Errorf("the batch was not refused: %w", err)
			}
		}
		return nil
	}, func(ctx context.Context) (a queue.Aside, err error) {
		pairs, err := p.x[pref].Pairs(ctx)
		for _, v := range pairs {
			a.Counted += v.InRefused
			a.Shown += v.InRefused
			if v.InRefused > 0 { // the words that the screen has for it stand beside the number
				a.Reasons = append(a.Reasons, plain.Sentence{JA: "受け付けなかったもの", EN: "not taken"})
			}
		}
		return a, err
	}), nil
}

// tappedLink keeps the last batch that went over it.
type tappedLink struct {
	exchange.Link
	last *messagepb.Batch
}

func (l *tappedLink) Deliver(ctx context.Context, to message.Org, b *messagepb.Batch) (*messagepb.Receipt, error) {
	l.last = copyOf(b)
	return l.Link.Deliver(ctx, to, b)
}

func copyOf(b *messagepb.Batch) *messagepb.Batch {
	return &messagepb.Batch{Head: b.Head, Signature: b.Signature, Certificate: b.Certificate, Envelopes: b.Envelopes}
}

// openHeld is a sender with messages that wait behind a parked one, of which some can no longer be read.
func openHeld(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	p, err := openPair(ctx, g, new(pair))
	if err != nil {
		return nil, err
	}
	rig := p.rig(func(ctx context.Context, poison queue.Poison, n int) error {
		planted, err := p.block(ctx, 1, 2)
		if err != nil {
			return err
		}
		blocking.Store(g.Dir, planted) // the message behind which the poison waits
		ids, err := p.send(ctx, each(n, func(i int) message.Out { return change(1, resident.Version(100+i)) })...)
		if err != nil {
			return err
		}
		cut := `substr(envelope, 1, 40)`
		if poison == queue.Undecodable {
			cut = `substr(envelope, 40)`
		}
		return p.byHand(ctx, city, `UPDATE x_out SET envelope = `+cut+` WHERE peer = $1 AND epoch = $2 AND seq BETWEEN $3 AND $4`,
			string(pref), int64(ids[0].Epoch), int64(ids[0].Seq), int64(ids[n-1].Seq))
	}, p.parkedAt(true, city))
	rig.Good = func(ctx context.Context) (func(context.Context) (bool, error), error) {
		p.goods++
		behind, blocked := 2, []message.ID(nil)
		if planted, there := blocking.LoadAndDelete(g.Dir); there {
			blocked = planted.([]message.ID)
		} else {
			behind = goodPerson + int(g.Clock.Now().Sub(begin)/time.Millisecond) + 2*p.goods
			if blocked, err = p.block(ctx, behind+1, behind); err != nil {
				return nil, err
			}
		}
		if _, err := p.send(ctx, change(behind, fine)); err != nil {
			return nil, err
		}
		// Two persons take back the message behind which they all wait.
		if err := p.x[city].Propose(ctx, blocked[0], exchange.Withdraw, "適合試験", "operator-1"); err != nil {
			return nil, err
		}
		return p.hasCome(resident.RecordCodeOf(uint64(behind)).Reveal()), p.x[city].Confirm(ctx, blocked[0], "operator-2")
	}
	return rig, nil
}

// blocking holds the messages behind which poison waits, by the ground's directory: a restart does not forget it.
var blocking sync.Map

// block parks a message with two keys, so that what shares one of them waits.
func (p *pair) block(ctx context.Context, person, old int) ([]message.ID, error) {
	out := change(person, refuses)
	n := out.Body.(message.ResidentChange)
	n.After.Change.Reason, n.After.Change.OldCode = resident.CodeChangeRequested, resident.RecordCodeOf(uint64(old))
	out.Body = n
	ids, err := p.send(ctx, out)
	if err == nil {
		err = p.ground.Drive(ctx, 0)
	}
	return ids, err
}

// openAsks is an organisation that answers questions, some of which it cannot answer.
func openAsks(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	p, err := openPair(ctx, g, new(pair))
	if err != nil {
		return nil, err
	}
	x := p.x[pref]
	x.Answer("conform.good", func(_ context.Context, _ message.Org, body []byte) ([]byte, error) {
		if len(body) > 0 && body[0] == 0xff {
			return nil, errors.New("the question cannot be read")
		}
		return []byte("yes"), nil
	})
	x.Answer("conform.panics", func(context.Context, message.Org, []byte) ([]byte, error) { panic("planted by the conformance kit") })
	x.Answer("conform.hangs", func(context.Context, message.Org, []byte) ([]byte, error) { g.Hang(); return nil, nil })
	ask := func(ctx context.Context, kind string, body []byte) error {
		// As over a line: whoever asks does not wait for ever.
		within, cancel := context.WithTimeout(ctx, g.Deadline)
		defer cancel()
		answered := make(chan error, 1)
		go func() {
			_, err := x.Asked(within, city, &messagepb.Question{Kind: kind, Body: body})
			answered <- err
		}()
		select {
		case err := <-answered:
			return err
		case <-within.Done():
			return within.Err()
		}
	}
	return &queue.Rig{Tasks: p.tasks(), Close: p.close,
		Plant: func(ctx context.Context, poison queue.Poison, n int) error {
			for range n {
				kind, body := "conform.good", []byte{}
				switch poison {
				case queue.Undecodable:
					body = []byte{0xff}
				case queue.Foreign:
					kind = "somebody-else's"
				case queue.Panic:
					kind = "conform.panics"
				case queue.Hang:
					kind = "conform.hangs"
				}
				if err := ask(ctx, kind, body); err == nil {
					return errors.New("a question that cannot be answered was answered")
				}
			}
			return nil
		},
		Good: func(ctx context.Context) (func(context.Context) (bool, error), error) {
			err := ask(ctx, "conform.good", nil)
			return func(context.Context) (bool, error) { return err == nil, nil }, err
		}}, nil
}

// openExpiry is an outbox whose ended messages are emptied when their time is over.
func openExpiry(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	p := new(pair)
	p.limits.Retention = 24 * time.Hour
	if _, err := openPair(ctx, g, p); err != nil {
		return nil, err
	}
	rig := p.rig(nil, p.parkedAt(true, city))
	rig.Good = func(ctx context.Context) (func(context.Context) (bool, error), error) {
		p.goods++
		ids, err := p.send(ctx, change(goodPerson+int(g.Clock.Now().Sub(begin)/time.Millisecond)+p.goods, fine))
		if err != nil {
			return nil, err
		}
		// It is applied, its retention goes by, and the day's round begins.
		if err := p.ground.Drive(ctx, 49*time.Hour); err != nil {
			return nil, err
		}
		return func(ctx context.Context) (emptied bool, err error) {
			err = p.stores[city].View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
				var length int64
				err := tx.QueryRow(ctx, `SELECT length(envelope) FROM x_out WHERE peer = $1 AND epoch = $2 AND seq = $3`,
					string(ids[0].Receiver), int64(ids[0].Epoch), int64(ids[0].Seq)).Scan(&length)
				emptied = length == 0
				return err
			})
			return emptied, err
		}, nil
	}
	return rig, nil
}
