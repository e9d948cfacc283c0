package nation

import (
	"crypto/x509"
	"encoding/pem"
	"flag"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// The organisations that a move from 松本市 (matsumoto) to 足立区 touches.
const (
	adachi = message.Org("municipality-131211")
	nagano = message.Org("prefecture-20")
	tokyo  = message.Org("prefecture-13")
	center = message.Org("nationalcenter")
)

// Where the family lives, and where it goes.
const (
	oldHome = "長野県松本市丸の内3番7号"
	newHome = "東京都足立区中央本町一丁目17番1号"
)

// kuzuno is a given name whose first character is 葛 in the form of its variation sequence: U+845B U+E0102. Without the selector it is another
// form of the character, and the name of somebody else.
const kuzuno = "葛\U000E0102乃"

// relative is one of the family.
type relative struct {
	name, kana, birth, sex, relation string
	more                             map[string]string // further entries of the form
	old, new                         string            // the page of the record at 松本市 and at 足立区: "/resident/1234"
	code                             string            // 住民票コード
	move                             string            // the name of the move
}

// family is the story, its people, and who works for them.
type family struct {
	*testing.T
	clock               clock.Clock // of the country
	r                   *running
	files               tool
	father, wife, child *relative
	her                 *relative // his sister, whom somebody is looking for
	household           string    // at 松本市
	seats               map[message.Org]map[string]*seat
	signature           holding // the father's certificate, of 松本市
	document, signed    string
}

// all are the four, the head of the household first.
func (f *family) all() []*relative { return []*relative{f.father, f.wife, f.child, f.her} }

// TestFamilyMovesInABrowser: a family of four moves from 松本市 to 足立区. The wife is no Japanese national, the child's name has a character
// with a variation selector, and the father's sister, who lives with them, is protected. Whoever works for them, at both municipalities, both
// prefectures, the center, the CA, the validation authority and the verifier, was issued an authority there and signs in with a passkey of their own.
// Each screen shows what it should, and no more.
func TestFamilyMovesInABrowser(t *testing.T) {
	if !full() {
		t.Skip("SKIPPED, THE FAMILY DID NOT MOVE: a long story in twenty browsers; AKASHI_FULL=1 tells it")
	}
	clk := officeHours()
	f := &family{T: t, clock: clk, r: openWith(t, Options{Dir: dataDir(t), clock: clk}), files: openssl(t), seats: map[message.Org]map[string]*seat{},
		father: &relative{name: "山辺 誠一", kana: "ヤマベ セイイチ", birth: "1980-05-03", sex: "男", relation: "世帯主"},
		wife: &relative{name: "NGUYEN THI LAN", kana: "グエン ティ ラン", birth: "1985-08-15", sex: "女", relation: "妻", more: map[string]string{
			"basis": "law-30-46", "domicile": "", "domicile_head": "", "furigana": "", "earlier_address": "ベトナム", "nationality": "ベトナム", "common_name": "山辺 蘭",
			"stay_category": "mid-to-long-term", "stay_status": "日本人の配偶者等", "stay_period": "3年", "stay_until": "2029-02-28", "stay_card": "AB12345678CD", "foreign_since": "2026-03-01"}},
		child: &relative{name: "山辺 " + kuzuno, kana: "ヤマベ クズノ", birth: "2015-11-03", sex: "女", relation: "子"},
		her:   &relative{name: "山辺 文子", kana: "ヤマベ フミコ", birth: "1984-02-29", sex: "女", relation: "妹"},
	}

	f.everybodySignsIn()
	f.theyLiveInMatsumoto()
	f.herWhereaboutsAreHidden()
	f.theyFileTheirMovingOut()
	f.theyFileTheirMovingIn()
	f.everybodyAgrees()
	f.theirCertificateIsRevoked()
	f.theFamilyIsToldWhoLooked()
	f.everyScreenIsRead()
	f.nobodyIsLetInElsewhere()
	f.nothingIsLeftOfIt()
}

// staffed gives organisations their people.
func (f *family) staffed(org message.Org, people ...newcomer) {
	f.Helper()
	f.seats[org] = f.r.staffs(f.T, f.files, org, people...)
	if a := flag.Lookup("test.artifacts"); a != nil && a.Value.String() == "true" {
		for _, s := range f.seats[org] {
			s.shots = f.ArtifactDir()
		}
	}
}

// everybodySignsIn: each organisation has its own people, with authority of its own and a device each.
func (f *family) everybodySignsIn() {
	operator := newcomer{"unyo", "運用 一郎", "operator", "情報システム課"}
	for _, org := range []message.Org{matsumoto, adachi} {
		f.staffed(org, newcomer{"mado", "窓口 花", "clerk", "市民課"}, newcomer{"tonari", "隣席 進", "clerk", "市民課"}, operator)
	}
	for _, org := range []message.Org{nagano, tokyo, center} {
		f.staffed(org, newcomer{"shokai", "照会 学", "clerk", "市町村課"}, operator)
	}
	for _, org := range []message.Org{"ca", "ca-13", "validation", "verifier-etax"} {
		f.staffed(org, operator)
	}
	for _, org := range []message.Org{matsumoto, adachi} {
		f.at(org, "mado").visits("notice")
		f.at(org, "tonari").visits("notice")
	}
}

func (f *family) at(org message.Org, who string) *seat {
	f.Helper()
	s := f.seats[org][who]
	if s == nil {
		f.Fatalf("nobody at %s is %s", org, who)
	}
	return s
}

// theyLiveInMatsumoto: the counter registers them through its form, one after the other, and the prefecture and the center hold them.
func (f *family) theyLiveInMatsumoto() {
	mado := f.at(matsumoto, "mado")
	for _, m := range f.all() {
		mado.goes("/register")
		entries := map[string]string{"name": m.name, "kana": m.kana, "furigana": m.kana, "birth": m.birth, "address": oldHome, "relation": m.relation, "household": f.household,
			"became": "2026-03-01", "notified": "2026-03-05", "earlier_address": "アメリカ合衆国", "domicile": "長野県松本市丸の内3番", "domicile_head": f.father.name, "document": "passport"}
		maps.Copy(entries, m.more)
		mado.Press(`label:has(input[value="` + m.sex + `"])`)
		mado.fills(entries)
		mado.says("main", m.name, "まだ記録していません")
		mado.does(`#form button[value="file"]`)
		mado.says("main", "転入」を受け付けました")
		m.old = aPerson.FindString(mado.Location())
		mado.goes(m.old)
		mado.says("main", m.name, oldHome)
		m.code = strings.ReplaceAll(f.read(mado, `住民票コード\s*(\d{4} \d{4} \d{3})`), " ", "")
		if m == f.father {
			f.household = f.read(mado, `世帯番号・続柄\s*(\S+)・世帯主`)
		}
	}
	mado.goes(f.wife.old)
	mado.says("main", "ベトナム", "日本人の配偶者等", "AB12345678CD", "山辺 蘭")
	mado.pictures("wife")
	mado.goes(f.child.old)
	mado.pictures("child")
	f.signature = mado.apply(mado.path(f.father.old), "signature")
	f.document, f.signed = mado.sign("moved", f.signature)
	f.verified("有効")
	f.ended()

	for _, org := range []message.Org{nagano, center} {
		clerk := f.at(org, "shokai")
		for _, m := range f.all() {
			f.asks(clerk, m, oldHome)
			clerk.says("main", m.name, oldHome, m.code, "住民")
			if m == f.child {
				clerk.pictures(string(org) + "-search")
			}
		}
	}
	f.asks(f.at(tokyo, "shokai"), f.child, "")
	f.at(tokyo, "shokai").says("main", "該当する記録はありません")
}

// ended waits until every message has come to its end, and none waits for a person. One that was offered before what it builds on has come more than
// once: an entry can overtake the deletion, and waits at prefecture and center until they know of it.
func (f *family) ended() {
	f.Helper()
	eventually(f, 60*soon, "every message has ended", func() (bool, string) {
		all, err := f.r.pairs()
		if err != nil {
			return false, err.Error()
		}
		var open []string
		for k, p := range all {
			if p.Open != 0 || p.Parked != 0 || p.Held != 0 || p.InParked != 0 || p.Applied != p.Sent {
				open = append(open, fmt.Sprintf("%s → %s: %+v", k[0], k[1], p))
			}
		}
		return len(open) == 0, strings.Join(open, "\n")
	})
}

// agreed waits until every book of every pair has been compared, and both sides hold the same.
func (f *family) agreed() {
	f.Helper()
	f.ended()
	eventually(f, 90*soon, "every book agrees", func() (bool, string) {
		f.r.compareNow()
		differ := ""
		for name, b := range f.r.books() {
			if !b.Agree || b.Cases > 0 || b.Findings > 0 {
				differ += fmt.Sprintf("%s: %+v\n", name, b)
			}
		}
		return differ == "", differ
	})
}

// read takes what a page says.
func (f *family) read(s *seat, pattern string) string {
	f.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(s.Text("main"))
	if m == nil {
		f.Fatalf("%s does not say %s:\n%s", s.Location(), pattern, s.Text("main"))
	}
	return m[1]
}

// asks searches at a prefecture or the center for somebody by name and birth, and by an address that whoever asks believes to be theirs.
func (f *family) asks(clerk *seat, m *relative, address string) {
	f.Helper()
	clerk.goes("/search")
	clerk.fills(map[string]string{"purpose": "provision", "case": "照会-12", "name": m.name, "birth": m.birth, "address": address})
}

// herWhereaboutsAreHidden: she applies at the counter, and from that moment on nobody reads where she lives; the measure is decided by another
// clerk.
func (f *family) herWhereaboutsAreHidden() {
	mado, tonari := f.at(matsumoto, "mado"), f.at(matsumoto, "tonari")
	mado.goes(f.her.old + "/protect")
	mado.Fill("#f-document", "driving-licence")
	mado.does(`#form .button[data-kind="primary"]`)
	mado.says("main", "仮の措置")
	measure := strings.TrimPrefix(f.here(mado), mado.path(""))
	mado.pictures("measure")
	for _, clerk := range []*seat{mado, tonari} {
		f.hides(clerk, f.her.old)
	}
	f.ended()
	f.unfound(f.at(nagano, "shokai"))
	f.unfound(f.at(center, "shokai"))

	tonari.goes(measure)
	tonari.does(`form[action$="/decided"] button`)
	tonari.says("main", "措置中")
	f.hides(tonari, f.her.old)
	mado.goes(f.her.old)
	mado.pictures("protected")
	mado.goes(f.father.old)
	mado.says("main", "ほか1人（表示しません）")
	mado.pictures("father")
}

// here is the path of a page.
func (f *family) here(s *seat) string {
	f.Helper()
	u, err := url.Parse(s.Location())
	if err != nil {
		f.Fatal(err)
	}
	return u.Path
}

// hides opens her page, which says who she is and that she is protected, and nothing else.
func (f *family) hides(clerk *seat, page string) {
	f.Helper()
	clerk.goes(page)
	clerk.says("main", f.her.name, "支援措置中の方です")
	f.silent(clerk.path(page), clerk.source(), append(f.hers(), places...)...)
}

// places say where somebody of the family lives or lived. The names of the two municipalities stand in the heads of their own pages.
var places = []string{"丸の内", "中央本町"}

// hers is what nobody reads of her without a release, in all ways of writing it.
func (f *family) hers() []string {
	c := f.her.code
	return []string{f.her.kana, strings.ReplaceAll(f.her.kana, " ", "　"), f.her.birth, "昭和59年2月29日", c, c[:4] + " " + c[4:8] + " " + c[8:]}
}

// silent fails when a page holds what it must not, also where only the browser reads it.
func (f *family) silent(page, source string, secrets ...string) {
	f.Helper()
	source = html.UnescapeString(source)
	for _, secret := range secrets {
		if at := strings.Index(source, secret); at >= 0 {
			f.Errorf("%s holds %q: …%s…", page, secret, strings.ToValidUTF8(source[max(0, at-200):min(len(source), at+len(secret)+80)], ""))
		}
	}
}

// unfound: who asks a prefecture or the center for her, with the right address or a wrong one, is told the same, and no address.
func (f *family) unfound(clerk *seat) {
	f.Helper()
	said := map[string]string{}
	for _, guess := range []string{"", oldHome, newHome, "北海道札幌市中央区北一条西二丁目1番地"} {
		f.asks(clerk, f.her, guess)
		f.silent(fmt.Sprintf("the search of %s with %q", clerk.org, guess), f.answer(clerk), append([]string{f.her.code}, places...)...)
		said[guess] = f.answer(clerk)
	}
	if all := slices.Compact(slices.Sorted(maps.Values(said))); len(all) != 1 || !strings.Contains(all[0], "ここでは表示できない記録が1件あります") {
		f.Errorf("%s answers about her by the address that was guessed: %q", clerk.org, said)
	}
	clerk.pictures(string(clerk.org) + "-withheld")
	// By name and address, by birth and address, or by her code and an address to compare.
	for _, by := range []map[string]string{{"name": f.her.name}, {"birth": f.her.birth}, {"code": f.her.code}} {
		said = map[string]string{}
		for _, guess := range []string{oldHome, newHome, "北海道札幌市中央区北一条西二丁目1番地"} {
			clerk.goes("/search")
			entries := map[string]string{"purpose": "provision", "case": "照会-12", "address": guess}
			maps.Copy(entries, by)
			clerk.fills(entries)
			f.silent(fmt.Sprintf("the search of %s by %v", clerk.org, by), f.answer(clerk), f.her.name, f.her.birth)
			said[guess] = regexp.MustCompile(`ここでは表示できない記録が\d+件あります`).FindString(f.answer(clerk))
		}
		if all := slices.Compact(slices.Sorted(maps.Values(said))); len(all) != 1 {
			f.Errorf("%s answers about her by %v and the address that was guessed: %q", clerk.org, by, said)
		}
	}
}

// answer is what a search has said, above the form that has what was typed.
func (f *family) answer(clerk *seat) string {
	f.Helper()
	said := webuitest.Eval[string](clerk.Tab, `(() => { const m = document.querySelector("main").cloneNode(true); m.querySelectorAll("#form, #freshness").forEach((e) => e.remove()); return m.innerText })()`)
	return strings.TrimSpace(said)
}

// theyFileTheirMovingOut: the four file one notice for tomorrow. That she goes too takes a release, which one clerk asks for and another grants.
func (f *family) theyFileTheirMovingOut() {
	mado, tonari := f.at(matsumoto, "mado"), f.at(matsumoto, "tonari")
	tomorrow := resident.DateOf(f.clock.Now()).AddDays(1).String()
	moveOut := func() int {
		mado.goes(f.father.old + "/change/move-out")
		f.silent("the form of the father's moving out", mado.source(), append(f.hers(), f.her.name)...)
		mado.Fill("#f-place", newHome)
		mado.Fill("#f-arose", tomorrow)
		mado.Fill("#f-document", "driving-licence")
		mado.Press(`label:has(input[name="abroad"][value="no"])`)
		for _, name := range []string{f.wife.name, f.child.name, "ほかの方（表示しません）"} {
			mado.ticks("一緒に転出する: " + name)
		}
		mado.pictures("move-out")
		return mado.Follow(`#form .button[data-kind="primary"]`)
	}
	// Without a release the notice of all four is refused when it is filed.
	if status := moveOut(); status == http.StatusOK {
		f.silent("the father's moving out, before it is filed", mado.source(), append(f.hers(), f.her.name)...)
		mado.is(mado.Follow(`#form button[value="file"]`), http.StatusUnprocessableEntity)
	}
	mado.says("main", "支援措置中の方です")
	mado.pictures("move-out-refused")

	f.released(mado, tonari, f.her.old, oldHome)
	mado.is(moveOut(), http.StatusOK)
	mado.pictures("move-out-confirm")
	mado.does(`#form button[value="file"]`)
	mado.says("main", "を受け付けました")
	mado.pictures("moved-out")
	f.ended()

	mado.goes("/moves")
	mado.says("main", "転出予定", f.father.name, f.wife.name, f.child.name, f.her.name)
	mado.pictures("moves-planned")
	f.hides(tonari, f.her.old)
}

// released has one clerk ask for a release of her record, which the same clerk does not grant and another does; from then on the record is open to
// the first alone.
func (f *family) released(asks, grants *seat, page, home string) {
	f.Helper()
	asks.goes(page)
	asks.Press(`label:has(input[value="look"])`)
	asks.Fill("#f-document", "passport")
	asks.fills(map[string]string{"reason": "本人が来庁。旅券で確認。"})
	asks.says("main", "一時解除の承認を待っています")
	asks.goes("/protections")
	asks.says("main", "あなたの依頼です")
	f.hides(asks, page)
	grants.goes("/protections")
	grants.says("main", "旅券で確認")
	f.silent("the list of measures", grants.source(), append(f.hers(), places...)...)
	grants.pictures(string(grants.org) + "-protections")
	grants.does(`button[value="grant"]`)
	asks.goes(page)
	asks.says("main", f.her.name, home, "一時解除で開いています")
	asks.pictures(string(asks.org) + "-released")
	f.hides(grants, page)
}

// theyFileTheirMovingIn: 足立区 has been told of the four, of her by her name alone, and registers them with one notice, a day before the planned one.
func (f *family) theyFileTheirMovingIn() {
	mado := f.at(adachi, "mado")
	mado.goes("/moves")
	mado.says("main", f.father.name, f.wife.name, f.child.name, f.her.name, "転入予定", "長野県松本市", "表示しません")
	mado.pictures("arrivals")
	for _, m := range f.all() {
		m.move = webuitest.Eval[string](mado.Tab, fmt.Sprintf(`[...document.querySelectorAll("main a")].find((a) => a.textContent.trim() === %q)?.getAttribute("href") ?? ""`, m.name))
		if m.move = filepath.Base(m.move); m.move == "." {
			f.Fatalf("%s is not waited for", m.name)
		}
	}
	mado.goes("/moves/" + f.her.move)
	mado.says("main", f.her.name, "表示しません")
	f.silent("her move at 足立区", mado.source(), append(f.hers(), "丸の内", "松本市", "長野県")...)
	mado.pictures("her-arrival")
	mado.goes("/moves/" + f.father.move)
	mado.says("main", f.father.name, oldHome, "長野県松本市")
	mado.goes("/moves/" + f.child.move)
	mado.says("main", f.child.name)
	mado.is(mado.Follow(`a.button[href$="/register"]`), http.StatusOK)
	mado.says("main", f.father.name, f.wife.name, f.child.name, f.her.name, "ベトナム")
	f.silent("the form of the arrival", mado.source(), f.hers()...)
	mado.Fill("#f-address", newHome)
	mado.Fill("#f-document", "driving-licence")
	for _, m := range f.all() {
		mado.Fill(`[name="relation-`+m.move+`"]`, m.relation)
	}
	mado.pictures("arrival")
	mado.does(`#form .button[data-kind="primary"]`)
	mado.says("main", f.child.name, f.her.name, newHome)
	f.silent("the arrival, before it is filed", mado.source(), f.hers()...)
	mado.pictures("arrival-confirm")
	mado.does(`#form button[value="file"]`)
	mado.says("main", "を受け付けました")
	mado.pictures("arrived")
}

// everybodyAgrees: the old record is deleted and the new one is there, the notice of the moving in has come back, and the prefectures and the center
// hold each of them where they are now.
func (f *family) everybodyAgrees() {
	f.agreed()
	old, new := f.at(matsumoto, "mado"), f.at(adachi, "mado")
	for _, m := range f.all() {
		m.new = f.finds(new, m)
		if m == f.her {
			continue
		}
		new.goes(m.new)
		new.says("main", m.name, newHome, "住民")
		old.goes(m.old)
		old.says("main", m.name, "消除", "転出")
	}
	new.goes(f.wife.new)
	new.says("main", "ベトナム", "日本人の配偶者等", "3年", "AB12345678CD", "山辺 蘭", "妻")
	new.pictures("wife-new")
	new.goes(f.child.new)
	new.pictures("child-new")
	old.goes(f.child.old)
	old.pictures("child-old")
	f.hides(new, f.her.new)
	f.silent("her page at 足立区", f.main(new.source()), "松本市")
	// Her page at 松本市 was opened to this clerk a moment ago; to another it is as it was.
	if page := f.finds(f.at(matsumoto, "tonari"), f.her); page != f.her.old {
		f.Errorf("松本市 finds her at %s, not at %s", page, f.her.old)
	}
	f.hides(f.at(matsumoto, "tonari"), f.her.old)
	f.silent("her page at 松本市", f.main(f.at(matsumoto, "tonari").source()), "足立区")

	// Their protection is 足立区's too from now on, so that it holds when 松本市 ends its own.
	new.goes(f.her.new)
	new.does(`form[action$="/take-over"] button`)
	new.says("main", "措置中", "引き継いだ措置", "ほかの市区町村から")
	f.agreed()
	f.hides(new, f.her.new)
	new.pictures("protected-new")
	// 松本市 does not wait for a new head of those who have all gone.
	old.goes("/headless")
	f.silent("the households without a head", f.main(old.source()), f.household)

	for _, end := range []struct {
		clerk *seat
		says  string
	}{{f.at(matsumoto, "tonari"), "転入通知が届いた"}, {f.at(adachi, "tonari"), "転入を登録した"}} {
		end.clerk.goes("/moves")
		end.clerk.Press("main details summary")
		if n := strings.Count(end.clerk.Text("main"), end.says); n != len(f.all()) {
			f.Errorf("%s: %d of four moves say %q:\n%s", end.clerk.org, n, end.says, end.clerk.Text("main"))
		}
		end.clerk.pictures(string(end.clerk.org) + "-moves-closed")
		for _, m := range f.all() {
			end.clerk.goes("/moves/" + m.move)
			end.clerk.says("main", m.name, end.says)
		}
	}
	for _, m := range f.all()[:3] {
		for org, want := range map[message.Org][]string{center: {newHome, "住民"}, tokyo: {newHome, "住民"}, nagano: {"消除（転出"}} {
			f.asks(f.at(org, "shokai"), m, "")
			f.at(org, "shokai").says("main", append(want, m.name)...)
		}
	}
	for _, org := range []message.Org{center, tokyo, nagano} {
		f.unfound(f.at(org, "shokai"))
	}
}

// finds searches for somebody at a counter, and returns the page.
func (f *family) finds(clerk *seat, m *relative) string {
	f.Helper()
	clerk.goes("/search")
	clerk.fills(map[string]string{"name": m.name, "birth": m.birth})
	clerk.says("main table", m.name)
	if m == f.her {
		clerk.says("main table", "支援措置中")
		f.silent("the search of "+string(clerk.org), clerk.Text("main table"), append(f.hers(), places...)...)
		clerk.pictures(string(clerk.org) + "-found")
	}
	return aPerson.FindString(webuitest.Eval[string](clerk.Tab, `document.querySelector("main table a").getAttribute("href")`))
}

// main is the part of a page that is not of every page.
func (f *family) main(source string) string {
	f.Helper()
	_, main, found := strings.Cut(source, "<main")
	if !found {
		f.Fatalf("a page without a main part: %.300s", source)
	}
	main, _, _ = strings.Cut(main, "</main>")
	return main
}

// verified brings the father's signature to the verifier, as he does.
func (f *family) verified(want string) {
	f.Helper()
	f.at(matsumoto, "mado").verdict(f.document, f.signed, want)
}

// theirCertificateIsRevoked: the move killed the father's signature certificate, and the CA's and the verifier's people see that, and no name.
func (f *family) theirCertificateIsRevoked() {
	f.at(matsumoto, "mado").revoked(f.document, f.signed)
	f.verified("失効")
	block, _ := pem.Decode(f.files.read(f.signature.crt))
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		f.Fatal(err)
	}
	ca := f.at("ca", "unyo")
	ca.goes("/certificates/" + fmt.Sprintf("%040x", c.SerialNumber))
	ca.says("main", "失効")
	ca.pictures("ca-certificate")
	f.at("verifier-etax", "unyo").goes("/records")
	f.at("verifier-etax", "unyo").says("main", "失効")
	f.at("verifier-etax", "unyo").pictures("verifier-records")
}

