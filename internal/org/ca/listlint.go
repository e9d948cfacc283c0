package ca

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/pki/lint"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// maxListLife is the longest that a list may be relied on; the validation authority holds to it too.
const maxListLife = 100 * 24 * time.Hour

// wantList reads what the lint needs to know of a list, from the rows and never from the bytes that it judges.
func (o *CA) wantList(ctx context.Context, tx *store.Tx, i store.Intent) (w lint.ListWant, err error) {
	a, ok := o.byID[i.Issuer]
	if !ok {
		return w, fmt.Errorf("the key of the CA %s is not here", i.Issuer)
	}
	m, err := resident.ParseMunicipalityCode("municipality", i.Subject)
	if err != nil {
		return w, err
	}
	p, found, err := tx.Partition(ctx, i.Issuer, m)
	if err != nil {
		return w, err
	}
	if !found {
		return w, fmt.Errorf("there is no partition %s", listRef(i.Issuer, m))
	}
	at := i.ListAt
	if at.Unix() <= 0 { // it was written down by an older program
		at = i.At.Truncate(time.Second)
	}
	return lint.ListWant{Issuer: a.Certificate(), Number: uint64(i.Number), Base: uint64(i.Base), ThisUpdate: at, MaxLife: maxListLife,
		Prefecture: p.PrefectureName, Municipality: p.MunicipalityName}, nil
}

// lintList judges a list before the key is asked. A finding refuses this list, and parks it in the end; the lists of other
// municipalities go on, and so does the next one of this.
func (s toSign) lintList() error {
	err := lint.List(s.TBS, s.list)
	var findings lint.ListFindings
	if errors.As(err, &findings) {
		says := findings.Sentence()
		return plain.Bad("", says.JA, says.EN)
	}
	return err
}
