package nation

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/document/readback"
	"github.com/akashi-id/akashi/internal/printing/printingtest"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/message"
)

// The steps of a clerk who gives out a document.
const (
	atApplying    = "applying"
	atWaiting     = "waiting for it"
	atPrinting    = "printing"
	atJam         = "a jam"
	atPrinted     = "printed"
	atHandingOver = "handing over"
)

// powerCut kills the process of an organisation once, at a step, before or while the clerk does what it takes.
type powerCut struct {
	step string
	who  message.Org
	when string
}

// meanwhile tells whether her husband's change is entered at a step: with the application, or, so that a paper that has been printed is stopped, while paper is jammed.
func (c powerCut) meanwhile(step string) bool { return step == atJam == (c.when == "while") }

// TestPowerCutInABrowser: a resident of 飯田市 gets the record of her household, with 葛󠄂 in the name, from a clerk with a browser, while another clerk enters that her husband moves
// out. Each time the paper jams in a printer that others wrote, and each time a process is killed, the counter's or its server's, at one step or another. The clerk does what the
// pages say. In the end she has one paper, which is right as the register stands; whatever else came out is a case that was closed, and both sides have the same file.
func TestPowerCutInABrowser(t *testing.T) {
	if !full() {
		t.Skip("AKASHI_FULL=1 kills processes at each step of a clerk with a browser; internal/org:TestPowerCut cuts the power at commits in any case")
	}
	const iida, server = "municipality-202053", "issuing-202053"
	p := printingtest.StartQueue(t)
	dir := dataDir(t)
	nation := strings.Replace(string(defaultNation), "id: "+iida, "id: "+iida+"\n    printer: "+p.URI, 1)
	if !strings.Contains(nation, p.URI) {
		t.Fatal("the test country has no " + iida)
	}
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "nation.yaml"), []byte(nation), 0o600)); err != nil {
		t.Fatal(err)
	}
	r := upProcesses(t, dir)
	d := &counterDesk{visitor: &visitor{Tab: webuitest.Browser(t), t: t, r: r}, printer: p, at: iida, others: r.clerk(iida)}
	d.open("/?lang=ja")
	d.become("clerk-inoue")
	d.enter(iida)
	for _, step := range []string{atApplying, atWaiting, atPrinting, atJam, atPrinted, atHandingOver} {
		for _, who := range []message.Org{iida, server} {
			for _, when := range []string{"before", "while"} {
				d.serves(powerCut{step, who, when})
			}
		}
	}
	if d.closed == 0 || d.sheets == d.served {
		t.Errorf("no paper was stopped that had been printed: %d sheets for %d people, %d cases closed", d.sheets, d.served, d.closed)
	}
	t.Logf("%d people served, %d processes killed, %d sheets, %d cases closed", d.served, d.killed, d.sheets, d.closed)
}

// counterDesk is a clerk with a browser and a printer.
type counterDesk struct {
	*visitor
	printer printingtest.Printer
	at      message.Org
	others  *clerk // who enters the husband's change meanwhile

	cut                            powerCut
	due                            bool // the cut has not been yet
	served, killed, sheets, closed int
}

// does is a step of the clerk, at which the power may fail; the status of the page that came.
func (d *counterDesk) does(step string, act func() int) (status int) {
	d.t.Helper()
	if !d.due || d.cut.step != step {
		return act()
	}
	d.due = false
	kill := func() {
		if err := d.others.again(func() (bool, error) {
			if d.r.killOne(d.cut.who) {
				return true, nil
			}
			return false, fmt.Errorf("%s has no process to kill", d.cut.who)
		}); err != nil {
			d.t.Error(err)
		}
		d.killed++
	}
	if d.cut.when == "before" {
		kill()
		return act()
	}
	died := make(chan struct{})
	go func() { defer close(died); kill() }()
	defer func() { <-died }()
	return act()
}

// goes opens a page, as often as it takes until the organisation is there again.
func (d *counterDesk) goes(address string) {
	d.t.Helper()
	eventually(d.t, time.Minute, "the page opens", func() (bool, string) {
		status := d.Open(address)
		if status == http.StatusConflict { // asked what for, once
			d.Fill("#f-visit_case", "A-31")
			d.Press(`label:has(input[value="copy"])`)
			status = d.Follow(`#form .button[data-kind="primary"]`)
		}
		return status == http.StatusOK, fmt.Sprint(address, " ", status)
	})
}

// aHousehold finds the number of somebody's household on the record.
var aHousehold = regexp.MustCompile(`世帯番号・続柄\s*(\S+)・世帯主`)

