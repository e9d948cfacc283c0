// Package sqlstore reads rows.
package sqlstore

// Tx is a transaction.
type Tx struct{}

// Query asks for rows.
func (Tx) Query(string) []int { return nil }

// List asks for rows.
func List[T any](tx Tx, query string) []T { return nil }
