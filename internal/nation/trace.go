package nation

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Trace is what became of one act, as the organisations concerned tell it.
type Trace struct {
	What   string      `json:"what"`
	Hops   []Hop       `json:"hops"`
	Silent []SilentOne `json:"silent,omitempty"` // organisations that did not answer: their part is missing here
}

// Hop is one message, with what its sender and its receiver say of it.
type Hop struct {
	Message  string         `json:"message"`
	Kind     message.Kind   `json:"kind"`
	Name     plain.Sentence `json:"name"`
	From     message.Org    `json:"from"`
	To       message.Org    `json:"to"`
	Trace    string         `json:"trace"`
	Attempt  int64          `json:"attempt"`
	SentAt   time.Time      `json:"sent_at"`         // when the sender's transaction made it
	Arrived  *time.Time     `json:"arrived_at"`      // when the receiver decided; null: it has not, or did not answer
	Sender   string         `json:"sender_says"`     // ready, applied, parked …
	Receiver string         `json:"receiver_says"`   // applied, rejected …; empty: nothing yet
	LagMS    float64        `json:"lag_ms"`          // from sent to decided
	Code     string         `json:"code,omitempty"`  // why it was refused
	Reason   plain.Sentence `json:"reason,omitzero"` //
}

// SilentOne is an organisation that did not answer.
type SilentOne struct {
	Organisation message.Org `json:"organisation"`
	Error        string      `json:"error"`
}

// trace asks every organisation for its part, and joins the two views of each message. A first answer may name traces
// that others know by that name only (the number of a message is known to two, a trace to all that took part): they are asked once
// more by trace. Nobody is followed by record code (namesNobody).
func trace(ctx context.Context, members []member, what string) Trace {
	t := Trace{What: what, Hops: []Hop{}}
	hops := map[string]*Hop{}
	traces := map[string]bool{}
	silent := map[message.Org]error{}
	collect := func(what string) {
		members = slices.DeleteFunc(slices.Clone(members), func(m member) bool { return silent[m.entry.ID] != nil })
		answers, none := askAll[[]exchange.Item](ctx, members, "/trace?what="+url.QueryEscape(what))
		maps.Copy(silent, none)
		for _, items := range answers {
			for _, i := range items {
				traces[i.Trace] = true
				join(hops, i)
			}
		}
	}
	collect(what)
	for name := range traces {
		if name != what && name != "" {
			collect(name)
		}
	}
	for _, h := range hops {
		if h.Arrived != nil {
			h.LagMS = float64(h.Arrived.Sub(h.SentAt).Microseconds()) / 1000
		}
		t.Hops = append(t.Hops, *h)
	}
	slices.SortFunc(t.Hops, func(a, b Hop) int {
		return cmp.Or(a.SentAt.Compare(b.SentAt), cmp.Compare(a.Message, b.Message))
	})
	for o, err := range silent {
		t.Silent = append(t.Silent, SilentOne{o, err.Error()})
	}
	slices.SortFunc(t.Silent, func(a, b SilentOne) int { return cmp.Compare(a.Organisation, b.Organisation) })
	return t
}

// personCode reads a 住民票コード. The screens show it in groups of four digits, and people copy what they see.
func personCode(what string) (resident.RecordCode, bool) {
	code, err := resident.ParseRecordCode("what", strings.Join(strings.Fields(what), ""))
	return code, err == nil
}

func join(hops map[string]*Hop, i exchange.Item) {
	h := hops[i.ID.String()]
	if h == nil {
		spec, _ := message.SpecOf(i.Kind)
		h = &Hop{Message: i.ID.String(), Kind: i.Kind, Name: spec.Name, From: i.Sender, To: i.Receiver, Trace: i.Trace,
			Attempt: i.Attempt, SentAt: i.CreatedAt}
		hops[i.ID.String()] = h
	}
	if i.Out {
		h.Sender = i.State
	} else {
		h.Receiver = i.State
		at := i.DecidedAt
		h.Arrived = &at
	}
	if i.Code != "" {
		h.Code, h.Reason = i.Code, i.Reason
	}
}
