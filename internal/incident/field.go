package incident

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// field is the rest of the country in a replay: organisations of which only the messages matter. What they send is
// signed by them and goes through the receivers' own exchange; what they are sent is taken and looked at.
type field struct {
	clk     *clock.Virtual
	ca      *pki.InfrastructureCA
	trust   *pki.Trust
	members map[message.Org]*fieldMember
	net     *exchange.Memory
	taken   func(p message.Payload) // what an organisation of the field was sent
	stands  func(message.Org) bool  // for which organisations the field stands; inField when not said otherwise
}

type fieldMember struct {
	signer exchange.Signer
	pairs  map[message.Org]*fieldPair // by the real organisation
}

// fieldPair is all that an organisation of the field remembers of a real one: numbers. They must be right, or the real one
// finds that the other's database was restored from a copy, and sends everything again.
type fieldPair struct {
	sent, told uint64 // our messages, and the real organisation's decisions on them
	held       uint64 // its receipts, which came one after the other
	taken      uint64 // its messages; each was decided upon as it came
	signed     uint64 // our receipts for it
}

func newField(clk *clock.Virtual) (*field, error) {
	ca, err := pki.NewInfrastructureCA(rand.Reader, clk.Now())
	if err != nil {
		return nil, err
	}
	trust, err := pki.NewTrust(ca.Certificate())
	return &field{clk: clk, ca: ca, trust: trust, members: map[message.Org]*fieldMember{}, net: new(exchange.Memory), stands: inField}, err
}

// signer certifies a key for an organisation.
func (f *field) signer(o message.Org) (exchange.Signer, error) {
	return f.ca.NewIdentity(rand.Reader, f.clk.Now(), string(o), pki.ForSigning)
}

// send hands payloads of one organisation of the field to a real one. Every one must be applied: the field sends
// nothing that is refused on purpose.
func (f *field) send(ctx context.Context, from message.Org, to *exchange.Exchange, payloads ...message.Payload) error {
	m, err := f.member(from)
	if err != nil {
		return err
	}
	p := m.pair(to.Self())
	// Said at the end as well, so that the receiver knows that its receipts have arrived.
	hello := func() error {
		_, err := to.Hello(ctx, from, &messagepb.Greeting{Sender: string(from), Node: "1", Receiver: string(to.Self()), Epoch: 1,
			NextSeq: p.sent + 1, Receipts: p.held, LastReceipt: p.held, Decisions: p.taken})
		return err
	}
	if p.sent == 0 {
		if err := hello(); err != nil {
			return err
		}
	}
	for len(payloads) > 0 {
		n := min(len(payloads), message.MaxBatch)
		if err := f.sendBatch(ctx, from, m, to, payloads[:n]); err != nil {
			return err
		}
		payloads = payloads[n:]
	}
	return hello()
}

func (f *field) member(o message.Org) (*fieldMember, error) {
	m := f.members[o]
	if m == nil {
		signer, err := f.signer(o)
		if err != nil {
			return nil, err
		}
		m = &fieldMember{signer: signer, pairs: map[message.Org]*fieldPair{}}
		f.members[o] = m
	}
	return m, nil
}

func (m *fieldMember) pair(real message.Org) *fieldPair {
	if m.pairs[real] == nil {
		m.pairs[real] = &fieldPair{}
	}
	return m.pairs[real]
}

func (f *field) sendBatch(ctx context.Context, from message.Org, m *fieldMember, to *exchange.Exchange, payloads []message.Payload) error {
	p := m.pair(to.Self())
	var envelopes []*message.Envelope
	for _, payload := range payloads {
		body, err := message.Encode(payload)
		if err != nil {
			return err
		}
		p.sent++
		e := &message.Envelope{ID: message.ID{Sender: from, Node: "1", Epoch: 1, Receiver: to.Self(), Seq: p.sent},
			Attempt: 1, Kind: payload.Kind(), Keys: payload.Keys(), CreatedAt: f.clk.Now(), Trace: "t-field", Body: body}
		if err := e.Seal(); err != nil {
			return err
		}
		envelopes = append(envelopes, e)
	}
	pb, err := message.SealBatch(rand.Reader, m.signer.Key, m.signer.Certificate, f.clk.Now(), p.held, envelopes)
	if err != nil {
		return err
	}
	receipt, err := to.Deliver(ctx, from, pb)
	if err != nil {
		return err
	}
	p.held++
	p.told = receipt.Decisions
	for _, v := range receipt.Verdicts {
		if v.Outcome != string(message.Applied) {
			return fmt.Errorf("%s to %s: %s %s", from, to.Self(), v.Outcome, v.ReasonEn)
		}
	}
	return nil
}

// link is the Link of a real organisation: real ones are reached through memory, those of the field take everything.
func (f *field) link(self message.Org) exchange.Link { return fieldLink{f.net.As(self), f, self} }

type fieldLink struct {
	exchange.Link
	field *field
	self  message.Org
}

func inField(o message.Org) bool {
	switch o.Role() {
	case message.Municipality, message.Prefecture, message.Validation:
		return true
	}
	return false
}

func (l fieldLink) Hello(ctx context.Context, to message.Org, g *messagepb.Greeting) (*messagepb.Acquaintance, error) {
	if !l.field.stands(to) {
		return l.Link.Hello(ctx, to, g)
	}
	m, err := l.field.member(to)
	if err != nil {
		return nil, err
	}
	p := m.pair(l.self)
	epoch := min(1, p.taken) // none was seen yet
	return &messagepb.Acquaintance{Epoch: epoch, Seq: p.taken, Decisions: p.taken, Receipts: p.signed, Told: p.told}, nil
}

func (l fieldLink) Deliver(ctx context.Context, to message.Org, b *messagepb.Batch) (*messagepb.Receipt, error) {
	if !l.field.stands(to) {
		return l.Link.Deliver(ctx, to, b)
	}
	m, err := l.field.member(to)
	if err != nil {
		return nil, err
	}
	p := m.pair(l.self)
	r := &messagepb.Receipt{}
	for _, raw := range b.Envelopes {
		e, err := message.OpenEnvelope(raw)
		if err != nil {
			return nil, err
		}
		if e.ID.Epoch != 1 || e.ID.Seq != p.taken+1 {
			return nil, fmt.Errorf("%s sends message %s to the field, which has taken %d", l.self, e.ID, p.taken)
		}
		payload, err := message.Decode(e.Kind, e.Body)
		if err != nil {
			return nil, err
		}
		l.field.taken(payload)
		p.taken++
		r.Verdicts = append(r.Verdicts, &messagepb.Verdict{Epoch: e.Epoch, Seq: e.Seq, Attempt: e.Attempt, Outcome: string(message.Applied)})
	}
	r.Decisions = p.taken
	p.signed++
	return r, receipted(b, r, m.signer, l.field.clk, p.signed)
}

// receipted signs the verdicts on a batch as its receiver does.
func receipted(pb *messagepb.Batch, r *messagepb.Receipt, by exchange.Signer, clk clock.Clock, number uint64) error {
	b, err := message.OpenBatch(pb)
	if err != nil {
		return err
	}
	receipt, err := exchange.SealReceipt(exchange.Config{Rand: rand.Reader, Clock: clk, Signer: by}, b, r, number)
	if err == nil {
		r.Signed = receipt.Wire(false)
	}
	return err
}
