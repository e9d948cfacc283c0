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

func placeCode(t testing.TB, s string) resident.MunicipalityCode {
	t.Helper()
	m, err := resident.ParseMunicipalityCode("municipality", s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// caReport is Nagano's on 30 November 2004, in small: Matsumoto's 89 of source 000 are all in it.
func caReport(t testing.TB) message.CAReport {
	since := resident.MustDate(2004, 11, 30).Start().UTC()
	until := since.AddDate(0, 0, 1)
	return message.CAReport{Prefecture: 20, Since: since, Until: until, At: until.Add(time.Minute), Places: []message.ReportPlace{
		{Municipality: placeCode(t, "202029"), Profile: cert.Signature, Issued: 89, Fresh: 2, Valid: 80, Revoked: []message.ReportCount{
			{What: "affiliationChanged", Ever: 5, Fresh: 1}, {What: "keyCompromise", Ever: 1}}, Refused: []message.ReportCount{{What: "under-15", Ever: 3, Fresh: 3}}},
		{Municipality: placeCode(t, "202053"), Profile: cert.Signature, Issued: 51, Valid: 51},
		{Municipality: placeCode(t, "202053"), Profile: cert.Authentication, Refused: []message.ReportCount{{What: "key-in-use", Ever: 1}}}},
		Prefectures:  []message.ReportPrefecture{{Prefecture: 13, Issued: 900, Valid: 850}, {Prefecture: 20, Issued: 140, Valid: 131}},
		Applications: message.ReportWait{Count: 1, Oldest: until.Add(-time.Second)}, Parked: 2, Aside: 1,
		Alarms:     []message.ReportAlarm{{Code: "message-lag", Peer: "nationalcenter", Opened: since.Add(time.Hour), Closed: since.Add(2 * time.Hour)}, {Code: "tokens-away", Opened: until}},
		Statements: []message.ReportStatement{{Peer: "nationalcenter", Sent: true, Until: since, State: "agreed"}}}
}

// TestCAReportVectors holds the payloads to their published octets, and reads them back as they were.
func TestCAReportVectors(t *testing.T) {
	for _, c := range []struct {
		p    message.Payload
		keys string
		want string
	}{
		{caReport(t), "report/20/2004-11-30", "0a0232301080f8b4e9eec0fa011880b892d8b0c3fa012080c6e0f4b0c3fa0132560a0632303230323912097369676e617475726518592002285032180a12616666696c696174696f6e4368616e6765641005180132110a0d6b6579436f6d70726f6d69736510013a0e0a08756e6465722d31351003180332170a0632303230353312097369676e61747572651833283332280a06323032303533120e61757468656e7469636174696f6e3a0e0a0a6b65792d696e2d75736510013a0a0a02313310840718d2063a0a0a023230108c011883014a0b080110c0b3d5d7b0c3fa0152005a0060026801722f0a0b6d6573736167652d6c6167120e6e6174696f6e616c63656e7465721880c0839efcc0fa01208088d2d289c1fa0172160a0b746f6b656e732d617761791880b892d8b0c3fa017a230a0e6e6174696f6e616c63656e74657210011880f8b4e9eec0fa012206616772656564"},
		{message.CAReportRequest{Prefecture: 20, By: "operator-ueda"}, "report/20", "0a023230120d6f70657261746f722d75656461"},
	} {
		body, err := message.Encode(c.p)
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(body); got != c.want {
			t.Errorf("%s is written as %s", c.p.Kind(), got)
		}
		if keys := c.p.Keys(); len(keys) != 1 || keys[0] != c.keys {
			t.Errorf("%s has the keys %q", c.p.Kind(), keys)
		}
		again, err := message.Decode(c.p.Kind(), body)
		if err != nil || !reflect.DeepEqual(again, c.p) {
			t.Errorf("%s is read as %+v, %v", c.p.Kind(), again, err)
		}
	}
}

// TestCAReportDay: the close of a day is about that day, and so is what was asked for within it.
func TestCAReportDay(t *testing.T) {
	n := caReport(t)
	if n.Day() != resident.MustDate(2004, 11, 30) {
		t.Errorf("the close is about %s", n.Day())
	}
	n.Until = n.Until.Add(-time.Hour)
	if n.Keys()[0] != caReport(t).Keys()[0] {
		t.Errorf("asked for within the day, it has the keys %q", n.Keys())
	}
}

// TestCAReportRefused: what cannot be so is refused by its field.
func TestCAReportRefused(t *testing.T) {
	for name, c := range map[string]struct {
		field string
		edit  func(n *message.CAReport)
	}{
		"no prefecture":               {"prefecture", func(n *message.CAReport) { n.Prefecture = 0 }},
		"a period that ends before":   {"until", func(n *message.CAReport) { n.Until = n.Since }},
		"no beginning":                {"until", func(n *message.CAReport) { n.Since = time.Time{} }},
		"read before its moment":      {"until", func(n *message.CAReport) { n.At = n.Until.Add(-time.Second) }},
		"a place of another":          {"municipality", func(n *message.CAReport) { n.Places[0].Municipality = placeCode(t, "131211") }},
		"a place twice":               {"places", func(n *message.CAReport) { n.Places[1] = n.Places[0] }},
		"places out of order":         {"places", func(n *message.CAReport) { n.Places[0], n.Places[1] = n.Places[1], n.Places[0] }},
		"more valid than issued":      {"issued", func(n *message.CAReport) { n.Places[1].Valid++ }},
		"more revoked than issued":    {"issued", func(n *message.CAReport) { n.Places[0].Revoked[0].Ever = 9 }},
		"more in a day than ever":     {"issued", func(n *message.CAReport) { n.Places[1].Fresh = 52 }},
		"a reason that is none":       {"reason", func(n *message.CAReport) { n.Places[0].Revoked[1].What = "weather" }},
		"a reason twice":              {"revoked", func(n *message.CAReport) { n.Places[0].Revoked[1].What = "affiliationChanged" }},
		"a refusal that hides":        {"refused", func(n *message.CAReport) { n.Places[0].Refused[0].What = "x\x1b[2J" }},
		"fewer than none":             {"issued", func(n *message.CAReport) { n.Places[1].Issued = -1 }},
		"a prefecture twice":          {"prefectures", func(n *message.CAReport) { n.Prefectures[1].Prefecture = 13 }},
		"waits since never":           {"lists", func(n *message.CAReport) { n.Lists.Count = 1 }},
		"nothing waits since a time":  {"lists", func(n *message.CAReport) { n.Lists.Oldest = n.At }},
		"an alarm without a code":     {"code", func(n *message.CAReport) { n.Alarms[0].Code = "" }},
		"an alarm about nobody known": {"organisation", func(n *message.CAReport) { n.Alarms[0].Peer = "weather" }},
		"too many alarms":             {"alarms", func(n *message.CAReport) { n.Alarms = make([]message.ReportAlarm, message.MaxReportAlarms+1) }},
		"a statement of nothing":      {"state", func(n *message.CAReport) { n.Statements[0].State = strings.Repeat("x", 65) }},
	} {
		n := caReport(t)
		c.edit(&n)
		if err := message.Readable(n); err == nil || !strings.Contains(err.Error(), c.field) {
			t.Errorf("%s: %v, want the field %s", name, err, c.field)
		}
	}
	if err := message.Readable(message.CAReportRequest{Prefecture: 20}); err == nil {
		t.Error("a request of nobody is taken")
	}
}
