// Package halting keeps the orders by which issuing documents is stopped beyond one municipality (発行の停止): of one version of the program, or everywhere.
//
// In 2023 the correction of a fault that had printed other people's papers was carried to 123 places by hand; some forty of them went on with the faulty version, and
// nobody knew which. Here the faulty version is stopped by its name. The national center orders it, by two of its operators; the order goes as a signed message to each
// municipality and from there to its issuing server, and binds whoever runs that version from the moment at which it is heard, or a program of that version that is started
// afterwards, until two operators lift it. The counter keeps the order too and lets nothing of that version leave, whatever its server does.
//
// Tables are rows in the database of whoever opens Schema; every function reads or writes within the caller's transaction.
package halting

import (
	"context"
	"embed"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the tables of orders and of what programs servers run.
var Schema = sqlstore.SchemaIn("halting", files)

// Order is one order, proposed, in force or lifted.
type Order struct {
	message.IssuingHalt
	ToldBy   message.Org
	HeardAt  time.Time // when it was approved, or told; zero: it is proposed only
	Proposed Proposal  // that it be given; only where it is given
	Lift     Proposal  // that it be lifted; the same
}

// Proposal is what one person proposes and another approves.
type Proposal struct {
	At             time.Time // zero: nobody has proposed it
	By, Credential string
}

// Lasts tells whether the order was given and is not lifted.
func (o Order) Lasts() bool { return !o.HeardAt.IsZero() && o.LiftedAt.IsZero() }

// Binds tells whether the order keeps a program from issuing at a moment. One that does not say its version is bound by every order: it is not known to be another.
func (o Order) Binds(program string, now time.Time) bool {
	return o.Lasts() && !o.From.After(now) && (o.Version == "" || program == "" || message.IsProgram(program, o.Version))
}

// Seen names what stands to be approved of an order, so that nobody approves anything else than was read.
func (o Order) Seen() string {
	return fmt.Sprintf("%d-%d", o.Proposed.At.UnixMicro(), sqlstore.MicrosOrNone(o.Lift.At))
}

// Says tells people who may not issue what is stopped, why, since when and by whom. What they do about it depends on where they are.
func (o Order) Says() plain.Sentence {
	since := o.From.In(japan).Format("2006-01-02 15:04")
	ja, en := "すべての証明書", "every document"
	if o.Version != "" {
		ja, en = "版"+o.Version+"のプログラムによる証明書", "documents by version "+o.Version+" of the program"
	}
	whoJA, whoEN := "証明発行サーバ", "the issuing server"
	if o.ToldBy.Role() == message.NationalCenter {
		whoJA, whoEN = "全国センター", "the national center"
	}
	return plain.Sentence{
		JA: fmt.Sprintf("%sの発行が、%sから止められています。理由：%s 止めた人：%s（%s）。", ja, since, o.Reason, whoJA, o.By),
		EN: fmt.Sprintf("Issuing %s is stopped since %s (Japan). Why: %s By: %s (%s).", en, since, o.Reason, whoEN, o.By)}
}

var japan = time.FixedZone("JST", 9*60*60)

const columns = `halt, told_by, version, from_at, reason, by_whom, heard_at, proposed_at, proposed_by, credential, cause, lift_at, lift_by, lift_credential, lifted_at, lifted_by`

func scan(r *sqlstore.Rows, o *Order) error {
	var from, heard, proposed, lift, lifted int64
	err := r.Scan(&o.Halt, &o.ToldBy, &o.Version, &from, &o.Reason, &o.By, &heard, &proposed, &o.Proposed.By, &o.Proposed.Credential, &o.Cause, &lift, &o.Lift.By, &o.Lift.Credential, &lifted, &o.LiftedBy)
	o.From, o.HeardAt, o.Proposed.At = sqlstore.FromMicrosOrNone(from), sqlstore.FromMicrosOrNone(heard), sqlstore.FromMicrosOrNone(proposed)
	o.Lift.At, o.LiftedAt = sqlstore.FromMicrosOrNone(lift), sqlstore.FromMicrosOrNone(lifted)
	return err
}

// Put writes down how an order stands.
func Put(ctx context.Context, tx *sqlstore.Tx, o Order) error {
	_, err := tx.Exec(ctx, `INSERT INTO issuing_halt(`+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
		ON CONFLICT (halt) DO UPDATE SET from_at = excluded.from_at, by_whom = excluded.by_whom, heard_at = excluded.heard_at, cause = excluded.cause, lift_at = excluded.lift_at,
			lift_by = excluded.lift_by, lift_credential = excluded.lift_credential, lifted_at = excluded.lifted_at, lifted_by = excluded.lifted_by`,
		o.Halt, string(o.ToldBy), o.Version, sqlstore.MicrosOrNone(o.From), o.Reason, o.By, sqlstore.MicrosOrNone(o.HeardAt), sqlstore.MicrosOrNone(o.Proposed.At), o.Proposed.By, o.Proposed.Credential,
		o.Cause, sqlstore.MicrosOrNone(o.Lift.At), o.Lift.By, o.Lift.Credential, sqlstore.MicrosOrNone(o.LiftedAt), o.LiftedBy)
	return err
}

// Find is the order of a name.
func Find(ctx context.Context, tx *sqlstore.Tx, halt string) (o Order, found bool, err error) {
	all, err := sqlstore.List(ctx, tx, scan, `SELECT `+columns+` FROM issuing_halt WHERE halt = $1`, halt)
	if err != nil || len(all) == 0 {
		return o, false, err
	}
	return all[0], true, nil
}

// List is the last orders, the newest first.
func List(ctx context.Context, tx *sqlstore.Tx, limit int) ([]Order, error) {
	return sqlstore.List(ctx, tx, scan, `SELECT `+columns+` FROM issuing_halt ORDER BY proposed_at DESC, halt DESC LIMIT $1`, int64(limit))
}

// Binding is an order that keeps a program from issuing now; false: none does.
func Binding(ctx context.Context, tx *sqlstore.Tx, program string) (o Order, bound bool, err error) {
	all, err := sqlstore.List(ctx, tx, scan, `SELECT `+columns+` FROM issuing_halt WHERE lifted_at = 0 ORDER BY halt`)
	for _, one := range all {
		if one.Binds(program, tx.Now()) {
			return one, true, err
		}
	}
	return o, false, err
}

// Heard writes down what an organisation was told of an order. What is lifted stays lifted, in whatever order that was told, and nobody lifts what another one has ordered.
func Heard(ctx context.Context, tx *sqlstore.Tx, from message.Org, n message.IssuingHalt) error {
	o, found, err := Find(ctx, tx, n.Halt)
	if err != nil {
		return err
	}
	switch {
	case found && o.ToldBy != from:
		return exchange.Reject("halt-of-another", "この停止は、別の団体から知らされたものです。送信側の設定を確かめてください。",
			"another organisation has told of this halt: check the sender's configuration")
	case !found:
		o = Order{IssuingHalt: n, ToldBy: from, HeardAt: tx.Now(), Proposed: Proposal{At: tx.Now()}}
	case !o.LiftedAt.IsZero() || n.LiftedAt.IsZero():
		return nil
	}
	o.LiftedAt, o.LiftedBy, o.Cause = n.LiftedAt, n.LiftedBy, n.Cause
	return Put(ctx, tx, o)
}

// Program is which version a server runs, as it said last.
type Program struct {
	Server  message.Org
	Program string
	At      time.Time
}

// Runs writes down which version a server runs; an older word than the one that is known changes nothing.
func Runs(ctx context.Context, tx *sqlstore.Tx, p Program) error {
	_, err := tx.Exec(ctx, `INSERT INTO issuing_program(server, program, at) VALUES ($1, $2, $3)
		ON CONFLICT (server) DO UPDATE SET program = excluded.program, at = excluded.at WHERE excluded.at >= issuing_program.at`, string(p.Server), p.Program, p.At)
	return err
}

// Programs are those of all servers that have said which they run, by the name of the server.
func Programs(ctx context.Context, tx *sqlstore.Tx) ([]Program, error) {
	return sqlstore.List(ctx, tx, scanProgram, `SELECT server, program, at FROM issuing_program ORDER BY server`)
}

// ProgramOf is what one server runs; empty: it has not said so.
func ProgramOf(ctx context.Context, tx *sqlstore.Tx, server message.Org) (program string, err error) {
	all, err := sqlstore.List(ctx, tx, scanProgram, `SELECT server, program, at FROM issuing_program WHERE server = $1`, string(server))
	for _, p := range all {
		program = p.Program
	}
	return program, err
}

func scanProgram(r *sqlstore.Rows, p *Program) error {
	return r.Scan(&p.Server, &p.Program, sqlstore.Time(&p.At))
}
