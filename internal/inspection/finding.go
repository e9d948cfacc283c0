package inspection

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Finding is something that was found wrong, open or closed.
type Finding struct {
	Way, Item, Rule string
	At              time.Time
	Says            plain.Sentence
	Closed          time.Time // zero: open
	ClosedBy        string    // the person; empty: the item was found right
	Text            string    // why it was closed

	print []byte
}

const (
	// maxOpen bounds the open findings of a way. A rule that finds something in every certificate has said enough by then; the
	// others are counted.
	maxOpen = 10_000
	maxText = 1000
)

const findingColumns = `SELECT way, item, rule, at, ja, en, closed_at, closed_by, closed_text, print FROM i_finding `

func scanFinding(r *sqlstore.Rows, f *Finding) error {
	var closed time.Time
	err := r.Scan(&f.Way, &f.Item, &f.Rule, sqlstore.Time(&f.At), &f.Says.JA, &f.Says.EN, sqlstore.Time(&closed), &f.ClosedBy, &f.Text, &f.print)
	if closed.UnixMicro() != 0 {
		f.Closed = closed
	}
	return err
}

// known is what was found in the items of a way and still counts: what is open, and what a person has closed.
type known map[string][]Finding

func knownOf(ctx context.Context, tx *sqlstore.Tx, way string) (known, error) {
	k := known{}
	for _, which := range []string{`closed_at = 0`, `closed_by <> ''`} { // each has an index of its own
		all, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, f *Finding) error {
			var closed time.Time
			err := r.Scan(&f.Item, &f.Rule, sqlstore.Time(&closed), &f.print)
			if closed.UnixMicro() != 0 {
				f.Closed = closed
			}
			return err
		}, `SELECT item, rule, closed_at, print FROM i_finding WHERE way = $1 AND `+which, way)
		if err != nil {
			return nil, err
		}
		for _, f := range all {
			k[f.Item] = append(k[f.Item], f)
		}
	}
	return k, nil
}

// open tells whether a finding of an item is.
func (k known) open(item string) bool {
	return slices.ContainsFunc(k[item], func(f Finding) bool { return f.Closed.IsZero() })
}

// differs tells whether an item has faults that are not known, and whether one that is open has ended.
func (r *round) differs(k known, i Item, faults []Fault) (fresh, ended bool) {
	is := map[string]bool{}
	for _, f := range k[cut(i.Key)] {
		if f.Closed.IsZero() || !r.stays(f.Rule) && bytes.Equal(f.print, i.Print()) {
			is[f.Rule] = true
		}
		ended = ended || f.Closed.IsZero() && !has(faults, f.Rule) && !r.stays(f.Rule)
	}
	return slices.ContainsFunc(faults, func(f Fault) bool { return !is[f.Rule] }), ended
}

// Note writes down what is wrong with an item of a way that nobody goes round, in the transaction of whoever saw it: findings that it
// does not have any more end, those of an event stay.
func (n *Inspection) Note(ctx context.Context, tx *sqlstore.Tx, way, item string, print []byte, faults []Fault) error {
	r, err := n.mustOf(way)
	if err != nil {
		return err
	}
	_, err = r.set(ctx, tx, item, print, faults)
	return err
}

// set makes the open findings of an item those that its faults are. It counts what was not written down.
func (r *round) set(ctx context.Context, tx *sqlstore.Tx, item string, print []byte, faults []Fault) (untold int64, err error) {
	if print == nil {
		print = []byte{}
	}
	item = cut(item)
	was, err := sqlstore.List(ctx, tx, scanFinding, findingColumns+`WHERE way = $1 AND item = $2 AND (closed_at = 0 OR closed_by <> '')`, r.Name, item)
	if err != nil {
		return 0, err
	}
	known := map[string]bool{}
	for _, f := range was {
		switch {
		case f.Closed.IsZero() && has(faults, f.Rule):
			known[f.Rule] = true
		case f.Closed.IsZero():
			if r.stays(f.Rule) {
				continue
			}
			if err := r.end(ctx, tx, f, "", ""); err != nil {
				return 0, err
			}
			r.log(ctx, tx, "check.ended", f.Item, f.Rule)
		case bytes.Equal(f.print, print) && !r.stays(f.Rule):
			known[f.Rule] = true // somebody has looked at just this, and said why it may stand
		}
	}
	for _, f := range faults {
		if known[f.Rule] {
			continue
		}
		known[f.Rule] = true
		var open int64
		if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM i_finding WHERE way = $1 AND closed_at = 0`, r.Name).Scan(&open); err != nil {
			return untold, err
		}
		if open >= maxOpen {
			untold++
			continue
		}
		n, err := tx.Exec(ctx, `INSERT INTO i_finding(way, item, rule, at, print, ja, en) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
			r.Name, item, f.Rule, tx.Now(), print, f.JA, f.EN)
		if err != nil {
			return untold, fmt.Errorf("couldn't write down what the inspection found: %w", err)
		}
		if n == 1 {
			r.log(ctx, tx, "check.found", item, f.Rule)
		}
	}
	return untold, nil
}

