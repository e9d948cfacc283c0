package resident

import "strings"

// Certificates name the holder's prefecture and municipality in Latin letters
// (L=Nagano-ken, L=Matsumoto-shi). The letters are Hepburn's without marks: a long o
// or u is written once, ん is always n.

// boundaries are the names in which お or う after an o begins a word of its own, and
// is therefore written: こ|うみ is Koumi.
var boundaries = strings.NewReplacer(
	"たきのうえ", "たきの|うえ",
	"ひろお", "ひろ|お",
	"とようら", "とよ|うら",
	"こうみ", "こ|うみ",
	"とよおか", "とよ|おか",
	"やまのうち", "やまの|うち",
	"わのうち", "わの|うち",
	"みのお", "みの|お",
	"せとうち", "せと|うち",
	"ことうら", "こと|うら",
	"そお", "そ|お",
	"にしのおもて", "にしの|おもて",
)

// romanise writes hiragana in Latin letters. unit is the reading of the kind of body
// at its end (し, ちょう …), set off by a hyphen; it may be empty.
func romanise(kana, unit string) string {
	s := hepburn(boundaries.Replace(strings.TrimSuffix(kana, unit)))
	s = strings.ToUpper(s[:1]) + s[1:]
	if unit != "" {
		s += "-" + hepburn(unit)
	}
	return s
}

// unitOf is the part of a reading that says what kind of body it is.
func unitOf(kana string) string {
	for _, u := range []string{"ちょう", "まち", "むら", "そん", "けん", "し", "く", "ふ", "と"} {
		if strings.HasSuffix(kana, u) {
			return u
		}
	}
	return ""
}

func hepburn(kana string) string {
	var b strings.Builder
	rs := []rune(kana)
	double := false // っ: the next consonant is doubled
	var long rune   // the vowel that would only lengthen what was just written
	for i := 0; i < len(rs); i++ {
		r := rs[i]
		if r == '|' || r == long || r == 'お' && long == 'う' && endsO(b.String()) {
			long = 0
			continue
		}
		if r == 'っ' {
			double = true
			continue
		}
		s := syllables[string(r)]
		if i+1 < len(rs) {
			if both, ok := syllables[string(rs[i:i+2])]; ok {
				s = both
				i++
			}
		}
		if double {
			if strings.HasPrefix(s, "ch") {
				s = "t" + s
			} else {
				s = s[:1] + s
			}
			double = false
		}
		b.WriteString(s)
		long = 0
		if endsO(s) || strings.HasSuffix(s, "yu") || s == "shu" || s == "chu" || s == "ju" {
			long = 'う'
		}
	}
	return b.String()
}

func endsO(s string) bool { return strings.HasSuffix(s, "o") }

// syllables is the Hepburn table, spelt out row by row.
var syllables = func() map[string]string {
	table := map[string]string{"ん": "n"}
	for row, latin := range map[string]string{
		"あいうえお": "a i u e o", "かきくけこ": "ka ki ku ke ko", "がぎぐげご": "ga gi gu ge go",
		"さしすせそ": "sa shi su se so", "ざじずぜぞ": "za ji zu ze zo", "たちつてと": "ta chi tsu te to",
		"だぢづでど": "da ji zu de do", "なにぬねの": "na ni nu ne no", "はひふへほ": "ha hi fu he ho",
		"ばびぶべぼ": "ba bi bu be bo", "ぱぴぷぺぽ": "pa pi pu pe po", "まみむめも": "ma mi mu me mo",
		"やゆよ": "ya yu yo", "らりるれろ": "ra ri ru re ro", "わを": "wa o",
	} {
		words := strings.Fields(latin)
		for i, r := range []rune(row) {
			table[string(r)] = words[i]
		}
	}
	for _, r := range "きぎしじちにひびぴみり" {
		stem := strings.TrimSuffix(table[string(r)], "i")
		glide := "y"
		if stem == "sh" || stem == "j" || stem == "ch" {
			glide = ""
		}
		table[string(r)+"ゃ"] = stem + glide + "a"
		table[string(r)+"ゅ"] = stem + glide + "u"
		table[string(r)+"ょ"] = stem + glide + "o"
	}
	return table
}()
