package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/crl"
)

// cursor goes along entries by ascending serial.
type cursor struct {
	step func() (crl.Item, error) // io.EOF at the end
	item crl.Item
	ok   bool
}

func (k *cursor) next() error {
	var err error
	k.item, err = k.step()
	k.ok = err == nil
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// open goes along a list that was read once. It must be the same list still.
func (c *check) open(from Source, read *crl.Info) (*cursor, error) {
	src, err := from()
	if err != nil {
		return nil, fmt.Errorf("couldn't open a revocation list again: %w", err)
	}
	r, err := crl.NewReader(src, c.rules.Hash, c.rules.Limits)
	if err != nil {
		return nil, fmt.Errorf("couldn't read a revocation list again: %w", err)
	}
	k := &cursor{step: func() (crl.Item, error) {
		i, err := r.Next()
		if err == io.EOF && !bytes.Equal(r.Info().Digest, read.Digest) {
			err = errors.New("a revocation list changed while it was examined")
		}
		return i, err
	}}
	return k, k.next()
}

// along goes along what is known from elsewhere, in the form of a list.
func along(entries crl.Entries) (k *cursor, stop func(), err error) {
	if entries == nil {
		return &cursor{}, func() {}, nil
	}
	pull, stop := iter.Pull2(entries)
	k = &cursor{step: func() (crl.Item, error) {
		e, err, ok := pull()
		if !ok {
			return crl.Item{}, io.EOF
		}
		if err != nil {
			return crl.Item{}, fmt.Errorf("couldn't read what is revoked: %w", err)
		}
		return crl.Item{Number: append([]byte{0}, e.Serial.Bytes()...), At: e.At.Truncate(time.Second), Reason: e.Reason.Code()}, nil
	}}
	return k, stop, k.next()
}

// merge goes along two at once, and shows the entries of each serial. Nil: there is none.
func merge(a, b *cursor, see func(was, is *crl.Item) error) error {
	for a.ok || b.ok {
		order := -1
		if !a.ok {
			order = 1
		} else if b.ok {
			order = a.item.Compare(b.item)
		}
		var was, is *crl.Item
		if order <= 0 {
			was = &a.item
		}
		if order >= 0 {
			is = &b.item
		}
		if err := see(was, is); err != nil {
			return err
		}
		if was != nil {
			if err := a.next(); err != nil {
				return err
			}
		}
		if is != nil {
			if err := b.next(); err != nil {
				return err
			}
		}
	}
	return nil
}

// compare looks at what became of each entry since the published lists.
func (c *check) compare(published *crl.Info, from Source, full *crl.Info) (err error) {
	var was *cursor
	if published != nil {
		var last *crl.Info
		if c.before.DeltaNumber > c.before.Number {
			if last, err = c.believed(c.before.Delta, c.before.DeltaNumber); err != nil {
				return err
			}
		}
		was, err = c.known(published, last)
	} else {
		var stop func()
		was, stop, err = along(c.before.Revoked)
		if stop != nil {
			defer stop()
		}
	}
	if err != nil {
		return err
	}
	is, err := c.open(from, full)
	if err != nil {
		return err
	}
	late := full.Number.Uint64() < c.before.DeltaNumber // a delta list that was made after it was published before it
	return merge(was, is, func(was, is *crl.Item) error {
		switch {
		case is == nil && (published == nil || late) && !was.At.Before(full.ThisUpdate):
			return nil // it was revoked after the list was made, or in the same second
		case is == nil:
			return c.gone(*was, full, false)
		case was == nil:
			return c.came(*is, false)
		}
		c.moved(*was, *is, false)
		return nil
	})
}

// moved: an entry that says something else than it did.
func (c *check) moved(was, is crl.Item, delta bool) {
	switch {
	case is.At.After(was.At):
		c.find(Date, delta, is)
	case is.At.Before(was.At):
		c.find(Earlier, delta, is)
	}
	if is.Reason != was.Reason {
		c.find(Changed, delta, is)
	}
}

// Added shows the entries of an offer that the published list does not have, all of them where there is none or it cannot
// be read. It is for what was found fit to be published.
func Added(ctx context.Context, rules Rules, before Before, full Source, see func(crl.Entry) error) error {
	c := &check{ctx: ctx, rules: rules, verdict: &Verdict{}}
	info, err := c.read(full, nil)
	if err != nil {
		return err
	}
	was, is := &cursor{}, &cursor{}
	published, err := c.believed(before.Full, before.Number)
	if err == nil && published != nil {
		was, err = c.open(before.Full, published)
	}
	if err == nil {
		is, err = c.open(full, info)
	}
	if err != nil {
		return err
	}
	return merge(was, is, func(was, is *crl.Item) error {
		if was != nil {
			return nil
		}
		e, err := is.Entry()
		if err != nil {
			return err
		}
		return see(e)
	})
}

// came: an entry that was not published before.
func (c *check) came(i crl.Item, delta bool) error {
	c.verdict.Added++
	known, err := c.certificate(i)
	if err == nil && known.Known && !known.Here {
		c.find(Foreign, delta, i)
	}
	return err
}

// gone: an entry that is not on the offered list any more. Where the end of its term is not known, it has not come.
func (c *check) gone(i crl.Item, list *crl.Info, delta bool) error {
	known, err := c.certificate(i)
	if err != nil {
		return err
	}
	if known.NotAfter.IsZero() || known.NotAfter.After(list.ThisUpdate) {
		c.find(Vanished, delta, i)
		return nil
	}
	c.verdict.Left++
	return nil
}

func (c *check) certificate(i crl.Item) (Certificate, error) {
	if i.Check() == crl.ErrSerial {
		return Certificate{}, nil
	}
	serial, err := cert.SerialFromBytes(i.Number)
	if err != nil {
		return Certificate{}, err
	}
	return c.rules.Certificate(c.ctx, serial)
}

// apply adds the delta list to its base and compares the sum with the full list (RFC 5280 5.2.4). They may differ in
// certificates whose term is over: a delta here takes nothing away.
func (c *check) apply(offer Offer, full, delta *crl.Info) error {
	number := delta.Base.Uint64()
	source, info, err := c.base(delta, nil)
	if err != nil || info == nil {
		return err
	}
	var three [3]*cursor
	for k, of := range []struct {
		from Source
		read *crl.Info
	}{{source, info}, {offer.Delta, delta}, {offer.Full, full}} {
		if three[k], err = c.open(of.from, of.read); err != nil {
			return err
		}
	}
	base, more, want := three[0], three[1], three[2]
	for base.ok || more.ok || want.ok {
		var at crl.Item // the smallest
		for _, k := range three {
			if k.ok && (at.Number == nil || k.item.Compare(at) < 0) {
				at = k.item
			}
		}
		var has [3]*crl.Item
		for n, k := range three {
			if k.ok && k.item.Compare(at) == 0 {
				has[n] = &k.item
			}
		}
		if err := c.applied(has[0], has[1], has[2], full, number); err != nil {
			return err
		}
		for n, k := range three {
			if has[n] == nil {
				continue
			}
			if err := k.next(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *check) applied(base, more, want *crl.Item, full *crl.Info, number uint64) error {
	switch {
	case more != nil && (want == nil || !equal(more, want) || base != nil && equal(more, base)):
		c.find(DeltaMore, true, *more)
	case more == nil && want != nil && (base == nil || !equal(base, want)):
		c.find(DeltaLess, true, *want)
	case more == nil && want == nil && number != c.before.Number: // what the published list had was looked at
		left := c.verdict.Left
		err := c.gone(*base, full, false)
		c.verdict.Left = left
		return err
	}
	return nil
}

func equal(a, b *crl.Item) bool { return a.At.Equal(b.At) && a.Reason == b.Reason }
