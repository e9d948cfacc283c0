package message

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
)

// Kind names what a message is.
type Kind string

// The kinds. Their table below is the map of the country.
const (
	KindResidentChange        Kind = "resident.change"
	KindResidentInvalidation  Kind = "resident.invalidation"
	KindCodeRequest           Kind = "code.request"
	KindCodeAllotment         Kind = "code.allotment"
	KindNumberRequest         Kind = "number.request"
	KindNumberAssignment      Kind = "number.assignment"
	KindCertRequest           Kind = "cert.request"
	KindIdentityRule          Kind = "identity.rule"
	KindCertIssued            Kind = "cert.issued"
	KindCertRefused           Kind = "cert.refused"
	KindCertIssuance          Kind = "cert.issuance"
	KindCertRevocation        Kind = "cert.revocation"
	KindCertRevoke            Kind = "cert.revoke"
	KindCertStatus            Kind = "cert.status"
	KindCertCRL               Kind = "cert.crl"
	KindResponderRequest      Kind = "responder.request"
	KindResponderIssued       Kind = "responder.issued"
	KindVerifierFiling        Kind = "verifier.filing"
	KindVerifierDecision      Kind = "verifier.decision"
	KindVerifierRegistration  Kind = "verifier.registration"
	KindImpactNotice          Kind = "impact.notice"
	KindImpactAcknowledged    Kind = "impact.acknowledgement"
	KindCAReport              Kind = "ca.report"
	KindCAReportRequest       Kind = "ca.report.request"
	KindMoveOut               Kind = "resident.moveout"
	KindMoveIn                Kind = "resident.movein"
	KindErrorReport           Kind = "resident.error.report"
	KindErrorAnswer           Kind = "resident.error.answer"
	KindExchangeNote          Kind = "exchange.note"
	KindExchangeWithdrawal    Kind = "exchange.withdrawal"
	KindExchangeStatement     Kind = "exchange.statement"
	KindExchangeDrill         Kind = "exchange.drill"
	KindSnapshotRequest       Kind = "snapshot.request"
	KindSnapshot              Kind = "snapshot"
	KindReconcileCase         Kind = "reconcile.case"
	KindResidentProtection    Kind = "resident.protection"
	KindResidentProtectionEnd Kind = "resident.protection.end"
	KindIssuingRecord         Kind = "issuing.record"
	KindIssuingQuestion       Kind = "issuing.question"
	KindIssuingAnswer         Kind = "issuing.answer"
	KindIssuingApplication    Kind = "issuing.application"
	KindIssuingDocument       Kind = "issuing.document"
	KindIssuingOutcome        Kind = "issuing.outcome"
	KindIssuingDay            Kind = "issuing.day"
	KindIssuingDayAnswer      Kind = "issuing.day.answer"
	KindIssuingHalt           Kind = "issuing.halt"
	KindIssuingProgram        Kind = "issuing.program"
)

// Class is what personal data a kind carries, and so what may be shown of it to whom.
type Class string

// The classes.
const (
	NoPersonal     Class = "none"           // no personal data
	Pseudonymous   Class = "pseudonymous"   // serials and codes only
	Identification Class = "identification" // 本人確認情報
	WholeRecord    Class = "whole record"   // 住民票の記載事項と印影
)

// Hop is one border that a kind crosses.
type Hop struct{ From, To Role }

// Spec is a kind's line in the table.
type Spec struct {
	Kind  Kind
	Name  plain.Sentence
	Hops  []Hop  // empty: between any two organisations that exchange
	Order string // what the order keys are
	Safe  bool   // monotone and commutative: never held behind another message
	Law   string // article of the law as of 2013-11-26, or the design's reason
	Class Class
}

