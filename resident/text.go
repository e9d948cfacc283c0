package resident

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident/moji"
)

// checkText says what is wrong with a name or an address, or nil. A text is refused
// at the counter rather than on a document: what the official font cannot show would
// be printed as another character, or as none. limit is in characters as a reader
// counts them, a variation sequence being one.
func checkText(s string, limit int) *plain.Sentence {
	if s == "" {
		return &plain.Sentence{JA: "入力されていません。入力してください。", EN: "This is empty. Fill it in."}
	}
	if !utf8.ValidString(s) {
		return &plain.Sentence{
			JA: "文字コードがUTF-8ではありません。UTF-8で保存し直してください。",
			EN: "This is not UTF-8. Save it as UTF-8 again.",
		}
	}
	if isBlank(firstRune(s)) || isBlank(lastRune(s)) {
		return &plain.Sentence{
			JA: "前後に空白があります。空白を取り除いてください。",
			EN: "There is a blank at the beginning or the end. Remove it.",
		}
	}
	if moji.HasNotation(s) {
		return &plain.Sentence{
			JA: "文字のコード（&MJ022335; など）のままになっています。文字に直してから入力してください。",
			EN: "The code of a character (as &MJ022335;) stands where the character should. Put the character in its place.",
		}
	}
	cover := loadCoverage()
	var before rune // the character that a selector would follow; 0 when none may
	n := 0
	for _, r := range s {
		if moji.IsSelector(r) {
			if why := checkSelector(cover, before, r, n); why != nil {
				return why
			}
			before = 0
			continue
		}
		n++
		if r < utf8.RuneSelf && r >= ' ' && r != 0x7F {
			before = r
			continue
		}
		if why := checkChar(cover, r, n); why != nil {
			return why
		}
		before = r
	}
	if n > limit {
		return &plain.Sentence{
			JA: fmt.Sprintf("長すぎます(%d文字)。%d文字以内で入力してください。", n, limit),
			EN: fmt.Sprintf("This is too long (%d characters). Use at most %d.", n, limit),
		}
	}
	return nil
}

func checkChar(cover *coverage, r rune, at int) *plain.Sentence {
	switch {
	case unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp):
		return &plain.Sentence{
			JA: fmt.Sprintf("%d文字目に目に見えない制御文字(%U)があります。取り除いてください。", at, r),
			EN: fmt.Sprintf("Character %d is an invisible control character (%U). Remove it.", at, r),
		}
	case 0xFF61 <= r && r <= 0xFF9F:
		return &plain.Sentence{
			JA: fmt.Sprintf("%d文字目の「%c」(%U)は半角カタカナです。全角で入力してください。", at, r, r),
			EN: fmt.Sprintf("Character %d, %c (%U), is half-width katakana. Type it full-width.", at, r, r),
		}
	case unicode.Is(unicode.Co, r):
		return &plain.Sentence{
			JA: fmt.Sprintf("%d文字目(%U)は外字です。文字の同定を行い、統一文字で入力してください。", at, r),
			EN: fmt.Sprintf("Character %d (%U) is a private character (外字). Have it identified and type the unified one.", at, r),
		}
	case r != '\u3000' && unicode.IsSpace(r) || unicode.Is(unicode.Zs, r) && r != '\u3000':
		return &plain.Sentence{
			JA: fmt.Sprintf("%d文字目は特殊な空白(%U)です。通常の空白に直してください。", at, r),
			EN: fmt.Sprintf("Character %d is a special blank (%U). Type an ordinary one.", at, r),
		}
	case unicode.Is(unicode.M, r):
		return &plain.Sentence{
			JA: fmt.Sprintf("%d文字目(%U)は前の文字に重ねる記号です。1文字にまとまった文字を入力してください。", at, r),
			EN: fmt.Sprintf("Character %d (%U) is a combining mark. Type the single composed character.", at, r),
		}
	case !cover.has(r):
		return &plain.Sentence{
			JA: fmt.Sprintf("%d文字目の「%c」(%U)は公式の文字表にありません。字形を選び直すか、文字の同定を依頼してください。", at, r, r),
			EN: fmt.Sprintf("Character %d, %c (%U), is outside the official table of characters. Choose another form, or have it identified.", at, r, r),
		}
	}
	return nil
}

// checkSelector judges a variation selector after the character at position at.
func checkSelector(cover *coverage, base, selector rune, at int) *plain.Sentence {
	if base == 0 {
		return &plain.Sentence{
			JA: fmt.Sprintf("%d文字目の後ろに、対象の文字のない字形の指定(%U)があります。取り除いてください。", at, selector),
			EN: fmt.Sprintf("After character %d there is a variation selector (%U) that selects for no character. Remove it.", at, selector),
		}
	}
	if cover.hasSequence(base, selector) {
		return nil
	}
	known := cover.selectors[base]
	if len(known) == 0 {
		return &plain.Sentence{
			JA: fmt.Sprintf("%d文字目の「%c」(%U)に字形の指定(%U)がありますが、この文字に異体字はありません。指定を取り除いてください。", at, base, base, selector),
			EN: fmt.Sprintf("Character %d, %c (%U), carries the variation selector %U, but has no variants. Remove the selector.", at, base, base, selector),
		}
	}
	list := make([]string, len(known))
	for i, k := range known {
		list[i] = fmt.Sprintf("%U", k)
	}
	return &plain.Sentence{
		JA: fmt.Sprintf("%d文字目の「%c」(%U)に字形の指定%Uはありません。%sから選んでください。", at, base, base, selector, strings.Join(list, "・")),
		EN: fmt.Sprintf("Character %d, %c (%U), has no variant %U. Choose one of %s.", at, base, base, selector, strings.Join(list, ", ")),
	}
}

func isBlank(r rune) bool { return unicode.IsSpace(r) }

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

func lastRune(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}
