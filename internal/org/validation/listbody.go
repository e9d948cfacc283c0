package validation

import (
	"context"
	"errors"
	"io"
	"sort"

	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// listBody is a published list as it is sent to those who fetch it: a part in memory, and each read from the tables when its turn comes, in a
// view of its own. Somebody who reads slowly holds no transaction. A list that was replaced stays until the next list of its
// municipality is published; who has not read it by then gets a connection that breaks off, and starts again.
type listBody struct {
	ctx  context.Context
	o    *Validation
	list store.List
	ends []int64 // where each part ends
	at   int64
	part int // that is held; -1: none
	held []byte
}

// open reads the lengths, and the first part: most lists have no other.
func (b *listBody) open(ctx context.Context, tx *store.Tx, l store.List) error {
	b.list, b.ends, b.part, b.held, b.at = l, nil, 0, l.DER, 0
	if len(l.DER) > 0 {
		b.ends = []int64{int64(len(l.DER))}
		return nil
	}
	sizes, err := tx.PartSizes(ctx, l.Issuer, l.Municipality, l.Digest)
	if err != nil {
		return err
	}
	var end int64
	for _, n := range sizes {
		end += n
		b.ends = append(b.ends, end)
	}
	if len(sizes) == 0 {
		return errors.New("the list has no parts")
	}
	b.held, err = tx.Part(ctx, l.Issuer, l.Municipality, l.Digest, 1)
	return err
}

func (b *listBody) size() int64 { return b.ends[len(b.ends)-1] }

// Read reads on from where it is.
func (b *listBody) Read(to []byte) (int, error) {
	if b.at >= b.size() {
		return 0, io.EOF
	}
	part := sort.Search(len(b.ends), func(k int) bool { return b.ends[k] > b.at })
	if part != b.part {
		if err := b.o.Store.View(b.ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			b.held, err = b.o.in(tx).Part(ctx, b.list.Issuer, b.list.Municipality, b.list.Digest, int64(part+1))
			return err
		}); err != nil {
			b.part = -1
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF // it was replaced twice
			}
			return 0, err
		}
		b.part = part
	}
	begin := int64(0)
	if part > 0 {
		begin = b.ends[part-1]
	}
	n := copy(to, b.held[b.at-begin:])
	b.at += int64(n)
	return n, nil
}

// Seek is what ranges need.
func (b *listBody) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += b.at
	case io.SeekEnd:
		offset += b.size()
	}
	if offset < 0 {
		return 0, errors.New("before the beginning")
	}
	b.at = offset
	return offset, nil
}
