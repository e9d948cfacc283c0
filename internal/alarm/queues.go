package alarm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Queues are what takes items one after another here.
func Queues() []queue.Queue {
	return []queue.Queue{{
		Name:  "alarm/rows",
		Shape: queue.Scan,
		Items: plain.Sentence{JA: "出ている警報", EN: "alarms that are open"},
		Aside: plain.Sentence{JA: "警報画面の「終わった警報」", EN: "the alarm screen, under alarms that are over"},
		Loops: []string{"internal/alarm:Alarms.step", "internal/alarm:Alarms.ask", "internal/alarm:active", "internal/alarm:Alarms.View"},
		Bad:   []queue.Poison{queue.Undecodable, queue.Foreign, queue.Truncated},
		Never: map[queue.Poison]string{
			queue.Panic: "no handler runs over a row; a source that panics is a part of the program, and is tried in its own test",
			queue.Hang:  "no handler runs over a row; a source that hangs is left behind at its deadline, and is tried in its own test",
		},
		Settles: 10 * time.Second,
		Open:    openRowsRig,
	}, {
		Name:  "alarm/webhook",
		Shape: queue.Waiting,
		Items: plain.Sentence{JA: "送り先に知らせる警報", EN: "alarms of which the webhook is told"},
		Aside: plain.Sentence{JA: "概況の「保留中の仕事」", EN: "the overview, under work set aside"},
		Loops: []string{"internal/alarm:Alarms.webhookRule"},
		Bad:   []queue.Poison{queue.Undecodable, queue.Truncated, queue.Panic},
		Never: map[queue.Poison]string{
			queue.Foreign: "a notification says all that it tells; one whose alarm is gone is delivered like any other",
			queue.Hang:    "the call is that of net/http, which ends with its context; a receiver that hangs does so for every notification",
		},
		Settles: 2 * time.Hour, // eight tries, the last an hour after the one before
		Open:    openWebhookRig,
	}}
}

// rig is an organisation of which the one source says what the kit wants.
type rig struct {
	*Alarms
	store *sqlstore.Store
	good  []string // what the source tells of
	mu    sync.Mutex
	told  map[string]bool // what the receiver was told of
}

func newRig(ctx context.Context, g queue.Ground, name string) (*rig, error) {
	store, err := sqlstore.Open(ctx, g.Store(name), sqlstore.Options{Clock: g.Clock, Log: g.Log}, due.Schema, Schema)
	if err != nil {
		return nil, err
	}
	r := &rig{store: store, told: map[string]bool{}}
	r.Alarms, err = New(Config{Self: "nationalcenter", Store: store, Clock: g.Clock, Log: g.Log, HTTP: r, Webhook: Webhook{URL: "https://receiver.example/"}})
	if err != nil {
		store.Close()
		return nil, err
	}
	r.Add(InView("rig", store, func(context.Context, *sqlstore.Tx, time.Time) (all []Signal, err error) {
		for _, about := range r.good {
			all = append(all, Signal{Code: CaseOpen, About: about, Value: 1})
		}
		return all, nil
	}))
	return r, nil
}

// raise has the source tell of one more thing.
func (r *rig) raise() (about string) {
	about = fmt.Sprint("good ", r.cfg.Clock.Now().UnixMicro(), " ", len(r.good))
	r.good = append(r.good, about)
	r.store.Bell(Bell).Ring()
	return about
}

func openRowsRig(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	r, err := newRig(ctx, g, "alarms")
	if err != nil {
		return nil, err
	}
	return &queue.Rig{Tasks: r.Tasks(), Plant: r.plantRows, Close: r.store.Close,
		Good: func(context.Context) (func(context.Context) (bool, error), error) {
			about := r.raise()
			return func(ctx context.Context) (bool, error) {
				v, err := r.View(ctx, 0)
				for _, a := range v.Open {
					if a.What == about {
						return true, err
					}
				}
				return false, err
			}, nil
		},
		Aside: func(ctx context.Context) (a queue.Aside, err error) {
			v, err := r.View(ctx, maxActive)
			for _, c := range v.Closed {
				if c.Definition.Means == (plain.Sentence{}) { // of no alarm that there is
					a.Shown, a.Reasons = a.Shown+1, []plain.Sentence{c.Detail}
				}
			}
			return a, errors.Join(err, r.store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
				a.Counted, err = counted(ctx, tx, rowsDamaged)
				return err
			}))
		}}, nil
}

func (r *rig) plantRows(ctx context.Context, p queue.Poison, n int) error {
	codes := map[queue.Poison]string{queue.Undecodable: "\u0001\ufffd", queue.Foreign: "somebody-elses", queue.Truncated: string(CaseOpen)}
	return r.store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		for i := range n {
			c := change{row: row{source: "rig", name: name{code: Code(codes[p]), about: fmt.Sprint("poison ", i)}, severity: Warning, state: Open,
				since: tx.Now(), opened: tx.Now(), seen: tx.Now(), value: 1, worst: 1}, act: open}
			if _, err := c.write(ctx, tx); err != nil {
				return err
			}
		}
		if p != queue.Truncated {
			return nil
		}
		if err := tx.Flush(ctx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE alarm SET code = substr(code, 1, 6) WHERE about LIKE 'poison %'`)
		return err
	})
}

func openWebhookRig(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	r, err := newRig(ctx, g, "webhook")
	if err != nil {
		return nil, err
	}
	list := due.New(r.store, g.Clock, r.Due(), func(context.Context, *sqlstore.Tx, []message.Out) error { return nil }, g.Log)
	return &queue.Rig{Tasks: append(r.Tasks(), list.Tasks()...), Plant: r.plantNotifications, Close: r.store.Close,
		Good: func(context.Context) (func(context.Context) (bool, error), error) {
			about := r.raise()
			return func(context.Context) (bool, error) {
				r.mu.Lock()
				defer r.mu.Unlock()
				return r.told[about], nil
			}, nil
		},
		Aside: due.Aside(r.store)}, nil
}

// RoundTrip is the receiver.
func (r *rig) RoundTrip(req *http.Request) (*http.Response, error) {
	var n Notification
	if err := json.NewDecoder(req.Body).Decode(&n); err != nil {
		return nil, err
	}
	if strings.HasPrefix(n.About, "poison") {
		panic("planted by the conformance kit")
	}
	r.mu.Lock() // two notifications may come at a time
	defer r.mu.Unlock()
	r.told[n.About] = true
	return &http.Response{StatusCode: http.StatusNoContent, Body: io.NopCloser(strings.NewReader("")), Request: req}, nil
}

func (r *rig) plantNotifications(ctx context.Context, p queue.Poison, n int) error {
	return r.store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		for i := range n {
			body, err := json.Marshal(r.notification(row{name: name{code: CaseOpen, about: fmt.Sprint("poison ", i)}, severity: Warning, opened: tx.Now()}, eventOpened))
			if err != nil {
				return err
			}
			if p == queue.Undecodable {
				body = []byte{0xff, 0x00, byte(i)}
			}
			due.Add(tx, tx.Now().Add(-time.Hour), webhookKind, fmt.Sprint(i, "/", eventOpened), body)
		}
		if p != queue.Truncated {
			return nil
		}
		if err := tx.Flush(ctx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE due SET payload = substr(payload, 1, 20) WHERE kind = $1`, webhookKind)
		return err
	})
}
