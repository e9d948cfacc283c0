// Package books watches the reconciliation of books (突合の見張り): differences that nothing explains, rows that were changed
// behind the program's back, comparisons that do not come, an audit that does not come round.
//
// It reads what the reconciliation tells the screens, and nothing else.
package books

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/message"
)

// Source is the reconciliation as a source of alarms.
type Source struct {
	books   *reconcile.Books
	first   time.Time // our first look: an audit that has never come round is waited for since then
	figures []alarm.Figure
}

// New makes the source of an organisation's books.
func New(b *reconcile.Books) *Source { return &Source{books: b} }

// Name is reconcile.
func (s *Source) Name() string { return "reconcile" }

// Figures are those of the books.
func (s *Source) Figures() []alarm.Figure { return s.figures }

// Signals tells of every book with every peer.
func (s *Source) Signals(ctx context.Context, now time.Time) ([]alarm.Signal, error) {
	standings, err := s.books.Standings(ctx)
	if err != nil {
		return nil, err
	}
	if s.first.IsZero() {
		s.first = now
	}
	s.figures = nil
	var signals []alarm.Signal
	for _, b := range standings {
		signals = append(signals, s.ofBook(b, now)...)
		s.measure(b, now)
	}
	return signals, nil
}

func (s *Source) ofBook(b reconcile.Standing, now time.Time) (signals []alarm.Signal) {
	is := func(code alarm.Code, value int64, since time.Time, detail plain.Sentence) {
		signals = append(signals, alarm.Signal{Code: code, Peer: b.Peer, About: string(b.Book), Value: value, Since: since, Detail: detail,
			Href: "/reconcile", Drill: code == alarm.CaseOpen && b.Book == message.Drills})
	}
	is(alarm.CaseOpen, b.OpenCases, b.OldestCase, plain.Sentence{})
	is(alarm.RowChanged, b.Findings, time.Time{}, plain.Sentence{})
	is(alarm.ComparisonMissing, seconds(now, b.Watched), b.Watched, because(b.Reason))
	audited := b.Audited
	if audited.Before(s.first) {
		audited = s.first // of what was before the program started, nobody watched
	}
	is(alarm.AuditLate, seconds(now, audited), audited, because(b.Trouble))
	return signals
}

func because(reason string) plain.Sentence {
	if reason == "" {
		return plain.Sentence{}
	}
	return plain.Sentence{JA: "理由: " + reason, EN: "Reason: " + reason}
}

func seconds(now, since time.Time) int64 { return int64(now.Sub(since) / time.Second) }

func (s *Source) measure(b reconcile.Standing, now time.Time) {
	labels := []alarm.Label{{Name: "peer", Value: string(b.Peer)}, {Name: "book", Value: string(b.Book)}}
	figure := func(name, help string, value float64) {
		s.figures = append(s.figures, alarm.Figure{Name: "akashi_reconcile_" + name, Help: help, Labels: labels, Value: value})
	}
	agree := 0.0
	if b.Status().Agree {
		agree = 1
	}
	figure("agree", "1 when the last comparison found nothing that is not accounted for.", agree)
	figure("entries", "Entries of the book at its source, at the last comparison.", float64(b.Entries))
	figure("open_cases", "Differences that nothing explains.", float64(b.OpenCases))
	figure("findings", "Rows that were changed behind the program's back, not acknowledged.", float64(b.Findings))
	figure("last_comparison_seconds", "How long ago the last comparison was, or the start.", float64(seconds(now, b.Watched)))
	figure("audit_cycle_seconds", "How long the last full cycle of the self-audit took.", b.Cycle.Seconds())
}
