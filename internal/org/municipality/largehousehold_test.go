package municipality

import (
	"bytes"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
	"github.com/akashi-id/akashi/resident/registerfile"
)

// TestLargeHousehold: a house with many rooms is one household now and then. All of it is read: its head is the youngest of 250.
func TestLargeHousehold(t *testing.T) {
	c := newCountry(t, "memory:")
	var file bytes.Buffer
	w := registerfile.NewWriter(&file, plain.JA)
	for i := range 250 {
		r := made(i)
		r.Household, r.Relation, r.Address = "T1", relation("同居人"), address("長野県松本市丸の内1番1号")
		if i == 249 {
			r.Relation = resident.Head
		}
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if got, rejects := c.load(file.String()); got.Added != 250 {
		t.Fatalf("%+v %s", got, rejects)
	}
	r := movedIn()
	r.Record.Household, r.Record.Relation, r.Record.Address = "T1", resident.Head, address("長野県松本市丸の内1番1号")
	if _, err := c.o.Register(as(t, "clerk-aoki"), r); err == nil || !strings.Contains(err.Error(), "この世帯には世帯主がいます") {
		t.Errorf("a second head: %v", err)
	}
	r.Record.Relation = relation("同居人")
	if _, err := c.o.Register(as(t, "clerk-aoki"), r); err != nil {
		t.Errorf("one more who lives there: %v", err)
	}
}
