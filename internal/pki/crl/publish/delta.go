package publish

import (
	"bytes"
	"io"

	"github.com/akashi-id/akashi/internal/pki/crl"
)

// between decides on a delta list that comes alone: between two full lists, or beside one that is published already.
//
// Who holds the base and fetches the delta knows the sum of the two. So the sum is what is compared: with the sum that they
// could know before, of which nothing may vanish, and with what is revoked, all of which it must name.
func (c *check) between(offer Offer) error {
	v, before := c.verdict, c.before
	delta, ok, err := c.inspect(offer.Delta, true)
	if v.Delta = delta; err != nil || !ok {
		return err
	}
	number := delta.Number.Uint64()
	if number < before.Number || number < before.DeltaNumber {
		c.find(NumberBack, true, crl.Item{})
		return nil // what came after it is no news to it
	}
	var last *crl.Info // the delta list that is published
	if before.DeltaNumber > 0 {
		if last, err = c.believed(before.Delta, before.DeltaNumber); err != nil {
			return err
		}
	}
	if number == before.DeltaNumber {
		if last != nil && bytes.Equal(last.Digest, delta.Digest) {
			v.Same = true
			return nil
		}
		c.find(NumberTwice, true, crl.Item{})
	}
	full, err := c.published()
	if err != nil {
		return err
	}
	if full != nil && number == before.Number {
		if !delta.ThisUpdate.Equal(full.ThisUpdate) { // RFC 5280 5.2.4
			c.find(DeltaOnly, true, crl.Item{})
			return nil
		}
		return c.apply(Offer{Full: before.Full, Delta: offer.Delta}, full, delta)
	}
	if full != nil && delta.ThisUpdate.Before(full.ThisUpdate) || last != nil && delta.ThisUpdate.Before(last.ThisUpdate) {
		c.find(TimeBack, true, crl.Item{})
	}
	source, info, err := c.base(delta, full)
	if err != nil || info == nil {
		return err
	}
	if err := c.onto(source, info, offer.Delta, delta); err != nil {
		return err
	}
	is, err := c.sumOf(source, info, offer.Delta, delta)
	if err != nil {
		return err
	}
	was, err := c.known(full, last)
	if err != nil {
		return err
	}
	if err := merge(was, is, func(was, is *crl.Item) error { return c.became(was, is, delta) }); err != nil {
		return err
	}
	return c.lacks(source, info, offer.Delta, delta)
}

// base finds the list that a delta list adds to, nil where there is none that can be believed. full is the published full list, as it was
// read; nil: there is none.
func (c *check) base(delta, full *crl.Info) (Source, *crl.Info, error) {
	number := delta.Base.Uint64()
	if full != nil && number == c.before.Number {
		return c.before.Full, full, nil // which was read just now
	}
	source, found, err := c.before.Base(c.ctx, number)
	if err != nil {
		return nil, nil, err
	}
	if !found {
		c.find(BaseNone, true, crl.Item{})
		return nil, nil, nil
	}
	info, err := c.believed(source, number)
	if err == nil && info == nil {
		c.find(BaseLost, true, crl.Item{})
	}
	return source, info, err
}

// known goes along what those who use delta lists could know: the published delta list on its base where that is later than the
// full list, else the full list.
func (c *check) known(full, last *crl.Info) (*cursor, error) {
	if last != nil && c.before.DeltaNumber > c.before.Number {
		source, found, err := c.before.Base(c.ctx, last.Base.Uint64())
		if err != nil {
			return nil, err
		}
		if found {
			if info, err := c.believed(source, last.Base.Uint64()); err != nil || info != nil {
				if err != nil {
					return nil, err
				}
				return c.sumOf(source, info, c.before.Delta, last)
			}
		}
	}
	if full != nil {
		return c.open(c.before.Full, full)
	}
	return &cursor{}, nil
}

// became says what is wrong with what became of an entry.
func (c *check) became(was, is *crl.Item, delta *crl.Info) error {
	switch {
	case is == nil:
		return c.gone(*was, delta, true)
	case was == nil:
		return c.came(*is, true)
	}
	c.moved(*was, *is, true)
	return nil
}

// onto looks for entries of a delta list that its base has in the same words: what it adds is not what it should add.
func (c *check) onto(base Source, has *crl.Info, more Source, delta *crl.Info) error {
	a, err := c.open(base, has)
	if err != nil {
		return err
	}
	b, err := c.open(more, delta)
	if err != nil {
		return err
	}
	return merge(a, b, func(was, is *crl.Item) error {
		if was != nil && is != nil && equal(was, is) {
			c.find(DeltaMore, true, *is)
		}
		return nil
	})
}

// lacks looks for what is known to be revoked, since before the delta list was made, and stands neither on it nor on its base.
func (c *check) lacks(base Source, has *crl.Info, more Source, delta *crl.Info) error {
	known, stop, err := along(c.before.Revoked)
	if stop != nil {
		defer stop()
	}
	if err != nil {
		return err
	}
	is, err := c.sumOf(base, has, more, delta)
	if err != nil {
		return err
	}
	return merge(known, is, func(was, is *crl.Item) error {
		if is != nil || !was.At.Before(delta.ThisUpdate) {
			return nil // it is there, or it was revoked after the list was made, or in the same second
		}
		known, err := c.certificate(*was)
		if err == nil && (known.NotAfter.IsZero() || known.NotAfter.After(has.ThisUpdate)) {
			c.find(DeltaLacks, true, *was)
		}
		return err
	})
}

// sumOf goes along a base and the delta list on it as if they were one list (RFC 5280 5.2.4): what the delta list says of a serial
// holds.
func (c *check) sumOf(base Source, has *crl.Info, more Source, delta *crl.Info) (*cursor, error) {
	a, err := c.open(base, has)
	if err != nil {
		return nil, err
	}
	b, err := c.open(more, delta)
	if err != nil {
		return nil, err
	}
	var shownA, shownB bool // an item stays until the next is asked for
	k := &cursor{step: func() (crl.Item, error) {
		if shownA {
			if err := a.next(); err != nil {
				return crl.Item{}, err
			}
		}
		if shownB {
			if err := b.next(); err != nil {
				return crl.Item{}, err
			}
		}
		shownA, shownB = a.ok, b.ok
		if a.ok && b.ok {
			order := a.item.Compare(b.item)
			shownA, shownB = order <= 0, order >= 0
		}
		switch {
		case shownB:
			return b.item, nil
		case shownA:
			return a.item, nil
		}
		return crl.Item{}, io.EOF
	}}
	return k, k.next()
}
