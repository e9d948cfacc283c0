package desk

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Status is the answer of api/status: how it stands between this organisation and each of its peers.
type Status struct {
	Organisation message.Org `json:"organisation"`
	AsOf         time.Time   `json:"as_of"`
	Pairs        []Pair      `json:"pairs"`
}

// Pair is how it stands with one peer. Times are absent when there is none.
type Pair struct {
	Peer         message.Org `json:"peer"`
	State        string      `json:"state"` // unknown, up, down, refused
	Since        *time.Time  `json:"since,omitempty"`
	Reason       string      `json:"reason,omitempty"`
	Contact      *time.Time  `json:"contact,omitempty"` // last answer or call
	Sent         int64       `json:"sent"`
	Applied      int64       `json:"applied"`
	Waiting      int64       `json:"waiting"`
	Parked       int64       `json:"parked"`
	Held         int64       `json:"held"`
	Oldest       *time.Time  `json:"oldest,omitempty"`
	OldestAgeMS  int64       `json:"oldest_age_ms"`
	Received     int64       `json:"received"`
	InParked     int64       `json:"in_parked"`
	InRefused    int64       `json:"in_refused"` // of kinds that the peer may not send
	LastReceived *time.Time  `json:"last_received,omitempty"`
}

// Trace is the answer of api/trace: this organisation's part in what followed from an act.
type Trace struct {
	Organisation message.Org `json:"organisation"`
	What         string      `json:"what"`
	AsOf         time.Time   `json:"as_of"`
	Items        []Item      `json:"items"`
}

// Item is one message as this organisation sees it. It holds nothing of the content.
type Item struct {
	Message   string       `json:"message"`
	Direction string       `json:"direction"` // out: ours; in: the peer's
	Kind      message.Kind `json:"kind"`
	Trace     string       `json:"trace"`
	Attempt   int64        `json:"attempt"`
	Verdict   string       `json:"verdict"` // of ours: ready, deferred, parked, held, applied, withdrawn; of the peer's: the outcome
	Code      string       `json:"code,omitempty"`
	ReasonJA  string       `json:"reason_ja,omitempty"`
	ReasonEN  string       `json:"reason_en,omitempty"`
	CreatedAt time.Time    `json:"created_at"`
	DecidedAt *time.Time   `json:"decided_at,omitempty"`
	LagMS     *float64     `json:"lag_ms,omitempty"` // from its making to its verdict; on one side's clock for each
}

// api answers with JSON, to those who may view messages. An error is an object with a sentence in both languages.
func (d *Desk) api(answer func(r *http.Request) (any, error)) http.HandlerFunc {
	type problem struct {
		JA string `json:"ja"`
		EN string `json:"en"`
	}
	return func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusOK
		err := access.May(access.From(r.Context()), access.ViewMessages, d.role)
		var body any
		if err == nil {
			body, err = answer(r)
		}
		var refused *access.Refused
		switch problems, ok := plain.AsProblems(err); {
		case errors.As(err, &refused):
			status, body = http.StatusForbidden, map[string]problem{"error": {refused.JA, refused.EN}}
		case ok:
			status, body = http.StatusUnprocessableEntity, map[string]problem{"error": {problems[0].JA, problems[0].EN}}
		case err != nil:
			d.host.Log.ErrorContext(r.Context(), "a request failed", slog.String("path", r.URL.Path), slog.Any("error", err))
			status, body = http.StatusInternalServerError, map[string]problem{"error": {
				"答えを作れませんでした。しばらくしてから、もう一度行ってください。", "The answer could not be made. Try again in a while."}}
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		if err := json.NewEncoder(w).Encode(body); err != nil {
			d.host.Log.DebugContext(r.Context(), "the asker has gone", slog.Any("error", err))
		}
	}
}

func (d *Desk) status(r *http.Request) (any, error) {
	pairs, err := d.pairs(r.Context())
	if err != nil {
		return nil, err
	}
	s := Status{Organisation: d.host.Self, AsOf: d.host.Clock.Now(), Pairs: []Pair{}}
	for _, p := range pairs {
		one := Pair{Peer: p.Peer, State: string(p.State), Since: instant(p.Since), Reason: p.Reason, Contact: instant(p.Contact),
			Sent: p.Sent, Applied: p.Applied, Waiting: p.Waiting, Parked: p.Parked, Held: p.Held, Oldest: instant(p.Oldest),
			Received: p.Received, InParked: p.InParked, InRefused: p.InRefused, LastReceived: instant(p.LastReceived)}
		if one.Oldest != nil {
			one.OldestAgeMS = s.AsOf.Sub(p.Oldest).Milliseconds()
		}
		s.Pairs = append(s.Pairs, one)
	}
	return s, nil
}

func (d *Desk) trace(r *http.Request) (any, error) {
	what := r.FormValue("what")
	if what == "" {
		return nil, plain.Bad("what",
			"what に、追跡番号、電文番号または住民票コードを指定してください。",
			"name a trace, a message or a resident record code in the parameter what")
	}
	if codes := personsOf([]string{what}); len(codes) > 0 {
		if r.URL.Query().Has("what") {
			return nil, plain.Bad("what",
				"住民票コードは、アドレスではなく、POSTの本文で送ってください。アドレスは記録や履歴に残ります。",
				"send a resident record code by POST in the body, not in the address, which stays in logs and histories")
		}
		// To follow a person's code is a look at that person, on a ground, and of a protected one it is refused.
		by := access.From(r.Context())
		if err := access.May(by, access.LookAtPerson, d.role); err != nil {
			return nil, err
		}
		if err := d.host.Store.Update(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			asked := look.Ground{Purpose: look.Purpose(r.FormValue("purpose")), Case: r.FormValue("case")}
			ground, err := d.host.Admits(ctx, tx, asked, codes)
			if err != nil {
				return err
			}
			return look.Record(tx, look.Look{By: by, Office: d.host.Self, Subject: codes[0], Ground: ground, Items: look.Code | look.History, How: "trace"})
		}); err != nil {
			return nil, err
		}
	}
	items, err := d.host.Exchange.Traced(r.Context(), what)
	if err != nil {
		return nil, err
	}
	if err := d.opens(r.Context(), items...); err != nil {
		return nil, err
	}
	t := Trace{Organisation: d.host.Self, What: what, AsOf: d.host.Clock.Now(), Items: []Item{}}
	for _, i := range items {
		one := Item{Message: i.ID.String(), Direction: "in", Kind: i.Kind, Trace: i.Trace, Attempt: i.Attempt, Verdict: i.State, Code: i.Code,
			ReasonJA: i.Reason.JA, ReasonEN: i.Reason.EN, CreatedAt: i.CreatedAt, DecidedAt: instant(i.DecidedAt)}
		if i.Out {
			one.Direction = "out"
		}
		if one.DecidedAt != nil {
			lag := float64(i.DecidedAt.Sub(i.CreatedAt).Microseconds()) / 1000
			one.LagMS = &lag
		}
		t.Items = append(t.Items, one)
	}
	return t, nil
}

func instant(t time.Time) *time.Time {
	if !happened(t) {
		return nil
	}
	return &t
}
