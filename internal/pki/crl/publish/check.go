package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/crl"
)

// Check compares an offer with the rules and with what was published. Its error is never about the lists: a source or
// Certificate failed, and nothing is known.
func Check(ctx context.Context, rules Rules, before Before, offer Offer, now time.Time) (*Verdict, error) {
	c := &check{ctx: ctx, rules: rules, before: before, now: now, verdict: &Verdict{}}
	return c.verdict, c.run(offer)
}

type check struct {
	ctx     context.Context
	rules   Rules
	before  Before
	now     time.Time
	verdict *Verdict
}

func (c *check) run(offer Offer) (err error) {
	if offer.Full == nil {
		return c.between(offer)
	}
	v := c.verdict
	full, ok, err := c.inspect(offer.Full, false)
	if v.Full = full; err != nil || !ok {
		return err
	}
	published, err := c.published()
	if err != nil {
		return err
	}
	number := full.Number.Uint64()
	switch {
	case number < c.before.Number:
		c.find(NumberBack, false, crl.Item{})
		return nil // what came after it is no news to it
	case number == c.before.Number && published != nil && bytes.Equal(published.Digest, full.Digest):
		v.Same = true // published and offered again; with ECDSA the same bytes may have been signed twice
		return nil
	case number == c.before.Number:
		c.find(NumberTwice, false, crl.Item{})
	}
	if published != nil && full.ThisUpdate.Before(published.ThisUpdate) {
		c.find(TimeBack, false, crl.Item{})
	}
	if err := c.compare(published, offer.Full, full); err != nil || offer.Delta == nil {
		return err
	}
	delta, ok, err := c.inspect(offer.Delta, true)
	if v.Delta = delta; err != nil || !ok {
		return err
	}
	if delta.Number.Cmp(full.Number) != 0 || !delta.ThisUpdate.Equal(full.ThisUpdate) { // RFC 5280 5.2.4
		c.find(DeltaOnly, true, crl.Item{})
		return nil
	}
	return c.apply(offer, full, delta)
}

// find notes a finding. The item is that which it is about.
func (c *check) find(code Code, delta bool, item crl.Item) {
	if code == c.rules.muted {
		return
	}
	c.verdict.stopped = c.verdict.stopped || code.Stops()
	if len(c.verdict.Findings) == maxFindings {
		c.verdict.More++
		return
	}
	var serial cert.Serial
	if len(item.Number) > 0 && item.Number[0]&0x80 == 0 {
		serial, _ = cert.SerialFromBytes(item.Number)
	}
	c.verdict.Findings = append(c.verdict.Findings, Finding{Code: code, Delta: delta, Serial: serial, Sentence: sentence(code, delta, serial)})
}

