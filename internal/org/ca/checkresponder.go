package ca

import (
	"context"
	"encoding/hex"
	"strings"

	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/pki/inspect"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// respondersToCheck goes through the certificates of the keys that sign answers: whoever has such a key answers for all certificates.
func (o *CA) respondersToCheck(ctx context.Context, raw *sqlstore.Tx, place string, limit int) (items []inspection.Item, next string, err error) {
	after, err := hex.DecodeString(place)
	if err != nil {
		after = []byte{}
	}
	rows, err := o.in(raw).StoredRespondersAfter(ctx, after, limit)
	if err != nil {
		return nil, "", err
	}
	for _, r := range rows {
		items = append(items, o.responderItem(r))
	}
	if len(rows) == limit {
		next = hex.EncodeToString(rows[limit-1].Serial)
	}
	return items, next, nil
}

func (o *CA) responderToCheck(ctx context.Context, raw *sqlstore.Tx, key string) (i inspection.Item, there bool, err error) {
	serial, err := hex.DecodeString(key)
	if err != nil {
		return i, false, nil
	}
	r, there, err := o.in(raw).StoredResponderOf(ctx, serial)
	return o.responderItem(r), there, err
}

func (o *CA) responderItem(r store.StoredResponder) inspection.Item {
	s := inspect.Stored{DER: r.DER, Serial: r.Serial, KeyHash: r.KeyHash, NotBefore: r.NotBefore, NotAfter: r.NotAfter, Issuer: o.certificateOf(r.Issuer),
		Intent: r.Intended, Before: !r.NotBefore.After(r.Until), Twice: r.Others > 0}
	return inspection.Item{Key: strings.ToUpper(hex.EncodeToString(r.Serial)), Print: printOf(r),
		Judge: func(context.Context) ([]inspection.Fault, error) { return faults(inspect.StoredResponder(s)), nil }}
}
