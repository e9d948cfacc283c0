package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Impact is a revocation that came after "good" had been told wrongly.
type Impact struct {
	ID        int64
	Issuer    string
	Serial    cert.Serial
	Profile   cert.Profile
	Reason    cert.RevocationReason
	Since     resident.Date // zero when it is not known
	WrongFrom time.Time
	RevokedAt time.Time
	ToldAt    time.Time
	OpenedAt  time.Time
}

// WrongAnswer is an answer "good" that was wrong.
type WrongAnswer struct {
	Answer    int64
	Requester string
	AskedAt   time.Time
	BasedAt   time.Time
}

// WrongAnswers lists the answers "good" about a certificate from a time on, behind another one, the oldest first, but those to
// ourselves and to municipalities: nobody relied on what our inspection asked, and their watch asks because it suspects the answer.
func (tx *Tx) WrongAnswers(ctx context.Context, self message.Org, issuer string, serial cert.Serial, from time.Time, afterAt time.Time, after int64, limit int) ([]WrongAnswer, error) {
	return sqlstore.List(ctx, tx.Tx, scanWrong, `SELECT id, requester, asked_at, based_at FROM answer
		WHERE serial = $1 AND issuer = $2 AND answer = 'good' AND asked_at >= $3 AND (asked_at > $4 OR asked_at = $4 AND id > $5) AND requester <> $6 AND requester NOT LIKE 'municipality-%'
		ORDER BY asked_at, id LIMIT $7`, serial.Bytes(), issuer, from, afterAt, after, string(self), limit)
}

func scanWrong(r *sqlstore.Rows, a *WrongAnswer) error {
	return r.Scan(&a.Answer, &a.Requester, sqlstore.Time(&a.AskedAt), sqlstore.Time(&a.BasedAt))
}

// OpenImpact finds the case of a certificate, and opens it when there is none. One that a list opened learns later since when the
// certificate was untrue.
func (tx *Tx) OpenImpact(ctx context.Context, i Impact) (id int64, opened bool, err error) {
	since := ""
	if i.Since.Valid() {
		since = i.Since.String()
	}
	i.ID = tx.Serial()
	n, err := tx.Exec(ctx, `INSERT INTO impact(id, issuer, serial, profile, reason, since, wrong_from, revoked_at, told_at, opened_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (issuer, serial) DO NOTHING`,
		i.ID, i.Issuer, i.Serial.Bytes(), i.Profile.String(), i.Reason.String(), since, i.WrongFrom, i.RevokedAt, i.ToldAt, tx.Now())
	if err != nil || n == 1 {
		return i.ID, n == 1, err
	}
	if err = tx.QueryRow(ctx, `SELECT id FROM impact WHERE issuer = $1 AND serial = $2`, i.Issuer, i.Serial.Bytes()).Scan(&id); err == nil {
		_, err = tx.Exec(ctx, `UPDATE impact SET since = $2, wrong_from = $3 WHERE id = $1 AND wrong_from > $3`, id, since, i.WrongFrom)
	}
	return id, false, err
}

// AddWrong adds an answer to a case, once.
func (tx *Tx) AddWrong(ctx context.Context, impact int64, a WrongAnswer) error {
	_, err := tx.Exec(ctx, `INSERT INTO impact_answer(impact, answer, requester, asked_at, based_at, notice) VALUES ($1, $2, $3, $4, $5, '')
		ON CONFLICT (impact, answer) DO NOTHING`, impact, a.Answer, a.Requester, a.AskedAt, a.BasedAt)
	return err
}

// Untold lists the verifiers that no notice has told of wrong answers to them. Others who asked cannot be told.
func (tx *Tx) Untold(ctx context.Context, impact int64) (all []message.Org, err error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, o *message.Org) error {
		var id string
		err := r.Scan(&id)
		*o = message.Org(id)
		return err
	}, `SELECT id FROM verifier WHERE id IN (SELECT requester FROM impact_answer WHERE impact = $1 AND notice = '') ORDER BY id`, impact)
}

