package municipality

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// dueRelock is the kind of due item that ends a release.
const dueRelock = "municipality.protection-relock"

func releaseCase(id int64) string { return fmt.Sprintf("release-%d", id) }

// personNamed is the person whom a holder of the flags is.
func personNamed(holder string) PersonID {
	n, _ := strconv.ParseInt(holder, 10, 64) // 0 is nobody
	return store.Person(n)
}

func relockAt(tx *store.Tx, r protection.Release) {
	due.Add(tx.Tx, r.ExpiresAt, dueRelock, strconv.FormatInt(r.ID, 10), binary.BigEndian.AppendUint64(nil, uint64(r.ID)))
}

// mostReason bounds what a clerk writes as a reason.
const mostReason = 300

// AskRelease asks a second person to open one person's record to the clerk in the context (一時解除の依頼).
func (o *Municipality) AskRelease(ctx context.Context, who PersonID, purpose protection.Purpose, reason string) error {
	by, err := clerk(ctx, access.AskRelease)
	if err != nil {
		return err
	}
	reason = strings.TrimSpace(reason)
	var ps problems
	ps.need(reason != "" && len([]rune(reason)) <= mostReason, "reason", "理由（300字まで）", "the reason, in at most 300 characters")
	if purpose != protection.Look && purpose != protection.Document {
		ps.bad("purpose", "何のための一時解除かを選んでください。", "Choose what the release is for.")
	}
	if err := ps.Err(); err != nil {
		return err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		now, found, err := tx.Current(ctx, who)
		if err == nil && !found {
			err = errNobody
		}
		if err != nil {
			return nil, err
		}
		r, err := o.flags(tx.Tx).Ask(ctx, protection.Release{Holder: who.String(), Purpose: purpose, Reason: reason, AskedBy: by})
		if err != nil {
			return nil, err
		}
		relockAt(tx, r)
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: by, Act: "release-asked", Subject: now.Record.Code.Reveal(), Case: releaseCase(r.ID), Detail: string(purpose)})
		return nil, nil
	})
	return err
}

// DecideRelease grants what another clerk asked for, or refuses it.
func (o *Municipality) DecideRelease(ctx context.Context, id int64, grant bool) error {
	if _, err := clerk(ctx, access.ReleaseProtection); err != nil {
		return err
	}
	by := access.From(ctx)
	_, err := o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		r, err := o.flags(tx.Tx).DecideRelease(ctx, id, by, grant)
		if err != nil {
			return nil, err
		}
		now, _, err := tx.Current(ctx, personNamed(r.Holder))
		if err != nil {
			return nil, err
		}
		act := "release-refused"
		if grant {
			act = "release-granted"
			relockAt(tx, r)
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: by.ID, Act: act, Subject: now.Record.Code.Reveal(), Case: releaseCase(id), Detail: "asked by " + r.AskedBy})
		return nil, nil
	})
	return err
}

// relock ends a release whose time is over. One that was used or granted meanwhile has an item of its own for its new time.
func (o *Municipality) relock(ctx context.Context, tx *sqlstore.Tx, item due.Item, _ any) ([]message.Out, error) {
	if len(item.Payload) != 8 {
		return nil, fmt.Errorf("the release %s cannot be read", item.Ref)
	}
	id := int64(binary.BigEndian.Uint64(item.Payload))
	_, locked, err := o.flags(tx).Relock(ctx, id)
	if err == nil && locked {
		auditlog.Write(tx, auditlog.Entry{Actor: message.System, Act: "release-locked", Case: releaseCase(id)})
	}
	return nil, err
}

// errNothingToEnd is a list without lines.
var errNothingToEnd = plain.Bad("measure", "終了する支援措置がありません。すでに終了しています。", "There is nothing to end: it has ended.")