// theFamilyIsToldWhoLooked: the father asks who looked at him, and she asks who looked at her. Every look that was made is there; of her the prefectures and the
// center have shown nothing since she applied, and there is nothing to tell but what came before.
func (f *family) theFamilyIsToldWhoLooked() {
	mado, tonari := f.at(adachi, "mado"), f.at(adachi, "tonari")
	ask := func(m *relative) string {
		mado.goes(m.new + "/disclosure")
		mado.Press(`label:has(input[value="disclosure"])`)
		mado.Fill("#f-document", "driving-licence")
		mado.does(`#form .button[data-kind="primary"]`)
		answer := strings.TrimPrefix(f.here(mado), mado.path(""))
		eventually(f, 60*soon, "every office has told who looked", func() (bool, string) {
			mado.goes(answer)
			said := mado.Text("main")
			return !strings.Contains(said, "まだ届いていません"), said
		})
		return answer
	}
	mado.visits("disclosure")
	ask(f.father)
	mado.says("main", f.father.name, "mado", "届出の受付", "shokai", "国の機関などへの提供", "全国センターでの閲覧", "東京都での閲覧")
	f.told(mado, map[string]int{"全国センターでの閲覧": 2, "東京都での閲覧": 1})
	mado.pictures("disclosed")

	mado.is(mado.Open(mado.r.url+mado.path(f.her.new+"/disclosure")), http.StatusUnprocessableEntity)
	f.released(mado, tonari, f.her.new, newHome)
	hers := ask(f.her)
	mado.says("main", f.her.name, "mado", "届出の受付")
	f.told(mado, map[string]int{"全国センターでの閲覧": 1, "東京都での閲覧": 0}) // 1: before she applied
	mado.pictures("disclosed-hers")
	tonari.is(tonari.Open(tonari.r.url+tonari.path(hers)), http.StatusUnprocessableEntity)
	f.silent("her disclosure, of another clerk", tonari.source(), append(f.hers(), places...)...)
}

