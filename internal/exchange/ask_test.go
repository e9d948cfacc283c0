package exchange_test

import (
	"context"
	"errors"
	"testing"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/message"
)

// TestAskWithoutExchanging: one kind of question may be open to organisations with which no messages are exchanged, and no other is.
// Each has its few places, and takes none of another's.
func TestAskWithoutExchanging(t *testing.T) {
	c := newCountry(t)
	b := c.open("memory:", center, municipality)
	full, release := make(chan struct{}, 8), make(chan struct{})
	answer := func(_ context.Context, from message.Org, body []byte) ([]byte, error) {
		if len(body) == 0 {
			full <- struct{}{}
			<-release
		}
		return append([]byte(from+": "), body...), nil
	}
	b.AnswerAlso("echo", func(from message.Org) bool { return from.Role() == message.Prefecture }, answer)
	b.Answer("other", answer)
	for _, x := range []struct {
		from message.Org
		kind string
		want string // empty: a refusal
	}{
		{municipality, "echo", string(municipality) + ": hello"},
		{pref, "echo", string(pref) + ": hello"},
		{pref, "other", ""},
		{pref, "nothing", ""},
		{"verifier-etax", "echo", ""},
	} {
		got, err := c.net.As(x.from).Ask(t.Context(), center, x.kind, []byte("hello"))
		var refusal *exchange.Refusal
		if x.want == "" && !errors.As(err, &refusal) || x.want != "" && (err != nil || string(got) != x.want) {
			t.Errorf("%s asks for %s: %q, %v", x.from, x.kind, got, err)
		}
	}
	done := make(chan error, 4)
	for range 4 {
		go func() {
			_, err := c.net.As(pref).Ask(context.WithoutCancel(t.Context()), center, "echo", nil)
			done <- err
		}()
		<-full
	}
	if _, err := c.net.As(pref).Ask(t.Context(), center, "echo", []byte("fifth")); err == nil {
		t.Error("a fifth question was answered beside four")
	}
	if _, err := c.net.As("prefecture-13").Ask(t.Context(), center, "echo", []byte("another's")); err != nil {
		t.Errorf("another has no place: %v", err)
	}
	close(release)
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
