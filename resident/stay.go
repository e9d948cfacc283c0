package resident

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
)

// StayCategory is under what title a foreign resident stays (法30条の45の表の区分). The zero value is none, as on the record of a
// Japanese national.
type StayCategory uint8

// The categories of the table, in its order.
const (
	MidToLongTerm       StayCategory = 1 + iota // 中長期在留者
	SpecialPermanent                            // 特別永住者
	TemporaryRefuge                             // 一時庇護許可者
	ProvisionalStay                             // 仮滞在許可者
	TransitBirth                                // 出生による経過滞在者
	TransitLostNational                         // 国籍喪失による経過滞在者
)

var stayCategories = [...]struct {
	code string
	plain.Sentence
}{
	MidToLongTerm:       {"mid-to-long-term", plain.Sentence{JA: "中長期在留者", EN: "mid- to long-term resident"}},
	SpecialPermanent:    {"special-permanent", plain.Sentence{JA: "特別永住者", EN: "special permanent resident"}},
	TemporaryRefuge:     {"temporary-refuge", plain.Sentence{JA: "一時庇護許可者", EN: "granted temporary refuge"}},
	ProvisionalStay:     {"provisional-stay", plain.Sentence{JA: "仮滞在許可者", EN: "granted provisional stay"}},
	TransitBirth:        {"transit-birth", plain.Sentence{JA: "出生による経過滞在者", EN: "in transit after birth"}},
	TransitLostNational: {"transit-lost-nationality", plain.Sentence{JA: "国籍喪失による経過滞在者", EN: "in transit after loss of nationality"}},
}

// StayCategories are all of them.
func StayCategories() []StayCategory {
	return []StayCategory{MidToLongTerm, SpecialPermanent, TemporaryRefuge, ProvisionalStay, TransitBirth, TransitLostNational}
}

// ParseStayCategory reads the code or the Japanese word of a category. The error is a *plain.Problem for field.
func ParseStayCategory(field, s string) (StayCategory, error) {
	for _, c := range StayCategories() {
		if row := stayCategories[c]; s == row.code || s == row.JA {
			return c, nil
		}
	}
	return 0, plain.Bad(field,
		"法30条の45の区分が正しくありません。「中長期在留者」「特別永住者」「一時庇護許可者」「仮滞在許可者」「出生による経過滞在者」「国籍喪失による経過滞在者」から選んでください。",
		"This is no category of art. 30-45. Choose one of the six of its table, e.g. 中長期在留者 (mid- to long-term resident).")
}

// Valid reports whether c is one of the six.
func (c StayCategory) Valid() bool { return MidToLongTerm <= c && c <= TransitLostNational }

// Code is the category's name in files; "" for the zero value.
func (c StayCategory) Code() string {
	if !c.Valid() {
		return ""
	}
	return stayCategories[c].code
}

// In is the category in a language; "" for the zero value.
func (c StayCategory) In(lang plain.Lang) string {
	if !c.Valid() {
		return ""
	}
	return stayCategories[c].In(lang)
}

// StayStatus is a status of residence (在留資格), as the residence card has it, up to 40 characters. The zero value is none.
type StayStatus struct{ text sealed }

const (
	stayStatusWhat = "在留資格"
	maxStayStatus  = 40
)

// ParseStayStatus checks a status of residence. The error is a *plain.Problem for field.
func ParseStayStatus(field, s string) (StayStatus, error) {
	if why := checkText(s, maxStayStatus); why != nil {
		return StayStatus{}, &plain.Problem{Field: field, Sentence: *why}
	}
	return StayStatus{seal(s)}, nil
}

// Valid reports whether s holds a status at all.
func (s StayStatus) Valid() bool { return !s.text.empty() }

// Reveal gives the status, or "". Never log it.
func (s StayStatus) Reveal() string { return s.text.open() }

// String is redacted; so are Format and LogValue.
func (s StayStatus) String() string { return redacted(stayStatusWhat) }

