package verify

import (
	"encoding/hex"
	"time"

	"github.com/akashi-id/akashi/message"
)

// accountSays is an account with the names of api/akashi/v1/statement.proto; what is zero is left out.
type accountSays struct {
	Sender    string        `json:"sender"`
	Node      string        `json:"node"`
	Receiver  string        `json:"receiver"`
	Side      string        `json:"side"`
	Span      string        `json:"span"`
	Since     int64         `json:"since,omitempty"`
	Until     int64         `json:"until"`
	MadeAt    int64         `json:"made_at"`
	From      *placeSays    `json:"from,omitempty"`
	To        *placeSays    `json:"to,omitempty"`
	Numbered  []stretchSays `json:"numbered,omitempty"`
	Unsettled []stretchSays `json:"unsettled,omitempty"`
	Kinds     []kindSays    `json:"kinds,omitempty"`
	Open      []openSays    `json:"open,omitempty"`
	Books     []bookSays    `json:"books,omitempty"`
	Counts    []countSays   `json:"counts,omitempty"`
	Answers   string        `json:"answers,omitempty"` // hex
	Held      *placeSays    `json:"held,omitempty"`
}

type placeSays struct {
	Epoch uint64 `json:"epoch,omitempty"`
	Seq   uint64 `json:"seq,omitempty"`
}

type stretchSays struct {
	Epoch uint64 `json:"epoch,omitempty"`
	First uint64 `json:"first,omitempty"`
	Last  uint64 `json:"last,omitempty"`
}

type stateSays struct {
	State string `json:"state"`
	N     int64  `json:"n,omitempty"`
}

type kindSays struct {
	Kind         string      `json:"kind"`
	Applied      int64       `json:"applied,omitempty"`
	AppliedSum   int64       `json:"applied_sum,omitempty"`
	Withdrawn    int64       `json:"withdrawn,omitempty"`
	WithdrawnSum int64       `json:"withdrawn_sum,omitempty"`
	Stuck        int64       `json:"stuck,omitempty"`
	Beside       int64       `json:"beside,omitempty"`
	Inside       []stateSays `json:"inside,omitempty"`
	Before       []stateSays `json:"before,omitempty"`
	Oldest       int64       `json:"oldest,omitempty"`
}

type openSays struct {
	Epoch uint64 `json:"epoch,omitempty"`
	Seq   uint64 `json:"seq,omitempty"`
	Kind  string `json:"kind"`
	State string `json:"state"`
	Code  string `json:"code,omitempty"`
}

type bookSays struct {
	Book        string   `json:"book"`
	Entries     int64    `json:"entries,omitempty"`
	ComparedAt  int64    `json:"compared_at,omitempty"`
	Differences int64    `json:"differences,omitempty"`
	Cases       []string `json:"cases,omitempty"`
}

type countSays struct {
	Name  string `json:"name"`
	JA    string `json:"ja,omitempty"`
	EN    string `json:"en,omitempty"`
	Kind  string `json:"kind,omitempty"`
	Book  string `json:"book,omitempty"`
	N     int64  `json:"n,omitempty"`
	Later int64  `json:"later,omitempty"`
}

func readable(a *message.Account) accountSays {
	v := accountSays{Sender: string(a.Sender), Node: a.Node, Receiver: string(a.Receiver), Side: string(a.Side), Span: string(a.Span),
		Since: micros(a.Since), Until: micros(a.Until), MadeAt: micros(a.MadeAt), From: placeOf(a.From), To: placeOf(a.To), Held: placeOf(a.Held)}
	for _, s := range a.Numbered {
		v.Numbered = append(v.Numbered, stretchSays(s))
	}
	for _, s := range a.Unsettled {
		v.Unsettled = append(v.Unsettled, stretchSays(s))
	}
	for _, k := range a.Kinds {
		v.Kinds = append(v.Kinds, kindSays{Kind: string(k.Kind), Applied: k.Applied, AppliedSum: k.AppliedSum, Withdrawn: k.Withdrawn,
			WithdrawnSum: k.WithdrawnSum, Stuck: k.Stuck, Beside: k.Beside, Inside: statesOf(k.Inside), Before: statesOf(k.Before), Oldest: micros(k.Oldest)})
	}
	for _, o := range a.Open {
		v.Open = append(v.Open, openSays{o.Epoch, o.Seq, string(o.Kind), o.State, o.Code})
	}
	for _, b := range a.Books {
		v.Books = append(v.Books, bookSays{string(b.Book), b.Entries, micros(b.ComparedAt), b.Differences, b.Cases})
	}
	for _, c := range a.Counts {
		v.Counts = append(v.Counts, countSays{c.Name, c.Title.JA, c.Title.EN, string(c.Kind), string(c.Book), c.N, c.Later})
	}
	if a.Side == message.ByReceiver {
		v.Answers = hex.EncodeToString(a.Answers[:])
	}
	return v
}

func placeOf(p message.Place) *placeSays {
	if p == (message.Place{}) {
		return nil
	}
	return &placeSays{p.Epoch, p.Seq}
}

func statesOf(ss []message.StateCount) (all []stateSays) {
	for _, s := range ss {
		all = append(all, stateSays(s))
	}
	return all
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}
