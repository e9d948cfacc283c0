package probe

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Window is a time in which something will stand still, as somebody entered it before it did.
type Window struct {
	ID          int64
	Service     Service // "": everything
	From, Until time.Time
	Why         string
	By          string
	EnteredAt   time.Time
	WithdrawnBy string // "": it stands
	WithdrawnAt time.Time
}

const (
	longestWindow = 14 * 24 * time.Hour
	mostAhead     = 400 * 24 * time.Hour
	mostWindows   = 1000
)

// covers tells whether a minute of a service is planned to stand still.
func (w Window) covers(s Service, minute int64) bool {
	return w.WithdrawnBy == "" && (w.Service == "" || w.Service == s) && minute >= minuteOf(w.From) && minute < minuteOf(w.Until.Add(period-1))
}

// Plan enters a window. It cannot begin in the past: what has failed is not made planned afterwards.
func Plan(ctx context.Context, tx *sqlstore.Tx, w Window) error {
	w.Why = strings.TrimSpace(w.Why)
	switch {
	case w.From.Before(tx.Now()):
		return plain.Bad("from", "始まりが過ぎています。計画停止は、始まる前に登録してください。後から計画停止にはできません。",
			"It begins in the past: enter planned maintenance before it begins; what has failed is not made planned afterwards.")
	case w.From.After(tx.Now().Add(mostAhead)):
		return plain.Bad("from", "始まりが先すぎます。400日より前の日時にしてください。", "It begins too far ahead: choose a time within 400 days.")
	case !w.Until.After(w.From):
		return plain.Bad("until", "終わりが、始まりより後ではありません。", "It does not end after it begins.")
	case w.Until.Sub(w.From) > longestWindow:
		return plain.Bad("until", "長すぎます。14日までにしてください。", "It is too long: at most 14 days.")
	case w.Why == "":
		return plain.Bad("why", "わけを入力してください。数値の横に表示されます。", "Enter why. It is shown beside the figures.")
	case len(w.Why) > 1000:
		return plain.Bad("why", "わけが長すぎます。1,000バイトまでで入力してください。", "The reason is too long: write at most 1,000 bytes.")
	}
	if err := plain.Unseen("why", w.Why); err != nil {
		return err
	}
	var n int64
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM probe_window WHERE until_at > $1 AND withdrawn_at = 0`, tx.Now()).Scan(&n); err != nil {
		return err
	}
	if n >= mostWindows {
		return plain.Bad("", "登録されている計画停止が多すぎます。要らないものを取り消してください。", "Too many are entered: withdraw those that are not needed.")
	}
	w.ID = tx.Serial()
	auditlog.Write(tx, auditlog.Entry{Actor: w.By, Act: "maintenance.plan", Subject: w.subject(), Detail: w.From.UTC().Format(time.RFC3339) + "/" + w.Until.UTC().Format(time.RFC3339)})
	_, err := tx.Exec(ctx, `INSERT INTO probe_window(id, service, from_at, until_at, why, entered_by, entered_at, withdrawn_by, withdrawn_at) VALUES ($1, $2, $3, $4, $5, $6, $7, '', 0)`,
		w.ID, string(w.Service), w.From, w.Until, w.Why, w.By, tx.Now())
	return err
}

func (w Window) subject() string { return fmt.Sprintf("maintenance/%d", w.ID) }

// Withdraw takes a window back that has not begun.
func Withdraw(ctx context.Context, tx *sqlstore.Tx, id int64, by string) error {
	n, err := tx.Exec(ctx, `UPDATE probe_window SET withdrawn_by = $2, withdrawn_at = $3 WHERE id = $1 AND withdrawn_at = 0 AND from_at > $3`, id, by, tx.Now())
	if err == nil && n == 0 {
		err = plain.Bad("", "この計画停止は、もう始まったか、取り消されています。", "It has begun, or was withdrawn.")
	}
	if err == nil {
		auditlog.Write(tx, auditlog.Entry{Actor: by, Act: "maintenance.withdraw", Subject: Window{ID: id}.subject()})
	}
	return err
}

// Windows lists those that touch a time, the earliest first, withdrawn ones among them.
func Windows(ctx context.Context, tx *sqlstore.Tx, from, until time.Time) ([]Window, error) {
	return sqlstore.List(ctx, tx, func(r *sqlstore.Rows, w *Window) error {
		var service string
		err := r.Scan(&w.ID, &service, sqlstore.Time(&w.From), sqlstore.Time(&w.Until), &w.Why, &w.By, sqlstore.Time(&w.EnteredAt), &w.WithdrawnBy, sqlstore.Time(&w.WithdrawnAt))
		w.Service = Service(service)
		return err
	}, `SELECT id, service, from_at, until_at, why, entered_by, entered_at, withdrawn_by, withdrawn_at FROM probe_window
		WHERE from_at < $2 AND until_at > $1 ORDER BY from_at, id`, from, until)
}