func (r *round) log(ctx context.Context, tx *sqlstore.Tx, act, item, rule string) {
	entry := auditlog.Entry{Actor: r.in.cfg.Self, Act: act, Subject: item, Detail: r.Name + " " + rule}
	auditlog.Write(tx, entry)
	tx.Ring(alarm.Bell)
	r.in.cfg.Log.WarnContext(ctx, "inspection", "act", act, "way", r.Name, "item", item, "rule", rule)
}

// end closes one finding.
func (r *round) end(ctx context.Context, tx *sqlstore.Tx, f Finding, by, text string) error {
	_, err := tx.Exec(ctx, `UPDATE i_finding SET closed_at = $5, closed_by = $6, closed_text = $7 WHERE way = $1 AND item = $2 AND rule = $3 AND at = $4 AND closed_at = 0`,
		f.Way, f.Item, f.Rule, f.At, tx.Now(), by, text)
	return err
}

var errGone = plain.Bad("finding",
	"この所見は、もう閉じているか、この団体にありません。「点検」の一覧から選び直してください。",
	"This finding is closed already, or not of this organisation: choose from the list of the inspection.")

// Close closes a finding on a person's word. Of an item that stays as it is, the same is not found again.
func (n *Inspection) Close(ctx context.Context, tx *sqlstore.Tx, f Finding, by, why string) error {
	r := n.of(f.Way)
	if r == nil {
		return errGone
	}
	why = strings.TrimSpace(why)
	if by == "" || why == "" || len(why) > 3*maxText {
		return plain.Bad("why", "閉じるわけを、1,000文字以内で書いてください。", "Write in at most 1,000 characters why it is closed.")
	}
	was, err := sqlstore.List(ctx, tx, scanFinding, findingColumns+`WHERE way = $1 AND item = $2 AND rule = $3 AND at = $4 AND closed_at = 0`, f.Way, f.Item, f.Rule, f.At)
	if err != nil {
		return err
	}
	if len(was) == 0 {
		return errGone
	}
	auditlog.Write(tx, auditlog.Entry{Actor: by, Act: "check.close", Subject: f.Item, Case: f.Way + " " + f.Rule, Detail: why})
	tx.Ring(alarm.Bell)
	return r.end(ctx, tx, was[0], by, why)
}

// Open lists the open findings, the oldest first.
func Open(ctx context.Context, tx *sqlstore.Tx, limit int) ([]Finding, error) {
	return sqlstore.List(ctx, tx, scanFinding, findingColumns+`WHERE closed_at = 0 ORDER BY at, way, item, rule LIMIT $1`, int64(limit))
}

// Closed lists those that were closed last.
func Closed(ctx context.Context, tx *sqlstore.Tx, limit int) ([]Finding, error) {
	return sqlstore.List(ctx, tx, scanFinding, findingColumns+`WHERE closed_at > 0 ORDER BY closed_at DESC, way, item, rule LIMIT $1`, int64(limit))
}

// cut bounds the name of an item and keeps it text, whatever the row held.
func cut(item string) string {
	item = strings.ReplaceAll(strings.ToValidUTF8(item, "\uFFFD"), "\x00", "")
	const most = 200
	for n := range item {
		if n > most {
			return item[:n]
		}
	}
	return item
}
