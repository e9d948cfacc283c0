// Package store is the municipality's database (住民記録の保管): the register with every version of every record, the pool
// of record codes, the applications for certificates. It knows SQL and no rule; what may be written is decided by the
// caller, inside the transaction that it gives.
package store

import (
	"embed"
	"log/slog"
	"strconv"
	"time"

	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the municipality's tables.
var Schema = sqlstore.SchemaIn("municipality", files)

// Books says where a write into the register shows: in the books that the prefecture compares with us.
type Books struct {
	*reconcile.Books
	Prefecture message.Org
	// Touched is told of everybody of whom something was written that documents are made of, and by which act; nil: there is no issuing
	// server.
	Touched func(tx *sqlstore.Tx, who Person, trace string)
}

// Tx is a transaction as the municipality uses it.
type Tx struct {
	*sqlstore.Tx
	books Books
}

// In gives a transaction its questions and writes.
func In(tx *sqlstore.Tx, books Books) *Tx { return &Tx{tx, books} }

// touch tells whoever feeds the issuing server that something of a person was written.
func (tx *Tx) touch(who Person, trace string) {
	if tx.books.Touched != nil {
		tx.books.Touched(tx.Tx, who, trace)
	}
}

// Person is the number under which the register keeps somebody (宛名番号). It never leaves the municipality, and stays the
// same when the record code changes. The zero value is nobody.
type Person int64

// String is the decimal number, as it stands in addresses of pages.
func (p Person) String() string { return strconv.FormatInt(int64(p), 10) }

// Version is one state of a resident's record, with what was entered about the change that led to it.
type Version struct {
	Person Person
	Number resident.Version
	Record resident.Record
	Change resident.ChangeInfo
	Basis  string           // the legal ground, by its key
	Place  resident.Address // 従前の住所 of a move in, 転出先 of a move out; may be absent
	Kills  resident.Effect

	Event    string           // what happened, by the municipality's finer list (婚姻, 帰化, …); empty: not said
	Corrects resident.Version // the version that this one corrects or cancels; 0: none

	EnteredAt time.Time
	EnteredBy string // a person of access
	Trace     string
	Before    resident.StateHash // of the identification before; zero where a chain begins

	// Placed is the place (Place.Seq) from which the record has its household and relation; 0: they are as the version was
	// entered with. Only of a present state.
	Placed int64

	Masked bool // shown to somebody who may not see it: all but the name was taken out (支援措置); never stored
}

// Identification is the part of the state that leaves the municipality.
func (v Version) Identification() resident.IdentificationInfo {
	return v.Record.Identification(v.Number, v.Change)
}

// Hash is the hash of the identification.
func (v Version) Hash() resident.StateHash { return v.Identification().StateHash() }

// Present tells whether the person is a resident here in this state.
func (v Version) Present() bool { return v.Change.Reason.Act() != resident.Deletion }

// LogValue shows nothing of the person.
func (v Version) LogValue() slog.Value {
	return slog.GroupValue(slog.Uint64("version", uint64(v.Number)), slog.String("reason", v.Change.Reason.Code()))
}

// The bits of record_version.kills.
const (
	killsSignature = 1 << iota
	killsAuthentication
	killsCard
)

func effectBits(e resident.Effect) (bits int64) {
	if e.Signature {
		bits |= killsSignature
	}
	if e.Authentication {
		bits |= killsAuthentication
	}
	if e.Card {
		bits |= killsCard
	}
	return bits
}

func effectOf(bits int64) resident.Effect {
	return resident.Effect{Signature: bits&killsSignature != 0, Authentication: bits&killsAuthentication != 0, Card: bits&killsCard != 0}
}
