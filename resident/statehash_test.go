package resident_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/akashi-id/akashi/resident"
)

func state() resident.IdentificationInfo {
	rec, _ := sample()
	return rec.Identification(7, resident.ChangeInfo{Reason: resident.MoveWithin, Arose: resident.MustDate(2025, 4, 1)})
}

// canonical writes the documented shape by hand.
func canonical(fields ...string) []byte {
	var b bytes.Buffer
	for _, s := range fields {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(s)))
		b.Write(n[:])
		b.WriteString(s)
	}
	return b.Bytes()
}

func TestCanonicalShape(t *testing.T) {
	i := state()
	want := canonical("akashi/identification/1", "24727059608", "葛\U000E0102西　花子", "1950-03-00", "2", "長野県松本市丸の内３番７号",
		"HANA SMITH", "983205673214", "202029", "7", "move-within", "2025-04-01", "")
	if got := i.AppendCanonical(nil); !bytes.Equal(got, want) {
		t.Errorf("identification:\n got %q\nwant %q", got, want)
	}
	if i.StateHash() != sha256.Sum256(want) {
		t.Error("the hash is not that of the canonical bytes")
	}
	rec, _ := sample()
	want = canonical("akashi/record/1", "24727059608", "葛\U000E0102西　花子", "1950-03-00", "2", "長野県松本市丸の内３番７号",
		"カサイ　ハナコ", "HANA SMITH", "ブラジル", "983205673214", "202029", "H-1", "同居人", "1990-04-01")
	if got := rec.AppendCanonical(nil); !bytes.Equal(got, want) || rec.StateHash() != sha256.Sum256(want) {
		t.Errorf("record:\n got %q\nwant %q", got, want)
	}
	// A published vector: other implementations are checked against it.
	if got, want := i.StateHash().String(), "40cba822653404c167854b2e7cbfde6f7d284b09450712c40b4443dd7e5db5f9"; got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}

// TestHashSeesEveryItem changes each item alone.
func TestHashSeesEveryItem(t *testing.T) {
	seen := map[resident.StateHash]int{state().StateHash(): -1}
	for n, change := range []func(*resident.IdentificationInfo){
		func(i *resident.IdentificationInfo) { i.Code = resident.RecordCodeOf(1) },
		func(i *resident.IdentificationInfo) { i.Name = i.CommonName },
		func(i *resident.IdentificationInfo) { i.Birth = resident.UnknownDate },
		func(i *resident.IdentificationInfo) { i.Sex = resident.Male },
		func(i *resident.IdentificationInfo) { i.Address = must(resident.ParseAddress("", "東京都")) },
		func(i *resident.IdentificationInfo) { i.CommonName = resident.Name{} },
		func(i *resident.IdentificationInfo) { i.Number = resident.IndividualNumber{} },
		func(i *resident.IdentificationInfo) { i.Municipality = resident.PrefectureCode(13).Body() },
		func(i *resident.IdentificationInfo) { i.Version++ },
		func(i *resident.IdentificationInfo) { i.Change.Reason = resident.MinorAmendment },
		func(i *resident.IdentificationInfo) { i.Change.Arose = i.Change.Arose.AddDays(1) },
		func(i *resident.IdentificationInfo) { i.Change.OldCode = i.Code },
	} {
		i := state()
		change(&i)
		if other, twice := seen[i.StateHash()]; twice {
			t.Errorf("change %d has the hash of %d", n, other)
		}
		seen[i.StateHash()] = n
	}
}

func TestCheckNamesWhatIsMissing(t *testing.T) {
	if ps := state().Check(); len(ps) > 0 {
		t.Error(ps)
	}
	rec, _ := sample()
	if ps := rec.Check(); len(ps) > 0 {
		t.Error(ps)
	}
	if ps := (resident.IdentificationInfo{}).Check(); len(ps) != 9 {
		t.Errorf("%d problems of an empty state: %v", len(ps), ps)
	}
	if ps := (resident.Record{}).Check(); len(ps) != 9 {
		t.Errorf("%d problems of an empty record: %v", len(ps), ps)
	}
	i := state()
	i.Change.OldCode = i.Code
	if ps := i.Check(); len(ps) != 1 || ps[0].Field != "old code" {
		t.Errorf("an old code without a change of code: %v", ps)
	}
	i.Change = resident.ChangeInfo{Reason: resident.CodeExOfficio, Arose: i.Change.Arose}
	if ps := i.Check(); len(ps) != 1 || ps[0].Field != "old code" {
		t.Errorf("a change of code without the old one: %v", ps)
	}
	if i.Deleted() {
		t.Error("a change of code deletes nobody")
	}
	i.Change.Reason = resident.Death
	if !i.Deleted() {
		t.Error("the dead are not residents")
	}
}

func TestHouseholdAndRelation(t *testing.T) {
	for _, s := range []string{"", "世帯1", "123456789012345678901", "a b"} {
		_, err := resident.ParseHouseholdID("household", s)
		wantProblem(t, err, "household", "世帯番号は英数字とハイフンで1文字から20文字までです")
	}
	if r := must(resident.ParseRelation("", "世帯主")); r != resident.Head {
		t.Error("世帯主 is not Head")
	}
	_, err := resident.ParseRelation("relation", "")
	wantProblem(t, err, "relation", "empty")
}
