// Package work bears each mark once.
package work

import (
	"bufio"
	"encoding/csv"
	"errors"
	"os"
	"sync"

	"example.org/program/internal/clock"
	"example.org/program/internal/due"
	"example.org/program/internal/sqlstore"
)

// Pump sends.
type Pump struct {
	tx sqlstore.Tx
	in chan int
}

// Tasks are two: a method, and one that is written here.
func Tasks(p *Pump) []clock.Task {
	return []clock.Task{{Name: "pump", Step: p.step}, {Name: "other", Step: func() error { return quiet() }}}
}

func (p *Pump) step() error { return p.rows() }

// rows is reached by the task alone.
func (p *Pump) rows() error {
	if len(p.tx.Query("SELECT 1")) > 0 {
		return errors.New("a row")
	}
	return nil
}

// Rule is a kind of due work.
func Rule(tx sqlstore.Tx) due.Rule {
	return due.Rule{Kind: "post", Finish: func() error { return ruleRows(tx) }}
}

func ruleRows(tx sqlstore.Tx) error {
	_ = sqlstore.List[int](tx, "SELECT 2")
	return nil
}

func (p *Pump) beside() { go drain(p.in) }

func group(g *sync.WaitGroup) { g.Go(func() {}) }

func drain(in chan int) {
	for range in {
	}
}

func receive(in chan int) {
	for {
		if <-in == 0 {
			return
		}
	}
}

func lines(f *os.File) (n int) {
	for s := bufio.NewScanner(f); s.Scan(); {
		n++
	}
	return n
}

func files() ([]os.DirEntry, error) { return os.ReadDir(".") }

func records(r *csv.Reader) {
	for {
		if _, err := r.ReadRecord(); err != nil {
			return
		}
	}
}

// Opener is one of several.
type Opener interface{ Opened() error }

// Second is reached through the interface alone.
type Second struct{}

// Opened gives up at the first.
func (Second) Opened() error {
	for range 3 {
		return errors.New("one of three")
	}
	return nil
}

// Start is what the program starts with.
func Start() error {
	inherited(sqlstore.Tx{})
	for _, o := range []Opener{} {
		o.Opened() // passed over when it fails
	}
	handle(func() error { return later(3) })
	return errors.Join(openEach(3), quiet())
}

func openEach(n int) error {
	for i := range n {
		if err := quiet(); err != nil || i > 5 {
			return err
		}
	}
	return nil
}

func inherited(tx sqlstore.Tx) { tx.Query("SELECT 3") }

// quiet takes nothing.
func quiet() error {
	n := 0
	for i := range 3 {
		n += i
	}
	return nil
}

// handle keeps a handler for later.
func handle(func() error) { HandleFunc("/", nil) }

// HandleFunc keeps a handler.
func HandleFunc(string, func()) {}

// unused reads rows for a screen, which neither a task nor the start runs.
func unused(tx sqlstore.Tx) { tx.Query("SELECT 4") }

// later runs when somebody asks.
func later(n int) error { return openEach(n) }
