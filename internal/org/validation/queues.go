package validation

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Queues are what takes items one after another here, beside what every organisation has.
func Queues() []queue.Queue {
	return []queue.Queue{
		{
			Name:  "validation/answers",
			Shape: queue.Waiting,
			Items: plain.Sentence{JA: "書き留める回答の記録", EN: "answers to be written down"},
			Aside: plain.Sentence{JA: "概況の「書き留められなかった回答」", EN: "the overview, under answers that could not be written down"},
			Loops: []string{"internal/org/validation:recorder.task", "internal/org/validation:recorder.write", "internal/org/validation:recorder.drain"},
			Bad:   []queue.Poison{queue.Undecodable},
			Never: map[queue.Poison]string{
				queue.Foreign: "a record of an answer refers to nothing", queue.Truncated: "it is no row yet",
				queue.Panic: "nobody's code runs in it", queue.Hang: "nobody's code runs in it",
			},
			Forgets: "they were answered, and never stored: the figure is since the start",
			Settles: time.Minute,
			Open:    openRecorderRig,
		},
		{
			Name:  "validation/keys",
			Shape: queue.Start,
			Items: plain.Sentence{JA: "回答に署名する鍵", EN: "keys that sign the answers"},
			Aside: plain.Sentence{JA: "概況の「回答に署名する鍵」", EN: "the overview, in the state of the keys"},
			Loops: []string{"internal/org/validation:Validation.planResponders", "internal/org/validation:Validation.usable", "internal/org/validation:Validation.openResponder", "internal/org/validation/internal/store:Tx.Responders"},
			Bad:   []queue.Poison{queue.Undecodable, queue.Foreign, queue.Truncated},
			Never: map[queue.Poison]string{
				queue.Panic: "nobody's code runs over the rows", queue.Hang: "a key is a file; making one is due work, and tried there",
			},
			// The rig is in internal/conform, with a CA that certifies keys.
		},
		{
			Name:  "validation/states",
			Shape: queue.Scan,
			Items: plain.Sentence{JA: "回答を先に署名しておく電子証明書の状態", EN: "states of certificates of which answers are signed beforehand"},
			Aside: plain.Sentence{JA: "概況の「状態を読めない電子証明書」", EN: "the overview, under certificates whose state cannot be read"},
			Loops: []string{"internal/org/validation:Validation.fillTask", "internal/org/validation:Validation.settleTask",
				"internal/org/validation/internal/store:Tx.States", "internal/org/validation/internal/store:Tx.StatesOf"},
			Bad: []queue.Poison{queue.Undecodable, queue.Truncated},
			Never: map[queue.Poison]string{
				queue.Foreign: "rows under another CA's name are not looked at",
				queue.Panic:   "nobody's code runs over the rows", queue.Hang: "a key that does not come back holds up what is to be signed, all alike, and is an alarm",
			},
			Settles: time.Minute,
			Open:    openStatesRig,
		},
		{
			Name:  "validation/lists",
			Shape: queue.Waiting,
			Items: plain.Sentence{JA: "届いて、公表を待つ失効リスト", EN: "revocation lists that came and wait to be published"},
			Aside: plain.Sentence{JA: "失効リストの画面の「届いて、まだ公表していない失効リスト」", EN: "the page of the lists, under lists that came and are not published"},
			Loops: []string{"internal/org/validation:Validation.publishRule", "internal/org/validation:Validation.decide", "internal/org/validation:checks.came",
				"internal/org/validation:checks.deltas", "internal/org/validation/internal/store:Tx.Offers", "internal/org/validation/internal/store:Tx.OpenOffersAfter",
				"internal/org/validation/internal/store:Tx.NextOffer", "internal/org/validation/internal/store:Tx.Offer", "internal/org/validation/internal/store:Tx.Refuse",
				"internal/org/validation/internal/store:Tx.Gather", "internal/org/validation/internal/store:Tx.Published", "internal/org/validation/internal/store:Tx.Delta",
				"internal/org/validation/internal/store:Tx.Revoked", "internal/org/validation/internal/store:Tx.revokedAfter"},
			Bad: []queue.Poison{queue.Undecodable, queue.Truncated},
			Never: map[queue.Poison]string{
				queue.Foreign: "a list of another CA is no list of the partition, as one that cannot be read; a part that names an unknown CA is refused at the door",
				queue.Panic:   "nobody's code runs over the bytes",
				queue.Hang:    "a list has a length, and to publish one is due work, tried at due/list",
			},
			Settles: time.Minute,
			// The rig is in internal/conform, with a CA that makes lists.
		},
	}
}

