package message

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// TestIdentityChecksTravel: an application carries who has checked under pseudonyms, or nobody; what is no check is refused.
func TestIdentityChecksTravel(t *testing.T) {
	name, _ := resident.ParseName("name", "見本　花子")
	address, _ := resident.ParseAddress("address", "長野県松本市丸の内3番7号")
	birth, _ := resident.ParsePartialDate("birth", "1980-04-01")
	place, err := resident.ParseMunicipalityCode("m", "202029")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_800_000_000, 0).UTC()
	two := []IdentityCheck{{Staff: Pseudonym{1}, Passkey: Pseudonym{3}, Way: "photo", At: at}, {Staff: Pseudonym{2}, Way: "two", At: at}}
	n := CertRequest{Request: "r1", Profile: cert.Signature, PublicKey: []byte{1}, Window: "20202001A", Holder: resident.IdentificationInfo{
		Code: resident.RecordCodeOf(1_000_000_001), BasicFour: resident.BasicFour{Name: name, Birth: birth, Sex: resident.Female, Address: address},
		Municipality: place, Version: 1, Change: resident.ChangeInfo{Reason: resident.MoveIn, Arose: resident.MustDate(2026, 4, 1)}}}
	for _, n.Checks = range [][]IdentityCheck{nil, two} {
		body, err := Encode(n)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Decode(KindCertRequest, body); err != nil || !reflect.DeepEqual(got, n) {
			t.Errorf("%+v, %v", got, err)
		}
	}
	for what, spoil := range map[string]func(*messagepb.CertRequest){
		"staff":   func(w *messagepb.CertRequest) { w.Checks[0].Staff = w.Checks[0].Staff[:31] },
		"passkey": func(w *messagepb.CertRequest) { w.Checks[0].Passkey = make([]byte, 32) },
		"way":     func(w *messagepb.CertRequest) { w.Checks[1].Way = "seen" },
		"at":      func(w *messagepb.CertRequest) { w.Checks[1].At = 0 },
		"checks": func(w *messagepb.CertRequest) {
			for range MostIdentityChecks {
				w.Checks = append(w.Checks, w.Checks[0])
			}
		},
	} {
		w := n.wire().(*messagepb.CertRequest)
		spoil(w)
		if _, err := certRequestFromWire(w); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("with a bad %s: %v", what, err)
		}
	}
	rule := IdentityRule{Municipality: place, Version: 2, Persons: 2, From: resident.MustDate(2026, 4, 2), ProposedBy: Pseudonym{1}, ConfirmedBy: Pseudonym{2}}
	body, err := Encode(rule)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Decode(KindIdentityRule, body); err != nil || got != Payload(rule) {
		t.Errorf("%+v, %v", got, err)
	}
	for what, spoil := range map[string]func(*messagepb.IdentityRule){
		"version":      func(w *messagepb.IdentityRule) { w.Version = 1 << 63 },
		"persons":      func(w *messagepb.IdentityRule) { w.Persons = 0 },
		"from":         func(w *messagepb.IdentityRule) { w.From = "2026-02-30" },
		"proposed by":  func(w *messagepb.IdentityRule) { w.ProposedBy = nil },
		"confirmed by": func(w *messagepb.IdentityRule) { w.ConfirmedBy = make([]byte, 32) },
		"municipality": func(w *messagepb.IdentityRule) { w.Municipality = "202020" },
	} {
		w := rule.wire().(*messagepb.IdentityRule)
		spoil(w)
		if _, err := identityRuleFromWire(w); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("a rule with a bad %s: %v", what, err)
		}
	}
}