// couple registers a wife, who is the head, and her husband.
func (d *counterDesk) couple() (name, hers, his string) {
	d.t.Helper()
	number := strings.Map(func(r rune) rune { return []rune("〇一二三四五六七八九")[r-'0'] }, fmt.Sprintf("%02d", d.served))
	name = "葛\U000E0102木　" + number + "子"
	const home = "長野県飯田市本町1番地"
	hers = d.others.register(name, "カツラギ　ハナコ", home)
	household := aHousehold.FindStringSubmatch(d.others.must(d.others.get("/resident/" + hers)).words())
	if household == nil {
		d.t.Fatal("her record does not say which household she heads")
	}
	form := entries(d.others.must(d.others.get("/register")))
	for field, value := range map[string]string{"step": "file", "name": "葛\U000E0102木　" + number + "郎", "kana": "カツラギ　タロウ", "birth": "1979-04-01", "sex": "男", "address": home, "household": household[1],
		"relation": "夫", "domicile": "長野県飯田市本町1番", "domicile_head": name, "earlier_address": "アメリカ合衆国", "document": "passport"} {
		form.Set(field, value)
	}
	page := d.others.must(d.others.post("/register", form))
	m := personPath.FindStringSubmatch(page.path)
	if m == nil {
		d.t.Fatalf("he was not registered: %s", page.words())
	}
	return name, hers, m[1]
}

// movesOut has the husband's move entered at the next desk, until the record says so: an answer may be lost.
func (d *counterDesk) movesOut(his string) error {
	const there = "長野県飯田市本町9番地"
	return d.others.again(func() (bool, error) {
		p, err := d.others.get("/resident/" + his)
		if err != nil || p.status != http.StatusOK {
			return false, fmt.Errorf("his record: %d %w", p.status, err)
		}
		if strings.Contains(p.words(), there) {
			return true, nil
		}
		_, page, err := d.others.version(his)
		if err != nil {
			return false, err
		}
		form := entries(page)
		for field, value := range map[string]string{"step": "file", "basis": "law-23", "own_household": "yes", "document": "driving-licence", "address": there} {
			form.Set(field, value)
		}
		p, err = d.others.post("/resident/"+his+"/change/move-within", form)
		return false, fmt.Errorf("his move: %d %w %.300s", p.status, err, p.words())
	})
}

// serves is what one clerk does until somebody has her document.
func (d *counterDesk) serves(cut powerCut) {
	d.t.Helper()
	d.served++
	name, hers, his := d.couple()
	before := d.tray()
	d.cut, d.due = cut, true
	if err := os.WriteFile(d.printer.Jam, nil, 0o644); err != nil {
		d.t.Fatal(err)
	}
	record := d.r.url + "/" + string(d.at) + "/resident/" + hers
	var requests []string
	var moved chan error
	enter := func(step string) { // her husband's change, at the next desk
		if moved == nil && cut.meanwhile(step) {
			moved = make(chan error, 1)
			go func() { moved <- d.movesOut(his) }()
		}
	}
	entered := sync.OnceFunc(func() { // what is handed over is right as the register stands with his change
		if moved == nil {
			d.t.Fatalf("%+v: her husband's change was not entered", cut)
		}
		if err := <-moved; err != nil {
			d.t.Fatal(err)
		}
	})
	deadline := clock.System().Now().Add(3 * time.Minute)
	for ended := false; !ended; {
		if clock.System().Now().After(deadline) {
			d.t.Fatalf("%+v: she has no document after three minutes: %s", cut, d.Text("main"))
		}
		d.goes(record)
		doc := webuitest.Eval[string](d.Tab, `(document.querySelector('table a[href*="/document/"]') || {}).href || ''`)
		if doc == "" {
			d.applies(record)
			enter(atApplying)
			continue
		}
		d.goes(doc)
		if id := filepath.Base(doc); !slices.Contains(requests, id) {
			requests = append(requests, id)
		}
		ended = d.looks(record, doc, func() { enter(atJam) }, entered)
	}
	if d.due {
		d.t.Errorf("%+v: the step was never taken", cut)
	}
	d.accounted(cut, name, requests, d.tray()[len(before):])
}

// applies asks for the record of the household.
func (d *counterDesk) applies(record string) {
	d.t.Helper()
	d.goes(record + "/issue")
	d.Press(`label:has(input[value="resident-record-household"])`)
	d.Press(`label:has(#f-relation)`)
	d.Press(`label:has(input[name="applicant"])`)
	d.Fill("#f-document", "passport")
	d.does(atApplying, func() int { return d.Follow(`#form .button[data-kind="primary"]`) })
}

