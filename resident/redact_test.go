package resident_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/resident"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// sample is a record every secret of which is known.
func sample() (rec resident.Record, secrets []string) {
	rec = resident.Record{
		Code: must(resident.ParseRecordCode("", "24727059608")),
		BasicFour: resident.BasicFour{
			Name:    must(resident.ParseName("", "葛\U000E0102西　花子")),
			Birth:   must(resident.ParsePartialDate("", "1950-03-00")),
			Sex:     resident.Female,
			Address: must(resident.ParseAddress("", "長野県松本市丸の内３番７号")),
		},
		Kana:           must(resident.ParseKana("", "カサイ　ハナコ")),
		CommonName:     must(resident.ParseName("", "HANA SMITH")),
		Nationality:    must(resident.ParseNationality("", "ブラジル")),
		Municipality:   must(resident.ParseMunicipalityCode("", "202029")),
		Household:      "H-1",
		Relation:       must(resident.ParseRelation("", "同居人")),
		BecameResident: resident.MustDate(1990, 4, 1),
		Number:         must(resident.ParseIndividualNumber("", "983205673214")),
	}
	return rec, []string{"24727059608", "98320567321", "葛", "花子", "松本", "カサイ", "SMITH", "ブラジル", "同居人"}
}

// TestNothingPrintsByAccident covers every way in which a value is usually printed,
// from an exported field, an unexported one, a pointer, a slice and a map.
func TestNothingPrintsByAccident(t *testing.T) {
	rec, secrets := sample()
	info := rec.Identification(1, resident.ChangeInfo{Reason: resident.CodeChangeRequested, OldCode: rec.Code})
	type hidden struct {
		code resident.RecordCode
		num  resident.IndividualNumber
		name resident.Name
		addr resident.Address
		kana resident.Kana
		rec  resident.Record
		all  []any
	}
	inside := hidden{rec.Code, rec.Number, rec.Name, rec.Address, rec.Kana, rec, []any{rec.Name, rec.Relation, rec.Nationality}}
	values := []any{
		rec.Code, rec.Number, rec.Name, rec.Address, rec.Kana, rec.Relation, rec.Nationality, rec.BasicFour, rec, info,
		&rec.Code, &rec, &info, []resident.Name{rec.Name}, map[resident.RecordCode]resident.Address{rec.Code: rec.Address},
		inside, &inside, struct{ N resident.Name }{rec.Name},
	}
	check := func(how, got string) {
		t.Helper()
		for _, s := range secrets {
			if strings.Contains(got, s) || strings.Contains(got, fmt.Sprintf("%x", s)) || strings.Contains(got, fmt.Sprintf("%X", s)) {
				t.Errorf("%s leaks %s: %s", how, s, got)
			}
		}
	}
	page := template.Must(template.New("").Parse("{{.}}"))
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%b", "%c", "%U", "%t", "%e"} {
			check(fmt.Sprintf("%s of %T", verb, v), fmt.Sprintf(verb, v))
		}
		check(fmt.Sprintf("Sprint of %T", v), fmt.Sprint(v))
		var b bytes.Buffer
		slog.New(slog.NewTextHandler(&b, nil)).Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "v", v)
		check(fmt.Sprintf("slog of %T", v), b.String())
		b.Reset()
		if err := page.Execute(&b, v); err == nil {
			check(fmt.Sprintf("a page of %T", v), b.String())
		}
		js, _ := json.Marshal(v) // refused for most
		check(fmt.Sprintf("JSON of %T", v), string(js))
	}
	if got := fmt.Sprintf("%v", rec.Name); got != "[非表示 氏名]" {
		t.Errorf("a redacted name prints as %s", got)
	}
}

func TestSealedEquality(t *testing.T) {
	a, _ := sample()
	b, _ := sample()
	if a != b {
		t.Error("two equal records differ under ==")
	}
	c := must(resident.ParseName("", "葛\U000E0103西　花子"))
	if a.Name == c {
		t.Error("two variants of a character are equal")
	}
}
