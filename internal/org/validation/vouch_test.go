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

// TestHearing: each CA's word stands for itself. If one is from the future our clock was set back, unless another agrees with it; and a
// CA whose clock is far from ours gives us neither the hour nor word of how it stands.
func TestHearing(t *testing.T) {
	now := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	const steady, late = time.Hour, 2 * time.Minute
	right := now.Add(-steady)
	fresh := word{taken: now.Add(-time.Second), compared: now.Add(-time.Minute), heard: now.Add(-time.Minute)}
	future := word{taken: now.Add(24 * time.Hour), compared: now.Add(24 * time.Hour), heard: now.Add(24 * time.Hour)}
	apart := word{taken: now.Add(-time.Second), compared: now.Add(time.Hour), heard: now.Add(-time.Minute)}
	for name, x := range map[string]struct {
		words []word
		known [2]time.Time
		moved bool
		ahead [2]bool
		apart [2]bool
	}{
		"both fresh":            {words: []word{fresh, fresh}, known: [2]time.Time{fresh.taken, fresh.taken}},
		"one never heard":       {words: []word{fresh, {}}, known: [2]time.Time{fresh.taken, {}}},
		"one from the future":   {words: []word{fresh, future}, moved: true, ahead: [2]bool{false, true}},
		"both from the future":  {words: []word{future, future}, moved: true, ahead: [2]bool{true, true}},
		"all that were heard":   {words: []word{future, {}}, moved: true, ahead: [2]bool{true, false}},
		"one with another hour": {words: []word{fresh, apart}, known: [2]time.Time{fresh.taken, {}}, apart: [2]bool{false, true}},
	} {
		s := standing{zero: right, cas: make([]heard, 2)}
		was := s.cas
		s.hear(x.words, now, steady, late)
		for i, h := range s.cas {
			if !h.known.Equal(x.known[i]) || h.ahead != x.ahead[i] || h.apart != x.apart[i] {
				t.Errorf("%s: CA %d: %+v", name, i, h)
			}
		}
		if moved := s.clockMoved(now, steady); moved != x.moved {
			t.Errorf("%s: the clock has moved: %v", name, moved)
		}
		if was[0] != (heard{}) || was[1] != (heard{}) {
			t.Errorf("%s: what others read was written to", name)
		}
	}
	s := standing{zero: right, cas: make([]heard, 2)}
	s.hear([]word{fresh, future}, now, steady, late)
	next := word{taken: now, compared: now, heard: now.Add(time.Second)}
	s.hear([]word{next, future}, now.Add(time.Second), steady+time.Second, late)
	if s.clockMoved(now.Add(time.Second), steady+time.Second) || !s.cas[0].known.Equal(now) || !s.cas[1].known.IsZero() {
		t.Errorf("agreed with by one, another from the future: %+v", s)
	}
	if s.hear([]word{future, future}, now.Add(time.Second), steady+time.Second, late); !s.clockMoved(now.Add(time.Second), steady+time.Second) {
		t.Errorf("agreed with before, and now all are from the future: %+v", s)
	}
	// The hour is taken from a CA whose clock agrees, whatever another's says.
	s = standing{zero: right.Add(-time.Hour), cas: make([]heard, 2)}
	if s.hear([]word{apart, fresh}, now, steady, late); !s.zero.Equal(right) {
		t.Errorf("the hour is %s, want %s", s.zero, right)
	}
	s = standing{zero: right.Add(-time.Hour), cas: make([]heard, 2)}
	if s.hear([]word{apart, {}}, now, steady, late); s.zero.Equal(right) || !s.clockMoved(now, steady) {
		t.Error("the hour was taken from a CA with another clock")
	}
}
