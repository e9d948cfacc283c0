package municipality

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// The day of the counter (日締め): requested = refused + issued, and issued = handed over + stopped + destroyed. Each side counts by its own rows; the counter sends
// what became of each application, and the server names those of which it says otherwise. A clerk closes the day; at night each day is closed that was not, and each one
// anew that does not agree, until it does: what is put right by day needs nobody who closes it once more.

// DocumentDay is a close of a day.
type DocumentDay = store.DocumentDay

// dueDay is the kind of due item that closes a day, and dayCloses how long after its end.
const (
	dueDay    = "municipality.document-day"
	dayCloses = 5 * time.Minute
)

// dayWillClose has the day of an application closed after it has ended.
func (o *Municipality) dayWillClose(ctx context.Context, tx *store.Tx) error {
	day := resident.DateOf(tx.Now())
	if _, err := due.Remove(ctx, tx.Tx, dueDay, day.String()); err != nil { // an application before has asked for it
		return err
	}
	due.Add(tx.Tx, day.AddDays(1).Start().Add(dayCloses), dueDay, day.String(), nil)
	return nil
}

// closeDayDue closes a day that has ended, unless somebody closed it since and it agreed; and anew the next night, while it does not.
func (o *Municipality) closeDayDue(ctx context.Context, raw *sqlstore.Tx, item due.Item, _ any) ([]message.Out, error) {
	tx := o.in(raw)
	day, err := resident.ParseDate("stored", item.Ref)
	if err != nil {
		return nil, err
	}
	last, found, err := tx.Day(ctx, day, 0)
	if err != nil || found && last.Agrees && last.At.After(day.AddDays(1).Start()) {
		return nil, err
	}
	due.Add(raw, resident.DateOf(tx.Now()).AddDays(1).Start().Add(dayCloses), dueDay, item.Ref, nil)
	return o.closeDay(ctx, tx, day, "")
}

// CloseDay closes a day for the clerk in the context: today's too, which is closed anew at night.
func (o *Municipality) CloseDay(ctx context.Context, day resident.Date) error {
	who, err := clerk(ctx, access.IssueDocument)
	if err != nil {
		return err
	}
	if o.issuing == "" {
		return errNoServer
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		if day.After(resident.DateOf(tx.Now())) {
			return nil, plain.Bad("day", "まだ来ていない日は締められません。", "That day has not come yet.")
		}
		return o.closeDay(ctx, tx, day, who)
	})
	return err
}

// closeDay counts a day, writes it down as its next version, and asks the server what it has of it.
func (o *Municipality) closeDay(ctx context.Context, tx *store.Tx, day resident.Date, by string) ([]message.Out, error) {
	lines, err := tx.DayLines(ctx, day.Start(), day.AddDays(1).Start(), message.MaxDayLines+1)
	if err != nil {
		return nil, err
	}
	if len(lines) > message.MaxDayLines {
		return nil, plain.Bad("day", fmt.Sprintf("この日の申請は%d件を超えています。この画面では締められません。運用担当者に知らせてください。", message.MaxDayLines),
			fmt.Sprintf("That day has more than %d applications, which is more than can be closed here: tell the operators.", message.MaxDayLines))
	}
	last, _, err := tx.Day(ctx, day, 0)
	if err != nil {
		return nil, err
	}
	d := DocumentDay{Day: day, Version: last.Version + 1, At: tx.Now(), By: by, Requested: int64(len(lines))}
	told := message.IssuingDay{Day: day, Version: d.Version, By: by}
	for _, l := range lines {
		told.Lines = append(told.Lines, message.IssuingDayLine{Request: l.Request, Outcome: dayOutcome(l.State), File: l.File})
		d.Sheets, d.Cases = d.Sheets+l.Sheets, d.Cases+l.Cases
		switch l.State {
		case store.DocumentApplied:
			d.Waiting++
		case store.DocumentRefused:
			d.Refused++
		case store.DocumentHeld:
			d.Held++
		case store.DocumentStopped:
			d.Stopped++
		case store.DocumentVoided:
			d.Voided++
		case store.DocumentRecalled, store.DocumentRecovered:
			d.Delivered, d.Recalled = d.Delivered+1, d.Recalled+1
		default:
			d.Delivered++
		}
	}
	if err := tx.AddDay(ctx, d); err != nil {
		return nil, err
	}
	actor := by
	if by == "" {
		actor = string(o.Self)
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: actor, Act: "document-day", Detail: access.Detail(ctx, fmt.Sprintf("%s version %d", day, d.Version))})
	return []message.Out{{To: o.issuing, Body: told}}, nil
}

func dayOutcome(s store.DocumentState) message.Ending {
	if s == store.DocumentApplied {
		return message.DayWaiting
	}
	return message.Ending(s) // the two have the same words for the others
}

// onIssuingDayAnswer writes down where the server says otherwise of a day. It agrees when it does nowhere, and everything of the day had ended.
func (o *Municipality) onIssuingDayAnswer(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.IssuingDayAnswer) ([]message.Out, error) {
	if d.Sender != o.issuing {
		return nil, errNotOurServer
	}
	day, found, err := tx.Day(ctx, n.Day, n.Version)
	if err != nil {
		return nil, err
	}
	day.AnsweredAt, day.Differences = tx.Now(), n.Differences
	day.Agrees = day.Ended() && len(n.Differences) == 0
	if found {
		found, err = tx.AnswerDay(ctx, day)
	}
	if err == nil && !found {
		err = exchange.Reject("no-such-close", "この日締めはここにはないか、すでに回答があります。証明発行サーバの記録を確かめてください。", "there is no such close here, or it was answered: look at the records of the issuing server")
	}
	return nil, err
}

// Days are the last closes, the newest first.
func (o *Municipality) Days(ctx context.Context) (all []DocumentDay, err error) {
	if err := access.May(access.From(ctx), access.TraceDocument, message.Municipality); err != nil {
		return nil, err
	}
	err = o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		all, err = o.in(raw).Days(ctx, daysShown)
		return err
	})
	return all, err
}

// daysShown bounds a list.
const daysShown = 60

// DayOf is the last close of a day, with what the server says otherwise; false: it was not closed.
func (o *Municipality) DayOf(ctx context.Context, day resident.Date) (d DocumentDay, found bool, err error) {
	if err := access.May(access.From(ctx), access.TraceDocument, message.Municipality); err != nil {
		return d, false, err
	}
	err = o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		d, found, err = o.in(raw).Day(ctx, day, 0)
		return err
	})
	return d, found, err
}

// DayAlarms tells of the days that do not agree.
func (o *Municipality) DayAlarms() alarm.Source {
	return alarm.InView("document-days", o.Store, func(ctx context.Context, raw *sqlstore.Tx, now time.Time) ([]alarm.Signal, error) {
		n, err := o.in(raw).OpenDays(ctx, resident.DateOf(now), now.Add(-dayAnswer))
		if err != nil {
			return nil, err
		}
		return []alarm.Signal{{Code: alarm.DocumentDayOpen, Value: n, Href: "/documents/days",
			Detail: both(fmt.Sprintf("証明書の日締めが合わない日が%d日あります。", n), fmt.Sprintf("The documents of %d days do not add up.", n))}}, nil
	})
}

// dayAnswer is how long the server may take to answer.
const dayAnswer = 10 * time.Minute
