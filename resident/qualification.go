package resident

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
)

// Term is the time for which somebody has a qualification: the day on which it began (資格取得) and the one on which it ended
// (資格喪失), zero while it lasts. The zero value is none.
type Term struct{ Since, Until Date }

// Given reports whether there is or was a qualification.
func (t Term) Given() bool { return t != Term{} }

// Lasts reports whether it has not ended.
func (t Term) Lasts() bool { return t.Since.Valid() && !t.Until.Valid() }

// Qualifications are what a record says of elections, social insurance and allowances (法7条9号 to 11号の2, 令3条 to 6条). They
// never leave the municipality by way of the network. The zero value is none.
type Qualifications struct {
	Voter     bool // 選挙人名簿に登録された旨 (法7条9号); never of a foreign resident (法30条の45)
	Health    Term // 国民健康保険 (令3条)
	Elderly   Term // 後期高齢者医療 (令3条の2)
	Care      Term // 介護保険, of those from 65 on (法7条10号の3; 令3条の3)
	Pension   Pension
	Allowance Allowance
}

// Given reports whether anything is said.
func (q Qualifications) Given() bool { return q != Qualifications{} }

// Pension is somebody's insurance with the national pension (国民年金, 法7条11号, 令5条). Those whose employer insures them (第2号)
// and their spouses (第3号) are not in the register.
type Pension struct {
	Term
	Kind      PensionKind
	KindSince Date // 種別の変更があった年月日; zero: it never changed
	Number    PensionNumber
}

// Allowance is a child allowance (児童手当, 法7条11号の2, 令6条): the months in which its payment began and ended, on the record of
// whoever receives it.
type Allowance struct{ Since, Until Month }

// Given reports whether one is or was paid.
func (a Allowance) Given() bool { return a != Allowance{} }

// PensionKind is the kind of an insured person of the national pension (種別, 令5条2号). The zero value is none.
type PensionKind uint8

// The kinds that the register knows.
const (
	PensionFirst     PensionKind = 1 // 第1号被保険者
	PensionVoluntary PensionKind = 2 // 任意加入被保険者 (国民年金法附則5条)
)

// ParsePensionKind reads "first", "voluntary" or their Japanese words. The error is a *plain.Problem for field.
func ParsePensionKind(field, s string) (PensionKind, error) {
	switch s {
	case "first", "第1号被保険者":
		return PensionFirst, nil
	case "voluntary", "任意加入被保険者":
		return PensionVoluntary, nil
	}
	return 0, plain.Bad(field,
		"国民年金の種別は「第1号被保険者」か「任意加入被保険者」です。第2号・第3号の方は記載しません。",
		"The kind of the national pension is 第1号被保険者 (first) or 任意加入被保険者 (voluntary); those of the second and third kind are not entered.")
}

// Valid reports whether k is one of the kinds.
func (k PensionKind) Valid() bool { return k == PensionFirst || k == PensionVoluntary }

// Code is the kind's name in files; "" for the zero value.
func (k PensionKind) Code() string {
	switch k {
	case PensionFirst:
		return "first"
	case PensionVoluntary:
		return "voluntary"
	}
	return ""
}

// In is the kind in a language; "" for the zero value.
func (k PensionKind) In(lang plain.Lang) string {
	switch k {
	case PensionFirst:
		return plain.Sentence{JA: "第1号被保険者", EN: "first kind"}.In(lang)
	case PensionVoluntary:
		return plain.Sentence{JA: "任意加入被保険者", EN: "voluntary"}.In(lang)
	}
	return ""
}

// PensionNumber is a basic pension number (基礎年金番号, 令5条3号): ten digits [M]. The zero value is none.
type PensionNumber struct{ digits sealed }

const pensionNumberWhat = "基礎年金番号"

// ParsePensionNumber reads ten digits, with or without the hyphen after the fourth. The error is a *plain.Problem for field.
func ParsePensionNumber(field, s string) (PensionNumber, error) {
	s = foldDigits(s)
	if len(s) == 11 && s[4] == '-' {
		s = s[:4] + s[5:]
	}
	if !allDigits(s, 10) {
		return PensionNumber{}, plain.Bad(field,
			"基礎年金番号は10けたの数字です（例: 1234-567890）。通知書のとおりに入力してください。",
			"A basic pension number is 10 digits (e.g. 1234-567890). Enter it as on the notice.")
	}
	return PensionNumber{seal(s)}, nil
}

// Valid reports whether n holds a number at all.
func (n PensionNumber) Valid() bool { return !n.digits.empty() }

// Reveal gives the ten digits, or "". Never log them.
func (n PensionNumber) Reveal() string { return n.digits.open() }

// String is redacted; so are Format and LogValue.
func (n PensionNumber) String() string { return redacted(pensionNumberWhat) }

// Format redacts under every verb.
func (n PensionNumber) Format(f fmt.State, _ rune) { formatRedacted(f, pensionNumberWhat) }

// LogValue redacts.
func (n PensionNumber) LogValue() slog.Value { return logRedacted(pensionNumberWhat) }

// MarshalText always refuses, so that no encoder writes the number unasked.
func (n PensionNumber) MarshalText() ([]byte, error) { return nil, errSealed }

const qualificationsWhat = "資格"

// String is redacted; so are Format and LogValue.
func (q Qualifications) String() string { return redacted(qualificationsWhat) }

// Format redacts under every verb.
func (q Qualifications) Format(f fmt.State, _ rune) { formatRedacted(f, qualificationsWhat) }

// LogValue redacts.
func (q Qualifications) LogValue() slog.Value { return logRedacted(qualificationsWhat) }

// ParseFlag reads a mark (登録, ○, 1, yes) or its absence (empty, 0, no). The error is a *plain.Problem for field.
func ParseFlag(field, s string) (bool, error) {
	switch strings.ToLower(foldDigits(s)) {
	case "登録", "○", "1", "yes", "true":
		return true, nil
	case "", "0", "no", "false":
		return false, nil
	}
	return false, plain.Bad(field, "登録されているときは「登録」と入力し、そうでなければ空けてください。", "Enter 登録 when it applies, and leave it empty otherwise.")
}