// Kinds is the map of the country: who may send what to whom. What is not here is refused by every receiver.
//
// History of the wire: 2026-11-21 first version. 2026-11-22 snapshot, snapshot.request, reconcile.case,
// exchange.statement, exchange.drill. 2026-11-22 verifier.filing, verifier.decision, verifier.registration, impact.notice,
// impact.acknowledgement; cert.status says since when a certificate was untrue, cert.refused which one stands in the way;
// cert.crl carries a part of a list, and delta lists.
// 2026-11-22 cert.revoke goes to the national center too, and on to another CA, and says when the counter took it.
// 2026-11-22 ca.report, ca.report.request.
// 2026-11-22 number.request, number.assignment; the question code.attach.
// 2026-11-22 resident.moveout, resident.movein.
// 2026-11-22 resident.error.report, resident.error.answer.
// 2026-11-22 resident.protection, resident.protection.end.
// 2026-11-23 identity.rule; cert.request says who has checked the applicant.
// 2026-11-23 resident.moveout and resident.movein tell of a move that was closed by hand (closed, unmade), and
// ask again; resident.movein tells that the time of a moving in by the card is over (lapsed).
// 2026-11-23 issuing.record, issuing.question, issuing.answer.
// 2026-11-23 issuing.application, issuing.document, issuing.outcome.
// 2026-11-24 issuing.document says the version of the program that signed it or refused it; issuing.halt, issuing.program.
var Kinds = []Spec{
	{KindResidentChange, plain.Sentence{JA: "異動", EN: "resident change"},
		[]Hop{{Municipality, Prefecture}, {Prefecture, NationalCenter}}, "resident, and the old code when it changes", false,
		"住民基本台帳法30条の5, 30条の11①", Identification},
	{KindResidentInvalidation, plain.Sentence{JA: "異動に伴う失効", EN: "resident invalidation"},
		[]Hop{{Municipality, Prefecture}, {Prefecture, NationalCenter}}, "resident", true,
		"住民基本台帳法30条の11⑨", Pseudonymous},
	{KindResidentProtection, plain.Sentence{JA: "支援措置", EN: "protection of a person"},
		[]Hop{{Municipality, Prefecture}, {Prefecture, NationalCenter}, {NationalCenter, Municipality}, {NationalCenter, Prefecture}}, "resident", true,
		"支援措置（住民基本台帳事務処理要領、記憶による）; design: it reaches every organisation that holds the person before anything else does", Pseudonymous},
	{KindResidentProtectionEnd, plain.Sentence{JA: "支援措置の終了", EN: "end of a protection"},
		[]Hop{{Municipality, Prefecture}, {Prefecture, NationalCenter}, {NationalCenter, Municipality}, {NationalCenter, Prefecture}}, "resident", false,
		"design: it ends the version that it names, and no other", Pseudonymous},
	{KindCodeRequest, plain.Sentence{JA: "住民票コードの割当て依頼", EN: "request for record codes"},
		[]Hop{{Municipality, NationalCenter}}, "request", false, "住民基本台帳法30条の7, 規則14条", NoPersonal},
	{KindCodeAllotment, plain.Sentence{JA: "住民票コードの割当て", EN: "allotment of record codes"},
		[]Hop{{NationalCenter, Municipality}}, "request", false, "住民基本台帳法30条の7, 規則14条", NoPersonal},
	{KindNumberRequest, plain.Sentence{JA: "個人番号の指定の求め", EN: "request for an individual number"},
		[]Hop{{Municipality, NationalCenter}}, "resident", false, "番号法8条", Pseudonymous},
	{KindNumberAssignment, plain.Sentence{JA: "個人番号の通知", EN: "assignment of an individual number"},
		[]Hop{{NationalCenter, Municipality}}, "resident", false, "番号法7条, 8条", Identification},
	{KindCertRequest, plain.Sentence{JA: "電子証明書の発行申請", EN: "certificate request"},
		[]Hop{{Municipality, CA}}, "resident", false, "公的個人認証法3条", Identification},
	{KindIdentityRule, plain.Sentence{JA: "本人確認の規則", EN: "rule of identity checks"},
		[]Hop{{Municipality, CA}}, "municipality", false,
		"認証局運用規程の複数職員によるチェック体制（長野県、平成16年）", NoPersonal},
	{KindCertIssued, plain.Sentence{JA: "電子証明書の交付", EN: "certificate issued"},
		[]Hop{{CA, Municipality}}, "resident", false, "公的個人認証法3条", Identification},
	{KindCertRefused, plain.Sentence{JA: "電子証明書を発行しない旨", EN: "certificate refused"},
		[]Hop{{CA, Municipality}}, "resident", false, "公的個人認証法3条", Pseudonymous},
	{KindCertIssuance, plain.Sentence{JA: "発行情報", EN: "issuance notice"},
		[]Hop{{CA, NationalCenter}}, "resident", false, "住民基本台帳法30条の11⑨: the center must know who holds a certificate", Identification},
	{KindCertRevocation, plain.Sentence{JA: "異動等失効情報", EN: "revocation notice"},
		[]Hop{{NationalCenter, CA}}, "resident", true, "公的個人認証法12条", Pseudonymous},
	{KindCertRevoke, plain.Sentence{JA: "失効申請・届出", EN: "revocation by the holder"},
		[]Hop{{Municipality, CA}, {Municipality, NationalCenter}, {NationalCenter, CA}}, "resident", true, "公的個人認証法9条, 10条; design: the center knows which CA issued, and under which codes", Pseudonymous},
	{KindCertStatus, plain.Sentence{JA: "電子証明書の状態", EN: "certificate status"},
		[]Hop{{CA, Validation}}, "serial", true, "公的個人認証法16条", Pseudonymous},
	{KindCertCRL, plain.Sentence{JA: "失効リスト", EN: "revocation list"},
		[]Hop{{CA, Validation}}, "municipality", true, "公的個人認証法16条", Pseudonymous},
	{KindResponderRequest, plain.Sentence{JA: "OCSP応答者の証明依頼", EN: "request for an OCSP responder certificate"},
		[]Hop{{Validation, CA}}, "issuer", false, "RFC 6960 §4.2.2.2: the CA delegates OCSP signing by a certificate", NoPersonal},
	{KindResponderIssued, plain.Sentence{JA: "OCSP応答者の証明書", EN: "OCSP responder certificate"},
		[]Hop{{CA, Validation}}, "issuer", false, "RFC 6960 §4.2.2.2", NoPersonal},
	{KindVerifierFiling, plain.Sentence{JA: "署名検証者の届出", EN: "filing of a verifier"},
		[]Hop{{Verifier, Prefecture}}, "verifier", false, "公的個人認証法17条", NoPersonal},
	{KindVerifierDecision, plain.Sentence{JA: "届出への回答", EN: "decision on a filing"},
		[]Hop{{Prefecture, Verifier}}, "verifier", false, "公的個人認証法17条", NoPersonal},
	{KindVerifierRegistration, plain.Sentence{JA: "署名検証者の登録", EN: "registration of a verifier"},
		[]Hop{{Prefecture, Validation}}, "verifier", false, "公的個人認証法17条, 18条", NoPersonal},
	{KindImpactNotice, plain.Sentence{JA: "失効の遅れの影響の通知", EN: "notice of a late revocation's impact"},
		[]Hop{{Validation, Verifier}}, "notice", true, "平成16年の障害: 有効と答えた署名検証者へ知らせる", Pseudonymous},
	{KindImpactAcknowledged, plain.Sentence{JA: "影響の通知の確認", EN: "acknowledgement of an impact notice"},
		[]Hop{{Verifier, Validation}}, "notice", true, "平成16年の障害: 報告がないことを、影響がないことの証拠にしない", NoPersonal},
	{KindCAReport, plain.Sentence{JA: "委任した認証局の報告", EN: "report of the CA to a prefecture"},
		[]Hop{{CA, Prefecture}}, "prefecture and day", true,
		"対策（平成16年）: 委任した都道府県が、改修と動作を自ら確認した（長野県も実施）", NoPersonal},
	{KindCAReportRequest, plain.Sentence{JA: "認証局の報告の求め", EN: "request for a report of the CA"},
		[]Hop{{Prefecture, CA}}, "prefecture", true,
		"対策（平成16年）: 委任した都道府県が、改修と動作を自ら確認した（長野県も実施）", NoPersonal},
	{KindMoveOut, plain.Sentence{JA: "転出証明書情報", EN: "information of a moving out"},
		[]Hop{{Municipality, Municipality}}, "resident, and the move", false,
		"住民基本台帳法24条", Identification},
	{KindMoveIn, plain.Sentence{JA: "転入通知", EN: "notice of a moving in"},
		[]Hop{{Municipality, Municipality}}, "resident, and the move when it is known", false,
		"住民基本台帳法9条; 規則2条", Pseudonymous},
	{KindErrorReport, plain.Sentence{JA: "記録の誤りの通知", EN: "report of an error in a record"},
		[]Hop{{NationalCenter, Prefecture}, {Prefecture, Municipality}}, "resident", true,
		"住民基本台帳法30条の11⑤, 12条の5", Identification},
	{KindErrorAnswer, plain.Sentence{JA: "記録の誤りの調査の回答", EN: "answer to an error report"},
		[]Hop{{Municipality, Prefecture}, {Prefecture, NationalCenter}}, "resident", true,
		"住民基本台帳法30条の11⑤, 12条の5: what was found out comes back", Identification},
	{KindIssuingRecord, plain.Sentence{JA: "証明発行用の記録", EN: "record that documents are made of"},
		[]Hop{{Municipality, Issuing}}, "resident, and the old code when it changes", false,
		"住民基本台帳法12条（住民票の写しの交付）; 随時連携: the issuing server is the municipality's own", WholeRecord},
	{KindIssuingQuestion, plain.Sentence{JA: "発行前の確認", EN: "question before a document is issued"},
		[]Hop{{Issuing, Municipality}}, "request", false,
		"design: in 2020 to 2023 copies issued seals that had ended; the register is asked about everybody on the page", Pseudonymous},
	{KindIssuingAnswer, plain.Sentence{JA: "発行前の確認への回答", EN: "answer before a document is issued"},
		[]Hop{{Municipality, Issuing}}, "request", false,
		"design: versions and flags as of the moment of the answer", Pseudonymous},
	{KindIssuingApplication, plain.Sentence{JA: "証明書の申請", EN: "application for a document"},
		[]Hop{{Municipality, Issuing}}, "request", false,
		"住民基本台帳法12条, 12条の3（住民票の写し等の交付の請求）", Pseudonymous},
	{KindIssuingDocument, plain.Sentence{JA: "発行した証明書", EN: "issued document"},
		[]Hop{{Issuing, Municipality}}, "request", false,
		"住民基本台帳法12条, 12条の3; design: each who holds it holds it against the register", WholeRecord},
	{KindIssuingOutcome, plain.Sentence{JA: "証明書の交付の結果", EN: "what became of a document, and that it was recalled after it was handed over"},
		[]Hop{{Municipality, Issuing}}, "request", false,
		"design: of each document it is known what became of it; in 2023 three were closed as normal", Pseudonymous},
	{KindIssuingDay, plain.Sentence{JA: "証明書の日締め", EN: "daily close of the documents"},
		[]Hop{{Municipality, Issuing}}, "day", true,
		"design: of each day both sides count what was asked for and what became of it", Pseudonymous},
	{KindIssuingDayAnswer, plain.Sentence{JA: "証明書の日締めへの回答", EN: "answer to a daily close of the documents"},
		[]Hop{{Issuing, Municipality}}, "day", true,
		"design: a difference is named, request by request, by the side that did not count", Pseudonymous},
	{KindIssuingHalt, plain.Sentence{JA: "発行の停止と再開", EN: "issuing is stopped, or resumed"},
		[]Hop{{NationalCenter, Municipality}, {Municipality, Issuing}, {Issuing, Municipality}}, "halt", true,
		"design: in 2023 a corrected version was carried to 123 places by hand, and 41 to 44 of them went on with the faulty one", NoPersonal},
	{KindIssuingProgram, plain.Sentence{JA: "証明発行サーバのプログラムの版", EN: "version of an issuing server's program"},
		[]Hop{{Issuing, Municipality}, {Municipality, NationalCenter}}, "server", false,
		"design: nobody knew in 2023 which places had the corrected version", NoPersonal},
	{KindExchangeNote, plain.Sentence{JA: "問合せと回答", EN: "note about a parked message"},
		nil, "the message it is about", true, "対策（平成16年）: 全国センターに問合せ、確認後、人的に処理する", NoPersonal},
	{KindExchangeWithdrawal, plain.Sentence{JA: "電文の取下げ", EN: "withdrawal of a message"},
		nil, "those of the message withdrawn", false, "対策（平成16年）: 確認後、人的に処理する", NoPersonal},
	{KindExchangeStatement, plain.Sentence{JA: "日締め・週締めの計算書", EN: "statement of account"},
		nil, "none", true, "対策（平成16年）: 送受信の件数を双方で毎日確認する", NoPersonal},
	{KindExchangeDrill, plain.Sentence{JA: "警報の訓練", EN: "alarm drill"},
		nil, "drill", false, "design: the alarms are proven live; the receiver always refuses it", NoPersonal},
	{KindSnapshotRequest, plain.Sentence{JA: "現在の状態の照会", EN: "request for a snapshot"},
		nil, "none", true, "design: a gap is filled by the full state", Pseudonymous},
	{KindSnapshot, plain.Sentence{JA: "現在の状態", EN: "snapshot"},
		nil, "those of what it carries, or the book's key", false, "design: a gap, a new copy or a restored side is filled by the full state", Identification},
	{KindReconcileCase, plain.Sentence{JA: "突合の不一致の件", EN: "case of a difference"},
		nil, "none", true, "対策（平成16年）: 日次で整合性を確認し、不一致は双方で処理する", Pseudonymous},
}

