// Package stillvalid asks, a minute after a resident changed, whether the signature certificate that the change ended is
// still valid (異動後も有効な電子証明書の見張り).
//
// A change of name, address, birth date or sex, and a death, end the signature certificate (公的個人認証法12条). How the
// message of it travels, from the municipality over prefecture and center to the CA and into the status that relying
// parties ask for, is watched at every step. This package watches none of them: it asks what everybody can ask, the
// public status service, and so finds the certificate that is still good whatever the cause, one that nobody thought of
// too.
//
// The rule that makes the change calls Watch in its transaction. The question is due work: asked outside of any
// transaction, under a deadline, tried again with growing pauses and set aside in the end. An answer "valid" is an alarm,
// and is asked again until it is another. No answer is an alarm of its own, which rests on the row alone: it stands also
// when the question was set aside, or the due work is not done at all.
package stillvalid

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the table of certificates that are watched.
var Schema = sqlstore.SchemaIn("still_valid", files)

const (
	kind = "still-valid"

	// Grace is how long after the change the certificate may still be good.
	Grace = time.Minute

	// While the answer is "valid" it is asked for again after firstPause, then twice that, up to lastPause.
	firstPause = 15 * time.Second
	lastPause  = 10 * time.Minute
)

// Certificate is one that a change has ended.
type Certificate struct {
	Issuer string      // as Status understands it: which CA
	Serial cert.Serial // it names no person, and is neither logged nor shown
	Trace  string      // of the change; what the alarm names
}

// Status asks the public status service about a certificate. No transaction is open. It must return when ctx ends.
type Status func(ctx context.Context, issuer string, serial cert.Serial) (cert.Status, error)

// asked is the payload of the due work.
type asked struct {
	Issuer string `json:"issuer"`
	Serial string `json:"serial"`
}

// Watch has the certificate's status asked for when Grace is over. It belongs into the transaction of the change; when
// another change ends the same certificate meanwhile, the first one counts.
func Watch(ctx context.Context, tx *sqlstore.Tx, c Certificate) error {
	if c.Issuer == "" || c.Serial.IsZero() {
		return fmt.Errorf("a certificate without an issuer or a serial cannot be watched")
	}
	at := tx.Now().Add(Grace)
	n, err := tx.Exec(ctx, `INSERT INTO still_valid(issuer, serial, trace, changed_at, ask_at, state, asks) VALUES ($1, $2, $3, $4, $5, 'waiting', 0)
		ON CONFLICT DO NOTHING`, c.Issuer, c.Serial.String(), c.Trace, tx.Now(), at)
	if err != nil || n == 0 {
		return err
	}
	return ask(tx, at, c.Issuer, c.Serial.String(), c.Trace)
}

func ask(tx *sqlstore.Tx, at time.Time, issuer, serial, trace string) error {
	payload, err := json.Marshal(asked{issuer, serial})
	if err != nil {
		return err
	}
	due.Add(tx, at, kind, trace, payload)
	return nil
}

// Rule is the question, for the organisation's list of due work.
func Rule(status Status) due.Rule {
	return due.Rule{
		Kind: kind,
		Prepare: func(_ context.Context, _ *sqlstore.Tx, i due.Item) (any, error) {
			var a asked
			if err := json.Unmarshal(i.Payload, &a); err == nil {
				if serial, err := cert.ParseSerial(a.Serial); err == nil && a.Issuer != "" {
					return question{a.Issuer, serial}, nil
				}
			}
			return nil, plain.Bad("", "どの電子証明書を尋ねるのか読めません。追跡番号で異動を調べ、失効を認証局に確かめてください。",
				"It cannot be read which certificate is asked about. Follow the change by its trace, and have the CA confirm the revocation.")
		},
		Outside: func(ctx context.Context, q any) (any, error) {
			s, err := status(ctx, q.(question).issuer, q.(question).serial)
			if err == nil && (s < cert.Valid || s > cert.Unknown) {
				err = fmt.Errorf("the status service says %q", s)
			}
			return answer{q.(question), s}, err
		},
		Finish: func(ctx context.Context, tx *sqlstore.Tx, i due.Item, a any) ([]message.Out, error) {
			return nil, a.(answer).take(ctx, tx, i.Ref)
		},
	}
}

type question struct {
	issuer string
	serial cert.Serial
}

type answer struct {
	question
	status cert.Status
}

// take writes the answer down. Valid is asked for again. Every other state is one in which nobody accepts a signature.
func (a answer) take(ctx context.Context, tx *sqlstore.Tx, trace string) error {
	tx.Ring(alarm.Bell)
	if a.status != cert.Valid {
		_, err := tx.Exec(ctx, `DELETE FROM still_valid WHERE issuer = $1 AND serial = $2`, a.issuer, a.serial.String())
		return err
	}
	n, err := tx.Exec(ctx, `UPDATE still_valid SET state = 'valid', asks = asks + 1 WHERE issuer = $1 AND serial = $2`, a.issuer, a.serial.String())
	if err != nil || n == 0 {
		return err // a hand has taken the row out: nobody waits for the answer
	}
	var asks int64
	if err := tx.QueryRow(ctx, `SELECT asks FROM still_valid WHERE issuer = $1 AND serial = $2`, a.issuer, a.serial.String()).Scan(&asks); err != nil {
		return err
	}
	return ask(tx, tx.Now().Add(pause(asks)), a.issuer, a.serial.String(), trace)
}

func pause(asks int64) time.Duration {
	d := firstPause
	for ; asks > 1 && d < lastPause; asks-- {
		d *= 2
	}
	return min(d, lastPause)
}
