package resident_test

import (
	"strings"
	"testing"

	"github.com/akashi-id/akashi/resident"
)

var (
	in2004 = resident.MustDate(2004, 10, 27)
	today  = resident.MustDate(2025, 4, 1)
)

// TestTablesAreWhole also checks every check digit: the tables are read by
// ParseMunicipalityCode, which would refuse a wrong one.
func TestTablesAreWhole(t *testing.T) {
	if n := len(resident.Prefectures()); n != 47 {
		t.Errorf("%d prefectures", n)
	}
	wards, villages, municipalities := 0, 0, 0
	for _, m := range resident.Municipalities(today) {
		switch {
		case m.City != "":
			wards++
		case m.NoAdministration:
			villages++
		default:
			municipalities++
		}
		if m.Code.IsPrefecture() || m.Name == "" || m.Kana == "" || !strings.HasSuffix(m.FullName(), m.City+m.Name) {
			t.Errorf("%s %s is incomplete", m.Code, m.Name)
		}
		for _, s := range m.Successors {
			t.Errorf("%s exists today and has the successor %s", m.Code, s)
		}
	}
	// 171 wards: the 175 of the source, less seven of Hamamatsu, and its three of 2024.
	if municipalities != 1741 || wards != 171 || villages != 6 {
		t.Errorf("%d municipalities, %d wards, %d villages; want 1741, 171, 6", municipalities, wards, villages)
	}
}

// TestTheFourteen are those of the tables of October and November 2004 that exist no longer.
func TestTheFourteen(t *testing.T) {
	for name, next := range map[string]string{
		"安曇村": "松本市", "梓川村": "松本市", "四賀村": "松本市", "波田町": "松本市",
		"豊科町": "安曇野市", "穂高町": "安曇野市", "堀金村": "安曇野市", "三郷村": "安曇野市", "明科町": "安曇野市",
		"臼田町": "佐久市", "浅科村": "佐久市", "日義村": "木曽町", "本城村": "筑北村", "八坂村": "大町市",
	} {
		found := resident.FindMunicipalities(20, name, in2004)
		if len(found) != 1 {
			t.Errorf("%s: found %d in 2004", name, len(found))
			continue
		}
		m, err := resident.Lookup("municipality", found[0].Code, in2004)
		if err != nil || m.Name != name {
			t.Errorf("%s: %v", name, err)
		}
		if len(resident.FindMunicipalities(20, name, today)) != 0 {
			t.Errorf("%s still exists", name)
		}
		_, err = resident.Lookup("municipality", m.Code, today)
		wantProblem(t, err, "municipality", "までで、令和7年4月1日にはもうありません")
		successor, err2 := resident.Lookup("municipality", m.Successors[0], m.To.AddDays(1))
		if err2 != nil || successor.Name != next || !strings.Contains(err.Error(), "長野県"+next) {
			t.Errorf("%s: became %s, want %s: %v", name, successor.Name, next, err2)
		}
	}
}

// TestNoTwoAtOnce: no code means two bodies on one day, and the rows of history.csv
// fit those of the source that they replace.
func TestNoTwoAtOnce(t *testing.T) {
	for _, on := range []resident.Date{in2004, resident.MustDate(2006, 1, 1), resident.MustDate(2023, 12, 31), resident.MustDate(2024, 1, 1), today} {
		seen := map[resident.MunicipalityCode]string{}
		names := map[string]bool{}
		for _, m := range resident.Municipalities(on) {
			if seen[m.Code] != "" {
				t.Errorf("%s is both %s and %s on %s", m.Code, seen[m.Code], m.Name, on)
			}
			seen[m.Code] = m.Name
			names[m.FullName()] = true
		}
		for _, name := range []string{"長野県松川村", "長野県松本市", "静岡県浜松市", "東京都足立区"} {
			if !names[name] {
				t.Errorf("%s is missing on %s", name, on)
			}
		}
	}
}

func TestHamamatsu(t *testing.T) {
	count := func(on resident.Date) (n int) {
		for _, m := range resident.FindMunicipalities(22, "浜松市", on) {
			if m.City != "" {
				n++
			}
		}
		return n
	}
	for on, want := range map[resident.Date]int{
		in2004: 0, resident.MustDate(2007, 4, 1): 7, resident.MustDate(2023, 12, 31): 7, resident.MustDate(2024, 1, 1): 3,
	} {
		if got := count(on); got != want {
			t.Errorf("%s: %d wards, want %d", on, got, want)
		}
	}
	north := must(resident.ParseMunicipalityCode("", "221350"))
	_, err := resident.Lookup("c", north, today)
	wantProblem(t, err, "c", "Chuo-ku (221384) or Hamana-ku (221392)")
	_, err = resident.Lookup("c", must(resident.ParseMunicipalityCode("", "221384")), resident.MustDate(2023, 12, 31))
	wantProblem(t, err, "c", "にできたもので、令和5年12月31日にはまだありません")
}

func TestLookupUnknown(t *testing.T) {
	_, err := resident.Lookup("c", must(resident.ParseMunicipalityCode("", "209996")), today)
	wantProblem(t, err, "c", "No municipality")
	shikotan, err := resident.Lookup("c", must(resident.ParseMunicipalityCode("", "016951")), today)
	if err != nil || !shikotan.NoAdministration {
		t.Error(shikotan.Name, err)
	}
}

func TestRomaji(t *testing.T) {
	for code, want := range map[string]string{
		"202029": "Matsumoto-shi", "202053": "Iida-shi", "131211": "Adachi-ku", "202207": "Azumino-shi", "013994": "Kyogoku-cho",
		"203033": "Koumi-machi", "204161": "Toyooka-mura", "205613": "Yamanouchi-machi", "014001": "Kutchan-cho",
		"202193": "Tomi-shi", "271004": "Osaka-shi", "352161": "Sanyoonoda-shi",
	} {
		m, err := resident.Lookup("", must(resident.ParseMunicipalityCode("", code)), today)
		if err != nil || m.Romaji() != want {
			t.Errorf("%s: %s, want %s (%v)", code, m.Romaji(), want, err)
		}
	}
	for _, m := range resident.Municipalities(today) {
		for _, r := range m.Romaji() {
			if r != '-' && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
				t.Errorf("%s: %q", m.Kana, m.Romaji())
				break
			}
		}
	}
	for p, want := range map[resident.PrefectureCode]string{1: "Hokkaido", 13: "Tokyo-to", 20: "Nagano-ken", 26: "Kyoto-fu", 44: "Oita-ken", 10: "Gunma-ken"} {
		if got, _ := resident.PrefectureOf(p); got.Romaji() != want {
			t.Errorf("%s: %s, want %s", p, got.Romaji(), want)
		}
	}
}
