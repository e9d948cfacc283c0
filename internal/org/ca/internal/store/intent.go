package store

import (
	"context"
	"errors"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Kind is what an intent will become.
type Kind string

// The kinds.
const (
	UserCertificate      Kind = "certificate"
	ResponderCertificate Kind = "responder"
	RevocationList       Kind = "crl"
	DeltaList            Kind = "delta"
)

// IsList: what it becomes is a revocation list, full or delta.
func (k Kind) IsList() bool { return k == RevocationList || k == DeltaList }

// Intent is what the CA is about to sign, as it was written down before.
type Intent struct {
	ID        int64
	Kind      Kind
	Issuer    string
	Subject   string // the serial; of a list its municipality
	At        time.Time
	TBS       []byte
	Request   []byte // the payload that asked for it; empty for a list
	Requester message.Org
	Number    int64     // of a list
	Base      int64     // of a delta list
	ListAt    time.Time // the time of a list
	Trace     string
}

// PutIntent writes an intent down.
func (tx *Tx) PutIntent(i Intent) {
	if i.Request == nil {
		i.Request = []byte{}
	}
	tx.Collect("intent", "id, kind, issuer, subject, at, tbs, request, requester, number, base, list_at, trace",
		i.ID, string(i.Kind), i.Issuer, i.Subject, tx.Now(), i.TBS, i.Request, string(i.Requester), i.Number, i.Base, max(i.ListAt.UnixMicro(), 0), i.Trace)
	tx.writeDown(i)
}

const intentColumns = `SELECT id, kind, issuer, subject, at, tbs, request, requester, number, base, list_at, trace FROM intent `

func scanIntent(r *sqlstore.Rows, i *Intent) error {
	return r.Scan(&i.ID, &i.Kind, &i.Issuer, &i.Subject, sqlstore.Time(&i.At), &i.TBS, &i.Request, &i.Requester, &i.Number, &i.Base, sqlstore.Time(&i.ListAt), &i.Trace)
}

// IntentsBy finds some, in the order of their numbers in ids. One that is not there is an error.
func (tx *Tx) IntentsBy(ctx context.Context, ids []int64) ([]Intent, error) {
	at := map[int64]Intent{}
	err := inParts(tx, ids, func(marks string, part []any) error {
		found, err := sqlstore.List(ctx, tx.Tx, scanIntent, intentColumns+`WHERE id IN (`+marks+`)`, part...)
		for _, i := range found {
			at[i.ID] = i
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	all := make([]Intent, len(ids))
	for n, id := range ids {
		i, found := at[id]
		if !found {
			return nil, errors.New("the intent is gone")
		}
		all[n] = i
	}
	return all, nil
}

// IntentOf finds the intent of a certificate.
func (tx *Tx) IntentOf(ctx context.Context, serial string) (Intent, bool, error) {
	found, err := sqlstore.List(ctx, tx.Tx, scanIntent, intentColumns+`WHERE subject = $1 AND kind NOT IN ('crl', 'delta')`, serial)
	if err != nil || len(found) == 0 {
		return Intent{}, false, err
	}
	return found[0], true, nil
}

// Intents lists the oldest.
func (tx *Tx) Intents(ctx context.Context, limit int) ([]Intent, error) {
	return sqlstore.List(ctx, tx.Tx, scanIntent, intentColumns+`ORDER BY at, id LIMIT $1`, limit)
}

// DropIntents takes intents away, because what they meant is stored, or will never be.
func (tx *Tx) DropIntents(ctx context.Context, ids []int64) error {
	return inParts(tx, ids, func(marks string, part []any) error {
		_, err := tx.Exec(ctx, `DELETE FROM intent WHERE id IN (`+marks+`)`, part...)
		return err
	})
}
