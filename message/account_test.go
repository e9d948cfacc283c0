package message_test

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"encoding/base64"
	"encoding/json"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// publishedAccounts are the accounts of the published statements.
func publishedAccounts(t testing.TB) (all [][]byte) {
	files, err := filepath.Glob("vectors/statements/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no published statements: %v", err)
	}
	for _, file := range files {
		var f struct {
			Accounts []struct {
				Account string `json:"account"`
			} `json:"accounts"`
		}
		raw, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(raw, &f)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range f.Accounts {
			b, err := base64.StdEncoding.DecodeString(a.Account)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, b)
		}
	}
	return all
}

func TestAccountsAreReadAsWritten(t *testing.T) {
	for _, raw := range publishedAccounts(t) {
		a, err := message.OpenAccount(raw)
		if err != nil {
			t.Fatal(err)
		}
		again, err := a.Encode()
		if err != nil || !bytes.Equal(again, raw) {
			t.Errorf("written again it differs: %v", err)
		}
	}
}

// FuzzOpenAccount: whatever the bytes, an account is read or refused in both languages, and comparing what was read with
// anything else ends.
func FuzzOpenAccount(f *testing.F) {
	for _, raw := range publishedAccounts(f) {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := message.OpenAccount(raw)
		if err != nil {
			if ps, ok := plain.AsProblems(err); !ok || ps[0].JA == "" || ps[0].EN == "" {
				t.Fatalf("%v has no sentence", err)
			}
			return
		}
		out, err := a.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := message.OpenAccount(out)
		if err != nil || !reflect.DeepEqual(again, a) {
			t.Fatalf("written again it differs: %v\n%+v\n%+v", err, a, again)
		}
		for _, l := range message.Lines(a, again) {
			if l.Says.JA == "" || l.Says.EN == "" || l.State == "" {
				t.Fatalf("a line says nothing: %+v", l)
			}
		}
	})
}

func TestBadAccounts(t *testing.T) {
	good, err := message.OpenAccount(publishedAccounts(t)[0])
	if err != nil {
		t.Fatal(err)
	}
	long := make([]message.Stretch, message.MaxUnsettled+1)
	for i := range long {
		long[i] = message.Stretch{Epoch: 1, First: uint64(2*i + 1), Last: uint64(2*i + 1)}
	}
	for name, change := range map[string]func(a *message.Account){
		"a side that there is not":        func(a *message.Account) { a.Side = "both" },
		"a span that there is not":        func(a *message.Account) { a.Span = "month" },
		"an organisation with itself":     func(a *message.Account) { a.Receiver = a.Sender },
		"nobody":                          func(a *message.Account) { a.Sender = "" },
		"a close before the last":         func(a *message.Account) { a.Since = a.Until },
		"a range that goes back":          func(a *message.Account) { a.To = message.Place{Epoch: 1, Seq: 1} },
		"numbers outside of the range":    func(a *message.Account) { a.Numbered[0].First = 1 },
		"stretches that overlap":          func(a *message.Account) { a.Numbered = append(a.Numbered, a.Numbered[0]) },
		"a stretch that goes back":        func(a *message.Account) { a.Numbered[0].First = a.Numbered[0].Last + 1 },
		"too many stretches":              func(a *message.Account) { a.Unsettled = long },
		"unsettled beyond the cut":        func(a *message.Account) { a.Unsettled = []message.Stretch{{Epoch: 9, First: 1, Last: 1}} },
		"less than nothing":               func(a *message.Account) { a.Kinds[0].Applied = -1 },
		"a kind twice":                    func(a *message.Account) { a.Kinds = append(a.Kinds, a.Kinds[0]) },
		"a number that no store can keep": func(a *message.Account) { a.Numbered[0].Last, a.To.Seq = 1<<63, 1<<63 },
		"a time before time":              func(a *message.Account) { a.MadeAt = time.Unix(-1, 0) },
		"a control character":             func(a *message.Account) { a.Kinds[0].Kind = "a\nb" },
	} {
		a := *good
		a.Numbered = append([]message.Stretch(nil), good.Numbered...)
		a.Kinds = append([]message.KindAccount(nil), good.Kinds...)
		change(&a)
		raw, err := a.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := message.OpenAccount(raw); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}

// TestAnswersTo: each thing that both accounts must share is looked at.
func TestAnswersTo(t *testing.T) {
	sender := message.Account{Sender: "ca", Node: "1", Receiver: "nationalcenter", Side: message.BySender, Span: message.Day, Until: time.Unix(86400, 0),
		MadeAt: time.Unix(86401, 0), To: message.Place{Epoch: 1, Seq: 2}, Numbered: []message.Stretch{{Epoch: 1, First: 1, Last: 2}}}
	raw, err := sender.Encode()
	if err != nil {
		t.Fatal(err)
	}
	good := sender
	good.Side, good.Answers = message.ByReceiver, sha256.Sum256(raw)
	if err := good.AnswersTo(&sender, raw); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(a *message.Account){
		"side": func(a *message.Account) { a.Side = message.BySender }, "hash": func(a *message.Account) { a.Answers[0]++ },
		"stream": func(a *message.Account) { a.Sender = "validation" }, "node": func(a *message.Account) { a.Node = "2" },
		"span": func(a *message.Account) { a.Span = message.Week }, "until": func(a *message.Account) { a.Until = a.Until.Add(1) },
		"since": func(a *message.Account) { a.Since = time.Unix(1, 0) }, "from": func(a *message.Account) { a.From.Seq = 1 },
		"to": func(a *message.Account) { a.To.Seq = 3 }, "numbered": func(a *message.Account) { a.Numbered = nil },
		"unsettled": func(a *message.Account) { a.Unsettled = []message.Stretch{{Epoch: 1, First: 1, Last: 1}} },
	} {
		a := good
		change(&a)
		if a.AnswersTo(&sender, raw) == nil {
			t.Errorf("another %s passes", name)
		}
	}
}

// TestRangeGoesOn: a range that leaves numbers out of every account is unexplained, unless the sender was restored.
func TestRangeGoesOn(t *testing.T) {
	s := &message.Account{Sender: "ca", Node: "1", Receiver: "nationalcenter", Side: message.BySender, From: message.Place{Epoch: 1, Seq: 20}, To: message.Place{Epoch: 1, Seq: 30},
		Numbered: []message.Stretch{{Epoch: 1, First: 21, Last: 30}}, Kinds: []message.KindAccount{{Kind: message.KindCertStatus, Applied: 10, AppliedSum: 55}}}
	r := *s
	r.Side = message.ByReceiver
	for held, want := range map[message.Place]message.LineState{{}: message.Agreed, {Epoch: 1, Seq: 20}: message.Agreed, {Epoch: 1, Seq: 10}: message.Unexplained} {
		r.Held = held
		if got := message.Lines(s, &r)[0]; got.State != want {
			t.Errorf("held %v: %+v", held, got)
		}
	}
	s.To.Epoch, s.Numbered[0].Epoch = 2, 2
	r.Held = message.Place{Epoch: 1, Seq: 25}
	if got := message.Lines(s, &r)[0]; got.State != message.Explained {
		t.Errorf("restored: %+v", got)
	}
	s.Kinds[0].Applied, s.To.Epoch, r.Held = 9, 1, message.Place{}
	if got := message.Lines(s, &r)[0]; got.State != message.Unexplained {
		t.Errorf("a number without its message: %+v", got)
	}
}
