package booktable

import (
	"fmt"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Carried is what a snapshot carries; nil: its source holds nothing under the key.
func Carried[P message.Payload](n message.Snapshot, p message.Payload) (*P, error) {
	if p == nil {
		return nil, nil
	}
	told, ok := p.(P)
	if !ok {
		return nil, fmt.Errorf("a snapshot of the %s carries a %T", n.Book, p)
	}
	return &told, nil
}

// Ground is on what ground a snapshot was taken: the case that it closes, or the message.
func Ground(d exchange.Delivery, n message.Snapshot) string {
	if n.Case != "" {
		return n.Case
	}
	return d.ID.String()
}

// Keep keeps what stood under a key of a book before it is taken out or replaced, of a case or of none, in the table struck,
// which the organisation's schema makes.
func Keep(tx *sqlstore.Tx, book message.Book, key, of string, was message.Payload) error {
	body, err := message.Encode(was)
	if err != nil {
		return fmt.Errorf("couldn't keep what stood in a book: %w", err)
	}
	tx.Collect("struck", "id, at, book, key, case_ref, kind, body", tx.Serial(), tx.Now(), string(book), key, of, string(was.Kind()), body)
	return nil
}
