package resident

import (
	"fmt"
	"log/slog"

	"github.com/akashi-id/akashi/internal/plain"
)

// Kana is the reading of a name in full-width katakana: the one of the family register
// (氏名の振り仮名), or the office's own. The size of ヤ, ユ, ヨ and ツ is part of it: キヨウコ and
// キョウコ are two names, so nothing is folded and == is the comparison. The zero value is
// no reading, as on records made before 2025-05-26.
type Kana struct{ text sealed }

const kanaWhat = "振り仮名"

// ParseKana checks a reading: katakana, ー, ・ and single blanks between the parts, up
// to 100 characters. The error is a *plain.Problem for field.
func ParseKana(field, s string) (Kana, error) {
	if why := checkKana(s); why != nil {
		return Kana{}, &plain.Problem{Field: field, Sentence: *why}
	}
	return Kana{seal(s)}, nil
}

func checkKana(s string) *plain.Sentence {
	if s == "" {
		return &plain.Sentence{JA: "振り仮名が入力されていません。全角カタカナで入力してください。", EN: "The reading is empty. Type it in full-width katakana."}
	}
	n := 0
	blank := true // a blank is refused at the start and after a blank
	for _, r := range s {
		n++
		switch isBlank := r == ' ' || r == '\u3000'; {
		case isBlank && blank:
			return blankKana()
		case isBlank, 'ァ' <= r && r <= 'ヺ', r == '・', r == 'ー':
			blank = isBlank
		default:
			return &plain.Sentence{
				JA: fmt.Sprintf("振り仮名の%d文字目(%U)は全角カタカナではありません。全角カタカナで入力してください。", n, r),
				EN: fmt.Sprintf("Character %d of the reading (%U) is not full-width katakana. Type full-width katakana.", n, r),
			}
		}
	}
	if blank {
		return blankKana()
	}
	if n > maxName {
		return &plain.Sentence{
			JA: fmt.Sprintf("振り仮名が長すぎます(%d文字)。%d文字以内で入力してください。", n, maxName),
			EN: fmt.Sprintf("The reading is too long (%d characters). Use at most %d.", n, maxName),
		}
	}
	return nil
}

func blankKana() *plain.Sentence {
	return &plain.Sentence{
		JA: "振り仮名の空白は、氏と名の間に一つだけ入力してください。",
		EN: "In the reading, put a single blank between the family and the given name only.",
	}
}

// Valid reports whether k holds a reading at all.
func (k Kana) Valid() bool { return !k.text.empty() }

// Reveal gives the reading, or "". Never log it.
func (k Kana) Reveal() string { return k.text.open() }

// String is redacted; so are Format and LogValue.
func (k Kana) String() string { return redacted(kanaWhat) }

// Format redacts under every verb.
func (k Kana) Format(f fmt.State, _ rune) { formatRedacted(f, kanaWhat) }

// LogValue redacts.
func (k Kana) LogValue() slog.Value { return logRedacted(kanaWhat) }

// MarshalText always refuses, so that no encoder writes the reading unasked.
func (k Kana) MarshalText() ([]byte, error) { return nil, errSealed }
