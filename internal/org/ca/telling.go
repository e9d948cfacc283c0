package ca

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const (
	dueClose = "report"       // a day is over: each prefecture is told how it was
	dueAsked = "report asked" // a prefecture wants to know how it is now

	// askedEvery is how long it takes between two counts that somebody asked for: whoever asks meanwhile is answered by the next.
	askedEvery = time.Minute

	// settled is how long after midnight the day is counted: what was begun before it has then been committed, and the next day's report
	// finds nothing more of it.
	settled = time.Minute
)

// prefectures are those that have delegated certification to this CA (委任): the peers of that role.
func (o *CA) prefectures() (all []message.Org) {
	for _, p := range o.Peers {
		if p.Role() == message.Prefecture {
			all = append(all, p)
		}
	}
	return all
}

// served are the codes of these; a prefecture whose name is no code is not among them.
func (o *CA) served() (codes []resident.PrefectureCode) {
	for _, p := range o.prefectures() {
		if code, err := resident.ParsePrefectureCode("prefecture", p.Code()); err == nil {
			codes = append(codes, code)
		}
	}
	return codes
}

// beginCloses puts the close of the present day on the due list, once for all: each close plans the next.
func (o *CA) beginCloses(ctx context.Context) error {
	if len(o.prefectures()) == 0 {
		return nil
	}
	return o.Store.Update(ctx, func(ctx context.Context, plainTx *sqlstore.Tx) error {
		today := resident.DateOf(plainTx.Now())
		begun, err := o.in(plainTx).BeginCloses(ctx, today)
		if err == nil && begun {
			planClose(plainTx, today)
		}
		return err
	})
}

// planClose plans the close of a day, a minute after its end at midnight in Japan.
func planClose(tx *sqlstore.Tx, day resident.Date) {
	due.Add(tx, day.AddDays(1).Start().Add(settled), dueClose, day.String(), nil)
}

// closeRule tells each prefecture of a day that is over. When the CA was off at midnight the days are made up for one after the other:
// the figures are those of the midnight in any case, because the tables say when everything happened.
func (o *CA) closeRule() due.Rule {
	return due.Rule{Kind: dueClose,
		Prepare: func(ctx context.Context, tx *sqlstore.Tx, item due.Item) (any, error) {
			day, err := resident.ParseDate("day", item.Ref)
			if err != nil {
				return nil, err
			}
			return o.report(ctx, tx, day.Start(), day.AddDays(1).Start())
		},
		Finish: func(_ context.Context, tx *sqlstore.Tx, item due.Item, result any) ([]message.Out, error) {
			day, err := resident.ParseDate("day", item.Ref)
			if err != nil {
				return nil, err
			}
			planClose(tx, day.AddDays(1))
			return o.tell(tx, result.(*report), o.prefectures(), false), nil
		}}
}

// onReportRequest notes that a prefecture wants a report now. It is counted at once, or when the last one that was asked for is a
// minute old.
func (o *CA) onReportRequest(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.CAReportRequest) ([]message.Out, error) {
	if d.Sender.Code() != n.Prefecture.String() {
		return nil, exchange.Reject("another-prefecture",
			"ほかの都道府県の報告は求められません。自分の都道府県の報告を求めてください。",
			"the request names another prefecture than its sender: ask for your own report")
	}
	last, err := tx.LastAsked(ctx)
	if err != nil {
		return nil, err
	}
	first, err := tx.AskReport(ctx, d.Sender, n.By)
	if err != nil {
		return nil, err
	}
	if first {
		at := last.Add(askedEvery)
		if at.Before(tx.Now()) {
			at = tx.Now()
		}
		due.Add(tx.Tx, at, dueAsked, "", nil)
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "ca.report.ask", Subject: n.Prefecture.String(), Case: d.ID.String(), Detail: n.By})
	return nil, nil
}

// askedRule answers all who have asked, from one count.
func (o *CA) askedRule() due.Rule {
	return due.Rule{Kind: dueAsked,
		Prepare: func(ctx context.Context, tx *sqlstore.Tx, _ due.Item) (any, error) {
			return o.report(ctx, tx, resident.DateOf(tx.Now()).Start(), tx.Now())
		},
		Finish: func(ctx context.Context, tx *sqlstore.Tx, _ due.Item, result any) ([]message.Out, error) {
			who, err := o.in(tx).TakeAsked(ctx)
			if err != nil {
				return nil, err
			}
			return o.tell(tx, result.(*report), who, true), nil
		}}
}

// tell makes the messages of a report, one for each prefecture.
func (o *CA) tell(tx *sqlstore.Tx, r *report, to []message.Org, asked bool) (outs []message.Out) {
	for _, p := range to {
		code, err := resident.ParsePrefectureCode("prefecture", p.Code())
		if err != nil {
			o.Log.Error("a prefecture that is none was not told of the figures", "prefecture", string(p))
			continue
		}
		n := r.of(code)
		n.Asked = asked
		outs = append(outs, message.Out{To: p, Body: n})
		auditlog.Write(tx, auditlog.Entry{Actor: string(o.Self), Act: "ca.report.tell", Subject: code.String(), Detail: n.Day().String()})
	}
	return outs
}
