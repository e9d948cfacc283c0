package drill

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Name is drill.
func (d *Drills) Name() string { return "drill" }

// Figures are those of the drills.
func (d *Drills) Figures() []alarm.Figure { return d.figures }

// Signals tells which alarm did not come through in the last drill with each peer, and how long no drill has ended.
func (d *Drills) Signals(ctx context.Context, now time.Time) (signals []alarm.Signal, err error) {
	var ended time.Time
	var damaged int64
	err = d.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		signals, ended = nil, time.Time{}
		var err error
		if damaged, err = aside(ctx, tx); err != nil {
			return err
		}
		rows, err := d.rowsIn(ctx, tx, `begun_at >= (SELECT MAX(begun_at) FROM alarm_drill AS last WHERE last.peer = alarm_drill.peer AND last.state <> 'running')
			AND state <> 'running' ORDER BY begun_at, id`)
		if err != nil {
			return err
		}
		last := map[message.Org]Drill{}
		for _, r := range rows {
			last[r.Peer] = r
			if r.Ended.After(ended) {
				ended = r.Ended
			}
		}
		for _, peer := range d.peers {
			r := last[peer]
			if r.State != Failed {
				continue
			}
			for thing, where := range r.Missing() {
				signals = append(signals, alarm.Signal{Code: alarm.DrillFailed, Peer: peer, About: thing, Value: 1, Since: r.Ended, Href: "/messages",
					Detail: said(map[string][]string{thing: where})})
			}
		}
		return nil
	})
	last := 0.0
	if !ended.IsZero() {
		last = float64(ended.Unix())
	}
	d.figures = []alarm.Figure{
		{Name: "akashi_drill_last_end_timestamp_seconds", Help: "When the last drill ended, however; 0: none did.", Value: last},
		{Name: "akashi_drill_damaged_total", Help: "Drills of which the row could not be read.", Counter: true, Value: float64(damaged)},
	}
	if err != nil || d.cfg.Every < 0 || len(d.peers) == 0 {
		return signals, err
	}
	first, err := d.first(ctx, now)
	if err != nil {
		return nil, err
	}
	if ended.Before(first) {
		ended = first
	}
	return append(signals, alarm.Signal{Code: alarm.DrillMissed, Value: int64(now.Sub(ended) / time.Second), Since: ended, Href: "/messages",
		Detail: plain.Sentence{JA: "最後の訓練、または最初の起動: " + ended.Format(time.RFC3339), EN: "The last drill, or the first start: " + ended.Format(time.RFC3339)}}), nil
}
