package webui

import (
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

func TestNameOf(t *testing.T) {
	for o, want := range map[message.Org]plain.Sentence{
		"municipality-202029": {JA: "松本市", EN: "Matsumoto-shi"},
		"municipality-999999": {JA: "市区町村 999999", EN: "Municipality 999999"},
		"prefecture-20":       {JA: "長野県", EN: "Nagano-ken"},
		"nationalcenter":      {JA: "全国センター", EN: "National center"},
	} {
		if got := NameOf(o, time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)); got != want {
			t.Errorf("%s: %+v, want %+v", o, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	of := plain.Sentence{JA: "件", EN: "messages"}
	for n, want := range map[int64][2]string{0: {"0件", "0 messages"}, 1: {"1件", "1 message"}, 12345: {"12,345件", "12,345 messages"}} {
		if c := (Count{n, of}); c.In(plain.JA) != want[0] || c.In(plain.EN) != want[1] {
			t.Errorf("%d: %s, %s", n, c.In(plain.JA), c.In(plain.EN))
		}
	}
}

// TestWhereAPageStands: the menu and the tabs name the very page, and what it belongs to, apart.
func TestWhereAPageStands(t *testing.T) {
	n := NavItem{Path: "/messages", Within: []string{"/messages", "/alarms"}}
	for path, want := range map[string]string{"/messages": "page", "/messages/7": "true", "/alarms": "true", "/alarms/x/y": "true", "/alarmsx": "", "/": ""} {
		if got := n.at(path); got != want {
			t.Errorf("the menu on %s: %q, want %q", path, got, want)
		}
	}
	for at, want := range map[string]string{"/a/round": "page", "/a/round/1": "true", "/a/rounds": "", "/a": ""} {
		if got := (Tab{Href: "/a/round", At: at}).Current(); got != want {
			t.Errorf("the tab on %s: %q, want %q", at, got, want)
		}
	}
}
