package readback_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/documenttest"
	"github.com/akashi-id/akashi/internal/document/pades"
	"github.com/akashi-id/akashi/internal/document/readback"
	"github.com/akashi-id/akashi/resident"
)

// TestWorkIsBounded: whatever a file asks for, what is done and kept is within the bounds; and finding whose it is takes next to nothing.
func TestWorkIsBounded(t *testing.T) {
	key, chain := documenttest.Signer()
	for name, b := range documenttest.Bombs(t, key, chain) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		work, err := readback.WorkOf(b)
		runtime.ReadMemStats(&after)
		most := readback.Most
		if work.Tokens > most.Tokens+1 || work.Drawing > most.Drawing+1 || work.Drawn > most.Drawn+1 {
			t.Errorf("%s: %+v", name, work)
		}
		// All that was asked for, and not only what was there at one time.
		if took := int(after.TotalAlloc - before.TotalAlloc); took > 48<<20 {
			t.Errorf("%s: reading %d octets takes %d", name, len(b), took)
		}
		if strings.HasPrefix(name, "one text") {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		} else if err == nil {
			t.Errorf("%s: it was read", name)
		}
		if strings.HasPrefix(name, "one page") || strings.HasPrefix(name, "one content") {
			if err == nil || !strings.HasPrefix(err.Error(), "page 2: it is no object of its own") {
				t.Errorf("%s: %v", name, err)
			}
		}
		t.Logf("%s: %+v, %d KiB: %v", name, work, (after.TotalAlloc-before.TotalAlloc)>>10, err)

		runtime.ReadMemStats(&before)
		tokens, err := readback.WorkOfSignature(b)
		at, signed, err2 := readback.SignatureOf(b)
		runtime.ReadMemStats(&after)
		if took := int(after.TotalAlloc - before.TotalAlloc); err != nil || err2 != nil || !signed || tokens > 200 || took > 64<<10 {
			t.Errorf("%s: finding the signature: %v, %v, %d objects, %d octets", name, err, err2, tokens, took)
		}
		if _, err := pades.Check(b, at); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBoundsHoldTheLargest: a household of a hundred, each with characters of their own, takes less than half of what there may be of anything.
func TestBoundsHoldTheLargest(t *testing.T) {
	var persons []document.Person
	next := rune(0x4E00)
	letter := func() string {
		for next++; ; next++ {
			if _, err := resident.ParseName("", string(next)); err == nil {
				return string(next)
			}
		}
	}
	for i := range 100 {
		persons = append(persons, documenttest.Person(i+1, letter()+letter()+"　"+letter()+letter()))
	}
	c := documenttest.Copy("r1")
	c.Head = persons[0].Record.Name
	file, _ := documenttest.Issue(t, documenttest.Must(document.ResidentRecord(c, documenttest.Issuer(), persons)), documenttest.Official(t))
	work, err := readback.WorkOf(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v of %+v", work, readback.Most)
	most := readback.Most
	for name, n := range map[string][2]int{"octets": {work.Octets, most.Octets}, "objects": {work.Objects, most.Objects}, "pages": {work.Pages, most.Pages},
		"what is read": {work.Tokens, most.Tokens}, "what the pages draw with": {work.Drawing, most.Drawing}, "what is drawn": {work.Drawn, most.Drawn}} {
		if 2*n[0] > n[1] {
			t.Errorf("%s: %d, and there may be %d", name, n[0], n[1])
		}
	}
}
