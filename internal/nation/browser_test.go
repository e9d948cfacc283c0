package nation

import (
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/message"
)

// soon is what a country promises from a change at the counter to the refusal by a verifier; tests allow ten times as
// much, because the machine they run on does much else.
const soon = time.Second

// TestCountryInABrowser goes through the program's main job as people do, with a browser and openssl alone: a resident is
// registered, gets certificates, signs, moves, and the signature is refused. Then the changes that must revoke nothing, a
// change that parks, and a death. Once with the country in one process, and once with a process for each organisation.
func TestCountryInABrowser(t *testing.T) {
	t.Run("one process", func(t *testing.T) {
		o := openssl(t)
		aDay(t, webuitest.Browser(t), openWith(t, Options{Dir: dataDir(t), Spec: withoutTowns()}), o, true)
	})
	t.Run("processes", func(t *testing.T) {
		if !full() {
			t.Skip("the same day once more, each organisation a process: AKASHI_FULL=1 runs it; TestKilledProcesses runs processes in any case")
		}
		o := openssl(t)
		dir, lines := dataDir(t), strings.SplitAfter(string(defaultNation), "\n")
		lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(strings.TrimSpace(l), "towns:") })
		if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "nation.yaml"), []byte(strings.Join(lines, "")), 0o600)); err != nil {
			t.Fatal(err)
		}
		r := upProcesses(t, dir)
		aDay(t, webuitest.Browser(t), r, o, false)
		r.lasted()
	})
}

// visitor is somebody with a browser, and with files.
type visitor struct {
	*webuitest.Tab
	t       *testing.T
	r       *running
	files   tool
	looking bool   // screens are looked at as well
	shots   string // where their pictures go; empty: nowhere
	// undecided are the elements of which axe leaves the judgement to people, by rule and page.
	undecided map[string]int
}

// aDay is the whole story.
func aDay(t *testing.T, tab *webuitest.Tab, r *running, files tool, looking bool) {
	v := &visitor{Tab: tab, t: t, r: r, files: files, looking: looking, undecided: map[string]int{}}
	if f := flag.Lookup("test.artifacts"); f != nil && f.Value.String() == "true" {
		v.shots = t.ArtifactDir()
	}
	v.open("/?lang=ja")
	v.become("clerk-aoki")
	mover := v.register("髙𠮷 葛󠄂子", "タカヨシ カツコ", "1992-02-29", "女", "長野県松本市大手三丁目8番13号")
	if looking {
		v.keepsItsSelector("髙𠮷 葛󠄂子", "1992-02-29")
	}
	signature, authentication := v.apply(mover, "signature"), v.apply(mover, "authentication")
	document, signed := v.sign("moved", signature)
	v.verdict(document, signed, "有効")
	v.look("result-valid")

	// 転居 revokes the signature certificate, and nothing else.
	v.open(mover)
	v.look("person")
	v.open(mover + "/change/move-within")
	v.look("form")
	v.check(mover, "move-within", map[string]string{"document": "my-number-card", "address": "長野県松本市丸の内3番7号"})
	v.look("confirm")
	pressed := time.Now()
	trace := v.file()
	filed := time.Since(pressed)
	v.revoked(document, signed)
	told := time.Since(pressed)
	lag, known := r.trace(trace).lag()
	t.Logf("転居: the clerk's button to the page that follows %v, to 失効 at the verifier %v; commit at the counter to commit at the validation authority %v",
		filed.Round(time.Millisecond), told.Round(time.Millisecond), lag.Round(time.Millisecond))
	if !known || told > 10*soon {
		t.Errorf("it took %v until the verifier said 失効, far more than %v", told, soon)
	}
	v.look("filed")
	v.verdict(document, signed, "失効")
	v.says("main", "記載内容変更")
	v.look("result-revoked")
	if said := v.ocsp(authentication); !strings.Contains(said, ": good") {
		t.Errorf("the authentication certificate after 転居: %s", said)
	}
	v.follows(trace)

	// 軽微な修正 revokes nothing, by any path.
	person := v.register("辻󠄃 太郎", "ツジ タロウ", "昭和40年月日不詳", "男", "長野県松本市大手二丁目1番1号")
	document, signed = v.sign("amended", v.apply(person, "signature"))
	v.check(person, "minor-amendment", map[string]string{"address": "長野県松本市大手二丁目1番地1", "basis": "rule-21-2-5"})
	trace = v.file()
	r.settled(10 * soon)
	if got, want := r.trace(trace).kinds(), []string{"resident.change", "resident.change"}; !slices.Equal(got, want) {
		t.Errorf("a minor amendment sent %v, want %v", got, want)
	}
	v.verdict(document, signed, "有効")

	// A change that the center parks revokes all the same, before anybody has resolved it.
	person = v.register("𠮷野 花子", "ヨシノ ハナコ", "2000-12-31", "女", "長野県松本市大手一丁目2番3号")
	document, signed = v.sign("parked", v.apply(person, "signature"))
	v.check(person, "move-within", map[string]string{"document": "my-number-card", "address": "松本市新しい町1番1号"})
	trace = v.file()
	v.revoked(document, signed)
	v.verdict(document, signed, "失効")
	v.resolve(person, trace)

	// 死亡 revokes the authentication certificate too.
	v.check(mover, "death", nil)
	v.file()
	eventually(t, 10*soon, "OCSP says that the authentication certificate is revoked", func() (bool, string) {
		said := v.ocsp(authentication)
		return strings.Contains(said, ": revoked") && strings.Contains(said, "cessationOfOperation"), said
	})
	if looking {
		t.Logf("axe left to people: %v", v.undecided)
	}
	t.Logf("%d messages, and both sides of every pair count the same", r.settled(10*soon))
}

