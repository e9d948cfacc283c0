package lint

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/resident"
)

// What the builder makes of any character of a name is one that the judge takes: otherwise somebody would get no
// certificate because of a name.
func TestNoCharacterOfANameIsRefused(t *testing.T) {
	for r := rune(0x20); r <= 0x2ffff; r++ {
		if 0xd800 <= r && r <= 0xdfff {
			continue
		}
		shown, marks := jpki.Substitute("山" + string(r))
		if !onCard(shown) || !flags(shown, marks) {
			t.Errorf("%U becomes %q (%s), which is refused", r, shown, marks)
		}
	}
}

// So with every date of birth that a registry can hold, whole or in part.
func TestNoDateOfBirthIsRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := time.Date(1868, 1, 1+rapid.IntRange(0, 170*365).Draw(t, "day"), 0, 0, 0, 0, time.UTC)
		text := day.Format(time.DateOnly)
		switch rapid.IntRange(0, 3).Draw(t, "known") {
		case 1:
			text = day.Format("2006-01-") + "00"
		case 2:
			text = fmt.Sprintf("%04d-00-00", day.Year())
		case 3:
			text = "0000-00-00"
		}
		b, err := resident.ParsePartialDate("birth", text)
		if err != nil {
			t.Skip(err)
		}
		h, err := jpki.NewHolder("山", "1", b.Year(), b.Month(), b.Day(), "山")
		if err != nil {
			t.Fatal(err)
		}
		if !birth(h.Birth) {
			t.Fatalf("%s becomes %s, which is refused", text, h.Birth)
		}
		if _, err := cert.NotAfter(issued, cert.Birthday{Month: b.Month(), Day: b.Day()}); err != nil {
			t.Fatal(err)
		}
	})
}
