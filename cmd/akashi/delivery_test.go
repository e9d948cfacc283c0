package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/internal/org/issuing"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// TestDeliveryPrinted: what people read of the two sides has each of them, what the printer said, how a case was closed, and at the end whether they agree.
func TestDeliveryPrinted(t *testing.T) {
	at := time.Date(2026, 4, 1, 0, 30, 0, 0, time.UTC)
	c := &municipality.DocumentTrace{Kind: string(making.IndividualRecord), AppliedAt: at, AppliedBy: "clerk-aoki", State: "delivered", Number: "202029-20260401-00001", Content: "cc", File: "ee",
		Versions: []resident.Version{4}, Place: municipality.PlaceCitizen, EndedAt: at.Add(time.Minute), EndedBy: "clerk-inoue", Sheets: 2,
		Checks: []municipality.IdentityCheck{{At: at, By: "clerk-aoki", Documents: plain.Sentence{JA: "旅券", EN: "passport"}}},
		Jobs:   []municipality.PrintJob{{Job: "202029-1-1", At: at, By: "clerk-aoki", State: "aborted", Sheets: 1, Says: plain.Sentence{JA: "紙が詰まりました。", EN: "A jam."}}, {Job: "202029-1-2", At: at, By: "clerk-inoue"}},
		Cases: []municipality.DocumentCase{{Job: "202029-1-1", Cause: plain.Sentence{JA: "印刷", EN: "print"}, OpenedAt: at, Fate: municipality.FateDestroyed, ProposedAt: at, ProposedBy: "clerk-aoki", ClosedAt: at, ClosedBy: "clerk-inoue", Proof: "裁断した"},
			{Job: "202029-1-2", OpenedAt: at}}}
	s := &issuing.DocumentTrace{Kind: c.Kind, AskedAt: at, AskedBy: "clerk-aoki", State: "issued", DecidedAt: at, Program: "v1 abc", Versions: c.Versions, Number: c.Number, Content: "cc", File: "ee", Ending: message.Delivered, EndedAt: at}
	printed := func(d nation.Delivery, fileOf string) string {
		var out bytes.Buffer
		printDelivery(&out, nation.JoinDelivery(d, fileOf))
		return out.String()
	}
	whole := printed(nation.Delivery{Request: "202029-1", Counter: c, Server: s, Persons: []municipality.DocumentPerson{{Code: "12345678901", Name: "松本　一子"}, {Name: "松本　三子", Withheld: true}}}, "202029-1")
	for _, want := range []string{"窓口 counter  2026-04-01 09:30:00 clerk-aoki", "サーバ server 2026-04-01 09:30:00  v1 abc", "サーバ server ee", "旅券", "202029-1-1  2026-04-01 09:30:00 clerk-aoki  aborted  1枚 sheets  紙が詰まりました。",
		"画面から the clerk's browser", "閉じた closed 2026-04-01 09:30:00 clerk-inoue  destroyed  2026-04-01 09:30:00 clerk-aoki  裁断した", "開いている open", "申請した方に渡した", "12345678901  松本　一子", "松本　三子（氏名のほかは出せません", "双方の記録は同じです。"} {
		if !strings.Contains(whole, want) {
			t.Errorf("it does not say %q:\n%s", want, whole)
		}
	}
	other := *c
	other.File = "ff"
	if got := printed(nation.Delivery{Request: "202029-1", Counter: &other, Server: s}, "202029-2"); !strings.Contains(got, "別の申請（202029-2）のものです") || strings.Contains(got, "双方の記録は同じです") || strings.Contains(got, "ファイルは双方で同じです") {
		t.Errorf("of another's file it says\n%s", got)
	}
	told := *s
	told.Ending = ""
	if got := printed(nation.Delivery{Request: "202029-1", Counter: c, Server: &told}, "202029-1"); !strings.Contains(got, "ファイルは双方で同じです") || !strings.Contains(got, "違い difference: ") {
		t.Errorf("before the end is told it says\n%s", got)
	}
	if got := printed(nation.Delivery{Request: "202029-1", Counter: c, Silent: []nation.SilentOne{{Organisation: "issuing-202029", Error: "down"}}}, ""); !strings.Contains(got, "issuing-202029 は応答しませんでした") || strings.Contains(got, "同じです") {
		t.Errorf("without the server it says\n%s", got)
	}
	if got := printed(nation.Delivery{Request: "202029-1", Counter: &municipality.DocumentTrace{State: "refused"}, Server: &issuing.DocumentTrace{State: "refused"}}, ""); !strings.Contains(got, "証明書は作られていません。") {
		t.Errorf("of what was refused it says\n%s", got)
	}
}

// TestAffectedPrinted: what people read of an inquiry has the counts, each document with its items, the people, the notice, and what does not agree.
func TestAffectedPrinted(t *testing.T) {
	document := municipality.AffectedDocument{Request: "202029-1", Number: "202029-20260401-00001", Kind: string(making.HouseholdRecord), Shows: making.Shown(making.HouseholdRecord, []string{"number"}), MyNumber: true,
		Place: municipality.PlaceCitizen, Persons: []int{1, 2}, PageKnown: true}
	older := municipality.AffectedDocument{Request: "202029-2", Kind: string(making.SealCertificate), Place: municipality.PlaceUnknown, Open: 1, Persons: []int{1}}
	town := nation.AffectedTown{Municipality: "municipality-202029", Affected: municipality.Affected{ID: "202029-inquiry-7", Cause: "別の人の証明書が印刷された", LeftOut: 3, Documents: []municipality.AffectedDocument{document, older},
		Counts:  municipality.AffectedCounts{Requests: 2, Documents: 1, Persons: 2, Concerned: 2, MyNumber: 1, Outside: 1, OpenCases: 1, Places: map[municipality.Place]int{municipality.PlaceCitizen: 1, municipality.PlaceUnknown: 1}},
		Persons: []municipality.AffectedPerson{{Number: 1, DocumentPerson: municipality.DocumentPerson{Code: "12345678901", Name: "松本　一子"}, Requests: []string{"202029-1", "202029-2"}, Concerned: true, Notice: plain.Sentence{JA: "お知らせ", EN: "Notice"}}}},
		Servers: map[string]issuing.Decided{"202029-1": {Program: "v1 abc"}}, Differ: []string{"202029-1"}, ServerOnly: []string{"202029-9"}, NotThere: []string{"202029-2"}}
	var out bytes.Buffer
	printAffected(&out, town)
	for _, want := range []string{"調査 inquiry 202029-inquiry-7", "申請 requests 2  証明書 documents 1", "個人番号の載った証明書 with the individual number 1", "申請した方に渡した with the applicant  1", "個人番号あり", "個人番号なし", "人 persons [1 2]", "ほかの方は不明",
		"v1 abc", "氏名、氏名の振り仮名", "12345678901  松本　一子  202029-1 202029-2", "お知らせ", "different files: 202029-1", "no record: 202029-9", "server has no record: 202029-2", "ほかの版によるものなので除いた", "突き合わせていません", "期間を狭めてください"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, out.String())
		}
	}
	town.Compared, town.Whole, town.LeftOut = true, true, 0
	out.Reset()
	printAffected(&out, town)
	for _, not := range []string{"突き合わせていません", "期間を狭めて", "ほかの版"} {
		if strings.Contains(out.String(), not) {
			t.Errorf("it says %q:\n%s", not, out.String())
		}
	}
}
