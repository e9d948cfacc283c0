package exchange_test

import (
	"context"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// TestMixedUpAnswer: nothing is settled on verdicts that are not those that were signed.
func TestMixedUpAnswer(t *testing.T) {
	d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
	inner := d.link.Link
	d.link.Link = liar{inner}
	d.city.send(t, change(1, 1), change(2, 2))
	d.run(time.Second)
	if p := d.pair(); p.State != exchange.PairRefused || p.Open != 2 || p.OutWrong == 0 {
		t.Errorf("pair %+v", p)
	}
	d.link.Link = inner
	d.run(time.Minute)
	if p := d.pair(); p.Open != 0 || len(d.applied) != 2 {
		t.Errorf("applied %v, pair %+v", d.applied, p)
	}
}

type liar struct{ exchange.Link }

func (l liar) Deliver(ctx context.Context, to message.Org, b *messagepb.Batch) (*messagepb.Receipt, error) {
	r, err := l.Link.Deliver(ctx, to, b)
	if err == nil {
		r.Verdicts[0].Seq += 7
	}
	return r, err
}
