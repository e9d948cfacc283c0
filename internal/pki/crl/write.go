package crl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
)

// Entries gives the entries of a list by ascending serial, as numbers. It must give the same each time it is asked: it
// is asked more than once, so range over rows of one read transaction. An error ends it.
type Entries = iter.Seq2[Entry, error]

// Draft is a list whose length is known and whose bytes are not kept.
//
// DER has every length before what it measures, so that somebody has to know the sum of all entries before the first is
// written. A draft counts: it asks for every entry once and adds up what it will take. A sum kept beside the rows would
// be cheaper still, and one more thing that can be wrong in a database; a list held in memory is what this package is
// there to avoid.
type Draft struct {
	Head    Head
	Count   int   // of entries
	TBSSize int64 // bytes to be signed

	before, after []byte
	entries       Entries
	entriesSize   int64
	inner         int64 // content of the TBSCertList
}

// NewDraft counts a list.
func NewDraft(ctx context.Context, h Head, entries Entries) (*Draft, error) {
	d := &Draft{Head: h, entries: entries}
	err := h.check()
	if err == nil {
		d.before, err = h.before()
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't build a revocation list: %w", err)
	}
	d.after = h.after()
	if d.Count, d.entriesSize, err = d.each(ctx, nil); err != nil {
		return nil, err
	}
	d.inner = int64(len(d.before)+len(d.after)) + d.entriesSize
	if d.Count > 0 {
		d.inner += int64(len(appendHeader(nil, tagSequence, d.entriesSize)))
	}
	d.TBSSize = d.inner + int64(len(appendHeader(nil, tagSequence, d.inner)))
	return d, nil
}

// chunk is how much goes to a hash or a file at once.
const chunk = 32 << 10

// each counts all entries, and hands them to out in chunks, nil where they are only counted.
func (d *Draft) each(ctx context.Context, out func([]byte) error) (count int, size int64, err error) {
	buffer := make([]byte, 0, chunk+256)
	var written int64
	var last [20]byte
	lastLen := 0
	for e, err := range d.entries {
		if err != nil {
			return 0, 0, fmt.Errorf("couldn't read the entries of a revocation list: %w", err)
		}
		octets := e.Serial.Bytes()
		if len(octets) < lastLen || len(octets) == lastLen && bytes.Compare(octets, last[:lastLen]) <= 0 {
			return 0, 0, fmt.Errorf("couldn't build a revocation list: %s does not come after the serial before it", e.Serial)
		}
		lastLen = copy(last[:], octets)
		count++
		if size += entrySize(e); size > MaxSize {
			return 0, 0, errors.New("couldn't build a revocation list: it has too many entries; split its scope")
		}
		if out == nil {
			if count%4096 == 0 && ctx.Err() != nil {
				return 0, 0, ctx.Err()
			}
			continue
		}
		grown, err := appendEntry(buffer, e)
		if err != nil {
			return 0, 0, fmt.Errorf("couldn't build a revocation list: %w", err)
		}
		if buffer = grown; len(buffer) < chunk {
			continue
		}
		written += int64(len(buffer))
		if err := flush(ctx, buffer, out); err != nil {
			return 0, 0, err
		}
		buffer = buffer[:0]
	}
	if written += int64(len(buffer)); out != nil && written != size {
		return 0, 0, fmt.Errorf("couldn't write a revocation list: its entries have %d bytes, and %d were counted", written, size)
	}
	return count, size, flush(ctx, buffer, out)
}

func flush(ctx context.Context, buffer []byte, out func([]byte) error) error {
	if err := ctx.Err(); err != nil || out == nil {
		return err
	}
	return out(buffer)
}

// WriteTBS writes the bytes to be signed and gives their digest. They are hashed while they are written; io.Discard takes
// them from those who want the digest alone.
func (d *Draft) WriteTBS(ctx context.Context, w io.Writer) (digest []byte, err error) {
	h := d.Head.Authority.Hash.New()
	if err := d.writeTBS(ctx, w, h); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}

func (d *Draft) writeTBS(ctx context.Context, w io.Writer, h hash.Hash) error {
	out := func(b []byte) error {
		h.Write(b)
		if _, err := w.Write(b); err != nil {
			return fmt.Errorf("couldn't write a revocation list: %w", err)
		}
		return nil
	}
	start := append(appendHeader(nil, tagSequence, d.inner), d.before...)
	if d.Count > 0 { // RFC 5280 5.1.2.6: an empty list is absent
		start = appendHeader(start, tagSequence, d.entriesSize)
	}
	if err := out(start); err != nil {
		return err
	}
	count, size, err := d.each(ctx, out)
	if err != nil {
		return err
	}
	if count != d.Count || size != d.entriesSize {
		return fmt.Errorf("couldn't write a revocation list: its %d entries became %d while it was written", d.Count, count)
	}
	return out(d.after)
}

// WriteSigned writes the whole list, given the signature over the digest that WriteTBS gave. What it writes is hashed
// again: when an error comes back, what was written is not what was signed, and must be thrown away.
func (d *Draft) WriteSigned(ctx context.Context, w io.Writer, digest, signature []byte) (size int64, err error) {
	if len(signature) == 0 {
		return 0, errors.New("couldn't write a revocation list: it is not signed")
	}
	end := append(bytes.Clone(d.Head.Authority.Algorithm), wrap(tagBits, []byte{0}, signature)...)
	outer := appendHeader(nil, tagSequence, d.TBSSize+int64(len(end)))
	if _, err := w.Write(outer); err != nil {
		return 0, fmt.Errorf("couldn't write a revocation list: %w", err)
	}
	h := d.Head.Authority.Hash.New()
	if err := d.writeTBS(ctx, w, h); err != nil {
		return 0, err
	}
	if !bytes.Equal(h.Sum(nil), digest) {
		return 0, errors.New("couldn't write a revocation list: its entries are not those that were signed")
	}
	if _, err := w.Write(end); err != nil {
		return 0, fmt.Errorf("couldn't write a revocation list: %w", err)
	}
	return int64(len(outer)) + d.TBSSize + int64(len(end)), nil
}

// Sign makes a signature over a digest. It may take long and fail: the key may be in a device.
type Sign func(ctx context.Context, digest []byte) (signature []byte, err error)

// Write counts, signs and writes a list. It asks for the entries three times, since the signature's length stands before
// the entries and is known only after them.
func Write(ctx context.Context, w io.Writer, h Head, entries Entries, sign Sign) (*Draft, error) {
	d, err := NewDraft(ctx, h, entries)
	if err != nil {
		return nil, err
	}
	digest, err := d.WriteTBS(ctx, io.Discard)
	if err != nil {
		return nil, err
	}
	signature, err := sign(ctx, digest)
	if err != nil {
		return nil, fmt.Errorf("couldn't sign a revocation list: %w", err)
	}
	_, err = d.WriteSigned(ctx, w, digest, signature)
	return d, err
}
