package reconcile

import (
	"context"
	"fmt"
	"slices"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

const (
	// maxCases is how many differences of a book are cases at a time. Beyond them they are counted: nobody reads so many, and
	// what helps is to send the book anew (Refill).
	maxCases = 1000
	// perTransaction is how many cases one transaction opens or closes.
	perTransaction = 50
)

// settle opens cases for what a comparison found, ends those that it no longer finds, and writes down what it came to.
func (b *Books) settle(ctx context.Context, c *comparison) error {
	l := last{tried: c.asked, outcome: c.outcome, reason: c.reason, entries: c.entries, trips: c.trips, bytes: c.bytes}
	if c.under != nil {
		l.outstanding, l.parked, l.held = c.under.outstanding, c.under.parked, c.under.held
	}
	if c.outcome == Agreed || c.outcome == Differs {
		l.at, l.heard = c.asked, c.asked
		explained, err := b.settleCases(ctx, c)
		if err != nil {
			return err
		}
		l.explained = explained
		l.differences = int64(len(c.different)) - explained
		switch {
		case l.differences > 0:
			l.outcome = Differs
		case l.explained > 0:
			l.outcome = Accounted
		default:
			l.outcome = Agreed
		}
	}
	return b.save(ctx, c.p, l)
}

func (b *Books) save(ctx context.Context, p *pair, l last) error {
	p.mu.Lock()
	if l.at.IsZero() { // it did not come to an end
		l.at, l.heard = p.last.at, p.last.heard
	}
	p.last = l
	p.mu.Unlock()
	counted := days{}
	counted.count(l, l.tried)
	return b.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error { return saveLast(ctx, tx, p, l, counted) })
}

// failed writes down that a comparison could not be made through a fault of ours or of what the peer answered.
func (b *Books) failed(ctx context.Context, p *pair, why error) {
	if err := b.save(ctx, p, last{tried: b.cfg.Clock.Now(), outcome: Failed, reason: why.Error()}); err != nil {
		b.cfg.Log.ErrorContext(ctx, "a failed comparison could not be written down", "book", p.book, "peer", p.peer, "error", err)
	}
}

// settleCases returns how many of the differences are explained.
func (b *Books) settleCases(ctx context.Context, c *comparison) (explained int64, err error) {
	var open []Case
	err = b.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		open, err = b.cases(ctx, tx, `pair = $1 AND state <> 'closed'`, c.p.id)
		return err
	})
	if err != nil {
		return 0, err
	}
	byKey := map[string]Case{}
	for _, o := range open {
		byKey[o.Key] = o
	}
	var fresh []difference
	still := map[string]bool{}
	for _, d := range c.different {
		o, known := byKey[d.key]
		switch {
		// What people decided explains the difference that they had before them, and no other.
		case known && (o.State == caseOpen || o.sourceValue == d.mine && o.copyPrint == d.copyPrint):
			still[d.key] = true
			if o.State == caseExplained {
				explained++
			}
		case len(byKey)+len(fresh) < maxCases:
			fresh = append(fresh, d)
		}
	}
	var over []Case
	for _, o := range open {
		if !still[o.Key] && !c.putOff[o.Key] && len(c.under.chains[o.Key]) == 0 {
			over = append(over, o)
		}
	}
	for done := 0; len(fresh) > 0; done += perTransaction {
		n := min(len(fresh), perTransaction)
		accounted, err := b.openCases(ctx, c, fresh[:n], done)
		if err != nil {
			return 0, err
		}
		explained += accounted
		fresh = fresh[n:]
	}
	for len(over) > 0 {
		n := min(len(over), perTransaction)
		if err := b.closeGone(ctx, c, over[:n]); err != nil {
			return 0, err
		}
		over = over[n:]
	}
	return explained, nil
}

// closeGone ends cases whose difference is gone, and with them what the self-audit found under their keys. It comes after
// the opening, so that a finding stays open where the difference is only another one now.
func (b *Books) closeGone(ctx context.Context, c *comparison, over []Case) error {
	trace, err := b.x.NewTrace()
	if err != nil {
		return err
	}
	differs := map[string]bool{}
	for _, d := range c.different {
		differs[d.key] = true
	}
	return b.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		for _, o := range over {
			text := "双方の登録が一致した。 Both ends hold the same."
			if differs[o.Key] {
				text = "不一致の中身が変わった。 The difference is another one now."
			}
			if err := b.closeCase(ctx, tx, o, byItself); err != nil {
				return err
			}
			if err := closeFindings(ctx, tx, o.pair, o.Key, "system", o.ID); err != nil {
				return err
			}
			if err := b.tell(ctx, tx, o, trace, "closed", text, "system", ""); err != nil {
				return err
			}
		}
		return nil
	})
}