// keepsItsSelector reads the name at the center, which has it by two messages, as somebody who signs in there with a passkey: its character and the
// variation selector behind it are those that the counter typed, and the form without the selector is marked as another one.
func (v *visitor) keepsItsSelector(name, birth string) {
	v.t.Helper()
	const sequence = "葛\U000E0102"
	if !strings.Contains(name, sequence) {
		v.t.Fatalf("%+q has no variation selector", name)
	}
	inquirer := v.r.inquirer(v.t, "nationalcenter")
	agrees := " 一致の度合い すべて一致"
	eventually(v.t, 10*soon, "the center has the name as it is", func() (bool, string) {
		said := inquirer.searched(name, birth).words()
		return strings.Contains(said, name+agrees), said
	})
	if said := inquirer.searched(strings.Replace(name, sequence, "葛", 1), birth).words(); !strings.Contains(said, name+" 一致の度合い ") || strings.Contains(said, name+agrees) {
		v.t.Errorf("the name without the selector: %s", said)
	}
}

// holding is a certificate with its key, as the holder took them home.
type holding struct{ key, crt string } // files

func (v *visitor) is(got, want int) {
	v.t.Helper()
	if got != want {
		v.t.Fatalf("%s: %d, want %d\n%.2000s", v.Location(), got, want, v.Text("main"))
	}
}

func (v *visitor) open(path string) {
	v.t.Helper()
	v.is(v.Open(v.r.url+path), http.StatusOK)
}

func (v *visitor) says(css string, all ...string) {
	v.t.Helper()
	text := v.Text(css)
	for _, want := range all {
		if !strings.Contains(text, want) {
			v.t.Errorf("%s does not say %q:\n%s", v.Location(), want, text)
		}
	}
}

