package municipality

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
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

// AskRelease asks a second person to open one person's record to the clerk in the context (一時解除の依頼), who has checked by the evidence who
// has come.
func (o *Municipality) AskRelease(ctx context.Context, who PersonID, purpose protection.Purpose, reason string, e identity.Evidence) error {
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
	way, missing := e.Way()
	if err := ps.take(missing); err != nil {
		return err
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
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: by, Act: "release-asked", Subject: now.Record.Code.Reveal(), Case: releaseCase(r.ID),
			Detail: fmt.Sprintf("%s, identity checked by %s (%s)", purpose, way, e)})
		_, err = identity.In(tx.Tx).Record(access.ReleaseProtection, releaseCase(r.ID), r.Holder, access.From(ctx), e)
		return nil, err
	})
	return err
}

// DecideRelease grants what another clerk asked for, or refuses it. Where the municipality's rule has two of the staff check who has come,
// whoever grants it has checked too, by the evidence.
func (o *Municipality) DecideRelease(ctx context.Context, id int64, grant bool, e identity.Evidence) error {
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
		act, detail := "release-refused", "asked by "+r.AskedBy
		if grant {
			checked, err := o.checkedToRelease(ctx, tx, releaseCase(id), r.Holder, r.AskedAt, e)
			if err != nil {
				return nil, err
			}
			act, detail = "release-granted", detail+checked
			relockAt(tx, r)
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: by.ID, Act: act, Subject: now.Record.Code.Reveal(), Case: releaseCase(id), Detail: detail})
		return nil, nil
	})
	return err
}

// checkedToRelease sees to it that whoever grants a release, or ends a measure, is another person than whoever checked who has come, with another
// passkey; and records their own check where the rule wants two, of the day on which it was asked for or of today.
func (o *Municipality) checkedToRelease(ctx context.Context, tx *store.Tx, ref, holder string, asked time.Time, e identity.Evidence) (detail string, err error) {
	by, checks := access.From(ctx), identity.In(tx.Tx)
	first, err := checks.ChecksOf(ctx, ref)
	if err != nil {
		return "", err
	}
	for _, c := range first {
		if err := access.SecondPerson(c.Person(), by); err != nil {
			return "", err
		}
	}
	alone, err := releasesAlone(ctx, tx, asked)
	if err != nil || alone {
		return "", err
	}
	c, err := checks.Record(access.ReleaseProtection, ref, holder, by, e)
	return fmt.Sprintf(", identity checked by %s (%s)", c.Way, c.Documents), err
}

// releasesAlone tells whether one person's check is enough for a release that was asked for at a time. A rule that was lowered since lowers
// nothing for it.
func releasesAlone(ctx context.Context, tx *store.Tx, asked time.Time) (bool, error) {
	for _, at := range []time.Time{asked, tx.Now()} {
		need, err := identity.In(tx.Tx).Needed(ctx, access.ReleaseProtection, resident.DateOf(at))
		if err != nil || need > 1 {
			return false, err
		}
	}
	return true, nil
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
