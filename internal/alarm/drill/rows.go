package drill

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// State is how a drill stands.
type State string

// The states.
const (
	Running State = "running"
	Held    State = "held"   // 警報が届いた: every alarm came through
	Failed  State = "failed" // 警報が届かなかった
)

// Drill is one drill, as the command line shows it in JSON.
type Drill struct {
	ID      string      `json:"id"`
	Peer    message.Org `json:"peer"`
	By      string      `json:"by"` // a person, or "schedule"
	Begun   time.Time   `json:"begun_at"`
	Ended   time.Time   `json:"ended_at,omitzero"`
	State   State       `json:"state"`
	Webhook bool        `json:"webhook"` // there was somebody to be told
	Poison  Proof       `json:"poison"`  // the message that is never taken
	Loss    *Proof      `json:"loss"`    // the entry without a message; null when the book of drills is not held with the peer
	Over    time.Time   `json:"over_at,omitzero"`

	poison               string
	poisonLeft, lossLeft bool
	tries                int64
	damaged              bool // cannot be read
}

// Proof is when an alarm was seen where. What is left out was not seen.
type Proof struct {
	Screen  time.Time `json:"screen,omitzero"`  // among the rows that the page shows
	Metric  time.Time `json:"metric,omitzero"`  // among the metrics as they are scraped
	Webhook time.Time `json:"webhook,omitzero"` // acknowledged by the receiver
}

// missing names where it did not come through.
func (p Proof) missing(webhook bool) (where []string) {
	for _, w := range []struct {
		name string
		at   time.Time
		need bool
	}{{"screen", p.Screen, true}, {"metric", p.Metric, true}, {"webhook", p.Webhook, webhook}} {
		if w.need && w.at.IsZero() {
			where = append(where, w.name)
		}
	}
	return where
}

// Missing names what did not come through where: "poison" or "loss", and "screen", "metric", "webhook".
func (d Drill) Missing() map[string][]string {
	m := map[string][]string{}
	if where := d.Poison.missing(d.Webhook); len(where) > 0 {
		m["poison"] = where
	}
	if d.Loss != nil {
		if where := d.Loss.missing(d.Webhook); len(where) > 0 {
			m["loss"] = where
		}
	}
	return m
}

// Reason says in words why a drill failed; nothing when it did not.
func (d Drill) Reason() plain.Sentence {
	switch {
	case d.State != Failed:
		return plain.Sentence{}
	case d.Peer == "":
		return plain.Sentence{JA: "訓練の行が読めないため、終わらせました。残った電文と記録は、保留の一覧と自己監査で見てください。",
			EN: "The row of the drill could not be read and was ended. Look for what it left among the parked messages and in the self-audit."}
	}
	return said(d.Missing())
}

const (
	selectDrill = `SELECT id, peer, by_person, begun_at, ended_at, state, webhook, poison, poison_screen, poison_metric, poison_webhook,
		poison_left, tries, loss, loss_screen, loss_metric, loss_webhook, loss_left, over_at FROM alarm_drill WHERE `
	// The condition of the partial index, letter for letter.
	notOver = `over_at = 0`
)

func (d *Drills) rows(ctx context.Context, where string, args ...any) (all []Drill, err error) {
	err = d.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		all, err = d.rowsIn(ctx, tx, where, args...)
		return err
	})
	return all, err
}

func (d *Drills) rowsIn(ctx context.Context, tx *sqlstore.Tx, where string, args ...any) ([]Drill, error) {
	return sqlstore.List(ctx, tx, func(r *sqlstore.Rows, row *Drill) error {
		var begun, ended, over int64
		var poison, loss [3]int64
		var lost bool
		to := []any{&row.ID, &row.Peer, &row.By, &begun, &ended, &row.State, &row.Webhook, &row.poison,
			&poison[0], &poison[1], &poison[2], &row.poisonLeft, &row.tries, &lost, &loss[0], &loss[1], &loss[2], &row.lossLeft, &over}
		if err := r.Scan(to...); err != nil || row.State != Running && row.State != Held && row.State != Failed {
			// SQLite lets a hand write text where a number belongs. Such a row must not keep the others from being read.
			var id string
			only := []any{&id}
			for range to[1:] {
				only = append(only, new(any))
			}
			if err := r.Scan(only...); err != nil {
				return err
			}
			*row = Drill{ID: id, State: Failed, damaged: true}
			return nil
		}
		row.Begun, row.Ended, row.Over = moment(begun), moment(ended), moment(over)
		row.Poison = Proof{moment(poison[0]), moment(poison[1]), moment(poison[2])}
		if lost {
			row.Loss = &Proof{moment(loss[0]), moment(loss[1]), moment(loss[2])}
		}
		return nil
	}, selectDrill+where, args...)
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return sqlstore.FromMicros(us)
}

