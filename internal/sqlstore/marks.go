package sqlstore

// Marks writes n placeholders for an IN list, numbered from first, in the form that the engine binds fastest. Those
// before first must be $1 to $(first-1), and come before the list in the text.
func (tx *Tx) Marks(first, n int) string { return tx.conn.marks(first, n) }

// MaxMarks is how many placeholders one statement should have at most.
func (tx *Tx) MaxMarks() int { return tx.conn.maxParameters() }

// InParts gives what an IN list compares with in parts that one statement takes, each with its placeholders, numbered from
// first. A part is small enough for a statement that has it twice.
func InParts[T any](tx *Tx, first int, all []T, fn func(marks string, part []any) error) error {
	for most := max(1, tx.MaxMarks()/2); len(all) > 0; {
		n := min(len(all), most)
		part := make([]any, n)
		for i, one := range all[:n] {
			part[i] = one
		}
		if err := fn(tx.Marks(first, n), part); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}
