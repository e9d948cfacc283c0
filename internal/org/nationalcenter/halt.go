package nationalcenter

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/halting"
	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// The center stops issuing by one version of the program, or everywhere (発行の停止), and lifts that: one operator proposes, another one approves, and each municipality
// is told. What one municipality stops for itself is its issuing server's own affair.

// onIssuingProgram hears which version an issuing server runs. A municipality tells of its own server alone.
func (o *Center) onIssuingProgram(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.IssuingProgram) ([]message.Out, error) {
	if d.Sender.Role() != message.Municipality || d.Sender.Code() != n.Server.Code() {
		return nil, exchange.Reject("server-of-another", "別の市区町村の証明発行サーバのことは、知らせられません。送信側の設定を確かめてください。",
			"nobody tells of another municipality's issuing server: check the sender's configuration")
	}
	return nil, halting.Runs(ctx, tx.Tx, halting.Program(n))
}

// behind is the alarm about issuing servers that run a stopped version.
func (o *Center) behind() alarm.Source {
	return alarm.InView("stopped versions", o.Store, func(ctx context.Context, tx *sqlstore.Tx, now time.Time) ([]alarm.Signal, error) {
		programs, err := halting.Programs(ctx, tx)
		if err != nil {
			return nil, err
		}
		s := alarm.Signal{Code: alarm.StoppedVersionRuns, Href: haltPath}
		for _, p := range programs {
			h, bound, err := halting.Binding(ctx, tx, p.Program)
			if err != nil {
				return nil, err
			}
			if !bound {
				continue
			}
			if s.Value++; s.Value == 1 {
				s.Since = h.From
				s.Detail = say(fmt.Sprintf("たとえば%s（%s）です。", p.Server, p.Program), fmt.Sprintf("For example %s (%s).", p.Server, p.Program))
			}
		}
		if s.Value == 0 {
			return nil, nil
		}
		return []alarm.Signal{s}, nil
	})
}

// StopProposal is what an operator would stop.
type StopProposal struct {
	Version string    // of the program; "": every program
	From    time.Time // zero: from the approval on
	Reason  string
}

var errNoHalt = plain.Bad("halt", "この停止はないか、画面を開いた後に変わりました。一覧から開き直し、内容を読んでから行ってください。",
	"There is no such halt, or it has changed since the page was opened: open it again from the list and read it first.")

// haltWords refuses a text that says nothing, or too much.
func haltWords(field, text, ja, en string) error {
	if strings.TrimSpace(text) == "" || utf8.RuneCountInString(text) > message.MaxHaltWords {
		return plain.Bad(field, fmt.Sprintf("%sを%d文字以内で書いてください。", ja, message.MaxHaltWords), fmt.Sprintf("Say %s, in at most %d characters.", en, message.MaxHaltWords))
	}
	return nil
}

// ProposeStop proposes to stop issuing. Nothing is stopped by it.
func (o *Center) ProposeStop(ctx context.Context, p StopProposal) (halt string, err error) {
	by := access.From(ctx)
	if err := access.May(by, access.StopIssuing, o.Self.Role()); err != nil {
		return "", err
	}
	if err := haltWords("reason", p.Reason, "止める理由", "why it is stopped"); err != nil {
		return "", err
	}
	if len(p.Version) > 100 || strings.ContainsFunc(p.Version, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", plain.Bad("version", "プログラムの版を、画面や akashi version に出るとおりに入力してください。", "Write the version as the page or akashi version shows it.")
	}
	var random [8]byte
	if _, err := io.ReadFull(o.Rand, random[:]); err != nil {
		return "", fmt.Errorf("couldn't name a halt: %w", err)
	}
	halt = "halt-" + hex.EncodeToString(random[:])
	return halt, o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		n := message.IssuingHalt{Halt: halt, Version: p.Version, From: p.From, Reason: strings.TrimSpace(p.Reason)}
		auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: "issuing.stop-propose", Case: halt, Detail: p.Version + " " + n.Reason})
		return halting.Put(ctx, tx, halting.Order{IssuingHalt: n, ToldBy: o.Self, Proposed: halting.Proposal{At: tx.Now(), By: by.ID, Credential: by.Credential}})
	})
}

