package message_test

import (
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const etax = message.Org("verifier-etax")

func number(t testing.TB) cert.Serial {
	t.Helper()
	s, err := cert.ParseSerial("4A0107")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var at = time.Date(2004, 7, 29, 3, 0, 0, 0, time.UTC)

func filing() message.VerifierFiling {
	return message.VerifierFiling{Verifier: etax, Number: 1, Act: "file", Office: "国税庁", Procedures: "所得税・消費税確定申告等",
		Address: "http://www.e-tax.nta.go.jp/index.html", By: "operator-ueda"}
}

func decision() message.VerifierDecision {
	return message.VerifierDecision{Verifier: etax, Number: 1, Decision: "refused", Reason: "手続が違う", By: "operator-ueda", Second: "operator-egawa"}
}

func notice(t testing.TB) message.ImpactNotice {
	return message.ImpactNotice{Notice: "12-1", Verifier: etax, Issuer: "0123456789abcdef0123456789abcdef01234567", Serial: number(t), Profile: cert.Signature,
		Reason: cert.AffiliationChanged, Since: resident.MustDate(2004, 6, 10), WrongFrom: at.AddDate(0, 0, -40), RevokedAt: at, ToldAt: at, Count: 2,
		Answers: []message.ImpactAnswer{{AskedAt: at.AddDate(0, 0, -30), BasedAt: at.AddDate(0, 0, -60)}, {AskedAt: at.AddDate(0, 0, -29)}}}
}

func acknowledgement() message.ImpactAcknowledgement {
	return message.ImpactAcknowledgement{Notice: "12-1", Verifier: etax, By: "operator-ueda", Text: "受け付けた申告はない。", At: at}
}

// TestVerifierVectors holds the payloads about verifiers to their published octets, and reads them back as they were.
func TestVerifierVectors(t *testing.T) {
	for want, p := range map[string]message.Payload{
		"0a0d76657269666965722d6574617810011a0466696c652209e59bbde7a88ee5ba812a24e68980e5be97e7a88ee383bbe6b688e8b2bbe7a88ee7a2bae5ae9ae794b3e5918ae7ad893225687474703a2f2f7777772e652d7461782e6e74612e676f2e6a702f696e6465782e68746d6c3a0d6f70657261746f722d75656461":                                                       filing(),
		"0a0d76657269666965722d6574617810011a0772656675736564220fe6898be7b69ae3818ce98195e381862a0d6f70657261746f722d75656461320e6f70657261746f722d6567617761":                                                                                                                                                               decision(),
		"0a0d76657269666965722d6574617810011a067365727665642209e59bbde7a88ee5ba812a24e68980e5be97e7a88ee383bbe6b688e8b2bbe7a88ee7a2bae5ae9ae794b3e5918ae7ad893225687474703a2f2f7777772e652d7461782e6e74612e676f2e6a702f696e6465782e68746d6c":                                                                                 message.VerifierRegistration{Verifier: etax, Number: 1, Served: true, Office: "国税庁", Procedures: "所得税・消費税確定申告等", Address: "http://www.e-tax.nta.go.jp/index.html"},
		"0a0431322d31120d76657269666965722d657461781a283031323334353637383961626364656630313233343536373839616263646566303132333435363722034a01072a097369676e61747572653212616666696c696174696f6e4368616e6765643a0a323030342d30362d313040b0d8ce860448b0d0a1880450b0d0a188045802620c08b0b683870410b09ce58504620608b0d9888704": notice(t),
		"0a0431322d31120d76657269666965722d657461781a0d6f70657261746f722d756564612221e58f97e38191e4bb98e38191e3819fe794b3e5918ae381afe381aae38184e3808228b0d0a18804":                                                                                                                                                         acknowledgement(),
	} {
		body, err := message.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(body); got != want {
			t.Errorf("%s is %s", p.Kind(), got)
		}
		back, err := message.Decode(p.Kind(), body)
		if err != nil || !reflect.DeepEqual(back, p) {
			t.Errorf("%s comes back as %+v (%v)", p.Kind(), back, err)
		}
	}
}

// TestStatusSaysSinceWhen, of a revoked certificate; it is no part of the fact that the books compare.
func TestStatusSaysSinceWhen(t *testing.T) {
	code, err := resident.ParseMunicipalityCode("m", "202029")
	if err != nil {
		t.Fatal(err)
	}
	s := message.CertStatus{Serial: number(t), Issuer: "0123", Profile: cert.Signature, Revoked: true, Reason: cert.AffiliationChanged, At: at, NotAfter: at.AddDate(5, 0, 0),
		Municipality: code, Why: resident.MoveWithin, Since: resident.MustDate(2004, 6, 10)}
	body, err := message.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	back, err := message.Decode(s.Kind(), body)
	if err != nil || back != message.Payload(s) {
		t.Errorf("it comes back as %+v (%v)", back, err)
	}
	without := s
	without.Since = resident.Date{}
	if !reflect.DeepEqual(s.Entries(), without.Entries()) {
		t.Error("the books would differ from those of before")
	}
}

// TestBadVerifierPayloads: what a sender must not say is refused when it is read.
func TestBadVerifierPayloads(t *testing.T) {
	wrong := map[string]message.Payload{}
	add := func(name string, p message.Payload) { wrong[name] = p }
	f := filing()
	f.Verifier = "prefecture-20"
	add("a filing of a prefecture", f)
	f = filing()
	f.Office = "国税庁\n総務省"
	add("an office in two lines", f)
	f = filing()
	f.Procedures = strings.Repeat("x", 2001)
	add("procedures without end", f)
	f = filing()
	f.Act = "end"
	add("an end that names an office", f)
	f = filing()
	f.Number = 0
	add("no number", f)
	d := decision()
	d.Reason = ""
	add("a refusal without why", d)
	d = decision()
	d.Second = d.By
	add("a decision of one person", d)
	d = decision()
	d.Second = ""
	add("a refusal without a second person", d)
	n := notice(t)
	n.Answers = nil
	add("a notice of nothing", n)
	n = notice(t)
	n.Count = 1
	add("fewer answers than are named", n)
	n = notice(t)
	n.Notice = "\u202e12"
	add("a notice whose name reads backwards", n)
	a := acknowledgement()
	a.By = message.System
	add("acknowledged by the program", a)
	a = acknowledgement()
	a.Text = ""
	add("acknowledged without a word", a)
	for name, p := range wrong {
		body, err := message.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := message.Decode(p.Kind(), body); err == nil {
			t.Errorf("%s is taken: %+v", name, back)
		}
	}
}
