package webui

import (
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
)

// funcs are what templates may call, bound to one organisation's base path and one language. In the templates:
//
//	t "日本語" "English"      a text; both must be there
//	say S                     a plain.Sentence
//	url "/register"           an address of this organisation
//	away "/prefecture-20/"    an address of another one; takes the language along
//	name S                    a person's or place's name, marked as Japanese on English pages
//	code S                    an identifier, in figures of one width
//	date T, at T, tick T      a day (和暦 and ISO), an instant, a time of day to the millisecond: {{template "moment" (at T)}}
//	took D                    a time.Duration
//	brief S                   whether an identifier is short enough to stand on one line of a narrow column
//	num N                     12,345
//	counted C                 a Count: 3件, 3 messages
//	field FORM NAME LABEL …   a field for the components text, date, area, select, radio, check, file (see field.go)
func funcs(base string, a *assets, lang plain.Lang) template.FuncMap {
	m := template.FuncMap{
		"t":     func(ja, en string) string { return plain.Sentence{JA: ja, EN: en}.In(lang) },
		"say":   func(s plain.Sentence) string { return s.In(lang) },
		"lang":  func() string { return string(lang) },
		"url":   func(path string) string { return base + path },
		"away":  func(address string) string { return carry(address, lang) },
		"asset": func(name string) (string, error) { h, err := a.hashed(name); return base + "/assets/" + h, err },
		"name":  func(s string) Name { return Name(s) },
		"code":  func(s string) Code { return Code(s) },
		"day":   func(d Day) moment { return dayOf(time.Time(d), lang) },
		"date":  func(t time.Time) moment { return dayOf(t, lang) },
		"at":    func(t time.Time) moment { return instantOf(t, lang) },
		"tick":  tickOf,
		"weekdays": func() []string {
			if lang == plain.EN {
				return []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
			}
			return []string{"月", "火", "水", "木", "金", "土", "日"}
		},
		"took":    func(d time.Duration) string { return tookIn(d, lang) },
		"num":     thousands,
		"counted": func(c Count) string { return c.In(lang) },
		"kind":    kindOf,
		"brief":   func(c Code) bool { return len(c) <= 16 }, // a 住民票コード, a day, a version; not a message's number
		"fit":     fit,
		"status":  func(kind BadgeKind, ja, en string) Badge { return Badge{kind, plain.Sentence{JA: ja, EN: en}} },
	}
	for name, f := range fieldFuncs(base, lang) {
		m[name] = f
	}
	return m
}

// carry adds the language to an address of another organisation, which has its own cookie and does not see ours.
func carry(address string, lang plain.Lang) string {
	if lang != plain.EN {
		return address
	}
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	q := u.Query()
	q.Set("lang", string(lang))
	u.RawQuery = q.Encode()
	return u.String()
}

// fit returns the width in which a text of a size must be drawn so that it stays within a box, or 0 when it is narrow
// enough as it is. SVG does not wrap.
func fit(text string, size, box int) int {
	em := 0.0
	for _, r := range text {
		if r < 0x2000 {
			em += 0.58
		} else {
			em++
		}
	}
	if int(em*float64(size)) <= box-10 {
		return 0
	}
	return box - 10
}

// thousands writes a whole number in groups of three.
func thousands(n any) (string, error) {
	digits := fmt.Sprint(n)
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return "", fmt.Errorf("num: %v is no whole number", n)
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits, nil
}
