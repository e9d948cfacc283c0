package reconcile

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// lookAtState holds a page of the state tables against the entries.
func (b *Books) lookAtState(ctx context.Context, tx *sqlstore.Tx, p *pair, cursor string) (audited, error) {
	rows, next, err := p.table.Scan(ctx, tx, p.peer, cursor, auditPage)
	if err != nil {
		return audited{}, fmt.Errorf("couldn't read the state tables: %w", err)
	}
	if next == cursor && next != "" {
		return audited{}, errors.New("the scan of the state tables does not move")
	}
	a := audited{rows: int64(len(rows)), next: next}
	keys := make([]string, len(rows))
	for i, r := range rows {
		keys[i] = r.Key
	}
	kept, err := p.valuesOf(ctx, tx, keys)
	if err != nil {
		return a, err
	}
	for i := 0; i < len(rows); {
		n := i + 1
		for n < len(rows) && rows[n].Key == rows[i].Key {
			n++
		}
		held, what := said(rows[i:n])
		if w := (wrongRow{rows[i].Key, kept[rows[i].Key], held, what}); w.kept != w.held {
			switch {
			case what != "":
			case w.kept == message.Hash{}:
				w.what = appeared
			default:
				w.what = changed
			}
			a.wrong = append(a.wrong, w)
		}
		i = n
	}
	return a, nil
}

// said is the value of a key by its rows. A row that is there twice, or that cannot be read, has a value that no message
// gives, so that the other end sees that something is wrong with it.
func said(rows []Row) (message.Hash, string) {
	what := ""
	h := sha256.New()
	for _, r := range rows {
		if r.Value == (message.Hash{}) {
			what = unreadable
		}
		h.Write(r.Value[:])
	}
	if len(rows) > 1 {
		what = doubled
	}
	if what == "" {
		return rows[0].Value, ""
	}
	h.Write([]byte(what + rows[0].Key))
	return message.Hash(h.Sum(nil)), what
}
