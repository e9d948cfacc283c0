package hsm

import (
	"errors"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/hsm/token"
	"github.com/akashi-id/akashi/internal/plain"
)

// Evidence is what is left of a token that failed: what it was asked, how it had answered before, and what its process was
// doing. It holds no PIN, no key, no memory of the process, and nothing of a person: of what was to be signed the digest.
type Evidence struct {
	Token   string    `json:"token"`
	At      time.Time `json:"at"`
	What    Anomaly   `json:"what"`
	Says    string    `json:"says"`
	Started int       `json:"started"` // how often the process had been started
	Open    []Past    `json:"open"`    // calls that had no answer
	Past    []Past    `json:"past"`    // the last that had
	Process string    `json:"process"` // what its threads were doing
}

// Anomaly is how a token failed.
type Anomaly string

const (
	Stalled Anomaly = "stalled" // no answer before the deadline
	Died    Anomaly = "died"    // its process ended
	Garbage Anomaly = "garbage" // what came was no answer, or no signature
	Refused Anomaly = "refused" // the login
	Lacking Anomaly = "lacking" // a key
	Failed  Anomaly = "failed"  // the device said so
	Left    Anomaly = "left"    // the program itself ended with calls under way
)

// hangs reports whether nothing more is to be hoped from the process: where it hangs is what the evidence needs.
func (a Anomaly) hangs() bool { return a == Stalled || a == Died || a == Garbage }

// Sentence says what the anomaly is.
func (a Anomaly) Sentence() plain.Sentence {
	return anomalies[a]
}

var anomalies = map[Anomaly]plain.Sentence{
	Stalled: {JA: "期限までに答えませんでした。", EN: "It did not answer before the deadline."},
	Died:    {JA: "装置を担当するプロセスが終わってしまいました。", EN: "The process that serves it ended."},
	Garbage: {JA: "返ってきたものが、答えでも、その鍵の署名でもありませんでした。", EN: "What came back was no answer, or no signature of the key."},
	Refused: {JA: "ログインが断られました。装置が施錠されないよう、人が確かめるまで試しません。", EN: "It refused the login. So that it does not lock itself, nothing tries again until a person has looked."},
	Lacking: {JA: "必要な鍵がありませんでした。", EN: "It lacks a key that is needed."},
	Failed:  {JA: "装置が失敗を返しました。", EN: "The device said that it failed."},
	Left:    {JA: "呼び出しの途中で、このプログラム自体が終わっていました。", EN: "This program itself had ended with calls under way."},
}

func anomalyOf(err error) Anomaly {
	fault := token.FaultOf(err)
	switch {
	case errors.Is(err, errStalled):
		return Stalled
	case errors.Is(err, errDied):
		return Died
	case errors.Is(err, token.ErrGarbage), errors.Is(err, errForged):
		return Garbage
	case fault == token.LoginRefused:
		return Refused
	case fault == token.NoSuchKey:
		return Lacking
	}
	return Failed
}

// witness writes down what can be seen of a token that has failed, before its process is killed. A token that does not come
// back fails every minute; that is kept once for each way of failing.
func (t *Token) witness(talk *conversation, why error) {
	if t.cfg.Evidence == nil {
		return
	}
	e := Evidence{Token: t.cfg.Name, At: t.cfg.Clock.Now(), What: anomalyOf(why), Says: scrub(why.Error(), t.cfg.PIN)}
	t.mu.Lock()
	e.Started = t.starts
	known := slices.Contains(t.told, e.What)
	t.told = append(t.told, e.What)
	t.mu.Unlock()
	if known {
		return
	}
	if talk != nil {
		e.Process = scrub(talk.process.Dump(), t.cfg.PIN)
		e.Open, e.Past = talk.seen() // after it: an answer that came too late by that much is told as such
	}
	t.keep(e)
}

// inherit reports what the program before this one left under way when it ended.
func (t *Token) inherit() {
	j := t.cfg.Journal
	if j == nil || len(j.left) == 0 || t.cfg.Evidence == nil {
		return
	}
	if t.keep(Evidence{Token: t.cfg.Name, At: t.cfg.Clock.Now(), What: Left, Says: "the program ended with calls under way", Open: j.left}) {
		j.reported()
	}
}

// keep hands evidence on. Where it cannot be kept, the log at least says that there was some.
func (t *Token) keep(e Evidence) bool {
	err := t.cfg.Evidence(e)
	if err != nil {
		t.cfg.Log.Error("the evidence of a token cannot be kept", "token", e.Token, "what", string(e.What), "says", e.Says, "open", len(e.Open), "error", err)
	}
	return err == nil
}