// look lets axe judge a page in both languages and widths, and sees that nothing is cut off. The pages show times and
// numbers that differ in each run, so there is nothing to compare pictures with; with -artifacts they are kept for people
// to look at.
func (v *visitor) look(name string) {
	v.t.Helper()
	if !v.looking {
		return
	}
	for _, lang := range []string{"en", "ja"} {
		v.Follow(`.language[lang="` + lang + `"], .language[value="` + lang + `"]`)
		if got := webuitest.Eval[string](v.Tab, "document.documentElement.lang"); got != lang {
			v.t.Errorf("%s is in %q, want %q", name, got, lang)
		}
		for _, width := range webuitest.Widths {
			for _, f := range v.Axe(width) {
				v.undecided[f.ID+" on "+name] += len(f.Nodes)
			}
			if v.shots == "" {
				v.Fits(width)
				continue
			}
			file := filepath.Join(v.shots, fmt.Sprintf("%s-%s-%d.png", name, lang, width))
			if err := os.WriteFile(file, v.Picture(width), 0o644); err != nil {
				v.t.Fatal(err)
			}
		}
	}
}

// enter goes to an organisation from the portal, as the persona chosen there.
func (v *visitor) enter(o message.Org) {
	v.t.Helper()
	v.open("/")
	v.is(v.Follow(`form.enter[action="/`+string(o)+`/session"] button`), http.StatusOK)
}

// become chooses another persona at the portal.
func (v *visitor) become(persona string) {
	v.t.Helper()
	v.open("/session?next=/")
	v.is(v.Follow(`button[value="`+persona+`"]`), http.StatusOK)
}

var aPerson = regexp.MustCompile(`/resident/\d+`)

// register registers a resident, and returns the address of the record.
func (v *visitor) register(name, kana, birth, sex, address string) (person string) {
	v.t.Helper()
	v.enter("municipality-202029")
	status := v.Follow(`a.button[href$="/register"]`)
	if status == http.StatusConflict { // asked what for, once
		v.Fill("#f-visit_case", "A-17")
		v.Press(`label:has(input[value="notice"])`)
		status = v.Follow(`#form .button[data-kind="primary"]`)
	}
	v.is(status, http.StatusOK)
	v.Fill("#f-name", name)
	v.Fill("#f-kana", kana)
	v.Fill("#f-birth", birth)
	v.Fill("#f-address", address)
	v.Fill("#f-domicile", "長野県松本市丸の内3番")
	v.Fill("#f-domicile_head", name)
	v.Fill("#f-earlier_address", "アメリカ合衆国")
	v.Fill("#f-document", "passport")
	v.Press(`label:has(input[value="` + sex + `"])`)
	v.is(v.Follow(`#form .button[data-kind="primary"]`), http.StatusOK)
	v.says("main", name, "まだ記録していません")
	v.is(v.Follow(`#form button[value="file"]`), http.StatusOK)
	v.says("main", "「転入」を受け付けました")
	return "/municipality-202029" + aPerson.FindString(v.Location())
}

// apply applies for a certificate and brings it home with its key, which is handed over once.
func (v *visitor) apply(person, profile string) holding {
	v.t.Helper()
	v.open(person + "/apply")
	v.Press(`label:has(input[value="` + profile + `"])`)
	v.Fill("#f-document", "my-number-card")
	v.is(v.Follow(`#form .button[data-kind="primary"]`), http.StatusOK)
	application := v.Location()
	key := v.Save(`section[aria-labelledby="key"] button`)
	v.WaitFor(`a[href$="/certificate.pem"]`)
	v.says("main", "電子証明書が発行されました")
	crt := v.Save(`a[href$="/certificate.pem"]`)
	h := holding{profile + "-" + filepath.Base(application) + ".key", profile + "-" + filepath.Base(application) + ".crt"}
	v.files.put(h.key, key)
	v.files.put(h.crt, crt)
	v.is(v.Open(application), http.StatusOK)
	if strings.Contains(v.Text("main"), "秘密鍵の引渡し") {
		v.t.Error("the private key is offered a second time")
	}
	return h
}

// sign signs a document with openssl.
func (v *visitor) sign(name string, h holding) (document, signed string) {
	v.t.Helper()
	document = v.files.put(name+".txt", []byte("申告書 "+name+"\nこの内容のとおり申告します。\n"))
	signed = name + ".txt.p7s"
	v.files.does("cms", "-sign", "-binary", "-in", document, "-signer", h.crt, "-inkey", h.key, "-outform", "DER", "-out", signed)
	return document, signed
}