// inspect checks a list by itself. It reports false when there is no sense in comparing it.
func (c *check) inspect(from Source, delta bool) (*crl.Info, bool, error) {
	var last []byte // content octets of the serial before
	disordered := false
	var latest crl.Item
	var latestNumber []byte
	info, err := c.read(from, func(i crl.Item) error {
		if !disordered && last != nil && i.Compare(crl.Item{Number: last}) <= 0 {
			c.find(Order, delta, i)
			disordered = true
		}
		last = append(last[:0], i.Number...)
		switch i.Check() {
		case nil:
		case crl.ErrSerial:
			c.find(Serial, delta, crl.Item{})
		default:
			c.find(Reason, delta, i)
		}
		if i.At.After(latest.At) {
			latest, latestNumber = i, append(latestNumber[:0], i.Number...)
		}
		return nil
	})
	if m := (*crl.Malformed)(nil); errors.As(err, &m) {
		c.find(Unreadable, delta, crl.Item{})
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if latest.At.After(info.ThisUpdate) {
		latest.Number = latestNumber
		c.find(Later, delta, latest)
	}
	switch r := c.rules; {
	case !bytes.Equal(info.Algorithm, r.Algorithm):
		c.find(Algorithm, delta, crl.Item{})
	case r.Verify(info.Digest, info.Signature) != nil:
		c.find(Signature, delta, crl.Item{})
	}
	if !bytes.Equal(info.Issuer, c.rules.Issuer) {
		c.find(Issuer, delta, crl.Item{})
	}
	c.inspectTimes(info, delta)
	return info, c.inspectExtensions(info, delta) && !disordered, nil
}

func (c *check) inspectTimes(info *crl.Info, delta bool) {
	if info.ThisUpdate.After(c.now.Add(c.rules.MaxAhead)) {
		c.find(TimeAhead, delta, crl.Item{})
	}
	// A list without an end, or with one far away, would be taken for the newest by those who were kept from fetching it.
	switch {
	case !info.NextUpdate.After(info.ThisUpdate) || info.NextUpdate.After(info.ThisUpdate.Add(c.rules.MaxLife)):
		c.find(Life, delta, crl.Item{})
	case !info.NextUpdate.After(c.now):
		c.find(Stale, delta, crl.Item{})
	}
}

// inspectExtensions reports false when the list has no number or is of the other kind, so that it can be compared with none.
func (c *check) inspectExtensions(info *crl.Info, delta bool) bool {
	usable := true
	if info.Number == nil || info.Number.Sign() == 0 || !info.Number.IsInt64() {
		c.find(Number, delta, crl.Item{})
		usable = false
	}
	if delta != (info.Base != nil) {
		c.find(DeltaOnly, delta, crl.Item{})
		usable = false
	} else if usable && delta && (!info.Base.IsInt64() || info.Base.Cmp(info.Number) >= 0) {
		c.find(BaseAfter, delta, crl.Item{})
		usable = false
	}
	if e := info.Extension(crl.AuthorityKey); e == nil || !namesKey(e.Value, c.rules.KeyID) {
		c.find(Key, delta, crl.Item{})
	}
	if e := info.Extension(crl.Scope); e == nil || !e.Critical || !bytes.Equal(e.Value, c.rules.Scope) {
		c.find(Scope, delta, crl.Item{})
	}
	var freshest []byte // a delta list names no other (RFC 5280 5.2.6)
	if e := info.Extension(crl.Freshest); e != nil {
		freshest = e.Value
	}
	if delta && freshest != nil || !delta && !bytes.Equal(freshest, c.rules.Freshest) {
		c.find(Extension, delta, crl.Item{})
		return usable
	}
	for _, e := range info.Extensions {
		critical, known := extensions[e.ID]
		if !known || e.Critical != critical {
			if e.ID != crl.Scope { // that was told
				c.find(Extension, delta, crl.Item{})
				return usable
			}
		}
	}
	return usable
}

// extensions are those that lists here may have, and whether they are critical (RFC 5280 5.2).
var extensions = map[string]bool{crl.AuthorityKey: false, crl.Number: false, crl.Delta: true, crl.Scope: true, crl.Freshest: false}

// namesKey: an authority key identifier names this key. What it says of the CA's certificate beside it may differ from
// generation to generation.
func namesKey(value, id []byte) bool {
	s := cryptobyte.String(value)
	var body, key cryptobyte.String
	return s.ReadASN1(&body, cb.SEQUENCE) && s.Empty() && body.ReadASN1(&key, cb.Tag(0).ContextSpecific()) && bytes.Equal(key, id)
}

// published reads what is published, nil when there is nothing or it can no longer be believed: its row may have been
// damaged, and that must not keep the next list from those who rely on it.
func (c *check) published() (*crl.Info, error) {
	if c.before.Number == 0 {
		return nil, nil
	}
	info, err := c.believed(c.before.Full, c.before.Number)
	if err == nil && info == nil {
		c.find(Damaged, false, crl.Item{})
	}
	return info, err
}

// believed reads a list that was published under a number, nil when it is no longer what it was.
func (c *check) believed(from Source, number uint64) (*crl.Info, error) {
	if from == nil {
		return nil, nil
	}
	var last []byte
	sorted := true // older programs wrote in the order of the octets
	info, err := c.read(from, func(i crl.Item) error {
		sorted = sorted && (last == nil || i.Compare(crl.Item{Number: last}) > 0)
		last = append(last[:0], i.Number...)
		return nil
	})
	if m := (*crl.Malformed)(nil); errors.As(err, &m) {
		return nil, nil
	}
	if err != nil || !sorted || c.rules.Verify(info.Digest, info.Signature) != nil || info.Number == nil || !info.Number.IsUint64() || info.Number.Uint64() != number {
		return nil, err
	}
	return info, nil
}

func (c *check) read(from Source, see func(crl.Item) error) (*crl.Info, error) {
	r, err := from()
	if err != nil {
		return nil, fmt.Errorf("couldn't open a revocation list: %w", err)
	}
	return crl.Read(r, c.rules.Hash, c.rules.Limits, see)
}
