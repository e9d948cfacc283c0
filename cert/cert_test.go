package cert_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/plain"
)

func TestSerialRefusesWhatRFC5280Refuses(t *testing.T) {
	longest := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 159), big.NewInt(1)) // 20 octets in DER
	for _, c := range []struct {
		n  *big.Int
		ok bool
	}{
		{nil, false}, {big.NewInt(0), false}, {big.NewInt(-1), false}, {big.NewInt(1), true}, {big.NewInt(0x80), true},
		{longest, true}, {new(big.Int).Add(longest, big.NewInt(1)), false},
	} {
		s, err := cert.SerialFromInt(c.n)
		if (err == nil) != c.ok {
			t.Errorf("SerialFromInt(%v) = %v, %v; want ok = %v", c.n, s, err, c.ok)
			continue
		}
		if !c.ok {
			if _, isPlain := plain.AsProblems(err); !isPlain {
				t.Errorf("the refusal of %v is no sentence for people: %v", c.n, err)
			}
			continue
		}
		if s.Int().Cmp(c.n) != 0 {
			t.Errorf("%v came back as %v", c.n, s.Int())
		}
		if again, err := cert.ParseSerial(s.String()); err != nil || again != s {
			t.Errorf("ParseSerial(%q) = %v, %v", s.String(), again, err)
		}
		if again, err := cert.SerialFromBytes(append([]byte{0}, s.Bytes()...)); len(s.Bytes()) < 20 && (err != nil || again != s) {
			t.Errorf("SerialFromBytes with a leading zero = %v, %v", again, err)
		}
	}
	for text, want := range map[string]string{"serial=0A": "0A", "a": "0A", "06:d1:80:06": "06D18006", " 01\n": "01"} {
		if s, err := cert.ParseSerial(text); err != nil || s.String() != want {
			t.Errorf("ParseSerial(%q) = %v, %v; want %s", text, s, err, want)
		}
	}
	for _, text := range []string{"", "0", "00:00", "0x1", "-1", "xyz", strings.Repeat("7f", 21), strings.Repeat("f", 4000)} {
		if s, err := cert.ParseSerial(text); err == nil {
			t.Errorf("ParseSerial(%q) = %v, want a refusal", text, s)
		}
	}
	if _, err := (cert.Serial{}).MarshalText(); err == nil {
		t.Error("the zero serial was written into a message")
	}
}

func TestNewSerial(t *testing.T) {
	for _, fill := range []byte{0x00, 0xff, 0x80} {
		s, err := cert.NewSerial(bytes.NewReader(bytes.Repeat([]byte{fill}, 16)))
		if err != nil || len(s.Bytes()) != 16 || s.Int().Sign() <= 0 || s.Int().BitLen() != 127 {
			t.Errorf("from octets %02x: %v (%d octets), %v", fill, s, len(s.Bytes()), err)
		}
	}
	if _, err := cert.NewSerial(io.LimitReader(bytes.NewReader(make([]byte, 16)), 15)); err == nil {
		t.Error("a serial was drawn from too little randomness")
	}
}