// ApproveStop stops issuing as another operator has proposed, and has every municipality told. seen is what was read (halting.Order.Seen).
func (o *Center) ApproveStop(ctx context.Context, halt, seen string) error {
	return o.moveHalt(ctx, access.StopIssuing, halt, seen, func(by access.Person, h *halting.Order, tx *sqlstore.Tx) (string, error) {
		if !h.HeardAt.IsZero() {
			return "", errNoHalt
		}
		if err := access.SecondPerson(access.Person{ID: h.Proposed.By, Credential: h.Proposed.Credential}, by); err != nil {
			return "", err
		}
		h.HeardAt, h.By = tx.Now(), h.Proposed.By+", "+by.ID
		if h.From.Before(tx.Now()) {
			h.From = tx.Now()
		}
		return "issuing.stop", nil
	})
}

// ProposeLift proposes to lift a stop, and says what was found and done.
func (o *Center) ProposeLift(ctx context.Context, halt, seen, cause string) error {
	if err := haltWords("cause", cause, "原因と対処", "what was found and done"); err != nil {
		return err
	}
	return o.moveHalt(ctx, access.ResumeIssuing, halt, seen, func(by access.Person, h *halting.Order, tx *sqlstore.Tx) (string, error) {
		if !h.Lasts() {
			return "", errNoHalt
		}
		h.Cause, h.Lift = strings.TrimSpace(cause), halting.Proposal{At: tx.Now(), By: by.ID, Credential: by.Credential}
		return "issuing.resume-propose", nil
	})
}

// ApproveLift lifts a stop as another operator has proposed.
func (o *Center) ApproveLift(ctx context.Context, halt, seen string) error {
	return o.moveHalt(ctx, access.ResumeIssuing, halt, seen, func(by access.Person, h *halting.Order, tx *sqlstore.Tx) (string, error) {
		if !h.Lasts() || h.Lift.At.IsZero() {
			return "", errNoHalt
		}
		if err := access.SecondPerson(access.Person{ID: h.Lift.By, Credential: h.Lift.Credential}, by); err != nil {
			return "", err
		}
		h.LiftedAt, h.LiftedBy = tx.Now(), h.Lift.By+", "+by.ID
		return "issuing.resume", nil
	})
}

// moveHalt takes a step of an order that stands as it was read. Every municipality is told of an order that was given, and of one that was lifted.
func (o *Center) moveHalt(ctx context.Context, act access.Act, halt, seen string, step func(access.Person, *halting.Order, *sqlstore.Tx) (string, error)) error {
	by := access.From(ctx)
	if err := access.May(by, act, o.Self.Role()); err != nil {
		return err
	}
	_, err := o.Act(ctx, func(ctx context.Context, tx *sqlstore.Tx) (outs []message.Out, err error) {
		h, found, err := halting.Find(ctx, tx, halt)
		if err != nil {
			return nil, err
		}
		if !found || h.Seen() != seen {
			return nil, errNoHalt
		}
		before := h
		written, err := step(by, &h, tx)
		if err != nil {
			return nil, err
		}
		auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: written, Case: halt, Detail: h.Version + " " + h.Reason + " " + h.Cause})
		if before.HeardAt.Equal(h.HeardAt) && before.LiftedAt.Equal(h.LiftedAt) {
			return nil, halting.Put(ctx, tx, h)
		}
		for _, town := range o.towns {
			outs = append(outs, message.Out{To: town, Body: h.IssuingHalt})
		}
		return outs, halting.Put(ctx, tx, h)
	})
	return err
}

// Halts are the last orders, the newest first, and what every issuing server has said that it runs.
func (o *Center) Halts(ctx context.Context) (orders []halting.Order, programs []halting.Program, err error) {
	err = o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if orders, err = halting.List(ctx, tx, shownHalts); err != nil {
			return err
		}
		programs, err = halting.Programs(ctx, tx)
		return err
	})
	return orders, programs, err
}

const shownHalts = 50
