// Package errorreport tells whoever keeps a record of an error that was found in it, and brings back what was found out
// (記録の誤りの通知と調査, 住民基本台帳法30条の11⑤, 12条の5).
//
// The national center tells the prefecture that told it of the record, the prefecture its municipality; the municipality has a task with an
// owner, and answers: corrected in a version, or right as it is, and why. The answer goes the same way back. Both kinds are safe,
// so that a change which is stuck does not hold them.
//
// An answer "corrected" needs a version after the one that was doubted. It may come before that version does, whose change keeps its
// order: until then the page says so. A report or an answer that is lost leaves the report open, which is an alarm where it was sent from
// (docs/decisions/0047).
package errorreport

import (
	"context"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema is the table of reports.
var Schema = sqlstore.SchemaIn("errorreport", schema)

// Held is how a record stands here.
type Held struct {
	Version resident.Version
	ToldBy  message.Org // who told us of it; "" at the municipality that keeps it
}

// Desk is where an organisation's staff report errors, or find out about them. Host is set when the organisation is open.
type Desk struct {
	Host *host.Host
	// Record tells how the record under a code stands; false when none is held.
	Record func(ctx context.Context, tx *sqlstore.Tx, code resident.RecordCode) (Held, bool, error)
}

// Routes are the kinds that the desk takes, for the organisation's host.
func (d *Desk) Routes() []exchange.Route {
	same := func(tx *sqlstore.Tx) *sqlstore.Tx { return tx }
	return []exchange.Route{exchange.On(same, d.onReport), exchange.On(same, d.onAnswer)}
}

// keeps tells whether this organisation keeps the records themselves.
func (d *Desk) keeps() bool { return d.Host.Self.Role() == message.Municipality }

// Doubt is what somebody found.
type Doubt struct {
	Code       resident.RecordCode
	Attributes resident.Attributes
	Case, Text string
}

// Report has somebody tell of an error. It returns the report's name.
func (d *Desk) Report(ctx context.Context, by access.Person, doubt Doubt) (report string, err error) {
	if err := access.May(by, access.ReportError, d.Host.Self.Role()); err != nil {
		return "", err
	}
	doubt.Text = strings.TrimSpace(doubt.Text)
	switch {
	case !doubt.Code.Valid():
		return "", plain.Bad("code", "住民票コードを入力してください。", "Enter the record code.")
	case doubt.Text == "":
		return "", plain.Bad("text", "何が、何と違うのかを入力してください。", "Enter what differs from what.")
	}
	if err := words(doubt.Text); err != nil {
		return "", err
	}
	var number [8]byte
	if _, err := io.ReadFull(d.Host.Rand, number[:]); err != nil {
		return "", fmt.Errorf("couldn't name a report: %w", err)
	}
	report = string(d.Host.Self) + "/" + hex.EncodeToString(number[:])
	_, err = d.Host.Act(ctx, func(ctx context.Context, tx *sqlstore.Tx) ([]message.Out, error) {
		held, there, err := d.Record(ctx, tx, doubt.Code)
		if err != nil {
			return nil, err
		}
		if !there || held.ToldBy == "" {
			return nil, plain.Bad("code", "この住民票コードの記録は、ここにありません。", "There is no record under this code here.")
		}
		n := message.ErrorReport{Report: report, Code: doubt.Code, Version: held.Version, Attributes: doubt.Attributes, Text: doubt.Text, By: by.ID, FoundAt: tx.Now().Truncate(time.Second)}
		auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: "error.report", Subject: doubt.Code.Reveal(), Case: doubt.Case, Detail: report})
		if _, err := note(ctx, tx, entryOf(n, d.Host.Self, held.ToldBy, doubt.Case)); err != nil {
			return nil, err
		}
		return []message.Out{{To: held.ToldBy, Body: n}}, nil
	})
	return report, err
}

// onReport takes a report: at the prefecture it goes on to whoever told of the record, at the municipality it is a task.
func (d *Desk) onReport(ctx context.Context, tx *sqlstore.Tx, in exchange.Delivery, n message.ErrorReport) ([]message.Out, error) {
	var to message.Org
	if !d.keeps() {
		held, there, err := d.Record(ctx, tx, n.Code)
		if err != nil {
			return nil, err
		}
		if !there || held.ToldBy == "" {
			return nil, exchange.Reject("no-such-record", "この住民票コードの記録がありません。変更された住民票コードなら、いまのコードで送り直してください。",
				"there is no record under this code: if the code was changed, send it again with the present one")
		}
		to = held.ToldBy
	}
	fresh, err := note(ctx, tx, entryOf(n, in.Sender, to, ""))
	if err != nil {
		return nil, err
	}
	if !fresh {
		e, _, err := find(ctx, tx, n.Report)
		if err == nil && (e.From != in.Sender || e.Code != n.Code) {
			err = exchange.Reject("report-used", "この名前の通知は、別の記録についてすでに届いています。", "a report of this name has come about another record")
		}
		return nil, err
	}
	auditlog.Write(tx, auditlog.Entry{Actor: string(in.Sender), Act: "error.report", Subject: n.Code.Reveal(), Case: in.ID.String(), Detail: n.Report})
	if to == "" {
		return nil, nil
	}
	return []message.Out{{To: to, Body: n}}, nil
}

