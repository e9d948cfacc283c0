package message

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// TestHeldCertificateTravels: a refusal carries the certificate that stands in the way, or none, and one that is half there is refused.
func TestHeldCertificateTravels(t *testing.T) {
	serial, err := cert.ParseSerial("4711")
	if err != nil {
		t.Fatal(err)
	}
	place, err := resident.ParseMunicipalityCode("m", "202029")
	if err != nil {
		t.Fatal(err)
	}
	n := CertRefused{Request: "r1", Profile: cert.Signature, Code: resident.RecordCodeOf(1_000_000_001), Why: "valid-certificate-exists",
		Reason: plain.Sentence{JA: "有効", EN: "valid"}}
	held := HeldCertificate{Serial: serial, Issuer: "ca", Version: 4, Municipality: place, NotAfter: time.Unix(2_000_000_000, 0).UTC(), CenterTold: true, Demanded: true}
	for _, h := range []*HeldCertificate{nil, &held} {
		n.Held = h
		body, err := Encode(n)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(KindCertRefused, body)
		if err != nil || !reflect.DeepEqual(got, n) {
			t.Errorf("%+v, %v", got, err)
		}
	}
	for what, spoil := range map[string]func(*messagepb.HeldCertificate){
		"serial":       func(w *messagepb.HeldCertificate) { w.Serial = nil },
		"issuer":       func(w *messagepb.HeldCertificate) { w.Issuer = "" },
		"version":      func(w *messagepb.HeldCertificate) { w.Version = 0 },
		"municipality": func(w *messagepb.HeldCertificate) { w.Municipality = "202020" },
	} {
		w := n.wire().(*messagepb.CertRefused)
		spoil(w.Held)
		if _, err := certRefusedFromWire(w); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("without its %s: %v", what, err)
		}
	}
}