func TestNotAfter(t *testing.T) {
	jst := func(s string) time.Time {
		at, err := time.ParseInLocation("2006-01-02 15:04:05", s, cert.JST)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, c := range []struct {
		issued string
		b      cert.Birthday
		want   string
	}{
		{"2025-10-27 12:00:00", cert.Birthday{Month: 2, Day: 17}, "2030-02-17 23:59:59"}, // the published test card
		{"2025-02-16 23:59:59", cert.Birthday{Month: 2, Day: 17}, "2029-02-17 23:59:59"}, // tomorrow is the first
		{"2025-02-17 00:00:00", cert.Birthday{Month: 2, Day: 17}, "2030-02-17 23:59:59"}, // today is not after today
		{"2025-02-17 23:59:59", cert.Birthday{Month: 2, Day: 17}, "2030-02-17 23:59:59"},
		{"2023-03-01 10:00:00", cert.Birthday{Month: 2, Day: 29}, "2028-02-28 23:59:59"}, // 2028 is a leap year all the same
		{"2024-02-28 10:00:00", cert.Birthday{Month: 2, Day: 29}, "2029-02-28 23:59:59"},
		{"2025-06-01 10:00:00", cert.Birthday{Month: 6}, "2030-06-01 23:59:59"}, // day unknown: the first counts
		{"2025-06-01 10:00:00", cert.Birthday{}, "2030-01-01 23:59:59"},
	} {
		got, err := cert.NotAfter(jst(c.issued), c.b)
		if err != nil || !got.Equal(jst(c.want)) {
			t.Errorf("issued %s, birthday %d-%d: %v, %v; want %s", c.issued, c.b.Month, c.b.Day, got, err, c.want)
		}
		// The same moment seen from another time zone gives the same end: the day is the day in Japan.
		if utc, _ := cert.NotAfter(jst(c.issued).UTC(), c.b); !utc.Equal(got) {
			t.Errorf("issued %s: the end depends on the time zone of the caller", c.issued)
		}
	}
	for _, b := range []cert.Birthday{{Month: 13, Day: 1}, {Month: 2, Day: 30}, {Month: 4, Day: 31}, {Day: 5}, {Month: -1}} {
		if got, err := cert.NotAfter(jst("2025-01-01 00:00:00"), b); err == nil {
			t.Errorf("birthday %+v gave %v", b, got)
		}
	}

	old := jst("2030-02-17 23:59:59")
	for issued, want := range map[string]string{
		"2029-11-17 23:59:58": "2034-02-17 23:59:59", // a second too early for the renewal rule
		"2029-11-17 23:59:59": "2035-02-17 23:59:59",
		"2030-02-17 23:59:59": "2036-02-17 23:59:59", // on the birthday itself: the next is the first
		"2030-02-18 00:00:00": "2035-02-17 23:59:59", // expired: nothing to carry over
	} {
		got, err := cert.RenewedNotAfter(jst(issued), old, cert.Birthday{Month: 2, Day: 17})
		if err != nil || !got.Equal(jst(want)) {
			t.Errorf("renewed %s: %v, %v; want %s", issued, got, err, want)
		}
	}
	if got := cert.Earlier(old, time.Time{}); !got.Equal(old) {
		t.Errorf("Earlier(x, none) = %v", got)
	}
	if got := cert.Earlier(old, old.Add(-1)); !got.Equal(old.Add(-1)) {
		t.Errorf("Earlier(x, x-1) = %v", got)
	}
}

func TestReasonsMapToCRLCodes(t *testing.T) {
	// RFC 5280 5.3.1 numbers; the CPS uses 0 to 6.
	want := []string{"unspecified", "keyCompromise", "cACompromise", "affiliationChanged", "superseded", "cessationOfOperation", "certificateHold"}
	for code, name := range want {
		r, err := cert.ReasonOfCode(code)
		if err != nil || r.String() != name || r.Code() != code {
			t.Errorf("code %d = %v, %v; want %s", code, r, err, name)
		}
		if p, err := cert.ParseReason(name); err != nil || p != r {
			t.Errorf("ParseReason(%s) = %v, %v", name, p, err)
		}
		if r.Name().JA == "" || r.Name().EN == "" || r.Meaning().JA == "" || r.Meaning().EN == "" {
			t.Errorf("%s lacks words in a language", name)
		}
	}
	for _, code := range []int{-1, 7, 8, 9, 10} {
		if r, err := cert.ReasonOfCode(code); err == nil {
			t.Errorf("code %d = %v, want a refusal", code, r)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("no reason has a code")
		}
	}()
	_ = cert.RevocationReason(0).Code()
}

func TestWordsGoRound(t *testing.T) {
	for _, p := range cert.Profiles {
		if got, err := cert.ParseProfile(p.String()); err != nil || got != p {
			t.Errorf("ParseProfile(%s) = %v, %v", p, got, err)
		}
	}
	for _, a := range cert.Algorithms {
		if got, err := cert.ParseAlgorithm(a.String()); err != nil || got != a {
			t.Errorf("ParseAlgorithm(%s) = %v, %v", a, got, err)
		}
	}
	for s := cert.Valid; s <= cert.Unknown; s++ {
		if got, err := cert.ParseStatus(s.String()); err != nil || got != s {
			t.Errorf("ParseStatus(%s) = %v, %v", s, got, err)
		}
	}
	for _, zero := range []interface{ MarshalText() ([]byte, error) }{cert.Profile(0), cert.Status(0), cert.RevocationReason(0), cert.Serial{}} {
		if text, err := zero.MarshalText(); err == nil {
			t.Errorf("the zero %T was written as %q", zero, text)
		}
	}
}

func TestHolderIsRedacted(t *testing.T) {
	h := cert.Holder{Name: "松本　花子", Address: "長野県松本市丸の内３番７号", Birth: "319800217", Sex: "2"}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("certificate", "holder", h)
	log.WriteString(fmt.Sprintf("%v %+v %#v %s", h, h, &h, h))
	for _, secret := range []string{"松本", "丸の内", "19800217"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%q stands in %s", secret, log.String())
		}
	}
}