// Take has somebody of the municipality own a report.
func (d *Desk) Take(ctx context.Context, by access.Person, report string) error {
	if err := access.May(by, access.AnswerError, d.Host.Self.Role()); err != nil {
		return err
	}
	return d.Host.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		e, err := open(ctx, tx, report)
		if err != nil {
			return err
		}
		auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: "error.own", Subject: e.Code.Reveal(), Detail: report})
		_, err = tx.Exec(ctx, `UPDATE error_report SET owner = $2, owned_at = $3 WHERE report = $1`, report, by.ID, tx.Now())
		return err
	})
}

// words refuses what somebody wrote that the other side could not read.
func words(text string) error {
	if len(text) > maxWords {
		return plain.Bad("text", "長すぎます。4,000バイトまでで入力してください。", "This is too long: write at most 4,000 bytes.")
	}
	return plain.Unseen("text", text)
}

// maxWords is what message.ErrorReport and message.ErrorAnswer carry, in bytes.
const maxWords = 4000

// Finding is what an investigation came to.
type Finding struct {
	Report, Outcome, Text string
}

// Answer has the owner of a report say what was found out. "Corrected" needs a version after the one that was doubted.
func (d *Desk) Answer(ctx context.Context, by access.Person, f Finding) error {
	if err := access.May(by, access.AnswerError, d.Host.Self.Role()); err != nil {
		return err
	}
	f.Text = strings.TrimSpace(f.Text)
	switch {
	case f.Outcome != message.ErrorCorrected && f.Outcome != message.ErrorNone:
		return plain.Bad("outcome", "調べた結果を選んでください。", "Choose what was found.")
	case f.Text == "":
		return plain.Bad("text", "何を確かめ、何をしたかを入力してください。通知した機関に伝わります。", "Enter what was looked at and what was done. Whoever reported it is told.")
	}
	if err := words(f.Text); err != nil {
		return err
	}
	_, err := d.Host.Act(ctx, func(ctx context.Context, tx *sqlstore.Tx) ([]message.Out, error) {
		e, err := open(ctx, tx, f.Report)
		if err != nil {
			return nil, err
		}
		if e.Owner != by.ID {
			return nil, plain.Bad("", "この件の担当者ではありません。先に引き受けてください。", "You do not own this: take it first.")
		}
		held, there, err := d.Record(ctx, tx, e.Code)
		if err != nil {
			return nil, err
		}
		n := message.ErrorAnswer{Report: e.Report, Code: e.Code, Outcome: f.Outcome, Version: e.Version, Text: f.Text, By: by.ID, AnsweredAt: tx.Now().Truncate(time.Second)}
		if there {
			n.Version = held.Version
		}
		if f.Outcome == message.ErrorCorrected && n.Version <= e.Version {
			return nil, plain.Bad("outcome", fmt.Sprintf("記録は版%sのままで、まだ訂正されていません。先に記録を訂正してください。", e.Version),
				fmt.Sprintf("The record is still at version %s: correct it first.", e.Version))
		}
		auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: "error.answer", Subject: e.Code.Reveal(), Detail: e.Report + " " + f.Outcome})
		if err := settle(ctx, tx, n); err != nil {
			return nil, err
		}
		return []message.Out{{To: e.From, Body: n}}, nil
	})
	return err
}

// onAnswer takes an answer, and passes it on to whoever reported.
func (d *Desk) onAnswer(ctx context.Context, tx *sqlstore.Tx, in exchange.Delivery, n message.ErrorAnswer) ([]message.Out, error) {
	e, found, err := find(ctx, tx, n.Report)
	if err != nil {
		return nil, err
	}
	switch {
	case !found || e.To != in.Sender:
		return nil, exchange.Reject("no-such-report", "この通知は、あなたに送ったものではありません。", "this is no report that was sent to you")
	case e.Outcome != "" && e.same(n):
		return nil, nil
	case e.Outcome != "":
		return nil, exchange.Reject("answered-before", "この通知には、すでに別の回答があります。", "the report has been answered otherwise before")
	}
	auditlog.Write(tx, auditlog.Entry{Actor: string(in.Sender), Act: "error.answer", Subject: e.Code.Reveal(), Case: in.ID.String(), Detail: n.Report + " " + n.Outcome})
	if err := settle(ctx, tx, n); err != nil {
		return nil, err
	}
	if e.From == d.Host.Self {
		return nil, nil
	}
	return []message.Out{{To: e.From, Body: n}}, nil
}
