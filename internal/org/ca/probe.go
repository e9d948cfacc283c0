package ca

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/probe"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// probesApart is how far apart two probes of one prefecture for one profile must be. Each costs a signature of the CA's key.
const probesApart = 10 * time.Second

// probes are the probes of issuance that prefectures asked for: of each, for each profile, the last. Nothing of them is kept in the
// database: one that gets lost is a probe that failed, which is what it should be when the CA stops.
type probes struct {
	mu   sync.Mutex
	last map[string]*probed
	key  applicantKeys
}

// probed is one probe.
type probed struct {
	Place   string       `json:"place"`
	From    message.Org  `json:"from"`
	Town    message.Org  `json:"town"`
	Profile cert.Profile `json:"profile"`
	Nonce   []byte       `json:"nonce"`
	At      time.Time    `json:"at"`

	answer probe.Answer
}

// onProbe answers a prefecture that probes whether certificates are issued (外部監視). What it asks for goes the way of an application,
// through the rules, the draft, the list of due work, the lint and the device, and issues nothing: what is signed is a text that says so.
func (o *CA) onProbe(ctx context.Context, from message.Org, body []byte) ([]byte, error) {
	town, ok := o.townOf(from)
	if !ok {
		return nil, fmt.Errorf("%s is no prefecture for whose residents this CA issues: it is not probed for others", from)
	}
	q, err := probe.ReadQuestion(body)
	if err != nil {
		return nil, err
	}
	if o.byProfile[q.Profile] == nil {
		return nil, fmt.Errorf("this CA issues no %s certificates", q.Profile)
	}
	if _, err := o.probes.key.of(o, o.byProfile[q.Profile].Certifies()[0]); err != nil { // here, because it takes long, and the rules run in a transaction
		return nil, err
	}
	p := probed{Place: string(from) + "/" + q.Profile.String(), From: from, Town: town, Profile: q.Profile, Nonce: q.Nonce, At: o.Clock.Now().UTC().Truncate(time.Microsecond)}
	a, fresh := o.probes.take(p)
	if fresh {
		if err := o.putProbe(ctx, p); err != nil {
			o.probes.settle(p, probe.Answer{State: "refused", Why: probe.Refused})
			return nil, err
		}
	}
	return json.Marshal(a)
}

// townOf is a municipality of a prefecture at whose counters this CA's certificates are applied for.
func (o *CA) townOf(from message.Org) (message.Org, bool) {
	if from.Role() != message.Prefecture || from.Code() == "" {
		return "", false
	}
	i := slices.IndexFunc(o.Peers, func(p message.Org) bool {
		return p.Role() == message.Municipality && strings.HasPrefix(p.Code(), from.Code())
	})
	if i < 0 {
		return "", false
	}
	return o.Peers[i], true
}

// take finds what became of a probe, or takes a new one in the place of the one before.
func (s *probes) take(p probed) (a probe.Answer, fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.last[p.Place]
	switch {
	case was != nil && slices.Equal(was.Nonce, p.Nonce):
		return was.answer, false
	case was != nil && p.At.Sub(was.At).Abs() < probesApart:
		return probe.Answer{State: "refused", Why: probe.Refused}, false
	}
	if s.last == nil {
		s.last = map[string]*probed{}
	}
	p.answer = probe.Answer{State: "waiting"}
	s.last[p.Place] = &p
	return p.answer, true
}

// settle says what became of a probe, unless another has taken its place.
func (s *probes) settle(p probed, a probe.Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if was := s.last[p.Place]; was != nil && slices.Equal(was.Nonce, p.Nonce) && was.answer.State == "waiting" {
		was.answer = a
	}
}

// putProbe puts a probe on the list of due work, where certificates wait for their signatures. One that still waits for the same asker gives
// way, so that there are never more of them than askers.
func (o *CA) putProbe(ctx context.Context, p probed) error {
	payload, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		if _, err := due.Remove(ctx, tx, dueSign, probeRef+p.Place); err != nil {
			return err
		}
		due.Add(tx, tx.Now(), dueSign, probeRef+p.Place, payload)
		return nil
	})
}

// probeRef begins the reference of a probe among the work that is due. An intent's is a number.
const probeRef = "probe/"
