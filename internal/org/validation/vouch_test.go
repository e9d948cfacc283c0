package validation

import (
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
)

// TestLastWord: the CA's last word is the later of its messages and its comparisons, of those that do not lie in the future.
func TestLastWord(t *testing.T) {
	now := time.Date(2026, 4, 1, 9, 0, 0, 0, cert.JST)
	at := func(minutes int) time.Time { return now.Add(time.Duration(minutes) * time.Minute) }
	for name, x := range map[string]struct {
		w     word
		known time.Time
		ahead bool
	}{
		"nothing":                        {word{}, time.Time{}, false},
		"messages":                       {word{taken: at(-9)}, at(-9), false},
		"a comparison after them":        {word{taken: at(-9), compared: at(-1), heard: now}, at(-1), false},
		"messages after it":              {word{taken: at(-1), compared: at(-9), heard: at(-8)}, at(-1), false},
		"some seconds ahead":             {word{compared: now.Add(5 * time.Second), heard: now}, now.Add(5 * time.Second), false},
		"all in the future":              {word{taken: at(9), compared: at(8)}, time.Time{}, true},
		"messages of a clock set back":   {word{taken: at(9), compared: at(-1), heard: now}, at(-1), false},
		"a comparison of a clock before": {word{taken: at(-1), compared: at(9), heard: now}, at(-1), false},
	} {
		if known, ahead := x.w.newest(now); !known.Equal(x.known) || ahead != x.ahead {
			t.Errorf("%s: %s, ahead %v", name, known, ahead)
		}
	}
	for name, x := range map[string]struct {
		w    word
		want bool
	}{
		"no comparison": {word{taken: at(-9)}, false}, "told with the next one": {word{compared: at(-1), heard: now}, false},
		"the CA's clock is ahead": {word{compared: at(6), heard: now}, true}, "a little": {word{compared: at(4), heard: now}, false},
		"ours is": {word{compared: at(-9), heard: now}, true},
	} {
		if got := x.w.apart(2 * time.Minute); got != x.want {
			t.Errorf("%s: apart %v", name, got)
		}
	}
}

// TestUnseen: what has just begun has not looked yet, and raises no alarm about it; what never looks does.
func TestUnseen(t *testing.T) {
	const boot, every = time.Hour, 5 * time.Second
	for name, x := range map[string]struct {
		s    standing
		at   time.Duration
		want bool
	}{
		"just begun":            {standing{began: boot}, boot + time.Second, false},
		"never looked":          {standing{began: boot}, boot + 31*time.Second, true},
		"the last look holds":   {standing{began: boot, until: boot + time.Minute}, boot + time.Minute, false},
		"the last look is over": {standing{began: boot, until: boot + time.Second}, boot + 2*time.Second, true},
	} {
		if got := x.s.unseen(x.at, every); got != x.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
