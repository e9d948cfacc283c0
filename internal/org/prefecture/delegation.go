package prefecture

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/prefecture/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const (
	// askAgain is how long after one report was asked for the next can be.
	askAgain = 5 * time.Minute
	// lookBack is how far back a missing report is an alarm: what is older is seen in the list, and nobody can make up for it.
	lookBack = 40
)

// delegate is the CA to which the prefecture has delegated certification (委任); empty: none. There is one at most, by whatever name.
func (o *Prefecture) delegate() message.Org {
	for _, p := range o.Peers {
		if p.Role() == message.CA {
			return p
		}
	}
	return ""
}

// beginDelegation notes from which day on the CA has to report.
func (o *Prefecture) beginDelegation(ctx context.Context) error {
	ca := o.delegate()
	if ca == "" {
		return nil
	}
	return o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		return o.in(tx).BeginDelegation(ctx, ca, resident.DateOf(tx.Now()))
	})
}

// onCAReport keeps what the CA says of itself, and compares it with what it has said before.
func (o *Prefecture) onCAReport(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.CAReport) ([]message.Out, error) {
	if n.Prefecture.String() != o.Self.Code() {
		return nil, exchange.Reject("another-prefecture",
			"ほかの都道府県への報告です。宛先を確かめて、送り直してください。",
			"the report is for another prefecture: check whom it is for and send it again")
	}
	if n.At.After(tx.Now().Add(time.Minute)) {
		return nil, exchange.Reject("of-the-future",
			"これから来る時刻の報告です。認証局の時計を確かめて、送り直してください。",
			"the report is of a moment that is still to come: check the CA's clock and send it again")
	}
	body, err := message.Encode(n)
	if err != nil {
		return nil, err
	}
	r := store.Report{CA: d.Sender, Until: n.Until, At: n.At, Asked: n.Asked, Body: body}
	fresh, err := tx.KeepReport(ctx, r)
	if err != nil || !fresh {
		return nil, err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "ca.report", Subject: n.Day().String(), Case: d.ID.String()})
	if err := judge(ctx, tx, r); err != nil {
		return nil, err
	}
	// One that comes late stands before another that has come already.
	next, found, err := tx.NextReport(ctx, d.Sender, r.Until)
	if err != nil || !found {
		return nil, err
	}
	return nil, judge(ctx, tx, next)
}

// judge notes how many figures of a report the one before rules out. What cannot be read rules nothing out.
func judge(ctx context.Context, tx *store.Tx, r store.Report) error {
	before, found, err := tx.LastReport(ctx, r.CA, r.Until.Add(-time.Microsecond))
	if err != nil || !found {
		return err
	}
	now, err := r.Read()
	if err != nil {
		return nil
	}
	was, err := before.Read()
	if err != nil {
		return nil
	}
	return tx.SetDiffers(ctx, r, int64(len(contradictions(was, now))))
}

// contradiction is a figure that cannot be what it is after what it was: nothing that was issued, revoked or refused becomes undone.
type contradiction struct {
	Municipality resident.MunicipalityCode
	Profile      cert.Profile
	What         plain.Sentence
	Was, Is      int64
}

// contradictions compares a report with the one before. When that one is of the moment at which the period begins, what is new and what was
// there then add up to what there is.
func contradictions(was, is message.CAReport) (all []contradiction) {
	type figure struct{ ever, fresh int64 }
	figures := func(n message.CAReport) map[contradiction]figure {
		m := map[contradiction]figure{}
		for _, p := range n.Places {
			m[contradiction{p.Municipality, p.Profile, say("発行", "issued"), 0, 0}] = figure{p.Issued, p.Fresh}
			for _, c := range p.Revoked {
				m[contradiction{p.Municipality, p.Profile, revokedFor(c.What), 0, 0}] = figure{c.Ever, c.Fresh}
			}
			for _, c := range p.Refused {
				m[contradiction{p.Municipality, p.Profile, say("不発行（"+c.What+"）", "refused ("+c.What+")"), 0, 0}] = figure{c.Ever, c.Fresh}
			}
		}
		return m
	}
	before, now := figures(was), figures(is)
	for _, what := range sortedFigures(before, now) {
		b, n := before[what], now[what]
		if n.ever < b.ever || was.Until.Equal(is.Since) && n.ever-n.fresh != b.ever {
			what.Was, what.Is = b.ever, n.ever
			all = append(all, what)
		}
	}
	return all
}

