// Package tokendesk shows people the devices that hold an organisation's keys (トークン: 鍵を守る装置): how each stands, what
// is left of its last anomaly, and how much it does; it rings when one fails, and lets an operator have it tried again.
package tokendesk

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/plain"
)

// alarms rings for the tokens of an organisation.
type alarms []*hsm.Token

// Alarms is the source of the alarms about tokens.
func Alarms(tokens ...*hsm.Token) alarm.Source { return alarms(tokens) }

// Name names the tokens as a source of alarms.
func (t alarms) Name() string { return "tokens" }

// Signals says which tokens failed, and since when none can sign. A token that came back within seconds is told for an hour: its
// evidence wants to be read before it fails for the eighth time.
func (t alarms) Signals(_ context.Context, now time.Time) (signals []alarm.Signal, err error) {
	stands := make([]hsm.Stand, len(t))
	for i, tok := range t {
		stands[i] = tok.Stand()
	}
	return signalsOf(stands, now), nil
}

func signalsOf(stands []hsm.Stand, now time.Time) (signals []alarm.Signal) {
	var away time.Time // since when the last of them is
	ready := false
	for _, s := range stands {
		if s.State == hsm.Ready {
			ready = true
		}
		if s.Away.After(away) {
			away = s.Away
		}
		if s.State == hsm.Ready && s.Failures == 0 || s.State == hsm.Starting && s.Failures+s.Misses == 0 {
			continue
		}
		signals = append(signals, alarm.Signal{Code: alarm.TokenFailed, About: s.Name, Value: int64(max(s.Failures, 1)), Detail: detail(s)})
	}
	if !ready && len(stands) > 0 {
		signals = append(signals, alarm.Signal{Code: alarm.TokensAway, Value: int64(now.Sub(away) / time.Second)})
	}
	return signals
}

// detail says how a token stands.
func detail(s hsm.Stand) plain.Sentence {
	var ja, en []string
	say := func(j, e string) { ja, en = append(ja, j), append(en, e) }
	switch what := s.What.Sentence(); s.State {
	case hsm.Ready:
		say("今は使えています", "it is used again")
	case hsm.Starting:
		say("試しています", "it is being tried")
	case hsm.Out:
		say(strings.TrimSuffix(what.JA, "。")+"、人が確かめるまで使いません", strings.TrimSuffix(what.EN, ".")+"; it is not used until a person has looked at it")
	default:
		say(strings.TrimSuffix(what.JA, "。"), strings.TrimSuffix(what.EN, "."))
	}
	if s.Failures > 0 {
		say(fmt.Sprintf("この1時間の異常%d回", s.Failures), fmt.Sprintf("failures within the hour: %d", s.Failures))
	}
	return plain.Sentence{JA: strings.Join(ja, "、"), EN: strings.Join(en, ", ")}
}
