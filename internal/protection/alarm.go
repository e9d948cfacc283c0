package protection

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/statement"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Page is where the owner lists its measures, below its base.
const Page = "/protections"

// CountPage is where the counts are shown.
const CountPage = Page + "/counts"

// Differs is the alarm that two organisations do not hold the same (枚方市: a system that never got the flag): by the comparison of
// the books, which goes on all the time, and by the counts that both signed at the last close of a day. It names nobody.
func Differs(store *sqlstore.Store, books *reconcile.Books, closes *statement.Statements) alarm.Source {
	return alarm.InView("protections", store, differs{books, closes}.look)
}

type differs struct {
	books  *reconcile.Books
	closes *statement.Statements
}

func (d differs) look(ctx context.Context, tx *sqlstore.Tx, now time.Time) ([]alarm.Signal, error) {
	standings, err := d.books.StandingsIn(ctx, tx)
	if err != nil {
		return nil, err
	}
	var signals []alarm.Signal
	for _, b := range standings {
		if b.Book != message.Protections && b.Book != message.ProtectionsElsewhere || b.Differences == 0 {
			continue
		}
		signals = append(signals, alarm.Signal{Code: alarm.ProtectionCountDiffers, Peer: b.Peer, About: string(b.Book), Value: b.Differences, Href: "/reconcile",
			Detail: plain.Sentence{JA: fmt.Sprintf("突合で、違うものが%d件あります。", b.Differences), EN: fmt.Sprintf("The comparison names %d that differ.", b.Differences)}})
	}
	asking, err := d.closes.Missing(ctx, tx, now)
	if err != nil {
		return nil, err
	}
	for _, of := range asking {
		if of.Code != statement.StatementUnexplained {
			continue
		}
		more, err := unequal(ctx, tx, d.closes, of.Peer, now)
		if err != nil {
			return nil, err
		}
		signals = append(signals, more...)
	}
	return signals, nil
}

// unequal looks at the counts of the last day that both sides have closed, in each direction.
func unequal(ctx context.Context, tx *sqlstore.Tx, closes *statement.Statements, peer message.Org, now time.Time) (signals []alarm.Signal, err error) {
	last, err := closes.List(ctx, tx, peer, message.Day, now, 2)
	if err != nil {
		return nil, err
	}
	seen := map[bool]bool{}
	for _, s := range last {
		if seen[s.Out] || s.State != message.Unexplained {
			continue
		}
		seen[s.Out] = true
		whole, err := closes.Find(ctx, tx, s.Key)
		if err != nil {
			return nil, err
		}
		for _, l := range whole.Lines {
			if l.About == "count" && strings.HasPrefix(l.Subject, countNames) && l.State == message.Unexplained {
				signals = append(signals, alarm.Signal{Code: alarm.ProtectionCountDiffers, Peer: peer, About: fmt.Sprintf("%s %t", l.Subject, s.Out), Value: 1, Since: s.Until, Href: "/statements",
					Detail: plain.Sentence{JA: fmt.Sprintf("%sの締めで、送信側%d件、受信側%d件です。", s.Date(), l.Sender.Total, l.Receiver.Total),
						EN: fmt.Sprintf("At the close of %s the sender counts %d and the receiver %d.", s.Date(), l.Sender.Total, l.Receiver.Total)}})
			}
		}
	}
	return signals, nil
}

// EndingWithin is how long before the end of a term the owner is told.
const EndingWithin = 30

// TermEnding is the owner's alarm about measures whose term ends within thirty days, or is over, and that nobody has renewed or ended. They hold
// all the same.
func TermEnding(store *sqlstore.Store) alarm.Source {
	return alarm.InView("protection terms", store, func(ctx context.Context, tx *sqlstore.Tx, now time.Time) ([]alarm.Signal, error) {
		var n int64
		var first string
		err := tx.QueryRow(ctx, `SELECT COUNT(DISTINCT measure), COALESCE(MIN(until_day), '') FROM protection_flag WHERE told_by = '' AND ended_at = 0 AND until_day <> '' AND until_day <= $1
			AND version = (SELECT MAX(version) FROM protection_flag AS o WHERE o.code = protection_flag.code AND o.owner = protection_flag.owner)`,
			resident.DateOf(now).AddDays(EndingWithin).String()).Scan(&n, &first)
		if err != nil || n == 0 {
			return nil, err
		}
		return []alarm.Signal{{Code: alarm.ProtectionTermEnding, Value: n, Href: Page,
			Detail: plain.Sentence{JA: "最も早い期限は" + first + "です。", EN: "The first ends on " + first + "."}}}, nil
	})
}
