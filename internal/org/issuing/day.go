package issuing

import (
	"context"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/issuing/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// onIssuingDay holds a day that the counter has closed (日締め) against our own records, and says of which requests they are others. Nothing of ours changes by it:
// the counter counts, we count, and people look into what is not the same.
func (o *Issuing) onIssuingDay(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.IssuingDay) ([]message.Out, error) {
	if d.Sender != o.municipality {
		return nil, errNotOurs
	}
	last, err := tx.LastOfDay(ctx, n.Day)
	if err != nil || n.Version <= last { // a later close is known: nobody waits for an answer to this one
		return nil, err
	}
	var requests []string
	for _, l := range n.Lines {
		requests = append(requests, l.Request)
	}
	known, err := tx.EndedAmong(ctx, requests)
	if err != nil {
		return nil, err
	}
	if err := tx.TakenOn(ctx, n.Day, requests); err != nil {
		return nil, err
	}
	untaken, err := tx.Untaken(ctx, n.Day.Start(), n.Day.AddDays(1).Start(), message.MaxDayLines)
	if err != nil {
		return nil, err
	}
	differ := differences(n.Lines, known, untaken)
	tx.AddDay(store.Day{Day: n.Day, Version: n.Version, At: tx.Now(), By: n.By, Lines: len(n.Lines), Differences: len(differ)})
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "issuing.day", Detail: n.Day.String()})
	return []message.Out{{To: o.municipality, Body: message.IssuingDayAnswer{Day: n.Day, Version: n.Version, Differences: differ}, Trace: d.Trace}}, nil
}

// differences are the requests of which a counter does not say what we know. untaken are those that it did not take on any day.
func differences(lines []message.IssuingDayLine, known, untaken []store.Ended) (all []message.IssuingDayDifference) {
	ours := map[string]store.Ended{}
	for _, e := range known {
		ours[e.Request] = e
	}
	for _, l := range lines {
		e, found := ours[l.Request]
		is := outcomeOf(e)
		switch {
		case !found:
			all = append(all, message.IssuingDayDifference{Request: l.Request, Code: message.DayNotAsked})
		case l.File != (message.Hash{}) && l.File != e.File:
			all = append(all, message.IssuingDayDifference{Request: l.Request, Code: message.DayFile, Server: is})
		// The counter gave up waiting, and what came after that was stopped there.
		case l.Outcome != is && !(l.Outcome == message.DayRefused && is == message.Stopped):
			all = append(all, message.IssuingDayDifference{Request: l.Request, Code: message.DayOutcome, Server: is})
		}
	}
	for _, e := range untaken {
		all = append(all, message.IssuingDayDifference{Request: e.Request, Code: message.DayNotAtCounter, Server: outcomeOf(e)})
	}
	return all
}

// outcomeOf is how a request stands, in the words of a close.
func outcomeOf(e store.Ended) message.Ending {
	switch {
	case e.State == store.Refused: // a document that was drawn and not signed came to nobody
		return message.DayRefused
	case e.State != store.Issued:
		return message.DayWaiting
	case e.Ending == "":
		return message.DayHeld
	}
	return e.Ending
}

// Day is a close of a day, as the counter told it.
type Day = store.Day

// shownDays bounds a list.
const shownDays = 60

// Days are the last closes, the newest first.
func (o *Issuing) Days(ctx context.Context) (all []Day, err error) {
	err = o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		all, err = o.in(raw).Days(ctx, shownDays)
		return err
	})
	return all, err
}
