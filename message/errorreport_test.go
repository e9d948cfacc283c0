package message_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

func errorReport() message.ErrorReport {
	return message.ErrorReport{Report: "nationalcenter/0123456789abcdef", Code: resident.RecordCodeOf(1), Version: 3, Attributes: resident.AttrName | resident.AttrAddress,
		Text: "旅券の申請書と氏名の字が違う。", By: "clerk-aoki", FoundAt: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)}
}

func errorAnswer() message.ErrorAnswer {
	return message.ErrorAnswer{Report: "nationalcenter/0123456789abcdef", Code: resident.RecordCodeOf(1), Outcome: message.ErrorCorrected, Version: 4,
		Text: "届出書を確かめ、訂正した。", By: "clerk-inoue", AnsweredAt: time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC)}
}

// TestErrorReportVectors holds the payloads to their published octets, and reads them back as they were.
func TestErrorReportVectors(t *testing.T) {
	for _, c := range []struct {
		p    message.Payload
		want string
	}{
		{errorReport(), "0a1f6e6174696f6e616c63656e7465722f30313233343536373839616263646566120b3030303030303030303139180320092a2de69785e588b8e381aee794b3e8ab8be69bb8e381a8e6b08fe5908de381aee5ad97e3818ce98195e38186e38082320a636c65726b2d616f6b693880c0b1ce06"},
		{errorAnswer(), "0a1f6e6174696f6e616c63656e7465722f30313233343536373839616263646566120b30303030303030303031391a09636f7272656374656420042a27e5b18ae587bae69bb8e38292e7a2bae3818be38281e38081e8a882e6ada3e38197e3819fe38082320b636c65726b2d696e6f75653880e3b6ce06"},
	} {
		body, err := message.Encode(c.p)
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(body); got != c.want {
			t.Errorf("%s is written as %s", c.p.Kind(), got)
		}
		if keys := c.p.Keys(); len(keys) != 1 || keys[0] != resident.RecordCodeOf(1).Reveal() {
			t.Errorf("%s has other keys than the resident", c.p.Kind())
		}
		again, err := message.Decode(c.p.Kind(), body)
		if err != nil || !reflect.DeepEqual(again, c.p) {
			t.Errorf("%s is read as something else: %v", c.p.Kind(), err)
		}
	}
}

// TestErrorReportRefused: what cannot be so is refused by its field.
func TestErrorReportRefused(t *testing.T) {
	for name, c := range map[string]struct {
		field string
		p     message.Payload
	}{
		"no name":                  {"report", spoilt(errorReport(), func(n *message.ErrorReport) { n.Report = "" })},
		"a name of two lines":      {"report", spoilt(errorReport(), func(n *message.ErrorReport) { n.Report = "a\nb" })},
		"a name that is too long":  {"report", spoilt(errorReport(), func(n *message.ErrorReport) { n.Report = strings.Repeat("x", 41) })},
		"nobody":                   {"code", spoilt(errorReport(), func(n *message.ErrorReport) { n.Code = resident.RecordCode{} })},
		"no version":               {"version", spoilt(errorReport(), func(n *message.ErrorReport) { n.Version = 0 })},
		"a version that overflows": {"version", spoilt(errorReport(), func(n *message.ErrorReport) { n.Version = 1 << 63 })},
		"unknown attributes":       {"attributes", spoilt(errorReport(), func(n *message.ErrorReport) { n.Attributes = 16 })},
		"no words":                 {"text", spoilt(errorReport(), func(n *message.ErrorReport) { n.Text = "" })},
		"control characters":       {"text", spoilt(errorReport(), func(n *message.ErrorReport) { n.Text = "a\x1b[2J" })},
		"too many words":           {"text", spoilt(errorReport(), func(n *message.ErrorReport) { n.Text = strings.Repeat("x", 4001) })},
		"found by a program":       {"by", spoilt(errorReport(), func(n *message.ErrorReport) { n.By = message.System })},
		"no outcome":               {"outcome", spoilt(errorAnswer(), func(n *message.ErrorAnswer) { n.Outcome = "" })},
		"an unknown outcome":       {"outcome", spoilt(errorAnswer(), func(n *message.ErrorAnswer) { n.Outcome = "maybe" })},
		"answered without version": {"version", spoilt(errorAnswer(), func(n *message.ErrorAnswer) { n.Version = 0 })},
		"answered by nobody":       {"by", spoilt(errorAnswer(), func(n *message.ErrorAnswer) { n.By = "" })},
		"answered without words":   {"text", spoilt(errorAnswer(), func(n *message.ErrorAnswer) { n.Text = "" })},
		"answered about nobody":    {"code", spoilt(errorAnswer(), func(n *message.ErrorAnswer) { n.Code = resident.RecordCode{} })},
		"answer to no report":      {"report", spoilt(errorAnswer(), func(n *message.ErrorAnswer) { n.Report = "" })},
	} {
		if err := message.Readable(c.p); err == nil || !strings.Contains(err.Error(), c.field) {
			t.Errorf("%s: %v, want a problem of %s", name, err, c.field)
		}
	}
}

func spoilt[P message.Payload](p P, spoil func(*P)) message.Payload {
	spoil(&p)
	return p
}

// TestErrorReportsNameNobodyInLogs: neither the code nor what people wrote.
func TestErrorReportsNameNobodyInLogs(t *testing.T) {
	for _, p := range []any{errorReport(), errorAnswer()} {
		var b bytes.Buffer
		slog.New(slog.NewTextHandler(&b, nil)).Info("sent", "payload", p)
		fmt.Fprintf(&b, "%v %+v %s %#v", p, p, p, p)
		for _, secret := range []string{resident.RecordCodeOf(1).Reveal(), "旅券", "届出書"} {
			if strings.Contains(b.String(), secret) {
				t.Errorf("%T is logged as %s", p, b.String())
			}
		}
	}
}
