package alarm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/leave"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// ownName is the source that is always there.
const ownName = "alarm"

// own watches the organisation's own due work, and the alarms themselves.
type own struct {
	alarms  *Alarms
	figures []Figure
	told    map[string]time.Time // of a source that fails: when the journal last said so
}

func (o *own) Name() string      { return ownName }
func (o *own) Figures() []Figure { return o.figures }

// Signals tells of work that is late or was set aside, and of the webhook's queue.
func (o *own) Signals(ctx context.Context, now time.Time) (signals []Signal, err error) {
	var standings []due.Standing
	var queued, dropped, damaged int64
	err = o.alarms.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		var err error
		if standings, err = due.Standings(ctx, tx); err != nil {
			return err
		}
		if queued, err = due.Number(ctx, tx, webhookKind); err != nil {
			return err
		}
		if dropped, err = counted(ctx, tx, webhookDropped); err != nil {
			return err
		}
		damaged, err = counted(ctx, tx, rowsDamaged)
		return err
	})
	if err != nil {
		return nil, err
	}
	o.figures = []Figure{
		{Name: "akashi_alarm_webhook_queued", Help: "Notifications on the list of due work, whatever their state.", Value: float64(queued)},
		{Name: "akashi_alarm_webhook_dropped_total", Help: "Notifications that were given up, the oldest first, because the queue was full.", Counter: true, Value: float64(dropped)},
		{Name: "akashi_alarm_damaged_rows_total", Help: "Rows of alarms that could not be read and were set aside.", Counter: true, Value: float64(damaged)},
	}
	signals = append(signals, Signal{Code: WebhookFull, Value: queued, Href: "/messages", Detail: droppedDetail(dropped)})
	for _, s := range standings {
		kind := []Label{{"kind", s.Kind}}
		o.figures = append(o.figures,
			Figure{Name: "akashi_due_late_items", Help: "Items of due work that are not done though their time has come.", Labels: kind, Value: float64(s.Late)},
			Figure{Name: "akashi_due_parked_items", Help: "Items of due work that were set aside.", Labels: kind, Value: float64(s.Parked)})
		signals = append(signals, ofWork(s, now)...)
	}
	return signals, nil
}

func ofWork(s due.Standing, now time.Time) []Signal {
	var signals []Signal
	age := func(t time.Time) int64 { return int64(now.Sub(t) / time.Second) }
	if s.Kind == webhookKind {
		oldest := s.Oldest
		if s.Late == 0 || s.Parked > 0 && s.OldestParked.Before(oldest) {
			oldest = s.OldestParked
		}
		return []Signal{{Code: WebhookLate, Value: age(oldest), Href: "/messages", Detail: plain.Sentence{
			JA: fmt.Sprintf("送れていない通知が%d件、送るのをやめた通知が%d件あります。", s.Late, s.Parked),
			EN: fmt.Sprintf("%d notifications are not delivered yet, %d were given up.", s.Late, s.Parked)}}}
	}
	if s.Late > 0 {
		signals = append(signals, Signal{Code: WorkLate, About: s.Kind, Value: age(s.Oldest), Href: "/messages", Detail: plain.Sentence{
			JA: fmt.Sprintf("遅れている仕事が%d件あります。", s.Late), EN: fmt.Sprintf("%d items are late.", s.Late)}})
	}
	if s.Parked > 0 {
		signals = append(signals, Signal{Code: WorkParked, About: s.Kind, Value: s.Parked, Since: s.OldestParked, Href: "/messages"})
	}
	return signals
}

func droppedDetail(n int64) plain.Sentence {
	if n == 0 {
		return plain.Sentence{}
	}
	return plain.Sentence{JA: fmt.Sprintf("これまでに%d件の通知を送らずに捨てました。", n), EN: fmt.Sprintf("%d notifications were given up so far.", n)}
}

// failures makes an alarm of every source that could not be read. The journal hears of each at once, and then once a
// minute: what is wrong inside is for whoever runs the program, and not for the screens.
func (o *own) failures(readings []reading, now time.Time) []Signal {
	if o.told == nil {
		o.told = map[string]time.Time{}
	}
	var signals []Signal
	for _, r := range readings {
		if r.err == nil {
			delete(o.told, r.source)
			continue
		}
		if at, ok := o.told[r.source]; !ok || now.Sub(at) >= time.Minute {
			o.told[r.source] = now
			o.alarms.cfg.Log.Error("a source of alarms cannot be read", slog.String("source", r.source), slog.Any("error", r.err))
		}
		s := Signal{Code: SourceFailed, About: cut(r.source, maxAbout), Value: 1}
		if ps, ok := plain.AsProblems(r.err); ok {
			s.Detail = ps[0].Sentence
		} else if errors.As(r.err, new(*leave.Panic)) { // its words may be a person's record, and go to no screen and no receiver
			s.Detail = plain.Sentence{JA: "プログラムの誤りです。プログラムの記録に、起きた所があります。", EN: "It is a fault of the program. The journal tells where."}
		} else {
			why, _, _ := strings.Cut(r.err.Error(), "\n")
			s.Detail = plain.Sentence{JA: "理由: " + why, EN: "Reason: " + why}
		}
		s.Detail = plain.Sentence{JA: shorten(s.Detail.JA), EN: shorten(s.Detail.EN)}
		signals = append(signals, s)
	}
	return signals
}