// setAside ends the drills of which the rows cannot be read. What they brought about is for people: their messages are
// parked and in their list, and the self-audit puts their entries right.
func (d *Drills) setAside(ctx context.Context, rows []Drill) error {
	for _, r := range rows {
		if r.damaged {
			d.cfg.Log.ErrorContext(ctx, "a drill cannot be read and is set aside", "drill", r.ID)
		}
	}
	return d.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		for _, r := range rows {
			if !r.damaged {
				continue
			}
			if _, err := tx.Exec(ctx, `UPDATE alarm_drill SET peer = '', by_person = '', begun_at = $1, ended_at = $1, state = 'failed', webhook = FALSE, poison = '',
				poison_screen = 0, poison_metric = 0, poison_webhook = 0, poison_left = FALSE, tries = 0, loss = FALSE, loss_screen = 0, loss_metric = 0, loss_webhook = 0,
				loss_left = FALSE, over_at = $1 WHERE id = $2`, tx.Now(), r.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// aside counts the drills that were set aside: they are with nobody.
func aside(ctx context.Context, tx *sqlstore.Tx) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM alarm_drill WHERE peer = ''`).Scan(&n)
	return n, err
}

// save writes what may change of a drill.
func (r Drill) save(ctx context.Context, tx *sqlstore.Tx) error {
	loss := Proof{}
	if r.Loss != nil {
		loss = *r.Loss
	}
	_, err := tx.Exec(ctx, `UPDATE alarm_drill SET ended_at = $1, state = $2, poison_screen = $3, poison_metric = $4, poison_webhook = $5, poison_left = $6,
		tries = $7, loss_screen = $8, loss_metric = $9, loss_webhook = $10, loss_left = $11, over_at = $12 WHERE id = $13`,
		sqlstore.MicrosOrNone(r.Ended), string(r.State), sqlstore.MicrosOrNone(r.Poison.Screen), sqlstore.MicrosOrNone(r.Poison.Metric), sqlstore.MicrosOrNone(r.Poison.Webhook), r.poisonLeft,
		r.tries, sqlstore.MicrosOrNone(loss.Screen), sqlstore.MicrosOrNone(loss.Metric), sqlstore.MicrosOrNone(loss.Webhook), r.lossLeft, sqlstore.MicrosOrNone(r.Over), r.ID)
	return err
}

// Find returns one drill.
func (d *Drills) Find(ctx context.Context, id string) (Drill, error) {
	rows, err := d.rows(ctx, `id = $1`, id)
	if err == nil && len(rows) == 0 {
		err = plain.Bad("drill", "訓練「"+id+"」は、この団体にありません。", "this organisation has no drill "+id)
	}
	if err != nil {
		return Drill{}, err
	}
	return rows[0], nil
}

// Last lists drills, newest first.
func (d *Drills) Last(ctx context.Context, limit int) ([]Drill, error) {
	return d.rows(ctx, `begun_at > 0 ORDER BY begun_at DESC, id DESC LIMIT $1`, int64(limit))
}

// first is when drills were first to be held here.
func (d *Drills) first(ctx context.Context, now time.Time) (at time.Time, err error) {
	read := func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, `SELECT at FROM alarm_drill_first ORDER BY at LIMIT 1`).Scan(sqlstore.Time(&at))
	}
	if err = d.cfg.Store.View(ctx, read); !errors.Is(err, sql.ErrNoRows) {
		return at, err
	}
	err = d.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO alarm_drill_first(at) VALUES ($1) ON CONFLICT DO NOTHING`, now)
		return err
	})
	return now, err
}

// lastOfEach is when a drill was last begun with each peer, and with which of them one is not over.
func (d *Drills) lastOfEach(ctx context.Context) (lasts map[message.Org]time.Time, busy map[message.Org]bool, err error) {
	err = d.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		lasts, busy = map[message.Org]time.Time{}, map[message.Org]bool{}
		type last struct {
			peer message.Org
			at   time.Time
		}
		all, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, l *last) error {
			return r.Scan(&l.peer, sqlstore.Time(&l.at))
		}, `SELECT peer, MAX(begun_at) FROM alarm_drill GROUP BY peer`)
		for _, l := range all {
			lasts[l.peer] = l.at
		}
		if err != nil {
			return err
		}
		left, err := d.rowsIn(ctx, tx, notOver+` ORDER BY id LIMIT 1000`)
		for _, r := range left {
			busy[r.Peer] = true
		}
		return err
	})
	return lasts, busy, err
}

// poisonAlarm and lossAlarm are the alarms that a drill must set off, as the page names them.
func (r Drill) poisonAlarm() (alarm.Code, string) {
	return alarm.MessageParked, string(message.KindExchangeDrill)
}

func (r Drill) lossAlarm() (alarm.Code, string) { return alarm.CaseOpen, string(message.Drills) }
