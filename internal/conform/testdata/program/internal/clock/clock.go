// Package clock has tasks.
package clock

// Task is a loop.
type Task struct {
	Name string
	Step func() error
}