// Notify writes a notice down and gives what it says of the answers: how many, and the first of them.
func (tx *Tx) Notify(ctx context.Context, impact int64, to message.Org) (notice string, n uint64, first []WrongAnswer, err error) {
	var before int64
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM impact_notice WHERE impact = $1`, impact).Scan(&before); err != nil {
		return "", 0, nil, err
	}
	notice = fmt.Sprintf("%d-%d", impact, before+1)
	first, err = sqlstore.List(ctx, tx.Tx, scanWrong, `SELECT answer, requester, asked_at, based_at FROM impact_answer
		WHERE impact = $1 AND requester = $2 AND notice = '' ORDER BY asked_at, answer LIMIT $3`, impact, string(to), message.MaxImpactAnswers)
	if err != nil {
		return "", 0, nil, err
	}
	told, err := tx.Exec(ctx, `UPDATE impact_answer SET notice = $3 WHERE impact = $1 AND requester = $2 AND notice = ''`, impact, string(to), notice)
	if err != nil {
		return "", 0, nil, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO impact_notice(notice, impact, verifier, answers, sent_at, acknowledged_at, acknowledged_by, text)
		VALUES ($1, $2, $3, $4, $5, $6, '', '')`, notice, impact, string(to), told, tx.Now(), time.Time{})
	return notice, uint64(told), first, err
}

