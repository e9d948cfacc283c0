package resident_test

import (
	"strings"
	"testing"

	"github.com/akashi-id/akashi/resident"
	"pgregory.net/rapid"
)

func TestNamesKeptByteForByte(t *testing.T) {
	for _, s := range []string{
		"髙橋　﨑", "葛\U000E0102西　太郎", "葛\U000E0103西　太郎", "辻\U000E0103　一", "𠮷野　家", "ＳＭＩＴＨ　ＪＯＨＮ", "SMITH JOHN-PAUL",
		"神\uFE00", // a standardised sequence
		"\uFA19",  // 神, which NFC would turn into U+795E
		strings.Repeat("葛\U000E0102", 100),
	} {
		n, err := resident.ParseName("name", s)
		if err != nil || n.Reveal() != s {
			t.Errorf("%+q: %v", s, err)
		}
	}
}

func TestNamesRefused(t *testing.T) {
	for s, says := range map[string]string{
		"":                        "empty",
		" 太郎":                     "blank at the beginning",
		"太郎　":                     "blank at the beginning or the end",
		"太\x00郎":                  "Character 2 is an invisible control character (U+0000)",
		"太\n郎":                    "control",
		"太\u200B郎":                "invisible",
		"太\u202E郎":                "invisible",
		"太\u00A0郎":                "special blank",
		"ﾀﾛｳ":                     "half-width",
		"か\u3099":                 "combining mark",
		"太\U000E0100":             "has no variant",
		"葛\U000E0100城":            "Choose one of U+E0102, U+E0103",
		"\U000E0102太":             "selects for no character",
		"葛\U000E0102\U000E0103":   "After character 1",
		"あ\U000E0100":             "has no variants",
		"太\U0001F600":             "outside the official table",
		"太\U000F0000":             "private character",
		"\uE000":                  "private character",
		"太\xff":                   "UTF-8",
		strings.Repeat("山", 101):  "at most 100",
		"葛\U000E0102\U000E01EF太郎": "After character 1",
		"太郎\U0010FFFF":            "Character 3",
		strings.Repeat("𠮷", 1000): "1000 characters",
		"𠮷\uFE0F":                 "has no variants",
	} {
		n, err := resident.ParseName("name", s)
		wantProblem(t, err, "name", says)
		if n.Valid() {
			t.Errorf("%+q gave a name", s)
		}
	}
	if _, err := resident.ParseAddress("address", strings.Repeat("山", 200)); err != nil {
		t.Error(err)
	}
	_, err := resident.ParseAddress("address", strings.Repeat("山", 201))
	wantProblem(t, err, "address", "at most 200")
}

func TestKana(t *testing.T) {
	small, large := must(resident.ParseKana("", "キョウコ")), must(resident.ParseKana("", "キヨウコ"))
	if small == large {
		t.Error("キョウコ and キヨウコ are two names")
	}
	for _, s := range []string{"カサイ　ハナコ", "カサイ ハナコ", "ヴァン・ダー", "スミスー"} {
		if k, err := resident.ParseKana("kana", s); err != nil || k.Reveal() != s {
			t.Errorf("%s: %v", s, err)
		}
	}
	for s, says := range map[string]string{
		"": "empty", "かさい": "Character 1", "ｶｻｲ": "Character 1", "カサイ1": "Character 4", "カ゛": "Character 2", "\xff": "Character 1",
		" カサイ": "single blank", "カサイ　": "single blank", "カサイ　　ハナコ": "single blank", strings.Repeat("カ", 101): "too long",
	} {
		_, err := resident.ParseKana("kana", s)
		wantProblem(t, err, "kana", says)
	}
}

func TestNamesOfAnyCoveredCharacters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOfN(rapid.RuneFrom([]rune("亜葛辻𠮷髙﨑アいA・ー")), 1, 100, -1).Draw(t, "name")
		n, err := resident.ParseName("name", s)
		if err != nil || n.Reveal() != s {
			t.Fatalf("%+q: %v", s, err)
		}
	})
}

func FuzzParseText(f *testing.F) {
	for _, s := range []string{"葛\U000E0102西", "葛\U000E0100", "\U000E0102", "太\x00", "カサイ　ハナコ", "\xff", " "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := resident.ParseName("f", s); (err == nil) != n.Valid() || n.Valid() && n.Reveal() != s {
			t.Errorf("%+q: %v", s, err)
		}
		if k, err := resident.ParseKana("f", s); (err == nil) != k.Valid() || k.Valid() && k.Reveal() != s {
			t.Errorf("%+q: %v", s, err)
		}
	})
}
