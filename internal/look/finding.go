package look

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Finding is what the watch found of one operator on one day.
type Finding struct {
	Code     alarm.Code
	Operator string
	Day      string // 2026-04-01
	N        int64  // looks; persons in the worst hour, of looks in bulk
	Reviewed int64  // of these, how many there were when it was last closed
	Since    time.Time
}

// Open tells whether somebody must look into it.
func (f Finding) Open() bool { return f.N > f.Reviewed }

// write puts down what was counted. What was counted before only grows: looks are deleted in the end, and what was found
// of them is not.
func write(ctx context.Context, tx *sqlstore.Tx, all map[found]tally) error {
	keys := slices.SortedFunc(maps.Keys(all), func(a, b found) int {
		return slices.Compare([]string{string(a.code), a.operator, a.day}, []string{string(b.code), b.operator, b.day})
	})
	for _, k := range keys {
		n, err := tx.Exec(ctx, `INSERT INTO look_finding(code, operator, day, n, since, reviewed_n) VALUES ($1, $2, $3, $4, $5, 0)
			ON CONFLICT (code, operator, day) DO UPDATE SET n = excluded.n WHERE excluded.n > look_finding.n`,
			string(k.code), k.operator, k.day, all[k].n, all[k].since)
		if err != nil {
			return err
		}
		if n > 0 {
			tx.Ring(alarm.Bell)
		}
	}
	return nil
}

// mostFindings bounds a page.
const mostFindings = 200

// Findings lists the open ones, the newest first, and then those that were closed.
func Findings(ctx context.Context, tx *sqlstore.Tx) ([]Finding, error) {
	return sqlstore.List(ctx, tx, func(r *sqlstore.Rows, f *Finding) error {
		return r.Scan(&f.Code, &f.Operator, &f.Day, &f.N, sqlstore.Time(&f.Since), &f.Reviewed)
	}, `SELECT code, operator, day, n, since, reviewed_n FROM look_finding
		ORDER BY CASE WHEN n > reviewed_n THEN 0 ELSE 1 END, day DESC, code, operator LIMIT $1`, int64(mostFindings))
}

// Review closes a finding for the person, with what came of looking into it. Looks that come later open it again.
func Review(ctx context.Context, tx *sqlstore.Tx, by access.Person, office message.Org, f Finding, reason string) error {
	if err := access.May(by, access.ReviewLooks, office.Role()); err != nil {
		return err
	}
	switch {
	case by.ID == f.Operator:
		return plain.Bad("reason", "自分の閲覧は、自分で確認できません。ほかの監査人に依頼してください。", "Nobody reviews their own looks: ask another auditor.")
	case reason == "":
		return plain.Bad("reason", "確認した結果を書いてください。例：上司に確かめ、受付簿と一致した。", "Say what came of it: for example, that the looks agree with the book of visits.")
	case utf8.RuneCountInString(reason) > maxReason:
		return plain.Bad("reason", fmt.Sprintf("確認した結果は%d文字以内で書いてください。", maxReason), fmt.Sprintf("Say what came of it in at most %d characters.", maxReason))
	}
	// Of what the reviewer saw, and no more: a look that was found meanwhile stays open.
	n, err := tx.Exec(ctx, `UPDATE look_finding SET reviewed_n = $1 WHERE code = $2 AND operator = $3 AND day = $4 AND n >= $1 AND reviewed_n < $1`,
		f.N, string(f.Code), f.Operator, f.Day)
	if err != nil {
		return err
	}
	if n == 0 {
		return plain.Bad("reason", "この所見は、すでに確認されています。画面を開き直してください。", "This was reviewed already: open the page again.")
	}
	if _, err := tx.Exec(ctx, `INSERT INTO look_review(code, operator, day, at, n, by_whom, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		string(f.Code), f.Operator, f.Day, tx.Now(), f.N, by.ID, reason); err != nil {
		return err
	}
	auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: "look.review", Case: f.Operator + " " + f.Day, Detail: string(f.Code)})
	tx.Ring(alarm.Bell)
	return nil
}

const maxReason = 500

// Source tells of open findings, by operator: how many, and of nobody who was looked at.
func Source(store *sqlstore.Store) alarm.Source {
	return alarm.InView("looks", store, func(ctx context.Context, tx *sqlstore.Tx, _ time.Time) ([]alarm.Signal, error) {
		return sqlstore.List(ctx, tx, func(r *sqlstore.Rows, s *alarm.Signal) error {
			var days int64
			if err := r.Scan(&s.Code, &s.About, &s.Value, sqlstore.Time(&s.Since), &days); err != nil {
				return err
			}
			s.Href = "/looks"
			s.Detail = both(fmt.Sprintf("確認していない日が%d日あります。", days), fmt.Sprintf("Days not reviewed: %d.", days))
			return nil
		}, `SELECT code, operator, SUM(n - reviewed_n), MIN(since), COUNT(*) FROM look_finding WHERE n > reviewed_n GROUP BY code, operator ORDER BY code, operator LIMIT $1`, int64(mostFindings))
	})
}