// Format redacts under every verb.
func (s StayStatus) Format(f fmt.State, _ rune) { formatRedacted(f, stayStatusWhat) }

// LogValue redacts.
func (s StayStatus) LogValue() slog.Value { return logRedacted(stayStatusWhat) }

// MarshalText always refuses, so that no encoder writes the status unasked.
func (s StayStatus) MarshalText() ([]byte, error) { return nil, errSealed }

// StayPeriod is for how long somebody was allowed to stay (在留期間, 上陸期間, 仮滞在期間): years and months, days, or without a
// limit (無期限). The zero value is none.
type StayPeriod struct {
	years, months, days uint16
	unlimited           bool
}

// Unlimited is 無期限, as permanent residents have it.
var Unlimited = StayPeriod{unlimited: true}

// ParseStayPeriod reads 5年, 1年3月, 6月, 90日 and 無期限, with half- or full-width digits; ヶ月 and か月 are read as 月. The error is a
// *plain.Problem for field.
func ParseStayPeriod(field, s string) (StayPeriod, error) {
	text := strings.NewReplacer("ヶ月", "月", "か月", "月", "カ月", "月", "ケ月", "月").Replace(foldDigits(strings.TrimSpace(s)))
	if text == "無期限" {
		return Unlimited, nil
	}
	var p StayPeriod
	for _, part := range []struct {
		unit string
		to   *uint16
		most int
	}{{"年", &p.years, 99}, {"月", &p.months, 99}, {"日", &p.days, 999}} {
		number, rest, found := strings.Cut(text, part.unit)
		if !found {
			continue
		}
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > part.most || number[0] == '+' {
			return StayPeriod{}, badPeriod(field)
		}
		*part.to, text = uint16(n), rest
	}
	if text != "" || p == (StayPeriod{}) {
		return StayPeriod{}, badPeriod(field)
	}
	return p, nil
}

func badPeriod(field string) error {
	return plain.Bad(field,
		"在留期間として読めません。「5年」「1年3月」「6月」「90日」「無期限」のような形で、在留カードのとおりに入力してください。",
		"This is no period of stay. Use forms such as 5年, 1年3月, 6月, 90日 or 無期限 (without limit), as on the card.")
}

// Valid reports whether p is a period at all.
func (p StayPeriod) Valid() bool { return p != StayPeriod{} }

// Text is the period as ParseStayPeriod reads it; "" for the zero value.
func (p StayPeriod) Text() string {
	if p.unlimited {
		return "無期限"
	}
	var b strings.Builder
	for _, part := range []struct {
		n    uint16
		unit string
	}{{p.years, "年"}, {p.months, "月"}, {p.days, "日"}} {
		if part.n > 0 {
			b.WriteString(strconv.Itoa(int(part.n)) + part.unit)
		}
	}
	return b.String()
}

// StayCard is the number of a residence card (在留カード) or of a certificate of special permanent residence (特別永住者証明書): two
// letters, eight digits, two letters [M]. The zero value is none.
type StayCard struct{ text sealed }

const stayCardWhat = "在留カード等の番号"

