package runbooks_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/docs/runbooks"
)

func TestOf(t *testing.T) {
	r, err := runbooks.Of("message-parked")
	if err != nil {
		t.Fatal(err)
	}
	if r.Title != "送った電文が保留されている A message that we sent is parked" || len(r.JA.Do) != 3 || len(r.EN.Do) != 3 || len(r.EN.Look) != 2 {
		t.Errorf("read as %+v", r)
	}
	want := runbooks.Line{{Text: "One person proposes a resolution, another confirms it: "}, {Text: "how", Href: "parked-message.md"}, {Text: "."}}
	if got := r.EN.Do[1]; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := r.EN.Look[0].String(); got != "Messages, messages that are stuck, the message." {
		t.Errorf("got %q", got)
	}
	for _, l := range append(r.JA.Do, r.EN.Do...) {
		for _, s := range l {
			if _, ok := runbooks.Text(s.Href); s.Href != "" && !ok {
				t.Errorf("%q leads to %q, which is not there", l, s.Href)
			}
		}
	}
	// A file of another form is no runbook of an alarm.
	for _, no := range []string{"parked-message", "nothing", "../alarms"} {
		if _, err := runbooks.Of(no); err == nil || !strings.Contains(err.Error(), no) {
			t.Errorf("%s: %v", no, err)
		}
	}
}
