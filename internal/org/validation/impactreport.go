package validation

import (
	"context"
	"encoding/csv"
	"io"
	"strconv"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// ImpactWindow says of which answers is asked: those given from From on and before To, about one certificate or all. Zero
// values narrow nothing.
type ImpactWindow struct {
	From, To time.Time
	Serial   cert.Serial
}

// ImpactReport is whom "good" was told wrongly in a window.
type ImpactReport struct {
	From  *time.Time   `json:"from"`
	To    *time.Time   `json:"to"`
	Cases []ImpactCase `json:"cases"`
	// Whole: every case is in it. A list has an end, and says so.
	Whole bool `json:"whole"`
}

// ImpactCase is a certificate whose revocation came late.
type ImpactCase struct {
	Case         string     `json:"case"`
	Serial       string     `json:"serial"`
	Profile      string     `json:"profile"`
	Reason       string     `json:"reason"`
	Since        string     `json:"since,omitempty"`
	WrongFrom    time.Time  `json:"wrong_from"`
	RevokedAt    time.Time  `json:"revoked_at"`
	ToldAt       time.Time  `json:"told_at"`
	Answers      int64      `json:"answers"` // in the window
	Verifiers    []Affected `json:"verifiers"`
	Notices      int64      `json:"notices"` // of the whole case
	Acknowledged int64      `json:"acknowledged"`
}

// Affected is one who was told wrongly.
type Affected struct {
	Verifier       string     `json:"verifier"` // or an address, of somebody who is no verifier and cannot be told
	Office         string     `json:"office,omitempty"`
	Answers        int64      `json:"answers"`
	First          time.Time  `json:"first"`
	Last           time.Time  `json:"last"`
	Notice         string     `json:"notice,omitempty"`
	SentAt         *time.Time `json:"sent_at,omitempty"`
	AcknowledgedAt *time.Time `json:"acknowledged_at,omitempty"`
	AcknowledgedBy string     `json:"acknowledged_by,omitempty"`
	Done           string     `json:"done,omitempty"` // what the verifier says that it did
}

// maxImpacts is how many cases a report holds, and how many who asked it names of each.
const maxImpacts = 1000

// Impact reports whom "good" was told wrongly in a window.
func (o *Validation) Impact(ctx context.Context, w ImpactWindow) (r ImpactReport, err error) {
	r = ImpactReport{From: optional(w.From), To: optional(w.To), Cases: []ImpactCase{}}
	err = o.Store.View(ctx, func(ctx context.Context, plainTx *sqlstore.Tx) error {
		tx := o.in(plainTx)
		lines, err := tx.Impacts(ctx, store.Window(w), store.ImpactPlace{}, maxImpacts+1)
		if err != nil {
			return err
		}
		r.Whole = len(lines) <= maxImpacts
		for _, l := range lines[:min(len(lines), maxImpacts)] {
			c := ImpactCase{Case: strconv.FormatInt(l.ID, 10), Serial: l.Serial.String(), Profile: l.Profile.String(), Reason: l.Reason.String(), Since: dayOrNone(l.Since),
				WrongFrom: l.WrongFrom.UTC(), RevokedAt: l.RevokedAt.UTC(), ToldAt: l.ToldAt.UTC(), Answers: l.Answers, Notices: l.Notices, Acknowledged: l.Acknowledged,
				Verifiers: []Affected{}}
			shares, err := tx.Shares(ctx, l.ID, store.Window{From: w.From, To: w.To}, maxImpacts)
			if err != nil {
				return err
			}
			for _, s := range shares {
				c.Verifiers = append(c.Verifiers, Affected{s.Requester, s.Office, s.Answers, s.First.UTC(), s.Last.UTC(), s.Notice,
					optional(s.SentAt), optional(s.AcknowledgedAt), s.AcknowledgedBy, s.Text})
			}
			r.Cases = append(r.Cases, c)
		}
		return nil
	})
	return r, err
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func dayOrNone(d resident.Date) string {
	if !d.Valid() {
		return ""
	}
	return d.String()
}

// WriteImpact writes the answers of a window as CSV, a line each. The rows are read in pieces, so that nobody waits for a
// slow reader.
func (o *Validation) WriteImpact(ctx context.Context, to io.Writer, w ImpactWindow) error {
	out := csv.NewWriter(to)
	if err := out.Write([]string{"case", "serial", "profile", "reason", "since", "wrong_from", "revoked_at", "told_at", "asked_by", "asked_at", "based_at",
		"notice", "acknowledged_at", "acknowledged_by"}); err != nil {
		return err
	}
	var lastAt time.Time
	var last int64
	for {
		var lines []store.ToldLine
		err := o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			lines, err = o.in(tx).ToldIn(ctx, store.Window(w), lastAt, last, impactStep)
			return err
		})
		if err != nil {
			return err
		}
		for _, l := range lines {
			if err := out.Write([]string{strconv.FormatInt(l.ID, 10), l.Serial.String(), l.Profile.String(), l.Reason.String(), dayOrNone(l.Since), stamp(l.WrongFrom),
				stamp(l.RevokedAt), stamp(l.ToldAt), webui.Inert(l.Requester), stamp(l.AskedAt), stamp(l.BasedAt), l.Notice, stamp(l.AcknowledgedAt), webui.Inert(l.AcknowledgedBy)}); err != nil {
				return err
			}
			lastAt, last = l.AskedAt, l.Answer
		}
		out.Flush()
		if err := out.Error(); err != nil || len(lines) < impactStep {
			return err
		}
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// ParseImpactWindow reads a window: days ("2026-11-22", in Japan; To with its end) or instants (RFC 3339). Empty narrows nothing.
func ParseImpactWindow(from, to, serial string) (w ImpactWindow, err error) {
	var problems plain.Problems
	read := func(field, text string, end bool) (t time.Time) {
		if text == "" {
			return t
		}
		if t, err := time.Parse(time.RFC3339, text); err == nil {
			return t
		}
		d, err := resident.ParseDate(field, text)
		if err != nil {
			problems = append(problems, plain.Bad(field, "日付（2026-11-22）か時刻（2026-11-22T09:00:00+09:00）で入力してください。",
				"Write a day (2026-11-22) or an instant (2026-11-22T09:00:00+09:00)."))
			return t
		}
		if end {
			d = d.AddDays(1)
		}
		return d.Start()
	}
	w.From, w.To = read("from", from, false), read("to", to, true)
	if serial != "" {
		if w.Serial, err = cert.ParseSerial(serial); err != nil {
			ps, _ := plain.AsProblems(err)
			problems = append(problems, ps...)
		}
	}
	if len(problems) == 0 && !w.From.IsZero() && !w.To.IsZero() && !w.From.Before(w.To) {
		problems = append(problems, plain.Bad("to", "終わりが始まりより前です。入れ替えてください。", "The end is before the beginning: exchange them."))
	}
	if len(problems) > 0 {
		return ImpactWindow{}, problems
	}
	return w, nil
}
