package desk_test

import (
	"context"
	"database/sql"
	"errors"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// heldSchema is all that an organisation of these tests keeps of its residents.
const heldSchema = "CREATE TABLE held(code TEXT NOT NULL PRIMARY KEY, version BIGINT NOT NULL, hash BYTEA NOT NULL);\n"

// hold makes a resident's state the present one, in the state table and in the book.
func (c *country) hold(ctx context.Context, tx *sqlstore.Tx, self, peer message.Org, n message.ResidentChange) error {
	code, hash := n.After.Code.Reveal(), message.Hash(n.After.StateHash())
	_, err := tx.Exec(ctx, `INSERT INTO held(code, version, hash) VALUES ($1, $2, $3) ON CONFLICT (code) DO UPDATE SET version = $2, hash = $3`,
		code, int64(n.After.Version), hash[:])
	c.hosts[self].Books.Set(tx, message.Residents, peer, code, hash)
	tx.OnCommit(func() {
		if self == matsumoto {
			c.now[n.After.Code] = n
		}
	})
	return err
}

// residentsOf is the book of residents: 松本市 is its source, 長野県 holds the copy.
func (c *country) residentsOf(self message.Org) reconcile.Table {
	row := func(r *sqlstore.Rows, row *reconcile.Row) error {
		var hash []byte
		err := r.Scan(&row.Key, &hash)
		copy(row.Value[:], hash)
		return err
	}
	return reconcile.Table{
		Book:   message.Residents,
		Source: func(message.Org) bool { return self == matsumoto },
		Copy:   func(message.Org) bool { return self == nagano },
		Scan: func(ctx context.Context, tx *sqlstore.Tx, _ message.Org, cursor string, limit int) ([]reconcile.Row, string, error) {
			rows, err := sqlstore.List(ctx, tx, row, `SELECT code, hash FROM held WHERE code > $1 ORDER BY code LIMIT $2`, cursor, int64(limit))
			if err != nil || len(rows) < limit {
				return rows, "", err
			}
			return rows, rows[len(rows)-1].Key, nil
		},
		Look: func(ctx context.Context, tx *sqlstore.Tx, _ message.Org, keys []string) (map[string]message.Hash, error) {
			found := map[string]message.Hash{}
			for _, key := range keys {
				rows, err := sqlstore.List(ctx, tx, row, `SELECT code, hash FROM held WHERE code = $1`, key)
				if err != nil {
					return nil, err
				}
				for _, r := range rows {
					found[r.Key] = r.Value
				}
			}
			return found, nil
		},
		Show: func(ctx context.Context, tx *sqlstore.Tx, _ message.Org, key string) (plain.Sentence, error) {
			var version int64
			switch err := tx.QueryRow(ctx, `SELECT version FROM held WHERE code = $1`, key).Scan(&version); {
			case errors.Is(err, sql.ErrNoRows):
				return plain.Sentence{JA: "何も保有していません。", EN: "Nothing is held."}, nil
			case err != nil:
				return plain.Sentence{}, err
			}
			v := resident.Version(version).String()
			return plain.Sentence{JA: "第" + v + "版を保有しています。", EN: "Version " + v + " is held."}, nil
		},
		Snapshot: func(_ context.Context, _ *sqlstore.Tx, _ message.Org, key string) (message.Payload, error) {
			code, err := resident.ParseRecordCode("key", key)
			if err != nil {
				return nil, err
			}
			return c.now[code], nil
		},
		Take: func(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, _ message.Snapshot, p message.Payload) ([]message.Out, error) {
			n, ok := p.(message.ResidentChange)
			if !ok {
				return nil, errors.New("these tests take nothing away")
			}
			return nil, c.hold(ctx, tx, nagano, d.Sender, n)
		},
	}
}