// AskReport has the CA report now. It says when that can be done again.
func (o *Prefecture) AskReport(ctx context.Context, by access.Person) (trace string, err error) {
	if err := access.May(by, access.AskReport, o.Self.Role()); err != nil {
		return "", err
	}
	ca := o.delegate()
	code, err := resident.ParsePrefectureCode("prefecture", o.Self.Code())
	if ca == "" || err != nil {
		return "", plain.Bad("", "この都道府県には、委任した認証局がありません。", "This prefecture has delegated to no CA.")
	}
	return o.Act(ctx, func(ctx context.Context, plainTx *sqlstore.Tx) ([]message.Out, error) {
		tx := o.in(plainTx)
		d, err := tx.Delegation(ctx, ca)
		if err != nil {
			return nil, err
		}
		if next := d.AskedAt.Add(askAgain); next.After(tx.Now()) {
			at := next.In(resident.JST).Format("15:04:05")
			return nil, plain.Bad("", fmt.Sprintf("報告を求めたばかりです（%s）。届いた報告を確かめ、必要なら%sの後に、もう一度求めてください。", d.AskedBy, at),
				fmt.Sprintf("A report was asked for a moment ago, by %s: look at what came, and ask again after %s if need be.", d.AskedBy, at))
		}
		auditlog.Write(plainTx, auditlog.Entry{Actor: by.ID, Act: "ca.report.ask", Subject: string(ca)})
		return []message.Out{{To: ca, Body: message.CAReportRequest{Prefecture: code, By: by.ID}}}, tx.NoteAsked(ctx, ca, by.ID)
	})
}

// missingReports gives the days whose close the CA has not told of half an hour after it, the oldest first.
func missingReports(ctx context.Context, tx *store.Tx, ca message.Org, now time.Time) (days []resident.Date, err error) {
	d, err := tx.Delegation(ctx, ca)
	if err != nil {
		return nil, err
	}
	last := resident.DateOf(now.Add(-reportLate)) // its close is still to come, or has just been
	first := last.AddDays(-lookBack)
	if first.Before(d.Since) {
		first = d.Since
	}
	closes, err := tx.Closes(ctx, ca, first.Start())
	if err != nil {
		return nil, err
	}
	told := map[time.Time]bool{}
	for _, c := range closes {
		told[c.UTC()] = true
	}
	for day := first; day.Before(last); day = day.AddDays(1) {
		if !told[day.AddDays(1).Start().UTC()] {
			days = append(days, day)
		}
	}
	return days, nil
}

// reportLate is how long after its close the report of a day may come.
const reportLate = 30 * time.Minute

// delegationAlarms tells of reports that have not come, and of one that contradicts the one before.
func (o *Prefecture) delegationAlarms() alarm.Source {
	return alarm.InView("delegation", o.Store, func(ctx context.Context, plainTx *sqlstore.Tx, now time.Time) (signals []alarm.Signal, err error) {
		ca := o.delegate()
		if ca == "" {
			return nil, nil
		}
		tx := o.in(plainTx)
		days, err := missingReports(ctx, tx, ca, now)
		if err != nil {
			return nil, err
		}
		if len(days) > 0 {
			since := days[0].AddDays(1).Start()
			signals = append(signals, alarm.Signal{Code: alarm.ReportMissing, Peer: ca, Value: int64(now.Sub(since) / time.Second), Since: since, Href: "/delegation",
				Detail: say(fmt.Sprintf("%s の報告から、%d日分がありません。", days[0], len(days)), fmt.Sprintf("%d reports are missing, the oldest of %s.", len(days), days[0]))})
		}
		last, found, err := tx.LastReport(ctx, ca, now.Add(time.Minute))
		if err == nil && found && last.Differs > 0 {
			signals = append(signals, alarm.Signal{Code: alarm.ReportContradicts, Peer: ca, Value: last.Differs, Since: last.ReceivedAt, Href: "/delegation",
				Detail: say(fmt.Sprintf("%s の報告の数が、その前の報告と合いません。", resident.DateOf(last.Until.Add(-1))),
					fmt.Sprintf("Figures of the report of %s cannot be, after what was reported before.", resident.DateOf(last.Until.Add(-1))))})
		}
		return signals, err
	})
}
