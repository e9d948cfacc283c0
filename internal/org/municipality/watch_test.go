package municipality

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// watched is a country whose status service answers what good says, and writes down what it was asked.
type watched struct {
	*country
	good  bool
	asked []string // issuer and serial
}

func newWatched(t *testing.T, url string) *watched {
	w := &watched{}
	w.country = (&country{t: t, rand: rand.Reader, status: func(_ context.Context, issuer string, serial cert.Serial) (cert.Status, error) {
		w.asked = append(w.asked, issuer+" "+serial.String())
		if w.good {
			return cert.Valid, nil
		}
		return cert.Revoked, nil
	}}).found(url)
	w.step(w.o, w.o.Alarms.Tasks()...)
	return w
}

// open are the alarms that are about certificates which should have ended.
func (w *watched) open() (open []string) {
	w.t.Helper()
	v, err := w.o.Alarms.View(w.t.Context(), 0)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, a := range v.Open {
		if a.Code == "still-valid" {
			open = append(open, a.What)
		}
	}
	return open
}

// serials are those of the certificates that a person was given here, in the words of asked.
func (w *watched) serials(who PersonID, p cert.Profile) (all []string) {
	w.t.Helper()
	for _, a := range must[Dossier](w.t)(w.o.Look(as(w.t, "clerk-aoki"), who, "test")).Applications {
		if a.Profile == p && !a.Serial.IsZero() {
			all = append(all, "ca "+a.Serial.String())
		}
	}
	slices.Sort(all)
	return all
}

// TestStillValidAfterAChange: a minute after a change that ends the signature certificate, it is asked whether it is still
// good. As long as it is, that is an alarm, which names the change.
func TestStillValidAfterAChange(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		w := newWatched(t, url)
		w.good = true
		who := w.register(movedIn()).Person
		w.apply(who, cert.Signature, nil)
		w.apply(who, cert.Authentication, nil)
		w.run(10 * time.Minute)
		if len(w.asked) != 0 {
			t.Fatalf("asked about %q before anything has changed", w.asked)
		}
		filed := must[Filed](t)(w.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: w.filing(who, "law-23"), Address: address("長野県松本市大手4番2号")}))
		w.run(58 * time.Second)
		if open := w.open(); len(w.asked) != 0 || len(open) != 0 {
			t.Fatalf("within the minute: asked about %q, open %q", w.asked, open)
		}
		w.run(10 * time.Second)
		if open := w.open(); !slices.Equal(w.asked, w.serials(who, cert.Signature)) || !slices.Equal(open, []string{filed.Trace}) {
			t.Errorf("after a minute: asked about %q, open %q, want the one certificate and %q", w.asked, open, filed.Trace)
		}
		w.good = false
		w.run(20 * time.Minute)
		if open := w.open(); len(open) != 0 {
			t.Errorf("the certificate is revoked, and open are %q", open)
		}
		// What the first change has ended, the next one has not.
		n := len(w.asked)
		if _, err := w.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: w.filing(who, "law-23"), Address: address("長野県松本市丸の内1番1号")}); err != nil {
			t.Fatal(err)
		}
		w.run(10 * time.Minute)
		if len(w.asked) != n {
			t.Errorf("asked again about %q", w.asked[n:])
		}
	})
}

// TestMinorAmendmentEndsNothing: a change that ends no certificate has nobody ask (規則21条の2).
func TestMinorAmendmentEndsNothing(t *testing.T) {
	w := newWatched(t, "memory:")
	who := w.register(movedIn()).Person
	w.apply(who, cert.Signature, nil)
	if _, err := w.o.File(as(t, "clerk-aoki"), MinorAmendment{Filing: w.filing(who, "rule-21-2-2"), Name: name("高吉 葛子")}); err != nil {
		t.Fatal(err)
	}
	w.run(10 * time.Minute)
	if len(w.asked) != 0 {
		t.Errorf("asked about %q", w.asked)
	}
}

// TestIssuedAfterTheChange: the CA's answer comes after the change that has ended the certificate.
func TestIssuedAfterTheChange(t *testing.T) {
	w := newWatched(t, "memory:")
	w.good = true
	who := w.register(movedIn()).Person
	w.net.Join("ca", nil)
	w.apply(who, cert.Signature, nil)
	filed := must[Filed](t)(w.o.File(as(t, "clerk-aoki"), Death{Filing: w.filing(who, "family-86")}))
	w.run(10 * time.Minute)
	if len(w.asked) != 0 {
		t.Fatalf("asked about %q, and no certificate is known", w.asked)
	}
	w.net.Join("ca", w.peers["ca"])
	w.run(3 * time.Minute)
	if open := w.open(); len(w.asked) == 0 || !slices.Equal(w.asked[:1], w.serials(who, cert.Signature)) || !slices.Equal(open, []string{filed.Trace}) {
		t.Errorf("asked about %q, open %q, want %q", w.asked, open, filed.Trace)
	}
}

// TestEveryChangeThatEndsIt asks for each reason whether the question follows the effect.
func TestEveryChangeThatEndsIt(t *testing.T) {
	for _, change := range []func(f Filing) Change{
		func(f Filing) Change {
			return MoveOut{Filing: f, To: address("東京都千代田区霞が関2丁目1番2号")}
		},
		func(f Filing) Change { return Death{f} },
		func(f Filing) Change { return Amendment{Filing: f, Name: name("高𠮷 葛子")} },
		func(f Filing) Change { return Recode{Filing: f} },
	} {
		w := newWatched(t, "memory:")
		who := w.register(movedIn()).Person
		w.apply(who, cert.Signature, nil)
		f := w.filing(who, "")
		c := change(f)
		f.Basis = BasesOf(c.reason())[0].Key
		c = change(f)
		filed, err := w.o.File(as(t, "clerk-aoki"), c)
		if err != nil {
			t.Fatalf("%T: %v", c, err)
		}
		w.run(5 * time.Minute)
		want := []string(nil)
		if filed.Kills.Signature {
			want = w.serials(who, cert.Signature)
		}
		if fmt.Sprint(w.asked) != fmt.Sprint(want) {
			t.Errorf("%T: asked about %q, want %q", c, w.asked, want)
		}
	}
}
