package message

import (
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/resident"
)

// A change of code leaves the old key and takes the new one; an entry builds on nothing that the receiver holds; a deleted
// record leaves the book.
func TestEntriesOfAChange(t *testing.T) {
	before := resident.StateHash{1}
	oldCode, err := resident.NewRecordCode(strings.NewReader("any twelve bytes and more, and more"))
	if err != nil {
		t.Fatal(err)
	}
	newCode, err := resident.NewRecordCode(strings.NewReader("other bytes, as many, and a few more"))
	if err != nil {
		t.Fatal(err)
	}
	state := func(r resident.ChangeReason, old resident.RecordCode) resident.IdentificationInfo {
		return resident.IdentificationInfo{Code: newCode, Version: 2, Change: resident.ChangeInfo{Reason: r, OldCode: old}}
	}
	for _, c := range []struct {
		name string
		n    ResidentChange
		want []Entry
	}{
		{"move within", ResidentChange{After: state(resident.MoveWithin, resident.RecordCode{}), Before: before},
			[]Entry{{Residents, newCode.Reveal(), Hash(before), Hash(state(resident.MoveWithin, resident.RecordCode{}).StateHash())}}},
		{"move in", ResidentChange{After: state(resident.MoveIn, resident.RecordCode{}), Before: before},
			[]Entry{{Residents, newCode.Reveal(), Hash{}, Hash(state(resident.MoveIn, resident.RecordCode{}).StateHash())}}},
		{"death", ResidentChange{After: state(resident.Death, resident.RecordCode{}), Before: before},
			[]Entry{{Residents, newCode.Reveal(), Hash(before), Hash{}}}},
		{"change of code", ResidentChange{After: state(resident.CodeChangeRequested, oldCode), Before: before},
			[]Entry{{Residents, oldCode.Reveal(), Hash(before), Hash{}}, {Residents, newCode.Reveal(), Hash{}, Hash(state(resident.CodeChangeRequested, oldCode).StateHash())}}},
	} {
		got := c.n.Entries()
		if len(got) != len(c.want) {
			t.Errorf("%s: %d entries, want %d", c.name, len(got), len(c.want))
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: entry %d is %x, want %x", c.name, i, got[i], c.want[i])
			}
		}
	}
}

// Whoever puts a snapshot under a key of another is refused: it would be kept where nobody compares it.
func TestSnapshotIsAboutItsKey(t *testing.T) {
	serial, err := cert.SerialFromBytes([]byte{0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88})
	if err != nil {
		t.Fatal(err)
	}
	municipality, err := resident.ParseMunicipalityCode("municipality", "202029")
	if err != nil {
		t.Fatal(err)
	}
	status := CertStatus{Serial: serial, Issuer: strings.Repeat("ab", 20), Profile: cert.Signature, At: time.Unix(1, 0).UTC(), NotAfter: time.Unix(2, 0).UTC(),
		Municipality: municipality}
	for key, ok := range map[string]bool{serial.String() + "/good": true, serial.String() + "/revoked": false, "x": false} {
		n, err := SnapshotOf(Statuses, key, status, "")
		if err != nil {
			t.Fatal(err)
		}
		body, err := Encode(n)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(KindSnapshot, body); (err == nil) != ok {
			t.Errorf("key %s: %v", key, err)
		}
	}
	nothing, err := SnapshotOf(Residents, "10000000015", nil, "ca/1")
	if err != nil {
		t.Fatal(err)
	}
	if k := nothing.Keys(); len(k) != 1 || k[0] != "10000000015" {
		t.Errorf("keys of an empty snapshot: %v", k)
	}
}
