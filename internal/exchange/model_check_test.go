package exchange_test

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// receipts compares what both sides have kept of the receipts for one side's messages: the same ones, each good, none known
// to be missing, and one for each message that has ended.
func (w *world) receipts(sender, receiver *side) {
	type row struct {
		number                      int64
		head, signature, der, lines []byte
	}
	read := func(s *side, dir string) (all []row) {
		err := s.store.View(w.ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			all, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, v *row) error {
				return r.Scan(&v.number, &v.head, &v.signature, &v.der, &v.lines)
			}, `SELECT r.number, r.head, r.signature, c.der, r.lines FROM x_receipt r JOIN x_certificate c ON c.fingerprint = r.certificate
				WHERE dir = $1 ORDER BY number`, dir)
			return err
		})
		if err != nil {
			w.t.Fatal(err)
		}
		return all
	}
	held, kept := read(sender, "out"), read(receiver, "in")
	if !reflect.DeepEqual(held, kept) {
		w.t.Errorf("%s holds %d receipts of %s, which keeps %d, or other ones", sender.self, len(held), receiver.self, len(kept))
	}
	for _, v := range held {
		r := must(message.OpenReceipt(&messagepb.SignedReceipt{Head: v.head, Signature: v.signature, Certificate: v.der}, must(message.DecodeReceiptLines(v.lines))))
		signer := must(receiver.id.trust.Identify(v.der, pki.ForSigning, r.Head.SignedAt))
		if err := r.Verify(signer.Public); err != nil || signer.Organisation != string(receiver.self) || r.Head.Sender != sender.self {
			w.t.Errorf("receipt %d of %s: %v", v.number, receiver.self, err)
		}
	}
	for _, p := range []exchange.Pair{w.pair(sender), w.pair(receiver)} {
		lately := w.clk.Now().Add(-time.Minute)
		if p.OutMissing != 0 && p.OutMissingSince.Before(lately) || p.InMissing != 0 && p.InMissingSince.Before(lately) || p.OutWrong != 0 {
			w.t.Errorf("receipts are missing: %+v", p)
		}
	}
	type ended struct {
		epoch, seq int64
		state      string
	}
	var list []ended
	err := sender.store.View(w.ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		list, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, v *ended) error { return r.Scan(&v.epoch, &v.seq, &v.state) },
			`SELECT epoch, seq, state FROM x_out WHERE state IN ('applied', 'withdrawn')`)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range list {
		id := message.ID{Sender: sender.self, Node: "1", Epoch: uint64(e.epoch), Receiver: receiver.self, Seq: uint64(e.seq)}
		r, i, err := sender.x.ReceiptOf(w.ctx, id)
		if err != nil {
			w.t.Errorf("%s is %s: %v", id, e.state, err)
			continue
		}
		if l := r.Lines[i]; string(l.Outcome) != e.state && string(l.Settled) != e.state {
			w.t.Errorf("%s is %s, its receipt says %q", id, e.state, l)
		}
	}
}

// taken is a cut of the receiver, and what it had applied at that moment.
type taken struct {
	exchange.Cut
	applied map[int64]bool
}

func (w *world) cut() {
	w.taken = &taken{applied: map[int64]bool{}}
	err := w.pref.store.View(w.ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if w.taken.Cut, err = w.pref.x.Cut(ctx, tx, city); err != nil {
			return err
		}
		log, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, n *int64) error { return r.Scan(n) }, `SELECT n FROM log`)
		for _, n := range log {
			w.taken.applied[n] = true
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// uncut asks the sender, some time after the cut, what the receiver had not applied at it. Of what was lost meanwhile it knows
// nothing, so while a restored sender is not through with everything, nothing is asked.
func (w *world) uncut() {
	if w.taken != nil && !w.restored {
		w.compareCut()
	}
}

func (w *world) compareCut() {
	err := w.city.store.View(w.ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		list, err := w.city.x.Unapplied(ctx, tx, pref, w.taken.Cut)
		if err != nil {
			return err
		}
		missing := map[message.ID]bool{}
		for _, u := range list {
			missing[u.ID] = true
		}
		sent, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, raw *[]byte) error { return r.Scan(raw) },
			`SELECT envelope FROM x_out WHERE state <> 'withdrawn'`)
		for _, raw := range sent {
			e := must(message.OpenEnvelope(raw))
			n := versionOf(e)
			if n != 0 && w.taken.applied[n] == missing[e.ID] {
				w.t.Errorf("message %d (%s): applied at the cut: %v; the sender says not applied: %v\ncut: %+v", n, e.ID, w.taken.applied[n], missing[e.ID], w.taken.Cut)
			}
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// versionOf is the serial of a message of the model; 0 for any other.
func versionOf(e *message.Envelope) int64 {
	switch p := must(message.Decode(e.Kind, e.Body)).(type) {
	case message.ResidentChange:
		return int64(p.After.Version)
	case message.ResidentInvalidation:
		return int64(p.Version)
	}
	return 0
}

func (w *world) pair(s *side) exchange.Pair {
	pairs, err := s.x.Pairs(w.ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	return pairs[0]
}

func (w *world) dump() {
	for _, s := range []*side{w.city, w.pref} {
		items, _ := s.x.Stuck(w.ctx, 100)
		for _, i := range items {
			w.t.Logf("%s: %v %s attempt %d %s (%s)", s.self, i.Out, i.ID, i.Attempt, i.State, i.Code)
		}
		for _, q := range []string{`SELECT 'out hold', epoch, seq, skey FROM x_out_hold`, `SELECT 'in hold', epoch, seq, skey FROM x_in_hold`,
			`SELECT state || ' ' || outcome || ' ' || code, epoch, seq, key1 FROM x_out ORDER BY seq`, `SELECT outcome || ' ' || code, epoch, seq, key1 FROM x_in ORDER BY seq`} {
			s.store.View(w.ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
				rows, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, v *[4]string) error {
					var a, b int64
					err := r.Scan(&v[0], &a, &b, &v[3])
					v[1], v[2] = fmt.Sprint(a), fmt.Sprint(b)
					return err
				}, q)
				for _, v := range rows {
					w.t.Logf("%s: %v", s.self, v)
				}
				return err
			})
		}
	}
}

