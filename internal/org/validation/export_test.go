package validation

import (
	"context"
	"crypto"
	"io"
	"sync/atomic"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Answer answers a question without the network.
func (o *Validation) Answer(der []byte) []byte {
	return o.answer(context.Background(), nil, der, "test").der
}

// Look looks whether we can vouch for the answers, as the task does.
func (o *Validation) Look() { o.look(context.Background(), o.lookEvery()) }

// BreakKeys has every key that answers fail until it is mended.
func (o *Validation) BreakKeys(err error) (mend func()) {
	o.responderMu.Lock()
	defer o.responderMu.Unlock()
	var all []*broken
	for _, r := range o.responders {
		b := &broken{Signer: r.key}
		b.err.Store(&err)
		r.key, all = b, append(all, b)
	}
	return func() {
		for _, b := range all {
			b.err.Store(nil)
		}
	}
}

type broken struct {
	crypto.Signer
	err atomic.Pointer[error]
}

func (b *broken) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if err := b.err.Load(); err != nil {
		return nil, *err
	}
	return b.Signer.Sign(random, digest, opts)
}

// HangKeys has every key that answers wait until it is let go.
func (o *Validation) HangKeys() (let func()) {
	o.responderMu.Lock()
	defer o.responderMu.Unlock()
	gate := make(chan struct{})
	for _, r := range o.responders {
		r.key = hanging{r.key, gate}
	}
	return func() { close(gate) }
}

type hanging struct {
	crypto.Signer
	gate chan struct{}
}

func (h hanging) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	<-h.gate
	return h.Signer.Sign(random, digest, opts)
}

// Asking is how many wait for an answer of their own, and how many are turned away.
func (o *Validation) Asking() (waiting, turned int64) {
	return o.asked.waiting.Load(), o.asked.turned.Load()
}

// LaneOf is how many are signed at once, and how many wait, before others are turned away.
func (o *Validation) LaneOf() (at, wait int) { return cap(o.asked.slots), maxWaiting }

// Touch tells of a row that a transaction writes; Doubt does so and never hears of its end.
func (o *Validation) Touch(tx *sqlstore.Tx, issuer string, serial []byte) {
	o.touch(tx, issuer, serial)
}

// Doubt is what remains of a transaction whose commit nobody heard of.
func (o *Validation) Doubt(issuer string, serial []byte) {
	o.byID[issuer].shelf.doubt(numberOf(serial), o.Clock.Now())
}

// Losses are what the alarms are told.
func (o *Validation) Losses() alarm.Source { return losses{o} }

// Lost counts the answers that were not written down.
func (o *Validation) Lost() int64 { return o.recorder.lost.Load() }

// Table is the book.
func (o *Validation) Table() reconcile.Table { return o.tables()[0] }

// Counts are the figures for the statements.
func (o *Validation) Counts(ctx context.Context, tx *sqlstore.Tx, peer message.Org, source bool) ([]message.CountAccount, error) {
	return o.counts(ctx, tx, peer, source)
}

// CheckTasks are the loops of the inspection alone.
func (o *Validation) CheckTasks() []clock.Task { return o.checks.Tasks() }

// KeptFor is for how long answers are kept when nobody says otherwise.
const KeptFor = keepAnswers

// Expire deletes what is over, one step.
func (o *Validation) Expire(ctx context.Context) (int64, error) { return o.expire(ctx) }

// Badge is what the list of late revocations says of the newest one's notices.
func (o *Validation) Badge(ctx context.Context) (says plain.Sentence, err error) {
	err = o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		lines, err := o.in(tx).Impacts(ctx, store.Window{}, store.ImpactPlace{}, 1)
		for _, l := range lines {
			says = acknowledgedBadge(l).Text
		}
		return err
	})
	return says, err
}

// Standings are those of the inspection.
func (o *Validation) Standings(ctx context.Context) ([]inspection.Standing, error) {
	return o.checks.Standings(ctx)
}

// ShowCases makes the pages of cases short.
func ShowCases(n int) (back func()) {
	was := shownCases
	shownCases = n
	return func() { shownCases = was }
}

// LearnAtMost makes small how much is taken from a list at a time.
func LearnAtMost(n int) (back func()) {
	was := mostUntold
	mostUntold = n
	return func() { mostUntold = was }
}
