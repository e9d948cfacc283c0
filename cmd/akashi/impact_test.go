package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/org/validation"
)

// TestImpactNamesWhoWasTold: who has acknowledged, who was told, who will be, and who cannot be.
func TestImpactNamesWhoWasTold(t *testing.T) {
	at := time.Date(2004, 7, 29, 3, 0, 0, 0, time.UTC)
	r := validation.ImpactReport{Cases: []validation.ImpactCase{{Case: "12", Serial: "4A0107", Profile: "signature", WrongFrom: at, ToldAt: at, Answers: 9, Notices: 2, Acknowledged: 1,
		Verifiers: []validation.Affected{
			{Verifier: "verifier-nta", Office: "国税庁", Answers: 3, First: at, Last: at, Notice: "12-1", AcknowledgedBy: "operator-1", Done: "調べた。"},
			{Verifier: "verifier-moj", Office: "法務省", Answers: 1, First: at, Last: at, Notice: "12-2"},
			{Verifier: "verifier-kkr", Office: "国家公務員共済組合連合会", Answers: 1, First: at, Last: at},
			{Verifier: "192.0.2.7", Answers: 4, First: at, Last: at},
		}}}}
	var b bytes.Buffer
	printImpact(&b, r)
	for _, says := range []string{"4A0107", "2004-07-29 12:00:00", "answers 9", "acknowledged 1/2", "acknowledged operator-1: 調べた。", "told 12-2", "not told yet", "cannot be told",
		"there are more"} {
		if !strings.Contains(b.String(), says) {
			t.Errorf("nothing says %q:\n%s", says, b.String())
		}
	}
}