func (s *side) number(query string, args ...any) (n int64) {
	err := s.store.View(s.w.ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, query, args...).Scan(&n)
	})
	if err != nil {
		s.w.t.Fatal(err)
	}
	return n
}

// compare recounts each counter from the tables, and compares both sides' holds.
func (w *world) compare() {
	for _, s := range []*side{w.city, w.pref} {
		for counter, recount := range map[string]string{
			"out_open":       `SELECT COUNT(*) FROM x_out WHERE state NOT IN ('applied', 'withdrawn')`,
			"out_open_bytes": `SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM x_out WHERE state NOT IN ('applied', 'withdrawn')`,
			"out_sent":       `SELECT COUNT(*) FROM x_out`,
			"out_stuck":      `SELECT COUNT(*) FROM x_out_hold`,
			"in_stuck":       `SELECT COUNT(*) FROM x_in_hold`,
		} {
			if has, want := s.number(`SELECT `+counter+` FROM x_peer`), s.number(recount); has != want {
				w.t.Errorf("%s: %s is %d, the tables have %d", s.self, counter, has, want)
			}
		}
		if n := s.number(`SELECT COUNT(*) FROM x_out_hold h JOIN x_out o ON o.epoch = h.epoch AND o.seq = h.seq WHERE o.state IN ('applied', 'withdrawn')`); n > 0 {
			w.t.Errorf("%s: %d holds of messages that have ended", s.self, n)
		}
		if n := s.number(`SELECT COUNT(*) FROM x_in_hold h JOIN x_in i ON i.epoch = h.epoch AND i.seq = h.seq WHERE i.outcome IN ('applied', 'withdrawn')`); n > 0 {
			w.t.Errorf("%s: %d holds of messages that were applied", s.self, n)
		}
	}
	// What the receiver holds, the sender must know to be stuck. (The sender knows of more: what it did not even offer.)
	type row struct {
		key        string
		epoch, seq int64
	}
	rows := func(s *side, table string) map[row]bool {
		all := map[row]bool{}
		s.store.View(w.ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			list, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, v *row) error { return r.Scan(&v.key, &v.epoch, &v.seq) },
				`SELECT skey, epoch, seq FROM `+table)
			for _, v := range list {
				all[v] = true
			}
			return err
		})
		return all
	}
	if w.restored {
		return // what the lost database had parked, its copy may not know
	}
	mine := rows(w.city, "x_out_hold")
	for r := range rows(w.pref, "x_in_hold") {
		if !mine[r] {
			w.t.Errorf("the receiver holds %v, the sender does not", r)
		}
	}
}

// check compares the sender's outbox with what the receiver's rule did.
func (w *world) check() {
	w.cut()
	w.compareCut()
	type applied struct {
		key    string
		n, pos int64
	}
	var log []applied
	err := w.pref.store.View(w.ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		log, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, a *applied) error { return r.Scan(&a.key, &a.n, &a.pos) },
			`SELECT k, n, pos FROM log ORDER BY pos`)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	last, done := map[string]int64{}, map[int64]bool{}
	for _, a := range log {
		if a.key != "safe" && a.n < last[a.key] {
			w.t.Errorf("message %d of key …%s was applied after message %d", a.n, a.key[len(a.key)-4:], last[a.key])
		}
		last[a.key], done[a.n] = a.n, true
	}
	type out struct {
		state string
		kind  string
		raw   []byte
	}
	var outs []out
	err = w.city.store.View(w.ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		outs, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, o *out) error { return r.Scan(&o.state, &o.kind, &o.raw) },
			`SELECT state, kind, envelope FROM x_out`)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if !w.restored && uint64(len(outs)) != w.n {
		w.t.Errorf("%d messages were sent, the outbox has %d", w.n, len(outs))
	}
	for _, o := range outs {
		e := must(message.OpenEnvelope(o.raw))
		n := versionOf(e)
		if n == 0 {
			continue // a withdrawal
		}
		if o.state == "applied" && !done[n] {
			w.t.Errorf("message %d (%s) is applied for its sender, and not for its receiver", n, e.ID)
		}
	}
}