// ParseStayCard reads a number, with half- or full-width letters and digits. The error is a *plain.Problem for field and does
// not repeat the number.
func ParseStayCard(field, s string) (StayCard, error) {
	s = strings.ToUpper(strings.Map(func(r rune) rune {
		if 'Ａ' <= r && r <= 'Ｚ' || 'ａ' <= r && r <= 'ｚ' || '０' <= r && r <= '９' {
			return r - 'Ａ' + 'A'
		}
		return r
	}, strings.TrimSpace(s)))
	letters := func(part string) bool { return strings.Trim(part, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" }
	if len(s) != 12 || !letters(s[:2]) || !allDigits(s[2:10], 8) || !letters(s[10:]) {
		return StayCard{}, plain.Bad(field,
			"番号は英字2文字・数字8けた・英字2文字です（例: AB12345678CD）。カードの右上のとおりに入力してください。",
			"The number is two letters, eight digits and two letters (e.g. AB12345678CD), as in the upper right of the card.")
	}
	return StayCard{seal(s)}, nil
}

// Valid reports whether c holds a number at all.
func (c StayCard) Valid() bool { return !c.text.empty() }

// Reveal gives the number, or "". Never log it.
func (c StayCard) Reveal() string { return c.text.open() }

// String is redacted; so are Format and LogValue.
func (c StayCard) String() string { return redacted(stayCardWhat) }

// Format redacts under every verb.
func (c StayCard) Format(f fmt.State, _ rune) { formatRedacted(f, stayCardWhat) }

// LogValue redacts.
func (c StayCard) LogValue() slog.Value { return logRedacted(stayCardWhat) }

// MarshalText always refuses, so that no encoder writes the number unasked.
func (c StayCard) MarshalText() ([]byte, error) { return nil, errSealed }

// Stay is what a foreign resident's record says of the stay (法30条の45). The zero value says nothing.
type Stay struct {
	Category StayCategory
	Status   StayStatus
	Period   StayPeriod
	Until    Date // 満了の日
	Card     StayCard
	Since    Date // 外国人住民となった年月日
}

// Given reports whether the record says anything of the stay.
func (s Stay) Given() bool { return s != Stay{} }

const stayWhat = "外国人住民の記載事項"

// String is redacted; so are Format and LogValue.
func (s Stay) String() string { return redacted(stayWhat) }

// Format redacts under every verb.
func (s Stay) Format(f fmt.State, _ rune) { formatRedacted(f, stayWhat) }

// LogValue redacts.
func (s Stay) LogValue() slog.Value { return logRedacted(stayWhat) }

// Contradictions are what the table of 法30条の45 does not allow, or asks for, in the category.
func (s Stay) Contradictions() (ps plain.Problems) {
	if !s.Given() {
		return nil
	}
	if !s.Category.Valid() {
		return require(ps, false, "stay_category", "法30条の45の区分", "category of art. 30-45")
	}
	// wants says of an item whether the category has it; has: whether it is given.
	wants := func(want, has bool, field, ja, en string) {
		if want && !has {
			ps = require(ps, false, field, ja, en)
		}
		if !want && has {
			ps = append(ps, plain.Bad(field,
				s.Category.In(plain.JA)+"の方に、"+ja+"は記載しません。取り除くか、区分を直してください。",
				"A person of the category “"+s.Category.In(plain.EN)+"” has no "+en+": remove it, or correct the category."))
		}
	}
	card, lawful := s.Category == MidToLongTerm, s.Category == TemporaryRefuge || s.Category == ProvisionalStay
	wants(card, s.Status.Valid(), "stay_status", "在留資格", "status of residence")
	wants(card || lawful, s.Period.Valid(), "stay_period", "在留期間（上陸期間・仮滞在期間）", "period of stay")
	switch {
	case card && s.Period.unlimited:
		if s.Until.Valid() {
			ps = append(ps, plain.Bad("stay_until",
				"在留期間が無期限の方に、満了の日はありません。取り除いてください。",
				"A stay without limit has no last day: remove it."))
		}
	case card:
		wants(true, s.Until.Valid(), "stay_until", "在留期間の満了の日", "last day of the stay")
	case !lawful: // the permits state a period, and a day may be told with it
		wants(false, s.Until.Valid(), "stay_until", "在留期間の満了の日", "last day of the stay")
	}
	name := plain.Sentence{JA: "在留カードの番号", EN: "number of a residence card"}
	if s.Category == SpecialPermanent {
		name = plain.Sentence{JA: "特別永住者証明書の番号", EN: "number of the certificate of special permanent residence"}
	}
	wants(card || s.Category == SpecialPermanent, s.Card.Valid(), "stay_card", name.JA, name.EN)
	return require(ps, s.Since.Valid(), "foreign_since", "外国人住民となった年月日", "day of becoming a foreign resident")
}