func openRecorderRig(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	s, err := sqlstore.Open(ctx, g.Store("validation"), sqlstore.Options{Clock: g.Clock, Log: g.Log}, store.Schema)
	if err != nil {
		return nil, err
	}
	r := newRecorder(s, g.Clock, g.Log)
	serial, err := cert.ParseSerial("01")
	if err != nil {
		return nil, err
	}
	note := func(requester string) {
		r.note(store.Answer{AskedAt: g.Clock.Now(), Serial: serial, Answer: "good", Requester: requester})
	}
	kept := func(ctx context.Context) (n int64, err error) {
		err = s.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			return tx.QueryRow(ctx, `SELECT COUNT(*) FROM answer`).Scan(&n)
		})
		return n, err
	}
	return &queue.Rig{Tasks: []clock.Task{r.task()}, Close: s.Close,
		Plant: func(_ context.Context, _ queue.Poison, n int) error {
			for range n {
				note("\xff\x00") // what no database takes as text
			}
			return nil
		},
		Good: func(ctx context.Context) (func(context.Context) (bool, error), error) {
			before, err := kept(ctx)
			note("good")
			return func(ctx context.Context) (bool, error) {
				now, err := kept(ctx)
				return now == before+1, err
			}, err
		},
		Aside: func(context.Context) (queue.Aside, error) {
			n := r.lost.Load()
			return queue.Aside{Counted: n, Shown: n, Reasons: []plain.Sentence{{JA: "書き留められなかった回答", EN: "Answers that could not be written down"}}}, nil
		}}, nil
}

// openStatesRig is the tables and the shelf, without a key: what is learned is what counts.
func openStatesRig(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	s, err := sqlstore.Open(ctx, g.Store("validation"), sqlstore.Options{Clock: g.Clock, Log: g.Log}, store.Schema)
	if err != nil {
		return nil, err
	}
	a := &authority{org: "ca"}
	r := &root{id: "ca", ca: a, profile: cert.Signature, shelf: newShelf()}
	o := &Validation{cas: []*authority{a}, Host: &host.Host{Config: host.Config{Clock: g.Clock, Log: g.Log}, Store: s}, roots: []*root{r}, byID: map[string]*root{r.id: r},
		responders: map[string]*responder{}, damaged: map[string]int{}}
	o.cfg.Steady = func() time.Duration { return 0 }
	o.standing.Store(&standing{cas: make([]heard, 1)})
	put := func(ctx context.Context, first byte, n int, state, reason string) (last []byte, err error) {
		return last, s.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			for i := range n {
				last = binary.BigEndian.AppendUint32([]byte{first}, uint32(i))
				if _, err := tx.Exec(ctx, `INSERT INTO status(issuer, serial, profile, municipality, state, issued_at, not_after, revoked_at, reason, why, told_at)
					VALUES ($1, $2, 'signature', '202029', $3, 1, 1, 1, $4, '', 1) ON CONFLICT DO NOTHING`, r.id, last, state, reason); err != nil {
					return err
				}
				o.touch(tx, r.id, last)
			}
			return nil
		})
	}
	goods := byte(100)
	return &queue.Rig{Tasks: []clock.Task{o.fillTask(), o.settleTask()}, Close: s.Close,
		Plant: func(ctx context.Context, poison queue.Poison, n int) error {
			state, reason := "よめない", ""
			if poison == queue.Truncated {
				state, reason = "revoked", "superse"
			}
			_, err := put(ctx, 1, n, state, reason)
			return err
		},
		Good: func(ctx context.Context) (func(context.Context) (bool, error), error) {
			goods++
			serial, err := put(ctx, goods, 1, "good", "")
			return func(context.Context) (bool, error) {
				f := r.shelf.look(numberOf(serial), 0)
				return f.sure && f.state == good, nil
			}, err
		},
		Aside: func(context.Context) (queue.Aside, error) {
			n := r.shelf.unreadable.Load()
			return queue.Aside{Counted: n, Shown: n, Reasons: []plain.Sentence{{JA: "状態を読めない電子証明書", EN: "Certificates whose state cannot be read"}}}, nil
		}}, nil
}