// told counts the looks that an answer lists, by where they were made.
func (f *family) told(s *seat, want map[string]int) {
	f.Helper()
	for caption, n := range want {
		got := webuitest.Eval[int](s.Tab, fmt.Sprintf(`[...document.querySelectorAll("main .table")].find((t) => t.querySelector("h2").textContent === %q)?.querySelectorAll("tbody tr").length ?? -1`, caption))
		if got != n {
			f.Errorf("%s: %d looks, want %d:\n%s", caption, got, n, s.Text("main"))
		}
	}
}

// everyScreenIsRead: each goes through all pages that their screens lead to. Who keeps messages, certificates and staff in order reads of nobody in the
// family; a clerk reads nothing of her.
func (f *family) everyScreenIsRead() {
	var everybody []string
	for _, m := range f.all() {
		everybody = append(everybody, m.name, m.kana, m.code, m.code[:4]+" "+m.code[4:8]+" "+m.code[8:])
	}
	for org, seats := range f.seats {
		operator := seats["unyo"]
		for path, page := range operator.walks() {
			f.silent(operator.id+" "+path, page, append(everybody, oldHome, newHome)...)
			if !strings.HasPrefix(page, "200\n") {
				f.Errorf("%s leads its operator to %s: %.3s", org, path, page)
			}
		}
	}
	for _, org := range []message.Org{center, nagano, tokyo} {
		clerk := f.at(org, "shokai")
		for path, page := range clerk.walks() {
			f.silent("the clerk's "+path, page, append(f.hers(), f.her.name)...)
		}
	}
	for _, end := range []struct {
		clerk     *seat
		of        func(*relative) string
		elsewhere string
	}{{f.at(matsumoto, "tonari"), func(m *relative) string { return m.old }, "足立区"}, {f.at(adachi, "tonari"), func(m *relative) string { return m.new }, "松本市"}} {
		var first []string
		for _, m := range f.all() {
			first = append(first, end.of(m), "/moves/"+m.move)
		}
		for path, page := range end.clerk.walks(first...) {
			more := strings.TrimPrefix(path, end.clerk.path(""))
			f.silent("the clerk's "+path, page, f.hers()...)
			for _, row := range regexp.MustCompile(`(?s)<tr[ >].*?</tr>`).FindAllString(page, -1) {
				if strings.Contains(html.UnescapeString(row), f.her.name) {
					f.silent("her row of "+path, row, "丸の内", "中央本町", end.elsewhere)
				}
			}
			switch about := func(m *relative) bool {
				return more == end.of(m) || strings.HasPrefix(more, end.of(m)+"/") || strings.HasPrefix(more, "/moves/"+m.move)
			}; {
			case about(f.her):
				f.silent("her "+path, f.main(page), "丸の内", "中央本町", end.elsewhere)
			case slices.ContainsFunc(f.all(), about):
				f.silent("of another of the household, "+path, f.main(page), f.her.name, filepath.Base(end.of(f.her)), "支援措置中", ">支援措置<")
			}
		}
	}
}

