package exchange_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/message/messagepb"
)

// TestBackOff: a peer that is away is tried after growing pauses up to the cap, by one message, and goes on at once
// when it speaks.
func TestBackOff(t *testing.T) {
	d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
	d.link.cut = errors.New("no route to host")
	for i := range uint64(300) {
		d.city.send(t, change(i+1, i+1))
	}
	d.run(3 * time.Minute)
	// The second follows the peer's own hello at its start, which is as good as an answer.
	want := []time.Duration{0, 0, 500, 1500, 3500, 7500, 15500, 31500, 61500, 91500, 121500, 151500}
	for i := range want {
		want[i] *= time.Millisecond
	}
	if fmt.Sprint(d.link.hellos) != fmt.Sprint(want) {
		t.Errorf("tried at %v, want %v", d.link.hellos, want)
	}
	if p := d.pair(); p.State != exchange.PairDown || p.Reason == "" || p.Waiting != 300 {
		t.Errorf("the pair is shown as %+v", p)
	}
	d.link.cut = nil
	if _, err := d.city.Hello(t.Context(), pref, &messagepb.Greeting{Sender: string(pref), Receiver: string(city), Node: "1", Epoch: 1, NextSeq: 1}); err != nil {
		t.Fatal(err)
	}
	d.run(0)
	if p := d.pair(); len(d.applied) != 300 || p.State != exchange.PairUp || p.Open != 0 {
		t.Errorf("when the peer spoke, %d were applied at once, want 300: %+v", len(d.applied), p)
	}
	d.link.cut = errors.New("no route to host")
	d.city.send(t, change(1, 301))
	d.run(time.Second)
	d.link.cut, d.link.sizes = nil, nil
	for i := range uint64(50) {
		d.city.send(t, change(i+1, i+302))
	}
	d.run(time.Minute)
	if len(d.link.sizes) == 0 || d.link.sizes[0] != 1 {
		t.Errorf("batches of %v after an absence: the first must be a probe of one", d.link.sizes)
	}
}

// TestRefusesUs: a peer that refuses us is a state of its own, tried at the cap only.
func TestRefusesUs(t *testing.T) {
	d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
	d.link.cut = &exchange.Refusal{Reason: "the certificate has expired"}
	d.city.send(t, change(1, 1))
	d.run(2 * time.Minute)
	if p := d.pair(); p.State != exchange.PairRefused || p.Reason != "the certificate has expired" || len(d.link.hellos) != 5 {
		t.Errorf("tried %d times in two minutes, state %s (%s)", len(d.link.hellos), p.State, p.Reason)
	}
}
