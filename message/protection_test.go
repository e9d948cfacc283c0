package message

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// daito, the flags of these tests are Daito's.
const daito = Org("municipality-272183")

func place(t *testing.T, s string) resident.MunicipalityCode {
	t.Helper()
	m, err := resident.ParseMunicipalityCode("m", s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestProtectionTravels: a flag, provisional or with a term, and the end of one version come back as they went.
func TestProtectionTravels(t *testing.T) {
	code := resident.RecordCodeOf(1_000_000_001)
	for _, n := range []Payload{
		ResidentProtection{Code: code, Owner: daito, Version: 1, Measure: "S-1", Provisional: true},
		ResidentProtection{Code: code, Owner: daito, Version: 2, Measure: "S-1", Until: resident.MustDate(2027, 4, 1),
			Places: []resident.MunicipalityCode{place(t, "202029"), place(t, "131211")}},
		ResidentProtectionEnd{Code: code, Owner: daito, Version: 2},
	} {
		body, err := Encode(n)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(n.Kind(), body)
		if err != nil || !reflect.DeepEqual(got, n) {
			t.Errorf("%+v, %v", got, err)
		}
		if !slices.Equal(n.Keys(), []string{code.Reveal()}) {
			t.Errorf("%s waits for %v", n.Kind(), n.Keys())
		}
	}
}

// TestHostileProtection: a flag that is half there is refused, by the field that is wrong, and nothing of it is taken.
func TestHostileProtection(t *testing.T) {
	good := ResidentProtection{Code: resident.RecordCodeOf(1_000_000_001), Owner: daito, Version: 1, Measure: "S-1", Until: resident.MustDate(2027, 4, 1)}
	for what, spoil := range map[string]func(*messagepb.ResidentProtection){
		"code":         func(w *messagepb.ResidentProtection) { w.Code = "12345678901" },
		"owner":        func(w *messagepb.ResidentProtection) { w.Owner = "prefecture-27" },
		"owner ":       func(w *messagepb.ResidentProtection) { w.Owner = "municipality-272180" },
		"owner  ":      func(w *messagepb.ResidentProtection) { w.Owner = "municipality-272183\n" },
		"version":      func(w *messagepb.ResidentProtection) { w.Version = 0 },
		"version ":     func(w *messagepb.ResidentProtection) { w.Version = 1 << 63 },
		"measure":      func(w *messagepb.ResidentProtection) { w.Measure = "" },
		"measure ":     func(w *messagepb.ResidentProtection) { w.Measure = "S\n1" },
		"until":        func(w *messagepb.ResidentProtection) { w.Until = "" },
		"until ":       func(w *messagepb.ResidentProtection) { w.Provisional = true },
		"until   ":     func(w *messagepb.ResidentProtection) { w.Until = "2027-02-30" },
		"places":       func(w *messagepb.ResidentProtection) { w.Places = []string{"202020"} },
		"places (all)": func(w *messagepb.ResidentProtection) { w.Places = slices.Repeat([]string{"202029"}, 51) },
	} {
		w := good.wire().(*messagepb.ResidentProtection)
		spoil(w)
		field, _, _ := strings.Cut(what, " ")
		if _, err := protectionFromWire(w); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, w := range map[string]*messagepb.ResidentProtectionEnd{
		"code": {Owner: string(daito), Version: 1}, "owner": {Code: good.Code.Reveal(), Version: 1}, "version": {Code: good.Code.Reveal(), Owner: string(daito)},
	} {
		if _, err := protectionEndFromWire(w); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("without its %s: %v", what, err)
		}
	}
}

// TestProtectionFacts: whatever its version, place or state, a flag is one fact under its own key, in both books, and what is
// not told of (the places) is no part of it.
func TestProtectionFacts(t *testing.T) {
	n := ResidentProtection{Code: resident.RecordCodeOf(1_000_000_001), Owner: daito, Version: 1, Measure: "S-1", Provisional: true}
	values := map[Hash]bool{}
	for _, p := range []Booked{n,
		ResidentProtection{Code: n.Code, Owner: daito, Version: 2, Measure: "S-1", Until: resident.MustDate(2027, 4, 1)},
		ResidentProtection{Code: n.Code, Owner: daito, Version: 3, Measure: "S-2", Until: resident.MustDate(2027, 4, 1)},
		ResidentProtectionEnd{Code: n.Code, Owner: daito, Version: 1}} {
		for _, e := range p.Entries() {
			if e.Was != (Hash{}) || e.Is == (Hash{}) || values[e.Is] || e.Book.Person(e.Key) != n.Code.Reveal() {
				t.Errorf("%s: %v under %q", p.Kind(), e, strings.TrimPrefix(e.Key, n.Code.Reveal()))
			}
			values[e.Is] = true
		}
	}
	elsewhere := n
	elsewhere.Places = []resident.MunicipalityCode{place(t, "202029")}
	if !reflect.DeepEqual(n.Entries(), elsewhere.Entries()) {
		t.Error("the places make it another fact")
	}
	if set, _ := SpecOf(KindResidentProtection); !set.Safe {
		t.Error("setting a flag waits behind other messages")
	}
	if end, _ := SpecOf(KindResidentProtectionEnd); end.Safe {
		t.Error("ending a flag overtakes other messages")
	}
}
