package module

import (
	"fmt"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/plain"
)

// Report is what `akashi conform hsm` prints.
type Report struct {
	Name    string         `json:"name"`
	Passed  int            `json:"passed"`
	Failed  int            `json:"failed"`
	Rounds  int            `json:"rounds"`
	Says    string         `json:"says"` // the verdict
	Verdict plain.Sentence `json:"-"`
	Cases   []Case         `json:"cases"`

	Evidence string `json:"evidence,omitempty"` // where it is, if there is any

	pinRefused bool
}

// Case is one trial, over all rounds.
type Case struct {
	Case string `json:"case"`
	OK   bool   `json:"ok"`
	Says string `json:"says"`

	Tries      int   `json:"tries"`
	Signatures int   `json:"signatures"`
	Failures   int   `json:"failures"` // calls that no token answered
	Anomalies  int   `json:"anomalies"`
	Slow       int   `json:"slow"` // answers that took more than half of the deadline
	P50US      int64 `json:"p50_us"`
	P99US      int64 `json:"p99_us"`
	MaxUS      int64 `json:"max_us"`

	took   histogram
	first  plain.Sentence // the first thing that was wrong
	lasted time.Duration  // of its load
	ready  time.Duration  // the longest that the token took until it was ready
}

// The cases, in the order in which a round tries them.
const (
	caseLoad     = "load"
	caseMonitor  = "load with the monitor"
	caseKilled   = "process killed"
	caseLogin    = "login lost"
	caseSessions = "many sessions"
	caseKey      = "key missing"
	caseIdle     = "idle"
)

var names = map[string]plain.Sentence{
	caseLoad:     {JA: "負荷", EN: "load"},
	caseMonitor:  {JA: "監視プログラムと同時の負荷", EN: "load with the monitor"},
	caseKilled:   {JA: "プロセスの強制終了", EN: "process killed"},
	caseLogin:    {JA: "ログインの喪失", EN: "login lost"},
	caseSessions: {JA: "多数のセッション", EN: "many sessions"},
	caseKey:      {JA: "鍵がない", EN: "key missing"},
	caseIdle:     {JA: "無通信", EN: "idle"},
}

func (r *Report) of(name string) *Case {
	for i := range r.Cases {
		if r.Cases[i].Case == name {
			return &r.Cases[i]
		}
	}
	return nil
}

// Holds tells whether every case did, and there was one.
func (r *Report) Holds() bool { return r.Failed == 0 && r.Passed > 0 }

// wrong keeps the first thing that was wrong.
func (c *Case) wrong(ja, en string) {
	if c.OK {
		c.first = plain.Sentence{JA: ja, EN: en}
	}
	c.OK = false
}

// say writes what was seen.
func (c *Case) say() {
	c.Signatures, c.P50US, c.P99US, c.MaxUS = c.took.n, c.took.quantile(0.5).Microseconds(), c.took.quantile(0.99).Microseconds(), c.took.max.Microseconds()
	var ja, en []string
	if !c.OK {
		ja, en = append(ja, c.first.JA), append(en, c.first.EN)
	}
	if c.took.n > 0 {
		ja = append(ja, fmt.Sprintf("署名%d件、中央値%v、99%%が%v以内、最大%v", c.took.n, us(c.P50US), us(c.P99US), us(c.MaxUS)))
		en = append(en, fmt.Sprintf("%d signatures, median %v, 99%% within %v, longest %v", c.took.n, us(c.P50US), us(c.P99US), us(c.MaxUS)))
	}
	if c.lasted > 0 {
		rate := float64(c.took.n) / c.lasted.Seconds()
		ja, en = append(ja, fmt.Sprintf("毎秒%.0f件", rate)), append(en, fmt.Sprintf("%.0f a second", rate))
	}
	if c.Slow > 0 {
		ja, en = append(ja, fmt.Sprintf("期限の半分より遅い答え%d件", c.Slow)), append(en, fmt.Sprintf("%d answers slower than half the deadline", c.Slow))
	}
	if c.Anomalies > 0 {
		ja, en = append(ja, fmt.Sprintf("異常%d回", c.Anomalies)), append(en, fmt.Sprintf("%d anomalies", c.Anomalies))
	}
	if c.Failures > 0 {
		ja, en = append(ja, fmt.Sprintf("答えのない呼び出し%d件", c.Failures)), append(en, fmt.Sprintf("%d calls unanswered", c.Failures))
	}
	if c.ready > 0 {
		ready := c.ready.Round(time.Millisecond)
		ja, en = append(ja, fmt.Sprintf("使えるようになるまで最長%v", ready)), append(en, fmt.Sprintf("ready after at most %v", ready))
	}
	if len(ja) == 0 {
		ja, en = append(ja, "あるべき答えでした"), append(en, "it answered as it should")
	}
	c.Says = names[c.Case].JA + ": " + strings.Join(ja, "、") + " / " + names[c.Case].EN + ": " + strings.Join(en, ", ")
}

func us(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

// anomalous says what an anomaly was.
func (c *Case) anomalous(e hsm.Evidence) {
	c.Anomalies++
	s := e.What.Sentence()
	c.wrong(strings.TrimSuffix(s.JA, "。")+"（"+e.Says+"）", strings.TrimSuffix(s.EN, ".")+" ("+e.Says+")")
}

// judge ends the report with what it comes to.
func (r *Report) judge() {
	defer func() { r.Says = r.Verdict.JA + " / " + r.Verdict.EN }()
	for i := range r.Cases {
		r.Cases[i].say()
		if r.Cases[i].OK {
			r.Passed++
		} else {
			r.Failed++
		}
	}
	load, monitor := r.of(caseLoad), r.of(caseMonitor)
	switch {
	case r.pinRefused:
		r.Verdict = plain.Sentence{JA: "途中でPINが断られたため、装置が施錠されないよう、そこで止めました。この装置の評価はできていません。",
			EN: "The PIN was refused in the middle. So that the device does not lock itself, the trial ended there: the device is not judged."}
	case load != nil && monitor != nil && load.OK && !monitor.OK:
		r.Verdict = plain.Sentence{JA: "この装置は、監視プログラムと両立しません。監視なしの負荷では異常がなく、監視と同時の負荷でだけ異常が起きました。両方を同じ機器で動かさないでください。",
			EN: "The device does not get along with its monitor: it held under load without it, and failed under the same load with it. Do not run the two on one machine."}
	case load != nil && !load.OK:
		r.Verdict = plain.Sentence{JA: "この装置は、監視プログラムがなくても、負荷だけで異常を起こしました。使わないでください。",
			EN: "The device failed under load alone, whatever its monitor does. Do not use it."}
	case r.Failed > 0:
		r.Verdict = plain.Sentence{JA: "この装置は、負荷には耐えましたが、異常からの復帰に問題があります。下の項目を、装置の供給者に確かめてください。",
			EN: "The device held under load, and does not come back from what was done to it as it should. Take the cases below to its supplier."}
	default:
		r.Verdict = plain.Sentence{JA: "この装置と監視プログラムは、試した版・設定・時間では両立しました。版や設定が変われば、別の装置として試し直してください。",
			EN: "The device and its monitor got along, in these versions and settings and for this time. With another version or setting it is another device: try it again."}
	}
}
