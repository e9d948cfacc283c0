package statement

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// Look is one thing that the operator's round must look at.
type Look struct {
	What  string         // stable: "alarms", "cases", "parked", "drill", "statements-missing"
	Name  plain.Sentence // 「開いている警報」
	N     int64          // how many ask for somebody; 0: looked at, and nothing is there
	Href  string         // the page below the organisation's base where one deals with it; may be empty
	Since time.Time      // of the oldest; zero: not known
}

// Round is a signed round.
type Round struct {
	Day      resident.Date
	N        int64 // 1 for the first of the day; whoever signs again adds to it
	At       time.Time
	Person   string // identifier
	Name     plain.Sentence
	Findings string
	Looked   []Look // what there was to be looked at when it was signed
	Late     bool   // after noon of the next day
}

// mostRounds is how many days back a missed round is asked for, and can still be signed.
const mostRounds = 40

// maxFindings bounds the words of a round, in bytes.
const maxFindings = 4000

// ActRound is the act of signing a round, in the audit log.
const ActRound = "round"

// Looks is what there is to be looked at now: what the parts of the organisation say, and the statements.
func (s *Statements) Looks(ctx context.Context, tx *sqlstore.Tx, now time.Time) ([]Look, error) {
	var looks []Look
	for _, look := range s.cfg.Looks {
		more, err := look(ctx, tx, now)
		if err != nil {
			return nil, fmt.Errorf("couldn't see what the round must look at: %w", err)
		}
		looks = append(looks, more...)
	}
	late := Look{What: "statements-missing", Name: plain.Sentence{JA: "そろっていない計算書", EN: "statements that are not complete"}, Href: "/statements"}
	wrong := Look{What: "statements-unexplained", Name: plain.Sentence{JA: "説明のつかない計算書", EN: "statements with unexplained lines"}, Href: "/statements"}
	for _, q := range []struct {
		look *Look
		sql  string
		args []any
	}{
		{&late, `SELECT COUNT(*), COALESCE(MIN(until), 0) FROM s_statement WHERE state = 'waiting' AND until <= $1`, []any{now.Add(-Late)}},
		{&wrong, `SELECT COUNT(*), COALESCE(MIN(until), 0) FROM s_statement WHERE state = 'unexplained' AND seen = 0`, nil},
	} {
		if err := tx.QueryRow(ctx, q.sql, q.args...).Scan(&q.look.N, timeOrZero(&q.look.Since)); err != nil {
			return nil, fmt.Errorf("couldn't count the statements that ask for somebody: %w", err)
		}
	}
	return append(looks, late, wrong), nil
}

// Sign records that a person has made the round of a day. Where something asks for somebody, the person must say in words
// what was found and done. Unexplained statements count as looked at from then on.
func (s *Statements) Sign(ctx context.Context, tx *sqlstore.Tx, day resident.Date, person string, name plain.Sentence, findings string) error {
	findings = strings.TrimSpace(findings)
	first, err := s.firstRound(ctx, tx)
	if err != nil {
		return err
	}
	today := resident.DateOf(tx.Now())
	switch {
	case !day.Valid() || !first.Valid() || day.Before(first) || day.After(today) || day.Before(today.AddDays(-mostRounds)):
		return plain.Bad("day", fmt.Sprintf("日次業務は、この団体が動き始めた日から今日まで、さかのぼって%d日の分に署名できます。日付を確かめてください。", mostRounds),
			fmt.Sprintf("a round can be signed for a day since this organisation began, up to today and %d days back: check the day", mostRounds))
	case person == "" || len(person) > 128:
		return plain.Bad("person", "署名する人が分かりません。操作する人を選んでください。", "nobody is signing: choose who you are")
	case len(findings) > maxFindings || !utf8.ValidString(findings) || strings.ContainsRune(findings, 0):
		return plain.Bad("findings", "所見は4,000バイト以内の文字で書いてください。", "write the findings as text of at most 4,000 bytes")
	}
	looks, err := s.Looks(ctx, tx, tx.Now())
	if err != nil {
		return err
	}
	if findings == "" && slices.ContainsFunc(looks, func(l Look) bool { return l.N > 0 }) {
		return plain.Bad("findings", "確かめるものが残っています。何を見て、どうしたかを所見に書いてください。",
			"something asks for somebody: write what you found and what you did about it")
	}
	looked, err := json.Marshal(looks)
	if err != nil {
		return err
	}
	var n int64
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(n), 0) + 1 FROM s_round WHERE day = $1`, day.Start()).Scan(&n); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO s_round(day, n, at, person, name_ja, name_en, findings, looked) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		day.Start(), n, tx.Now(), person, name.JA, name.EN, findings, string(looked)); err != nil {
		return fmt.Errorf("couldn't record the round: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE s_statement SET seen = 1 WHERE state = 'unexplained' AND seen = 0`); err != nil {
		return err
	}
	auditlog.Write(tx, auditlog.Entry{Actor: person, Act: ActRound, Case: day.String()})
	return nil
}

// Rounds lists the signed rounds of the days from one to another, in order.
func (s *Statements) Rounds(ctx context.Context, tx *sqlstore.Tx, from, to resident.Date) ([]Round, error) {
	return sqlstore.List(ctx, tx, func(r *sqlstore.Rows, o *Round) error {
		var day time.Time
		var looked string
		if err := r.Scan(sqlstore.Time(&day), &o.N, sqlstore.Time(&o.At), &o.Person, &o.Name.JA, &o.Name.EN, &o.Findings, &looked); err != nil {
			return err
		}
		o.Day = resident.DateOf(day)
		o.Late = o.At.After(roundDue(o.Day))
		// A damaged list of what was looked at leaves the round what it is.
		if json.Unmarshal([]byte(looked), &o.Looked) != nil {
			o.Looked = nil
		}
		return nil
	}, `SELECT day, n, at, person, name_ja, name_en, findings, looked FROM s_round WHERE day >= $1 AND day <= $2 ORDER BY day, n LIMIT 1000`,
		from.Start(), to.Start())
}

// MissedRounds lists the days whose round nobody signed by noon of the next day, and not since.
func (s *Statements) MissedRounds(ctx context.Context, tx *sqlstore.Tx, now time.Time) ([]resident.Date, error) {
	first, err := s.firstRound(ctx, tx)
	if err != nil || !first.Valid() {
		return nil, err
	}
	last := resident.DateOf(now.Add(-12 * time.Hour)).AddDays(-1) // the last day whose noon is over
	if back := last.AddDays(1 - mostRounds); first.Before(back) {
		first = back
	}
	rounds, err := s.Rounds(ctx, tx, first, last)
	if err != nil {
		return nil, fmt.Errorf("couldn't look for missed rounds: %w", err)
	}
	var days []resident.Date
	for d := first; !d.After(last); d = d.AddDays(1) {
		if !slices.ContainsFunc(rounds, func(r Round) bool { return r.Day == d }) {
			days = append(days, d)
		}
	}
	return days, nil
}

// firstRound is the first day of which a round is expected: that on which the organisation began.
func (s *Statements) firstRound(ctx context.Context, tx *sqlstore.Tx) (resident.Date, error) {
	var first time.Time
	err := tx.QueryRow(ctx, `SELECT first FROM s_turn WHERE span = 'day'`).Scan(sqlstore.Time(&first))
	if errors.Is(err, sql.ErrNoRows) {
		return resident.Date{}, nil
	}
	return resident.DateOf(first), err
}