// looks does what the page of a document says; true: she has it.
func (d *counterDesk) looks(record, doc string, jammed, printed func()) (ended bool) {
	d.t.Helper()
	says := d.Text("main")
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(says, w) })
	}
	reload := func() int { return d.Open(doc) }
	switch {
	case has("交付しました"):
		return true
	case has("件を閉じる"):
		d.Fill(`form[id^="case-form"] textarea`, "出た紙を係長の前で裁断した。")
		if d.Follow(`form[id^="case-form"] button`) == http.StatusOK {
			d.closed++
		}
	case has("証明書を作っています"):
		d.does(atWaiting, reload)
	case has("発行されませんでした", "証明書を止めました"):
		d.applies(record)
	case has("紙が詰まっています"):
		jammed()
		d.does(atJam, reload)
		if err := os.Remove(d.printer.Jam); err != nil && !errors.Is(err, os.ErrNotExist) {
			d.t.Fatal(err)
		}
	case has("印刷が終わりました"):
		printed()
		if d.due && d.cut.step == atPrinted {
			d.does(atPrinted, reload)
			return false
		}
		d.Fill("#f-sheets", "1")
		d.does(atHandingOver, func() int { return d.Follow(`#form button`) })
	case webuitest.Eval[bool](d.Tab, `document.querySelector('#print-form') !== null`):
		if d.due && d.cut.step == atWaiting { // it came at once
			d.does(atWaiting, reload)
			return false
		}
		d.does(atPrinting, func() int { return d.Follow(`#print-form button`) })
	default: // the printer has it
		clk := clock.System()
		if err := clk.Wait(d.t.Context(), clk.Now().Add(100*time.Millisecond), nil); err != nil {
			d.t.Fatal(err)
		}
	}
	return false
}

// tray are the sheets that came out so far, as texts, in their order.
func (d *counterDesk) tray() (texts []string) {
	d.t.Helper()
	all, err := os.ReadDir(d.printer.Tray)
	if err != nil {
		d.t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b os.DirEntry) int { // by the numbers of the jobs
		return strings.Compare(fmt.Sprintf("%20s", a.Name()), fmt.Sprintf("%20s", b.Name()))
	})
	for _, f := range all {
		read, err := readback.Read(must(os.ReadFile(filepath.Join(d.printer.Tray, f.Name()))))
		if err != nil || len(read.Pages) != 1 {
			d.t.Fatalf("%s: %d pages, %v", f.Name(), len(read.Pages), err)
		}
		var text strings.Builder
		for _, t := range read.Pages[0].Texts {
			text.WriteString(tight(t.Text))
		}
		texts = append(texts, text.String())
	}
	return texts
}

// accounted holds what came out for somebody against what both sides wrote down.
func (d *counterDesk) accounted(cut powerCut, name string, requests, sheets []string) {
	d.t.Helper()
	d.sheets += len(sheets)
	given, attempts := 0, 0
	for _, request := range requests {
		var j Delivery
		eventually(d.t, time.Minute, "both sides say the same of what was handed over", func() (bool, string) {
			var counter, server DeliveryAnswer
			q := DeliveryQuestion{Request: request, As: "auditor-onishi"}
			d.r.does("/"+string(d.at)+"/delivery/trace", q, &counter)
			d.r.does("/issuing-"+d.at.Code()+"/delivery/trace", q, &server)
			of := ""
			if counter.Counter != nil {
				d.r.does("/issuing-"+d.at.Code()+"/delivery/file", FileQuestion{counter.Counter.File, q.As}, &of)
			}
			j = JoinDelivery(Delivery{Request: request, Counter: counter.Counter, Server: server.Server}, of)
			if counter.Counter == nil || server.Server == nil {
				return false, "one of them knows nothing"
			}
			// What was stopped is not what the register said when it came, and the two may say so.
			return counter.Counter.State != "delivered" || len(j.Findings) == 0, fmt.Sprintf("%+v", j.Findings)
		})
		c := j.Counter
		mine := 0
		for _, text := range sheets {
			if c.Number != "" && strings.Contains(text, c.Number) {
				mine++
			}
		}
		attempts += mine
		handed := 0
		if c.State == "delivered" {
			given++
			handed = 1
			if mine == 0 || strings.Contains(sheets[len(sheets)-1], strings.TrimSuffix(tight(name), "子")+"郎") {
				d.t.Errorf("%+v: of what was handed over %d sheets came out, and the last says %s", cut, mine, sheets[len(sheets)-1])
			}
		}
		for _, k := range c.Cases {
			if k.ClosedAt.IsZero() {
				d.t.Errorf("%+v: a case about %s is open", cut, k.Job)
			}
		}
		if mine > len(c.Jobs) || mine-handed > len(c.Cases) {
			d.t.Errorf("%+v: of %s %d sheets came out, by %d jobs, and %d cases are known", cut, request, mine, len(c.Jobs), len(c.Cases))
		}
	}
	if given != 1 || attempts != len(sheets) {
		d.t.Errorf("%+v: %d documents were handed over, and %d of %d sheets are of her applications", cut, given, attempts, len(sheets))
	}
	for _, text := range sheets {
		if !strings.Contains(text, tight(name)) {
			d.t.Errorf("%+v: a sheet is not hers: %s", cut, text)
		}
	}
}

// tight is a text without its spaces: on a page words stand by themselves.
func tight(s string) string { return strings.Join(strings.Fields(s), "") }
