package incident

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/akashi-id/akashi/cert"
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
}

type fieldMember struct {
	signer   exchange.Signer
	next     map[message.Org]uint64
	receipts map[message.Org]uint64 // up to which it holds those of a real organisation, or signed those for it
}

func newField(clk *clock.Virtual) (*field, error) {
	ca, err := pki.NewInfrastructureCA(rand.Reader, clk.Now())
	if err != nil {
		return nil, err
	}
	trust, err := pki.NewTrust(ca.Certificate())
	return &field{clk: clk, ca: ca, trust: trust, members: map[message.Org]*fieldMember{}, net: new(exchange.Memory)}, err
}

// signer certifies a key for an organisation.
func (f *field) signer(o message.Org) (exchange.Signer, error) {
	key, err := pki.GenerateKey(rand.Reader, cert.P256SHA256)
	if err != nil {
		return exchange.Signer{}, err
	}
	der, err := f.ca.IssueOrganisation(rand.Reader, f.clk.Now(), pki.Organisation{ID: string(o), Usage: pki.ForSigning, Public: key.Public()})
	return exchange.Signer{Key: key, Certificate: der}, err
}

// send hands payloads of one organisation of the field to a real one. Every one must be applied: the field sends
// nothing that is refused on purpose.
func (f *field) send(ctx context.Context, from message.Org, to *exchange.Exchange, payloads ...message.Payload) error {
	m, err := f.member(from)
	if err != nil {
		return err
	}
	// Said at the end as well, so that the receiver knows that its receipts have arrived.
	hello := func() error {
		_, err := to.Hello(ctx, from, &messagepb.Greeting{Sender: string(from), Node: "1", Receiver: string(to.Self()), Epoch: 1,
			NextSeq: m.next[to.Self()] + 1, Receipts: m.receipts[to.Self()], LastReceipt: m.receipts[to.Self()]})
		return err
	}
	if m.next[to.Self()] == 0 {
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
		m = &fieldMember{signer: signer, next: map[message.Org]uint64{}, receipts: map[message.Org]uint64{}}
		f.members[o] = m
	}
	return m, nil
}

func (f *field) sendBatch(ctx context.Context, from message.Org, m *fieldMember, to *exchange.Exchange, payloads []message.Payload) error {
	var envelopes []*message.Envelope
	for _, p := range payloads {
		body, err := message.Encode(p)
		if err != nil {
			return err
		}
		m.next[to.Self()]++
		e := &message.Envelope{ID: message.ID{Sender: from, Node: "1", Epoch: 1, Receiver: to.Self(), Seq: m.next[to.Self()]},
			Attempt: 1, Kind: p.Kind(), Keys: p.Keys(), CreatedAt: f.clk.Now(), Trace: "t-field", Body: body}
		if err := e.Seal(); err != nil {
			return err
		}
		envelopes = append(envelopes, e)
	}
	pb, err := message.SealBatch(rand.Reader, m.signer.Key, m.signer.Certificate, f.clk.Now(), m.receipts[to.Self()], envelopes)
	if err != nil {
		return err
	}
	receipt, err := to.Deliver(ctx, from, pb)
	if err != nil {
		return err
	}
	m.receipts[to.Self()]++
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
	if inField(to) {
		return &messagepb.Acquaintance{}, nil
	}
	return l.Link.Hello(ctx, to, g)
}

func (l fieldLink) Deliver(ctx context.Context, to message.Org, b *messagepb.Batch) (*messagepb.Receipt, error) {
	if !inField(to) {
		return l.Link.Deliver(ctx, to, b)
	}
	r := &messagepb.Receipt{}
	for _, raw := range b.Envelopes {
		e, err := message.OpenEnvelope(raw)
		if err != nil {
			return nil, err
		}
		p, err := message.Decode(e.Kind, e.Body)
		if err != nil {
			return nil, err
		}
		l.field.taken(p)
		r.Verdicts = append(r.Verdicts, &messagepb.Verdict{Epoch: e.Epoch, Seq: e.Seq, Attempt: e.Attempt, Outcome: string(message.Applied)})
		r.Decisions = e.Seq
	}
	m, err := l.field.member(to)
	if err != nil {
		return nil, err
	}
	m.receipts[l.self]++
	return r, receipted(b, r, m.signer, l.field.clk, m.receipts[l.self])
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
