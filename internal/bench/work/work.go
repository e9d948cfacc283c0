// Package work is the work that is done over the exchange, and over whatever is measured beside it (比較する仕事): the
// rows, the messages, and the orders. It stands on little, so that a peer needs little to do it.
package work

import (
	"embed"

	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema is the tables of the work that is done over the exchange and over its peers.
var Schema = sqlstore.SchemaIn("bench", schema)

// Batch is how many messages, and bare rows, one transaction holds, and how many of a peer's are outstanding.
const Batch = 100

// Setup is what a contestant is told: where its own files may lie, and two empty databases, of who sends and of who
// receives.
type Setup struct {
	Dir    string    `json:"dir"`
	Stores [2]string `json:"stores"`
}

// Ready is what it answers.
type Ready struct {
	Says string `json:"says"` // what it is, with its version
}

// The orders. Count is the number of messages; of poison, those before the one whose delay is measured.
const (
	DoExchange       = "exchange"        // business rows, messages, effects, acknowledgements: until the last has come back
	DoPublish        = "publish"         // messages alone, durable at whoever keeps them
	DoExchangeAtomic = "exchange-atomic" // the same with a batch published as one
	DoPublishAtomic  = "publish-atomic"
	DoPoison         = "poison" // messages that the receiver's rule refuses
	DoPanic          = "panic"  // messages that make the receiver's rule panic
	DoTake           = "take"   // of the receiving process: answer when so many more have been applied
)

// Kind is a message's effect on the receiver.
type Kind string

// The kinds, as the residents' names say them.
const (
	Good    Kind = "山田　花子"
	Refused Kind = "読取　不能"
	Panics  Kind = "突然　停止"
)

// KindOf tells what a message is.
func KindOf(c message.ResidentChange) Kind { return Kind(c.After.Name.Reveal()) }

// Write writes the row of a message, on either side.
func Write(tx *sqlstore.Tx, table string, c message.ResidentChange) {
	tx.Collect(table, "n, name, address", int64(c.After.Version), c.After.Name.Reveal(), c.After.Address.Reveal())
}

// Change is the message about the n-th resident.
func Change(n uint64, kind Kind) (c message.ResidentChange, err error) {
	i := &c.After
	i.Code, i.Version, i.Sex = resident.RecordCodeOf(n), resident.Version(n), resident.Female
	i.Change = resident.ChangeInfo{Reason: resident.MoveWithin, Arose: resident.MustDate(2026, 4, 1)}
	if i.Name, err = resident.ParseName("name", string(kind)); err != nil {
		return c, err
	}
	if i.Birth, err = resident.ParsePartialDate("birth", "1980-05-01"); err != nil {
		return c, err
	}
	if i.Address, err = resident.ParseAddress("address", "長野県松本市丸の内3番7号"); err != nil {
		return c, err
	}
	i.Municipality, err = resident.ParseMunicipalityCode("municipality", "202029")
	return c, err
}

// Changes makes the next messages, before the clock runs.
func Changes(last *uint64, count int, kind Kind) ([]message.ResidentChange, error) {
	changes := make([]message.ResidentChange, count)
	for i := range changes {
		*last++
		var err error
		if changes[i], err = Change(*last, kind); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

// Take has a receiving process wait for so many messages, and gives what to call for its answer.
func Take(from *peer.Process, count int) func() (peer.Took, error) {
	type answer struct {
		t   peer.Took
		err error
	}
	answered := make(chan answer, 1)
	go func() {
		t, err := from.Do(peer.Order{Do: DoTake, Count: count})
		answered <- answer{t, err}
	}()
	return func() (peer.Took, error) { a := <-answered; return a.t, a.err }
}