// nobodyIsLetInElsewhere: at each organisation, an operator of another one shows the own passkey and is nobody, and so is the secret of their
// session.
func (f *family) nobodyIsLetInElsewhere() {
	orgs := slices.Sorted(maps.Keys(f.seats))
	for i, org := range orgs {
		stranger := f.at(orgs[(i+1)%len(orgs)], "unyo")
		stranger.is(stranger.Open(stranger.r.url+"/"+string(org)+"/session"), http.StatusOK)
		stranger.Press("form[data-passkey] button")
		stranger.titled("受け付けられませんでした")
		stranger.Open(stranger.r.url + "/" + string(org) + "/messages")
		if at := f.here(stranger); at != "/"+string(org)+"/session" {
			f.Errorf("an operator of %s is let in at %s: %s", stranger.org, org, at)
		}
		for _, who := range []*seat{stranger, f.at(org, "unyo")} {
			ask, err := http.NewRequest(http.MethodGet, who.r.url+"/"+string(org)+"/messages", nil)
			if err != nil {
				f.Fatal(err)
			}
			ask.AddCookie(&http.Cookie{Name: secretName, Value: who.session()})
			answer, err := http.DefaultTransport.RoundTrip(ask)
			if err != nil {
				f.Fatal(err)
			}
			io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
			if want := map[bool]int{true: http.StatusSeeOther, false: http.StatusOK}[who == stranger]; answer.StatusCode != want {
				f.Errorf("the secret of a session of %s says at %s: %d, want %d", who.org, org, answer.StatusCode, want)
			}
		}
		stranger.goes("/messages") // and is still who they are at home
	}
}

// nothingIsLeftOfIt: the databases of those who hold the child have the name with its selector and never without; those of everybody else have not heard
// of the child or of her.
func (f *family) nothingIsLeftOfIt() {
	f.r.stop()
	for org := range f.seats {
		db, err := os.ReadFile(filepath.Join(f.r.dir, string(org), "akashi.db"))
		if err != nil {
			f.Fatal(err)
		}
		holds := slices.Contains([]message.Org{matsumoto, adachi, nagano, tokyo, center}, org)
		if got := strings.Contains(string(db), kuzuno); got != holds {
			f.Errorf("%s holds %s: %v", org, kuzuno, got)
		}
		if strings.Contains(string(db), "葛乃") && !holds {
			f.Errorf("%s holds the name in another form", org)
		}
		if !holds && (strings.Contains(string(db), f.her.name) || strings.Contains(string(db), f.her.code)) {
			f.Errorf("%s has heard of her", org)
		}
	}
}