// Acknowledged writes down what a verifier says about a notice. What was said first stays: on it others have relied. first is false
// of what is said later, and found when there is no such notice to it.
func (tx *Tx) Acknowledged(ctx context.Context, n message.ImpactAcknowledgement) (first, found bool, err error) {
	done, err := tx.Exec(ctx, `UPDATE impact_notice SET acknowledged_at = $3, acknowledged_by = $4, text = $5
		WHERE notice = $1 AND verifier = $2 AND acknowledged_by = ''`, n.Notice, string(n.Verifier), n.At, n.By, n.Text)
	if err != nil || done == 1 {
		return done == 1, done == 1, err
	}
	var there int64
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM impact_notice WHERE notice = $1 AND verifier = $2`, n.Notice, string(n.Verifier)).Scan(&there)
	return false, there == 1, err
}

// Waiting is a notice that nobody at the verifier has acknowledged.
type Waiting struct {
	Notice   string
	Verifier message.Org
	SentAt   time.Time
}

// Unacknowledged lists the notices that wait, the oldest first.
func (tx *Tx) Unacknowledged(ctx context.Context, limit int) ([]Waiting, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, w *Waiting) error {
		var verifier string
		err := r.Scan(&w.Notice, &verifier, sqlstore.Time(&w.SentAt))
		w.Verifier = message.Org(verifier)
		return err
	}, `SELECT notice, verifier, sent_at FROM impact_notice WHERE acknowledged_by = '' ORDER BY sent_at, notice LIMIT $1`, limit)
}

// Window narrows cases and their answers down; zero values narrow nothing.
type Window struct {
	From, To time.Time // when "good" was told: From included, To not
	Serial   cert.Serial
}

func (w Window) clauses(answer string, args *[]any) string {
	var b strings.Builder
	add := func(clause string, arg any) {
		*args = append(*args, arg)
		fmt.Fprintf(&b, " AND "+clause, len(*args))
	}
	if !w.From.IsZero() {
		add(answer+".asked_at >= $%d", w.From)
	}
	if !w.To.IsZero() {
		add(answer+".asked_at < $%d", w.To)
	}
	if !w.Serial.IsZero() {
		add("i.serial = $%d", w.Serial.Bytes())
	}
	return b.String()
}

// ImpactLine is a case with what a window holds of it.
type ImpactLine struct {
	Impact
	Answers, Verifiers    int64 // wrong answers, and the requesters that are verifiers
	Others                int64 // wrong answers to others, who cannot be told
	Notices, Acknowledged int64 // of the whole case
	Untold                int64 // of the whole case: wrong answers to verifiers that no notice names
}

const impactColumns = `i.id, i.issuer, i.serial, i.profile, i.reason, i.since, i.wrong_from, i.revoked_at, i.told_at, i.opened_at`

// ImpactSums are over all cases of a window: cases, wrong answers in it, notices of these cases, and those that were acknowledged.
type ImpactSums struct{ Cases, Answers, Notices, Acknowledged int64 }

// ImpactSums adds up what Impacts lists, however much it is.
func (tx *Tx) ImpactSums(ctx context.Context, w Window) (s ImpactSums, err error) {
	var args []any
	in := ` FROM impact i JOIN impact_answer a ON a.impact = i.id WHERE 1 = 1` + w.clauses("a", &args)
	if err := tx.QueryRow(ctx, `SELECT COUNT(DISTINCT i.id), COUNT(*)`+in, args...).Scan(&s.Cases, &s.Answers); err != nil {
		return s, err
	}
	err = tx.QueryRow(ctx, `SELECT COUNT(*), COUNT(*) FILTER (WHERE n.acknowledged_by <> '') FROM impact_notice n WHERE n.impact IN (SELECT i.id`+in+`)`, args...).
		Scan(&s.Notices, &s.Acknowledged)
	return s, err
}

// ImpactPlace is where a list of cases goes on: behind the case of this id, learnt of then. The zero value is its beginning.
type ImpactPlace struct {
	ToldAt time.Time
	ID     int64
}

// Impacts lists the cases with wrong answers in a window behind a place, the newest first.
func (tx *Tx) Impacts(ctx context.Context, w Window, after ImpactPlace, limit int) ([]ImpactLine, error) {
	var args []any
	where := w.clauses("a", &args)
	if after.ID != 0 {
		args = append(args, after.ToldAt, after.ID)
		where += fmt.Sprintf(" AND (i.told_at < $%d OR i.told_at = $%d AND i.id < $%d)", len(args)-1, len(args)-1, len(args))
	}
	args = append(args, limit)
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, l *ImpactLine) error {
		return scanImpact(r, &l.Impact, &l.Answers, &l.Verifiers, &l.Others, &l.Notices, &l.Acknowledged, &l.Untold)
	}, `SELECT `+impactColumns+`, COUNT(a.answer), COUNT(DISTINCT v.id), COUNT(a.answer) - COUNT(v.id),
		(SELECT COUNT(*) FROM impact_notice n WHERE n.impact = i.id), (SELECT COUNT(*) FROM impact_notice n WHERE n.impact = i.id AND n.acknowledged_by <> ''),
		(SELECT COUNT(*) FROM impact_answer u WHERE u.impact = i.id AND u.notice = '' AND u.requester IN (SELECT id FROM verifier))
		FROM impact i JOIN impact_answer a ON a.impact = i.id LEFT JOIN verifier v ON v.id = a.requester WHERE 1 = 1`+where+`
		GROUP BY `+impactColumns+fmt.Sprintf(` ORDER BY i.told_at DESC, i.id DESC LIMIT $%d`, len(args)), args...)
}

// Impact finds a case.
func (tx *Tx) Impact(ctx context.Context, id int64) (i Impact, found bool, err error) {
	all, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, i *Impact) error { return scanImpact(r, i) },
		`SELECT `+impactColumns+` FROM impact i WHERE i.id = $1`, id)
	if err != nil || len(all) == 0 {
		return i, false, err
	}
	return all[0], true, nil
}

func scanImpact(r *sqlstore.Rows, i *Impact, more ...any) error {
	var serial []byte
	var profile, reason, since string
	err := r.Scan(append([]any{&i.ID, &i.Issuer, &serial, &profile, &reason, &since, sqlstore.Time(&i.WrongFrom), sqlstore.Time(&i.RevokedAt),
		sqlstore.Time(&i.ToldAt), sqlstore.Time(&i.OpenedAt)}, more...)...)
	if err != nil {
		return err
	}
	// What cannot be read of a row is left out of it, and hides none of the others.
	i.Serial, _ = cert.SerialFromBytes(serial)
	i.Profile, _ = cert.ParseProfile(profile)
	i.Reason, _ = cert.ParseReason(reason)
	if since != "" {
		i.Since, _ = resident.ParseDate("since", since)
	}
	return nil
}

// ToldLine is a wrong answer with its case and what became of its notice.
type ToldLine struct {
	Impact
	WrongAnswer
	Notice         string
	AcknowledgedAt time.Time
	AcknowledgedBy string
}

// ToldIn lists the wrong answers in a window, the oldest first, behind another one.
func (tx *Tx) ToldIn(ctx context.Context, w Window, afterAt time.Time, after int64, limit int) ([]ToldLine, error) {
	args := []any{afterAt, after}
	where := w.clauses("a", &args)
	args = append(args, limit)
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, l *ToldLine) error {
		var at int64
		err := scanImpact(r, &l.Impact, &l.Answer, &l.Requester, sqlstore.Time(&l.AskedAt), sqlstore.Time(&l.BasedAt), &l.Notice, &at, &l.AcknowledgedBy)
		if l.AcknowledgedBy != "" {
			l.AcknowledgedAt = sqlstore.FromMicros(at)
		}
		return err
	}, `SELECT `+impactColumns+`, a.answer, a.requester, a.asked_at, a.based_at, a.notice, COALESCE(n.acknowledged_at, 0), COALESCE(n.acknowledged_by, '')
		FROM impact_answer a JOIN impact i ON i.id = a.impact LEFT JOIN impact_notice n ON n.notice = a.notice
		WHERE (a.asked_at > $1 OR a.asked_at = $1 AND a.answer > $2)`+where+fmt.Sprintf(` ORDER BY a.asked_at, a.answer LIMIT $%d`, len(args)), args...)
}

// ImpactShare is what one who asked was told wrongly of a certificate, and the notice of it.
type ImpactShare struct {
	Requester      string
	Office         string // of a verifier that has filed; "" of somebody who cannot be told
	Answers        int64
	First, Last    time.Time
	Notice         string
	SentAt         time.Time
	AcknowledgedAt time.Time
	AcknowledgedBy string
	Text           string // what the verifier says that it did
}

// Shares lists who was told wrongly in a case, within the times of a window.
func (tx *Tx) Shares(ctx context.Context, impact int64, w Window, limit int) ([]ImpactShare, error) {
	args := []any{impact}
	where := Window{From: w.From, To: w.To}.clauses("a", &args)
	args = append(args, limit)
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, s *ImpactShare) error {
		var sent, acknowledged int64
		err := r.Scan(&s.Requester, &s.Notice, &s.Answers, sqlstore.Time(&s.First), sqlstore.Time(&s.Last), &sent, &acknowledged, &s.AcknowledgedBy, &s.Text, &s.Office)
		if s.Notice != "" {
			s.SentAt = sqlstore.FromMicros(sent)
		}
		if s.AcknowledgedBy != "" {
			s.AcknowledgedAt = sqlstore.FromMicros(acknowledged)
		}
		return err
	}, `SELECT a.requester, a.notice, COUNT(*), MIN(a.asked_at), MAX(a.asked_at), COALESCE(MAX(n.sent_at), 0), COALESCE(MAX(n.acknowledged_at), 0),
		COALESCE(MAX(n.acknowledged_by), ''), COALESCE(MAX(n.text), ''), COALESCE(MAX(v.office), '')
		FROM impact_answer a LEFT JOIN impact_notice n ON n.notice = a.notice LEFT JOIN verifier v ON v.id = a.requester
		WHERE a.impact = $1`+where+` GROUP BY a.requester, a.notice ORDER BY MIN(a.asked_at), a.requester`+fmt.Sprintf(` LIMIT $%d`, len(args)), args...)
}

// ImpactOf finds the case of a certificate.
func (tx *Tx) ImpactOf(ctx context.Context, issuer string, serial cert.Serial) (id int64, found bool, err error) {
	var n int64
	err = tx.QueryRow(ctx, `SELECT COUNT(*), COALESCE(MAX(id), 0) FROM impact WHERE issuer = $1 AND serial = $2`, issuer, serial.Bytes()).Scan(&n, &id)
	return id, n > 0, err
}