var specs = func() map[Kind]Spec {
	m := make(map[Kind]Spec, len(Kinds))
	for _, s := range Kinds {
		m[s.Kind] = s
	}
	return m
}()

// SpecOf returns a kind's line in the table.
func SpecOf(k Kind) (Spec, bool) {
	s, ok := specs[k]
	return s, ok
}

// MaySend tells whether the table lets an organisation send a kind to another.
func MaySend(k Kind, from, to Org) bool {
	s, ok := specs[k]
	return ok && (len(s.Hops) == 0 || slices.Contains(s.Hops, Hop{from.Role(), to.Role()}))
}

// WriteDocs writes docs/messages.md, the published form of the table.
func WriteDocs(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Messages (電文)\n\nGenerated from `message/kinds.go`; the payloads are in `api/akashi/v1/payload.proto`, the envelope in `api/akashi/v1/exchange.proto`.\nOrder is kept among messages that share a key. A *safe* kind is never held behind another message.\n\n" +
		"| kind | 日本語 | English | from → to | order keys | safe | law or reason | personal data |\n|---|---|---|---|---|---|---|---|\n")
	for _, s := range Kinds {
		hops := []string{"any pair that exchanges"}
		if len(s.Hops) > 0 {
			hops = nil
			for _, h := range s.Hops {
				hops = append(hops, fmt.Sprintf("%s → %s", h.From, h.To))
			}
		}
		safe := "no"
		if s.Safe {
			safe = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s | %s |\n", s.Kind, s.Name.JA, s.Name.EN,
			strings.Join(hops, "; "), s.Order, safe, s.Law, s.Class)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