// verdict brings a signature to the verifier's page and reads the word that it says.
func (v *visitor) verdict(document, signed, want string) {
	v.t.Helper()
	v.open("/verifier-etax/")
	v.Upload("#f-file", filepath.Join(v.files.dir, document))
	v.Upload("#f-signature", filepath.Join(v.files.dir, signed))
	v.is(v.Follow(`#form .button[data-kind="primary"]`), http.StatusOK)
	if got, _, _ := strings.Cut(v.Text(".verdict__word"), " "); strings.TrimSpace(got) != want {
		v.t.Errorf("the verifier says %q of %s, want %q:\n%s", got, signed, want, v.Text("main"))
	}
}

// ocsp is what the validation authority answers to openssl about a certificate.
func (v *visitor) ocsp(h holding) string {
	v.t.Helper()
	profile, _, _ := strings.Cut(h.crt, "-")
	ca := v.files.put(profile+"-ca.pem", v.r.get("/validation/ca/"+profile+".pem"))
	said, _ := v.files.run("ocsp", "-issuer", ca, "-CAfile", ca, "-cert", h.crt, "-url", v.r.url+"/validation/ocsp")
	if !strings.Contains(said, "Response verify OK") {
		v.t.Errorf("openssl does not believe the answer: %s", said)
	}
	return said
}

// check fills in the form of a change and leads to the page that shows what it will do.
func (v *visitor) check(person, act string, changed map[string]string) {
	v.t.Helper()
	v.open(person)
	v.is(v.Follow(`a.button[href$="/change/`+act+`"]`), http.StatusOK)
	for field, value := range changed {
		v.Fill("#f-"+field, value)
	}
	status := v.Follow(`#form .button[data-kind="primary"]`)
	if status == http.StatusUnprocessableEntity && strings.Contains(v.Text("main"), "全国センターで読めず") {
		v.Press(`label:has(#f-as_is)`) // このまま届け出る
		status = v.Follow(`#form .button[data-kind="primary"]`)
	}
	v.is(status, http.StatusOK)
	v.says("main", "まだ記録していません")
}

// file presses the button of that page, and returns the trace of what was filed.
func (v *visitor) file() (trace string) {
	v.t.Helper()
	v.is(v.Follow(`#form button[value="file"]`), http.StatusOK)
	v.says("main", "を受け付けました")
	address, err := url.Parse(v.Location())
	if err != nil {
		v.t.Fatal(err)
	}
	return filepath.Base(address.Path)
}

// revoked asks the verifier as a script does until it says revoked, and returns how long that took.
func (v *visitor) revoked(document, signed string) time.Duration {
	v.t.Helper()
	return eventually(v.t, 10*soon, "the verifier says revoked", func() (bool, string) {
		a, err := v.r.verifies(v.files.read(document), v.files.read(signed))
		return err == nil && a.Verdict == "revoked" && a.Revocation == "affiliationChanged", fmt.Sprintf("%+v %v", a, err)
	})
}

// kinds are the kinds of a trace's messages, in the order of time.
func (t Trace) kinds() (kinds []string) {
	for _, h := range t.Hops {
		kinds = append(kinds, string(h.Kind))
	}
	return kinds
}

// lag is how long it took from an act at the counter until the validation authority knew of the revocation.
func (t Trace) lag() (time.Duration, bool) {
	for _, h := range t.Hops {
		if h.Kind == message.KindCertStatus && h.Arrived != nil {
			return h.Arrived.Sub(t.Hops[0].SentAt), true
		}
	}
	return 0, false
}

