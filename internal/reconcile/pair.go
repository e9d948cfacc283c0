package reconcile

import (
	"context"
	"fmt"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// isAdopted tells whether the entries of all that the state tables hold have been made. It never becomes untrue.
func (p *pair) isAdopted(ctx context.Context, tx *sqlstore.Tx) (bool, error) {
	p.mu.Lock()
	known := p.adopted
	p.mu.Unlock()
	if known {
		return true, nil
	}
	var adopted int64
	if err := tx.QueryRow(ctx, `SELECT adopted FROM r_pair WHERE id = $1`, p.id).Scan(&adopted); err != nil {
		return false, fmt.Errorf("couldn't read the state of the book: %w", err)
	}
	if adopted == 1 {
		p.mu.Lock()
		p.adopted = true
		p.mu.Unlock()
	}
	return adopted == 1, nil
}

// says tells what our state tables hold under a key, in a transaction of its own. That it cannot be told, or that telling
// hangs, must not stop anything.
func (b *Books) says(ctx context.Context, p *pair, key string) (says plain.Sentence) {
	defer func() {
		if recover() != nil {
			says = cannotRead
		}
	}()
	err := b.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		tx.Limit(b.cfg.Deadline)
		says, err = p.table.Show(ctx, tx, p.peer, key)
		return err
	})
	if err != nil {
		return cannotRead
	}
	return plain.Sentence{JA: cut(says.JA, 500), EN: cut(says.EN, 500)}
}

var cannotRead = plain.Sentence{JA: "登録を読めません。", EN: "What is held cannot be read."}

// cut makes words fit for the store and the wire.
func cut(s string, most int) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return s
}
