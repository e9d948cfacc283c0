package ca

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"fmt"
	"slices"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/pki/crl"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// lately is how far before its base a delta list looks for revocations that the base does not name: one of a transaction that began before
// the base was made and ended after it, or of a clock that was set back in between. What stands on the base is left out anyway.
const lately = 24 * time.Hour

// made are the lists of one number, not yet signed.
type made struct {
	taken
	base              int64 // of the delta list
	fullTBS, deltaTBS []byte
	damaged           int64 // rows
}

// makeLists takes the next number of a partition and makes the lists that have it: a full one with a delta list on the full one before it
// (RFC 5280 5.2.4: who holds that one needs no more), or a delta list alone, on the last full one.
func (o *CA) makeLists(ctx context.Context, ref string, full bool) (n made, err error) {
	var t taken
	if err := o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		t, err = o.take(ctx, o.in(tx), ref, full)
		return err
	}); err != nil {
		return n, err
	}
	n, readable, err := o.fill(ctx, t)
	if err != nil || readable || n.full {
		return n, err // on a list that nobody can read no delta list can be made
	}
	return o.makeLists(ctx, ref, true)
}

// fill makes the lists of a number. It reports false when the last full list cannot be read.
func (o *CA) fill(ctx context.Context, t taken) (n made, readable bool, err error) {
	n.taken = t
	a, ok := o.byID[n.Issuer]
	if !ok {
		return n, false, fmt.Errorf("the key of the CA %s is not here", n.Issuer)
	}
	var entries []store.Ended
	var base []byte
	if err := o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		tx := o.in(raw)
		// A list may have been signed since the number was taken, by a step that had hung. A delta list leaves out what its base has: that has
		// to be the base that it names, and not one after it.
		p, found, err := tx.Partition(ctx, n.Issuer, n.Municipality)
		if err != nil {
			return err
		}
		if found {
			n.Partition = p
		}
		if n.Issued >= n.number {
			return nil
		}
		if base, err = tx.LastList(ctx, n.Issuer, n.Municipality); err != nil {
			return err
		}
		entries, n.damaged, err = o.listed(ctx, tx, n.taken, base)
		return err
	}); err != nil {
		return n, false, err
	}
	if n.Issued >= n.number { // a later list is there, which was made of no less
		n.damaged = n.Damaged
		return n, true, nil
	}
	if n.full {
		if n.fullTBS, err = a.listTBS(ctx, n.taken, 0, o.listLife(), slices.Values(entries)); err != nil {
			return n, false, err
		}
	} else {
		n.damaged = n.Damaged // only the full list has seen all rows
	}
	if n.Issued == 0 {
		return n, true, nil
	}
	more, readable := onTop(entries, base)
	if !readable {
		return n, false, nil
	}
	n.base = n.Issued
	n.deltaTBS, err = a.listTBS(ctx, n.taken, n.base, o.listLife(), slices.Values(more))
	return n, true, err
}

// listTBS writes the bytes of a list that are to be signed.
func (a *authority) listTBS(ctx context.Context, t taken, base int64, life time.Duration, revoked func(func(store.Ended) bool)) ([]byte, error) {
	authority, err := crl.AuthorityOf(a.certificate)
	if err != nil {
		return nil, err
	}
	name, err := jpki.Partition{Prefecture: t.PrefectureName, Municipality: t.MunicipalityName}.Name(t.Profile).DER()
	if err != nil {
		return nil, err
	}
	head := crl.Head{Authority: authority, Number: uint64(t.number), Base: uint64(base), ThisUpdate: t.at, NextUpdate: t.at.Add(life), Partition: name}
	if base == 0 {
		// Where the full list lies there lie its delta lists: in a directory it is another attribute of the same entry (RFC 4523 2.4), over HTTP another
		// ending of the same name. The certificates of the profile have no address either (jpki-card.md 2.2).
		head.Freshest = name
	}
	draft, err := crl.NewDraft(ctx, head, func(yield func(crl.Entry, error) bool) {
		for e := range revoked {
			if !yield(crl.Entry{Serial: e.Serial, At: e.At, Reason: e.Reason}, nil) {
				return
			}
		}
	})
	if err != nil {
		return nil, err
	}
	tbs := bytes.NewBuffer(make([]byte, 0, draft.TBSSize))
	_, err = draft.WriteTBS(ctx, tbs)
	return tbs.Bytes(), err
}

