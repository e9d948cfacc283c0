package host

import (
	"context"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/statement"
	"github.com/akashi-id/akashi/message"
)

// watch makes what tells people how it stands: the alarms, and the statements with the operator's round.
func (h *Host) watch(rules Rules) (err error) {
	look := h.Watch
	if _, virtual := h.Clock.(*clock.Virtual); virtual && look == 0 {
		look = time.Minute // else looking round would be most of what a replay of some months does
	}
	if h.Alarms, err = alarm.New(alarm.Config{Self: h.Self, Store: h.Store, Clock: h.Clock, Webhook: h.Webhook, Every: look, Log: h.Log}); err != nil {
		return err
	}
	closing := slices.DeleteFunc(slices.Clone(h.Peers), func(peer message.Org) bool { return h.Closes != nil && !h.Closes(peer) || !h.Often(peer) })
	h.Statements = statement.New(statement.Config{Self: h.Self, Peers: closing, Store: h.Store, Clock: h.Clock, Rand: h.Rand,
		Signer: h.Signer, Trust: h.Trust, Log: h.Log, Books: h.bookAccounts, Counts: rules.Counts,
		Looks: []func(context.Context, *sqlstore.Tx, time.Time) ([]statement.Look, error){lookAtAlarms, h.lookAtMessages, h.lookAtBooks}})
	return nil
}

// bookAccounts tells a statement of the books that are held with a peer: entries as they are at the account's moment, and
// what the last comparison came to.
func (h *Host) bookAccounts(ctx context.Context, tx *sqlstore.Tx, peer message.Org, source bool) ([]message.BookAccount, error) {
	standings, err := h.Books.StandingsIn(ctx, tx)
	if err != nil {
		return nil, err
	}
	var accounts []message.BookAccount
	for _, s := range standings {
		if s.Peer != peer || s.AsSource != source || s.Book == message.Drills {
			continue
		}
		entries, _, _, err := h.Books.Tally(ctx, tx, s.Book, peer)
		if err != nil {
			return nil, err
		}
		cases, err := h.Books.OpenCases(ctx, tx, s.Book, peer, maxNamed)
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, message.BookAccount{Book: s.Book, Entries: entries, ComparedAt: s.Compared, Differences: s.Differences, Cases: cases})
	}
	return accounts, nil
}

// maxNamed is how many cases of a book an account names.
const maxNamed = 100

// lookAtBooks is what the operator's round must look at in the books.
func (h *Host) lookAtBooks(ctx context.Context, tx *sqlstore.Tx, _ time.Time) ([]statement.Look, error) {
	standings, err := h.Books.StandingsIn(ctx, tx)
	if err != nil {
		return nil, err
	}
	cases := statement.Look{What: "cases", Name: plain.Sentence{JA: "突合の不一致の件", EN: "cases of differences"}, Href: "/reconcile"}
	found := statement.Look{What: "findings", Name: plain.Sentence{JA: "自己監査の所見", EN: "findings of the self-audit"}, Href: "/reconcile"}
	for _, s := range standings {
		cases.N, found.N = cases.N+s.OpenCases, found.N+s.Findings
		if !s.OldestCase.IsZero() && (cases.Since.IsZero() || s.OldestCase.Before(cases.Since)) {
			cases.Since = s.OldestCase
		}
	}
	return []statement.Look{cases, found}, nil
}

// lookAtAlarms is what the round must look at first.
func lookAtAlarms(ctx context.Context, tx *sqlstore.Tx, _ time.Time) ([]statement.Look, error) {
	n, since, err := alarm.OpenNow(ctx, tx)
	return []statement.Look{{What: "alarms", Name: plain.Sentence{JA: "出ている警報", EN: "alarms that are open"}, N: n, Href: "/alarms", Since: since}}, err
}

// lookAtMessages is what waits for people on the message desk.
func (h *Host) lookAtMessages(ctx context.Context, tx *sqlstore.Tx, _ time.Time) ([]statement.Look, error) {
	n, since, err := h.Exchange.ParkedNow(ctx, tx)
	return []statement.Look{{What: "parked", Name: plain.Sentence{JA: "保留されている電文", EN: "messages that are parked"}, N: n, Href: "/messages", Since: since}}, err
}