// follows reads the page of a trace: every organisation on the way has answered.
func (v *visitor) follows(trace string) {
	v.t.Helper()
	v.become("operator-ueda")
	v.Fill("#f-what", trace)
	v.is(v.Follow(`form[action="/trace"] button`), http.StatusOK)
	eventually(v.t, 10*soon, "the page shows every stop", func() (bool, string) {
		text := v.Text("main")
		for _, stop := range []string{"記録し、同時に電文を送信箱に入れた", "松本市 から: 異動", "松本市 から: 異動に伴う失効", "長野県 から: 異動", "長野県 から: 異動に伴う失効",
			"全国センター から: 異動等失効情報", "認証局 から: 電子証明書の状態"} {
			if !strings.Contains(text, stop) {
				return false, "no " + stop + " in " + text
			}
		}
		return !strings.Contains(text, "送信中"), text
	})
	v.look("trace")
	v.open("/")
	v.look("portal")
	v.become("clerk-aoki")
}

// resolve lets people end what they alone can end: the change of an address that the center cannot read stands on the
// desks of both sides, with the reason. The counter corrects the record; an operator proposes to send the message again
// as the record is now; the same operator may not confirm that, and another does.
func (v *visitor) resolve(person, trace string) {
	v.t.Helper()
	v.check(person, "amendment", map[string]string{"address": "長野県松本市新しい町1番1号", "basis": "found-wrong"})
	v.file()
	var parked string
	eventually(v.t, 10*soon, "the change is parked between prefecture and center, the later one waits behind it, and nothing else waits", func() (bool, string) {
		all, err := v.r.pairs()
		if err != nil {
			return false, err.Error()
		}
		for _, h := range v.r.trace(trace).Hops {
			if h.Kind == message.KindResidentChange && h.To == "nationalcenter" && h.Sender == "parked" && h.Receiver == "rejected" && h.Code == "unreadable-address" {
				parked = h.Message
			}
		}
		p := all[[2]message.Org{"prefecture-20", "nationalcenter"}]
		return parked != "" && p.Parked == 1 && p.Held == 1 && p.Waiting == 0, fmt.Sprintf("%+v", p)
	})
	v.become("operator-ueda")
	for _, side := range []message.Org{"nationalcenter", "prefecture-20"} {
		v.enter(side)
		v.is(v.Follow(`.menu a[href$="/messages"]`), http.StatusOK)
		v.says("main", "保留", "住所を読み取れません")
		if side == "nationalcenter" {
			v.look("desk")
		}
		v.is(v.Follow(`.table a[href$="/messages/`+parked+`"]`), http.StatusOK)
		v.says("main", "この電文は、人の解決を待っています", "住所を読み取れません", trace)
	}
	at := v.Location()
	v.Press(`label:has(input[value="correct"])`)
	v.Fill("#f-why", "住所を訂正する届出があったため")
	v.is(v.Follow(`form[action$="/propose"] button`), http.StatusOK)
	v.says("main", "提案されている解決方法", "operator-ueda")
	if strings.Contains(v.Text("main"), "承認して実行する") {
		v.t.Error("who proposed is offered to confirm")
	}

	v.become("operator-egawa")
	v.enter("prefecture-20")
	v.is(v.Open(at), http.StatusOK)
	// The same person's confirmation is refused also when the request is made without the page.
	seen := webuitest.Eval[string](v.Tab, `document.querySelector("input[name=seen]").value`)
	ueda := v.r.person("operator-ueda", "prefecture-20")
	refused, err := ueda.post("/messages/"+parked+"/confirm", url.Values{"seen": {seen}})
	if err != nil || refused.status != http.StatusUnprocessableEntity || !strings.Contains(refused.words(), "提案した人は、自分で確認できません") {
		v.t.Errorf("the proposer's confirmation: %d %v %s", refused.status, err, refused.words())
	}
	v.look("message-confirm")
	v.is(v.Follow(`form[action$="/confirm"] button`), http.StatusOK)
	v.r.again[[2]message.Org{"prefecture-20", "nationalcenter"}]++
	v.r.settled(10 * soon)
	v.is(v.Open(at), http.StatusOK)
	v.says("main", "適用", "operator-egawa")
	v.become("clerk-aoki")
}