// bySerial orders as the serials are as numbers, which is the order of lists.
func bySerial(a, b store.Ended) int {
	x, y := a.Serial.Bytes(), b.Serial.Bytes()
	return cmp.Or(cmp.Compare(len(x), len(y)), bytes.Compare(x, y))
}

// entriesOf goes along a signed list. It reports false when that cannot be read: then it says nothing, since its end says whose it is.
func entriesOf(der []byte, see func(crl.Entry)) bool {
	if _, err := crl.Read(bytes.NewReader(der), crypto.SHA256, crl.Limits{}, nil); err != nil {
		return false
	}
	_, err := crl.Read(bytes.NewReader(der), crypto.SHA256, crl.Limits{}, func(i crl.Item) error {
		if e, err := i.Entry(); err == nil {
			see(e)
		}
		return nil
	})
	return err == nil
}

// onTop gives the entries that a base does not have in the same words.
func onTop(entries []store.Ended, base []byte) (more []store.Ended, readable bool) {
	k := 0
	readable = entriesOf(base, func(b crl.Entry) {
		was := store.Ended{Serial: b.Serial, At: b.At, Reason: b.Reason}
		for ; k < len(entries) && bySerial(entries[k], was) < 0; k++ {
			more = append(more, entries[k])
		}
		if k < len(entries) && bySerial(entries[k], was) == 0 {
			if e := entries[k]; e.Reason != was.Reason || !e.At.Truncate(time.Second).Equal(was.At) {
				more = append(more, e)
			}
			k++
		}
	})
	return append(more, entries[k:]...), readable
}

// listed gives what the list of a number has to name, as far as its rows can be read, and what the lists before it named: a row that was
// damaged stops no list, and takes no revocation back that is out in the world. An entry goes when its row says that the
// term is over. For a delta list alone it gives what was revoked lately, and what the delta list before it named.
func (o *CA) listed(ctx context.Context, tx *store.Tx, t taken, base []byte) (revoked []store.Ended, damaged int64, err error) {
	from := time.Unix(0, 0)
	if !t.full {
		from = t.ThisUpdate.Add(-lately)
	}
	n, err := tx.RevokedSince(ctx, t.Issuer, t.Municipality, from)
	if err != nil {
		return nil, 0, err
	}
	revoked = make([]store.Ended, 0, n) // grown by doubling, a long list would take twice the memory
	damaged, err = tx.Listed(ctx, t.Issuer, t.Municipality, t.ThisUpdate, from, t.at, func(e store.Ended) { revoked = append(revoked, e) })
	if err != nil {
		return nil, 0, err
	}
	for _, e := range revoked {
		if e.Damaged {
			damaged++
		}
	}
	slices.SortFunc(revoked, bySerial)
	delta, found, err := tx.Delta(ctx, t.Issuer, t.Municipality)
	if err != nil {
		return nil, 0, err
	}
	var before [][]byte
	if t.full || len(base) == 0 {
		before = append(before, base)
	}
	if found && delta.Base == t.Issued {
		before = append(before, delta.DER)
	}
	rows := revoked // in order; what follows is added behind
	for _, der := range before {
		var gone []crl.Entry
		// A list that is damaged says nothing, and then the rows are all there is.
		entriesOf(der, func(e crl.Entry) {
			k, there := slices.BinarySearchFunc(rows, store.Ended{Serial: e.Serial}, bySerial)
			switch {
			case !there:
				gone = append(gone, e)
			case rows[k].Damaged:
				rows[k].Reason = e.Reason
			}
		})
		for _, e := range gone {
			end, found, err := tx.Term(ctx, e.Serial)
			if err != nil {
				return nil, 0, err
			}
			if !found || end.After(t.ThisUpdate) {
				revoked, damaged = append(revoked, store.Ended{Serial: e.Serial, At: e.At, Reason: e.Reason}), damaged+1
			}
		}
	}
	for k, e := range revoked {
		if e.Reason == 0 {
			// That it is revoked is what protects. Its reason the list before it tells, if one named it.
			revoked[k].Reason = cert.Unspecified
		}
	}
	slices.SortFunc(revoked, bySerial)
	revoked = slices.CompactFunc(revoked, func(a, b store.Ended) bool { return a.Serial == b.Serial })
	return revoked, damaged, nil
}
