// Package org_test holds what is true of organisations together (団体の間の性質). No organisation may import another, so it
// is here and not beside one of them.
package org_test

import (
	"flag"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const (
	matsumoto = message.Org("municipality-202029")
	nagano    = message.Org("prefecture-20")
	center    = message.Org("nationalcenter")
	theCA     = message.Org("ca")
)

var (
	start = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	today = resident.MustDate(2026, 4, 1)
)

// TestRiversCross lets changes, invalidations and notices of issuance reach the real prefecture and the real national
// center in any order that the streams allow, over links that fail, with notices that are refused and messages that come
// twice. Whatever the order: when everything has come that can come, exactly the certificates that certify a version
// older than an invalidation, or that another one under another code has outlived, are revoked, and none by two orders that name it. The
// first is so before anybody has resolved what is parked, and both are after; and then nothing is stuck anywhere, the books of the two say the same, and no difference was ever named
// on the way.
func TestRiversCross(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); os.Getenv("AKASHI_FULL") == "" && f.Value.String() == f.DefValue {
		if err := flag.Set("rapid.checks", "25"); err != nil { // seven organisations are made for each
			t.Fatal(err)
		}
		defer flag.Set("rapid.checks", f.DefValue)
	}
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t, r)
		defer w.close()
		for i := range w.people {
			w.file(r, i, resident.Birth)
		}
		person := rapid.IntRange(0, len(w.people)-1)
		r.Repeat(map[string]func(*rapid.T){
			"file": func(r *rapid.T) {
				w.file(r, person.Draw(r, "person"), rapid.SampledFrom(changes).Draw(r, "reason"))
			},
			"issue": func(r *rapid.T) {
				i := person.Draw(r, "person")
				if w.issue(r, i); rapid.Bool().Draw(r, "arrives") {
					w.arrive(i)
				}
			},
			"apply": func(r *rapid.T) { // at the counter, while a certificate is being issued
				i := person.Draw(r, "person")
				w.issue(r, i)
				w.file(r, i, resident.MoveWithin)
			},
			"arrive":  func(r *rapid.T) { w.arrive(person.Draw(r, "person")) },
			"changes": func(r *rapid.T) { w.sendFirst(w.changes, person.Draw(r, "person"), matsumoto) },
			"notice":  func(r *rapid.T) { w.sendFirst(w.notices, person.Draw(r, "person"), theCA) },
			"kill":    func(r *rapid.T) { w.sendKill(rapid.IntRange(0, 9).Draw(r, "which")) },
			"again":   func(r *rapid.T) { w.sendAgain(r) },
			"cut": func(r *rapid.T) {
				w.cut(rapid.SampledFrom([]message.Org{nagano, center, theCA}).Draw(r, "organisation"))
			},
			"join": func(r *rapid.T) {
				w.joinAll()
				w.run(time.Duration(rapid.IntRange(1, 3000).Draw(r, "ms")) * time.Millisecond)
			},
			"resolve": func(r *rapid.T) { w.acceptSome(r) },
		})
		w.sendAll()
		w.check(r, "before anything is resolved", false)
		w.acceptAll(r)
		w.check(r, "after everything is resolved", true)
		w.checkBooks(r)
		for o, x := range w.x {
			stuck, err := x.Stuck(t.Context(), 10)
			if check(r, err); len(stuck) > 0 {
				r.Fatalf("%d messages are stuck at %s, the first %s: %s", len(stuck), o, stuck[0].ID, stuck[0].Reason.EN)
			}
		}
	})
}