// openCases opens the cases of some differences, at both ends, and sends again what may be sent without a person.
func (b *Books) openCases(ctx context.Context, c *comparison, fresh []difference, done int) (explained int64, err error) {
	q := &messagepb.BookLookQuestion{Book: string(c.p.book)}
	for _, d := range fresh {
		q.Key = append(q.Key, d.key)
	}
	var a messagepb.BookLookAnswer
	if err := c.ask(ctx, b, askLook, q, &a); err != nil {
		return 0, err
	}
	if len(a.Held) != len(fresh) {
		return 0, fmt.Errorf("an answer about %d keys to a question about %d", len(a.Held), len(fresh))
	}
	ours := make([]plain.Sentence, len(fresh))
	for i, d := range fresh {
		ours[i] = b.says(ctx, c.p, d.key)
	}
	trace, err := b.x.NewTrace()
	if err != nil {
		return 0, err
	}
	var safe []Case
	err = b.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		explained, safe = 0, nil
		if err := b.foldIn(ctx, tx, c.p); err != nil { // each of the keys is looked up by itself
			return err
		}
		for i, d := range fresh {
			var print [8]byte
			copy(print[:], a.Held[i].Print)
			mine, err := c.p.valueOf(ctx, tx, d.key)
			if err != nil {
				return err
			}
			if mine != d.mine || print != d.copyPrint {
				c.putOff[d.key] = true // it has moved since: the next comparison will know
				continue
			}
			d.says = plain.Sentence{JA: a.Held[i].Ja, EN: a.Held[i].En}
			o, err := b.openCase(ctx, tx, c.p, d, ours[i], done+i+1, trace)
			if err != nil {
				return err
			}
			switch {
			case o.State == caseExplained:
				explained++
			case d.what == missing && c.p.table.Safe:
				safe = append(safe, o)
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, o := range safe {
		// One by one: a state of which no message can be made stays a case for people, and keeps no other from being sent.
		if err := b.resendSafe(ctx, c.p, o, trace); err != nil {
			if ctx.Err() != nil {
				return explained, ctx.Err()
			}
			b.cfg.Log.ErrorContext(ctx, "couldn't send again by policy", "case", o.ID, "error", err)
		}
	}
	return explained, nil
}

// resendSafe sends again what may be sent without a person.
func (b *Books) resendSafe(ctx context.Context, p *pair, o Case, trace string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("it panicked: %v", r)
		}
	}()
	return b.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		tx.Limit(b.cfg.Deadline)
		return b.resend(ctx, tx, p, o, trace, "定めにより自動で再送した。 Sent again by policy.", "system", "")
	})
}

// openCase opens one, as explained when what people decided explains the difference.
func (b *Books) openCase(ctx context.Context, tx *sqlstore.Tx, p *pair, d difference, ours plain.Sentence, n int, trace string) (Case, error) {
	o := Case{ID: b.newCaseID(tx.Now(), p, n), Book: p.book, Self: b.cfg.Self, Peer: p.peer, AsSource: true, Key: d.key, State: caseOpen, What: d.what,
		Opened: tx.Now(), Source: ours, Copy: d.says, pair: p.id, sourceValue: d.mine, copyPrint: d.copyPrint}
	because, text, err := b.decided(ctx, tx, p, d)
	if err != nil {
		return o, err
	}
	act := "opened"
	if o.Because = because; because != "" {
		o.State, act = caseExplained, "explained"
	}
	if err := b.putCase(ctx, tx, p, o); err != nil {
		return o, err
	}
	if err := b.tell(ctx, tx, o, trace, act, text, "system", ""); err != nil {
		return o, err
	}
	auditlog.Write(tx, auditlog.Entry{Actor: string(b.cfg.Self), Act: "case." + act, Subject: d.key, Case: o.ID, Detail: string(p.book) + " " + d.what})
	return o, nil
}

// decided tells what people decided that explains a difference: they withdrew the message, or closed a case of just this
// difference. It explains the difference that they had before them, and none that the key comes to later.
func (b *Books) decided(ctx context.Context, tx *sqlstore.Tx, p *pair, d difference) (because, text string, err error) {
	before, err := b.cases(ctx, tx, `pair = $1 AND skey = $2 ORDER BY opened_at DESC, id DESC LIMIT 100`, p.id, d.key)
	if err != nil {
		return "", "", err
	}
	same := func(c Case) bool { return c.sourceValue == d.mine && c.copyPrint == d.copyPrint }
	if d.withdrawn.Seq != 0 {
		id := d.withdrawn.String()
		if !slices.ContainsFunc(before, func(c Case) bool { return c.Because == id && !same(c) }) {
			return id, "電文 " + id + " が取り下げられた。 Message " + id + " was withdrawn.", nil
		}
	}
	if len(before) > 0 && before[0].ClosedHow == byPeople && same(before[0]) {
		return before[0].ID, "件 " + before[0].ID + " でこのままとされた。 Left as it is in case " + before[0].ID + ".", nil
	}
	return "", "", nil
}

// resend sends what we hold under a case's key, whatever the copy holds.
func (b *Books) resend(ctx context.Context, tx *sqlstore.Tx, p *pair, c Case, trace, text, by, second string) error {
	n, err := b.snapshot(ctx, tx, p, c.Key, c.ID)
	if err != nil {
		return err
	}
	if _, err := b.x.Send(ctx, tx, []message.Out{{To: p.peer, Body: n}}, trace); err != nil {
		return err
	}
	auditlog.Write(tx, auditlog.Entry{Actor: by, Act: "case.resend", Subject: c.Key, Case: c.ID, Detail: string(p.book)})
	return b.tell(ctx, tx, c, trace, "resent", text, by, second)
}

// snapshot makes the message that carries what we hold under a key. It must say what the book says.
func (b *Books) snapshot(ctx context.Context, tx *sqlstore.Tx, p *pair, key, of string) (message.Snapshot, error) {
	state, err := p.table.Snapshot(ctx, tx, p.peer, key)
	if err != nil {
		return message.Snapshot{}, fmt.Errorf("couldn't read what is held under the key: %w", err)
	}
	n, err := message.SnapshotOf(p.book, key, state, of)
	if err != nil {
		return n, err
	}
	mine, err := p.valueOf(ctx, tx, key)
	if err == nil && saidBy(n) != mine {
		return n, plain.Bad("case",
			"登録の内容が帳簿と合わないため送れません。自己監査が一巡してから、もう一度試してください。",
			"what is held does not agree with the book, so it cannot be sent: try again when the self-audit has been there")
	}
	return n, err
}
