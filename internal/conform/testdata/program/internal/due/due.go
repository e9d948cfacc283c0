// Package due has rules for due work.
package due

// Rule is a kind of due work.
type Rule struct {
	Kind   string
	Finish func() error
}
