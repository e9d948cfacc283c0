package webui_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

// TestNobodyIsLedToARefusal: a link is shown to those to whom its page opens, and the others read whose business it is.
func TestNobodyIsLedToARefusal(t *testing.T) {
	u, err := webui.New(webui.Config{Base: base, Org: plain.Sentence{JA: "松本市", EN: "Matsumoto City"}, Role: message.Municipality,
		Clock: clock.NewVirtual(time.Date(2026, 11, 24, 7, 50, 3, 0, time.UTC))})
	if err != nil {
		t.Fatal(err)
	}
	mux, show := http.NewServeMux(), func(http.ResponseWriter, *http.Request) {}
	mux.Handle("GET /looks", u.Only(access.ReviewLooks, show))
	mux.Handle("GET /messages/{message}", u.Only(access.ViewMessages, show))
	mux.Handle("GET /protect", u.Only(access.ReleaseProtection, show))
	mux.Handle("GET /revocations", u.Only(access.MassPropose, show)) // a CA's, which is nobody's business here
	mux.HandleFunc("GET /{$}", show)
	u.Serve(mux)
	operator, clerk, auditor := access.Person{ID: "o", Job: access.Operator}, access.Person{ID: "c", Job: access.Clerk}, access.Person{ID: "a", Job: access.Auditor}
	open := plain.Sentence{JA: "開く", EN: "Open"}
	link := func(path string) any { return webui.Link{Href: base + path, Text: open} }
	for _, c := range []struct {
		who  access.Person
		path string
		want any
	}{
		{auditor, "/looks?day=2026-04-01", link("/looks?day=2026-04-01")},
		{operator, "/looks?day=2026-04-01", plain.Sentence{JA: "監査人が対応します", EN: "The auditor deals with it"}},
		{operator, "/messages/1", link("/messages/1")},
		{clerk, "/protect", link("/protect")}, // who is asked for the passkey first
		{operator, "/protect", plain.Sentence{JA: "窓口職員が対応します", EN: "The counter clerk deals with it"}},
		{operator, "/revocations", nil},
		{operator, "/", link("/")},
		{operator, "/nowhere", nil},
	} {
		if got := u.LinkTo(access.With(t.Context(), c.who), c.path, open); got != c.want {
			t.Errorf("%s to %s: %v, want %v", c.who.Job, c.path, got, c.want)
		}
	}
}
