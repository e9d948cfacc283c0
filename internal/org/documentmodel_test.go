package org_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/document/press"
	"github.com/akashi-id/akashi/internal/document/press/faulty"
	"github.com/akashi-id/akashi/internal/document/press/marker"
	"github.com/akashi-id/akashi/internal/document/readback"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/imprint/imprinttest"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/printing"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// papers are a counter and its issuing server under a scheduler that draws what happens next: whose message arrives, who acts, what is entered meanwhile, what
// fails. The rules and the SQL are those of the program. Messages are carried by the model as the exchange promises it (once each, and in order for each key), so that it
// decides when. Of what a page may say it has knowledge of its own, in homes.
type papers struct {
	*issuers
	rng     *mathrand.Rand
	read    func(file []byte) ([]string, error) // the texts of the pages
	homes   []*home
	rules   map[message.Org]map[message.Kind]exchange.Rule
	hosts   map[message.Org]*host.Host
	faults  map[message.Org]*commitFault
	way     []*carried
	upto    map[message.Org]int64 // of the outbox of each
	jobs    map[string]*paperJob
	signing bool // something is being signed: the list of the server must not be stepped

	at    int         // which schedule
	here  []*home     // who has come to the counter in it
	asked []*paperAsk // what they have asked for
	log   []string    // of the schedule
	wrong []string    // pages that reached somebody else, or that the register contradicts
	did   map[string]int
	twist twist // nil: messages arrive as they were sent
	minds string
}

// home is a household, as whoever wrote the scenario knows it.
type home struct {
	people    []*dweller // the first is the head
	house     int        // of the address
	seal, had bool
	protected bool // the head is
}

type dweller struct {
	municipality.Filed
	name string
}

func (h *home) address() string { return fmt.Sprintf("長野県松本市丸の内%d番7号", h.house) }

// paperAsk is a request whose number the counter was told.
type paperAsk struct {
	id   string
	kind making.Kind
	home *home
	who  *dweller
	out  [][]byte // what was printed of it, in the clerk's hand
}

// paperJob is a job at the printer.
type paperJob struct {
	ask    *paperAsk
	pdf    []byte
	then   []printing.State // what it says, one after the other; the last stays
	out    bool             // paper came out
	told   printing.State
	unsaid bool // the counter was never told the end
}

// carried is a message on its way.
type carried struct {
	exchange.Delivery
	to      message.Org
	payload message.Payload
	tries   int
}

// commitFault fails a commit of one organisation, once.
type commitFault struct{ armed, fired string }

var errCommit = errors.New("the commit failed, as drawn")

func (f *commitFault) BeforeCommit() error { return f.at("before") }
func (f *commitFault) AfterCommit() error  { return f.at("after") }
func (f *commitFault) at(when string) error {
	if f.armed != when {
		return nil
	}
	f.armed, f.fired = "", when
	return errCommit
}

// paperSetup is what differs between the models.
type paperSetup struct {
	real    bool // documents are drawn and signed
	machine func(press.Machine) (press.Machine, twist)
	gate    press.Gate
	minds   string // what of that which goes wrong counts; empty: everything
}

// twist changes what a message says before it arrives, or loses it.
type twist func(*papers, *carried) (lost bool)

// interrupted lets the model go on while a machine signs.
type interrupted struct {
	press.Machine
	w *papers
}

var errDevice = errors.New("the device failed, as drawn")

func (m interrupted) Sign(p document.Paper, random io.Reader) ([]byte, error) {
	if m.w.rng == nil {
		return m.Machine.Sign(p, random)
	}
	m.w.signing = true
	for range m.w.rng.IntN(3) {
		m.w.step()
	}
	m.w.signing = false
	if m.w.rng.IntN(20) == 0 {
		m.w.note("the signing fails")
		return nil, errDevice
	}
	return m.Machine.Sign(p, random)
}

// newPapers founds a town with 44 households.
func newPapers(t testing.TB, seed uint64, s paperSetup) *papers {
	w := &papers{rules: map[message.Org]map[message.Kind]exchange.Rule{matsumoto: {}, server: {}}, faults: map[message.Org]*commitFault{matsumoto: {}, server: {}},
		upto: map[message.Org]int64{}, jobs: map[string]*paperJob{}, did: map[string]int{}, minds: s.minds, read: marker.Read}
	var key [32]byte
	key[0], key[1], key[2] = byte(seed), byte(seed>>8), byte(seed>>16)
	as := issuersAs{random: mathrand.NewChaCha8(key), printer: w, gate: s.gate, machine: func(m press.Machine) press.Machine {
		if !s.real {
			m = marker.Machine{}
		}
		if s.machine != nil {
			m, w.twist = s.machine(m)
		}
		return interrupted{m, w}
	}, host: func(o message.Org, c host.Config) host.Config {
		if rules, there := w.rules[o]; there {
			c.Faults = w.faults[o]
			c.Trial = func(r exchange.Route) exchange.Route { rules[r.Kind] = r.Rule(); return r }
		}
		return c
	}}
	if s.real {
		w.read = readTexts
	} else if as.gate == nil {
		as.gate = marker.Machine{}
	}
	w.issuers = newIssuersAs(t, inMemory, true, as)
	w.hosts = map[message.Org]*host.Host{matsumoto: w.town.Host, server: w.server.Host}
	for n := range 44 {
		h := &home{house: n + 1}
		w.homes = append(w.homes, h)
		w.join(h)
		for n%11 == 0 && len(h.people) < 5 { // their record has two pages
			w.join(h)
		}
		if n%4 == 1 {
			check(t, w.sealed(h))
		}
	}
	w.run(2 * time.Second)
	w.net.Join(matsumoto, nil) // from here on the model carries the messages
	w.net.Join(server, nil)
	w.server.Due.Parallel, w.town.Due.Parallel = 1, 1
	w.collect(true)
	return w
}

// readTexts gives what stands on the pages of a real document.
func readTexts(file []byte) (pages []string, err error) {
	d, err := readback.Read(file)
	for _, p := range d.Pages {
		var b strings.Builder
		for _, t := range p.Texts {
			b.WriteString(t.Text)
		}
		pages = append(pages, b.String())
	}
	return pages, err
}

// bindingsOf is which binding (綴り番号) each page bears.
func bindingsOf(pages []string) (all []string) {
	for _, text := range pages {
		_, after, _ := strings.Cut(text, "綴り番号")
		after = strings.TrimSpace(after)
		all = append(all, after[:min(len(after), 19)])
	}
	return all
}

// join registers somebody more in a household. Nobody else in the town has the name.
func (w *papers) join(h *home) {
	relation, at := "世帯主", resident.HouseholdID("")
	if len(h.people) > 0 {
		f := w.faults[matsumoto]
		armed := f.armed
		f.armed = "" // for the next line is the model's own
		relation, at = "子", w.household(h.people[0].Person)
		f.armed = armed
	}
	total := 0
	for _, one := range w.homes {
		total += len(one.people)
	}
	digits := strings.Map(func(r rune) rune { return []rune("〇一二三四五六七八九")[r-'0'] }, fmt.Sprintf("%04d", total+1000*len(h.people)))
	name := "架空　" + digits + "子"
	born := "1960-05-01"
	f, err := w.town.Register(w.clerk, municipality.Registration{Reason: resident.MoveIn, Basis: "law-22", Another: true, Record: resident.Record{
		BasicFour: resident.BasicFour{Name: parsed(name, resident.ParseName), Birth: parsed(born, resident.ParsePartialDate), Sex: resident.Female, Address: parsed(h.address(), resident.ParseAddress)},
		Relation:  parsed(relation, resident.ParseRelation), Household: at, BecameResident: resident.DateOf(w.clk.Now()).AddDays(-30)}})
	if !w.done(matsumoto, err) {
		return
	}
	h.people = append(h.people, &dweller{f, name})
	if err != nil { // it was entered, and nobody knows the numbers
		w.learn(h)
	}
}

// learn reads from the register what an answer that was lost would have told.
func (w *papers) learn(h *home) {
	f := w.faults[matsumoto]
	armed := f.armed
	f.armed = "" // for the next line is the model's own
	d, err := w.town.Look(w.clerk, h.people[0].Person, "model")
	check(w, err)
	f.armed = armed
	for _, m := range d.Household {
		for _, p := range h.people {
			if p.name == m.Record.Name.Reveal() {
				p.Person, p.Code, p.Version = m.Person, m.Record.Code, m.Number
			}
		}
	}
}

func (w *papers) sealed(h *home) error {
	who := h.people[0]
	_, err := w.town.RegisterSeal(w.clerk, municipality.SealApplication{Person: who.Person, Base: who.Version, Text: "架空", Way: municipality.SealByPhotoID,
		Scan: imprinttest.Seal{Millimetres: 13.5, Face: uint64(h.house), DPI: 300}.Scan(), Evidence: identity.Evidence{identity.DrivingLicence}})
	h.seal, h.had = h.seal || err == nil, true
	return err
}

func (w *papers) note(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf(format, args...))
}

// faulted tells whether an act failed because that was drawn, and which half of it happened.
func (w *papers) faulted(o message.Org, err error) (fired string) {
	f := w.faults[o]
	fired, f.fired = f.fired, ""
	if err == nil || fired == "" {
		return ""
	}
	w.did["commit failed "+fired]++
	return fired
}

// refused tells whether the program refused an act in a sentence. Anything else that fails ends the test.
func (w *papers) refused(err error) bool {
	if ps, ok := plain.AsProblems(err); ok {
		w.note("  refused: %s", ps[0].EN)
		return true
	}
	w.Fatalf("schedule %d: %v\n%s", w.at, err, strings.Join(w.log, "\n"))
	return false
}

// done tells whether an act took place, as far as the register is concerned.
func (w *papers) done(o message.Org, err error) bool {
	switch fired := w.faulted(o, err); {
	case fired != "":
		w.note("  the commit failed, %s", fired)
		return fired == "after"
	case err != nil:
		w.refused(err)
		return false
	}
	return true
}

// collect takes what was put into the outboxes; skip: it has arrived already.
func (w *papers) collect(skip bool) {
	for from, to := range map[message.Org]message.Org{matsumoto: server, server: matsumoto} {
		check(w, w.hosts[from].Store.View(w.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			type row struct {
				seq int64
				raw []byte
			}
			rows, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, x *row) error { return r.Scan(&x.seq, &x.raw) },
				`SELECT seq, envelope FROM x_out WHERE peer = $1 AND epoch = 1 AND seq > $2 ORDER BY seq`, string(to), w.upto[from])
			if err != nil {
				return err
			}
			for _, r := range rows {
				w.upto[from] = r.seq
				if skip {
					continue
				}
				e, err := message.OpenEnvelope(r.raw)
				if err != nil {
					return err
				}
				p, err := message.Decode(e.Kind, e.Body)
				if err != nil {
					return err
				}
				if w.rules[to][e.Kind] == nil || !strings.HasPrefix(string(e.Kind), "issuing.") {
					continue // comparisons of books and the like
				}
				w.way = append(w.way, &carried{Delivery: exchange.Delivery{ID: e.ID, Attempt: 1, Kind: e.Kind, Keys: e.Keys, Trace: e.Trace, CreatedAt: e.CreatedAt}, to: to, payload: p})
			}
			return nil
		}))
	}
}

// arrive has one of the messages arrive that no other one of its keys is before.
func (w *papers) arrive() {
	w.collect(false)
	var may []int
	for i, m := range w.way {
		if !slices.ContainsFunc(w.way[:i], func(before *carried) bool {
			return before.to == m.to && slices.ContainsFunc(before.Keys, func(k string) bool { return slices.Contains(m.Keys, k) })
		}) {
			may = append(may, i)
		}
	}
	if len(may) == 0 {
		return
	}
	i := may[w.rng.IntN(len(may))]
	m := w.way[i]
	w.note("%s arrives at %s: %s %v", m.Kind, m.to, m.ID, m.Keys)
	if w.twist != nil && w.twist(w, m) {
		w.note("  and is lost")
		w.way = slices.Delete(w.way, i, i+1)
		return
	}
	h := w.hosts[m.to]
	err := h.Store.Update(w.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		outs, err := w.rules[m.to][m.Kind](ctx, tx, m.Delivery, m.payload)
		if err != nil {
			return err
		}
		_, err = h.Exchange.Send(ctx, tx, outs, m.Trace)
		return err
	})
	var no *exchange.Rejected
	switch fired := w.faulted(m.to, err); {
	case fired == "before":
		w.note("  and its commit failed")
		return // it is offered again
	case fired == "" && errors.As(err, &no):
		w.note("  and is refused: %s", no.EN)
		if m.tries++; (no.Code == "gap" || no.Code == "awaits-another") && m.tries < 20 {
			return
		}
		w.did["parked: "+no.Code]++
	case fired == "" && err != nil:
		w.Fatalf("schedule %d: %v\n%s", w.at, err, strings.Join(w.log, "\n"))
	}
	// What arrived meanwhile, while something was signed within, is no longer in its place.
	w.way = slices.DeleteFunc(w.way, func(one *carried) bool { return one == m })
}

// falls steps the list of what is due at one of the two.
func (w *papers) falls(o message.Org) {
	_, err := w.hosts[o].Due.Tasks()[0].Step(w.Context())
	w.done(o, err)
}

// step does one thing of those that can be done.
func (w *papers) step() {
	w.collect(false)
	held := slices.DeleteFunc(slices.Clone(w.asked), func(a *paperAsk) bool { return !a.held(w) })
	printed := slices.DeleteFunc(slices.Clone(held), func(a *paperAsk) bool { return len(a.out) == 0 })
	pick := func(from []*paperAsk) *paperAsk { return from[w.rng.IntN(len(from))] }
	var all []func()
	may := func(weight int, enabled bool, act func()) {
		for range weight {
			if enabled {
				all = append(all, act)
			}
		}
	}
	may(10, len(w.asked) < 3, w.apply)
	may(36, len(w.way) > 0, w.arrive)
	may(14, !w.signing, func() { w.note("what is due at the server"); w.falls(server) })
	may(6, !w.signing, func() { w.note("what is due at the counter"); w.falls(matsumoto) })
	may(12, len(held) > 0, func() { w.print(pick(held)) })
	may(10, len(printed) > 0, func() { w.handOver(pick(printed)) })
	may(1, len(held) > 0, func() { w.void(pick(held)) })
	may(1, len(w.asked) > 0, func() { w.print(pick(w.asked)) })
	may(1, len(w.asked) > 0, func() { w.handOver(pick(w.asked)) })
	may(1, len(w.asked) > 0, func() { w.void(pick(w.asked)) })
	may(4, true, w.change)
	may(3, true, func() { w.goOn(time.Duration(1+w.rng.IntN(15_000)) * time.Millisecond) })
	may(2, true, func() {
		w.faults[[]message.Org{matsumoto, server}[w.rng.IntN(2)]].armed = []string{"before", "after"}[w.rng.IntN(2)]
	})
	all[w.rng.IntN(len(all))]()
}

// held tells whether the document lies at the counter, as the clerk sees on the page.
func (a *paperAsk) held(w *papers) bool {
	return w.count(`SELECT count(*) FROM document_request WHERE request = $1 AND state = 'held'`, a.id) == 1
}

func (w *papers) goOn(d time.Duration) {
	w.note("%s later", d)
	w.clk.Set(w.clk.Now().Add(d))
}

// apply has somebody ask for a document.
func (w *papers) apply() {
	h := w.here[w.rng.IntN(len(w.here))]
	who := h.people[w.rng.IntN(len(h.people))]
	kind := []making.Kind{making.IndividualRecord, making.HouseholdRecord, making.HouseholdRecord, making.SealCertificate}[w.rng.IntN(4)]
	if kind == making.SealCertificate {
		who = h.people[0]
	}
	w.note("%s applies for %s", who.name, kind)
	id, err := w.town.ApplyForDocument(w.clerk, municipality.DocumentApplication{Person: who.Person, Base: who.Version, Kind: kind, Applicant: who.Person, Evidence: byCard,
		Items: document.Items{Relation: w.rng.IntN(2) == 0}})
	if w.faulted(matsumoto, err) != "" || err != nil && w.refused(err) {
		return // of an application whose answer was lost nobody knows the number; it lies at the counter
	}
	w.did["applied"]++
	w.note("  it is %s", id)
	w.asked = append(w.asked, &paperAsk{id: id, kind: kind, home: h, who: who})
}

// print has the clerk print what was asked for, from the browser or at the printer.
func (w *papers) print(a *paperAsk) {
	if w.rng.IntN(2) == 0 {
		w.note("%s is printed from the page", a.id)
		file, err := w.town.PrintDocument(w.clerk, a.id)
		if w.faulted(matsumoto, err) == "" && (err == nil || !w.refused(err)) {
			w.comesOut(a, file)
		}
		return
	}
	w.note("%s is printed at the printer", a.id)
	w.done(matsumoto, w.town.PrintAtCounter(w.clerk, a.id))
}

// comesOut is paper in the clerk's hand.
func (w *papers) comesOut(a *paperAsk, file []byte) {
	w.did["printed"]++
	a.out = append(a.out, file)
	w.holds(a, file, "printed")
}

// holds checks by the model's own knowledge what stands on the pages of a document: the number of its request, and nobody of another household.
func (w *papers) holds(a *paperAsk, file []byte, when string) {
	pages, err := w.read(file)
	if err != nil {
		w.bad(when, a, "the file cannot be read: %v", err)
		return
	}
	for i, text := range pages {
		text = norm.NFKC.String(strings.Join(strings.Fields(text), ""))
		if !strings.Contains(text, norm.NFKC.String(strings.ReplaceAll(a.who.name, "　", ""))) && i == 0 && a.kind != making.HouseholdRecord {
			w.bad(when, a, "page %d does not name who it is about", i+1)
		}
		for _, h := range w.homes {
			for _, p := range h.people {
				if h != a.home && strings.Contains(text, strings.ReplaceAll(norm.NFKC.String(p.name), " ", "")) {
					w.bad(when, a, "page %d names somebody of another household", i+1)
				}
			}
		}
	}
	if when != "handed over" {
		return
	}
	all := norm.NFKC.String(strings.Join(strings.Fields(strings.Join(pages, "")), ""))
	switch {
	case a.home.protected && (a.who == a.home.people[0] || a.kind == making.HouseholdRecord):
		w.bad(when, a, "who is on it is protected")
	case a.kind == making.SealCertificate && !a.home.seal:
		w.bad(when, a, "the seal has ended")
	case !strings.Contains(all, strings.TrimPrefix(a.home.address(), "長野県松本市")):
		w.bad(when, a, "it does not say where they live")
	case a.kind == making.HouseholdRecord:
		for _, p := range a.home.people {
			if !strings.Contains(all, strings.ReplaceAll(norm.NFKC.String(p.name), " ", "")) {
				w.bad(when, a, "somebody of the household is missing")
			}
		}
	}
}

func (w *papers) bad(when string, a *paperAsk, format string, args ...any) {
	w.wrong = append(w.wrong, fmt.Sprintf("%s %s: ", a.id, when)+fmt.Sprintf(format, args...))
	w.note("WRONG: %s", w.wrong[len(w.wrong)-1])
}

// handOver gives whoever asked for it all that came out.
func (w *papers) handOver(a *paperAsk) {
	w.note("%s is handed over", a.id)
	w.give(a)
}

// sheets is how many came out, each page on its own.
func (w *papers) sheets(a *paperAsk) (n int) {
	for _, file := range a.out {
		pages, err := w.read(file)
		check(w, err)
		n += len(pages)
	}
	return max(1, n)
}

func (w *papers) give(a *paperAsk) bool {
	var bindings []string
	if len(a.out) > 0 { // what came out last is in the hand
		pages, err := w.read(a.out[len(a.out)-1])
		check(w, err)
		bindings = bindingsOf(pages)
	}
	if !w.done(matsumoto, w.town.HandOverDocument(w.clerk, a.id, w.sheets(a), bindings)) {
		return false
	}
	w.did["handed over"]++
	for _, file := range a.out {
		w.holds(a, file, "handed over")
	}
	return true
}

func (w *papers) void(a *paperAsk) {
	w.note("%s is destroyed", a.id)
	w.done(matsumoto, w.town.VoidDocument(w.clerk, a.id, w.sheets(a), "係長の前で裁断した。"))
}

// change enters something into the register about somebody who has come.
func (w *papers) change() {
	h := w.here[w.rng.IntN(len(w.here))]
	who := h.people[0]
	w.did["changed"]++
	switch n := w.rng.IntN(20); {
	case n < 6 && len(h.people) < 6:
		w.note("somebody comes to live with %s", who.name)
		w.join(h)
	case n < 13 && len(h.people) == 1:
		w.note("%s moves", who.name)
		was := h.house
		h.house = 100 + w.rng.IntN(800)
		f, err := w.town.File(w.clerk, municipality.MoveWithin{Filing: municipality.Filing{Person: who.Person, Base: who.Version, Arose: resident.DateOf(w.clk.Now()), Basis: "law-23"},
			Address: parsed(h.address(), resident.ParseAddress), AsIs: true, OwnHousehold: true})
		if !w.done(matsumoto, err) {
			h.house = was
		} else if err != nil {
			w.learn(h)
		} else {
			who.Version = f.Version
		}
	case n < 18 && h.seal:
		w.note("the seal of %s ends", who.name)
		if w.done(matsumoto, w.town.EndSeal(w.clerk, who.Person, municipality.SealLost)) {
			h.seal = false
		}
	case n == 19 && !h.protected && w.rng.IntN(4) == 0:
		w.note("%s is protected", who.name)
		_, err := w.town.Protect(w.clerk, municipality.Protecting{Applicant: who.Person, Evidence: byCard})
		if w.done(matsumoto, err) {
			h.protected = true
		}
	}
}

// Submit is the printer: it prints, jams, says nothing, or prints and says nothing.
func (w *papers) Submit(_ context.Context, j printing.Job) (printing.Status, error) {
	if one := w.jobs[j.Key]; one != nil {
		return w.says(one), nil
	}
	if j.Again {
		return printing.Status{State: printing.Unknown}, nil
	}
	request := j.Key[:strings.LastIndex(j.Key, "-")]
	i := slices.IndexFunc(w.asked, func(a *paperAsk) bool { return a.id == request })
	if i < 0 {
		w.Fatalf("schedule %d: the printer is given a job of nobody here: %s\n%s", w.at, j.Key, strings.Join(w.log, "\n"))
	}
	job := &paperJob{ask: w.asked[i], pdf: j.PDF}
	no := &printing.Failure{Sentence: plain.Sentence{JA: "応答がありません。", EN: "No answer."}}
	switch w.rng.IntN(8) {
	case 0: // it is away
		w.note("  the printer %s: nothing was printed", j.Key)
		return printing.Status{}, no
	case 1: // the connection breaks before
		no.Unclear = true
		w.note("  the printer %s: it breaks, before", j.Key)
		return printing.Status{}, no
	case 2: // and after the document
		no.Unclear, job.then = true, []printing.State{printing.Printing, printing.Printed}
		w.jobs[j.Key] = job
		w.note("  the printer %s: it breaks, after", j.Key)
		return printing.Status{}, no
	case 3:
		job.then = []printing.State{printing.Stopped, printing.Stopped, printing.Printed}
	case 4:
		job.then = []printing.State{printing.Printing, printing.Aborted}
	case 5:
		job.then = []printing.State{printing.Stopped}
	default:
		job.then = []printing.State{printing.Printed}
	}
	w.jobs[j.Key] = job
	w.note("  the printer %s: %v", j.Key, job.then)
	return w.says(job), nil
}

// Status is how a job stands.
func (w *papers) Status(_ context.Context, key string) (printing.Status, error) {
	if one := w.jobs[key]; one != nil {
		return w.says(one), nil
	}
	return printing.Status{State: printing.Unknown}, nil
}

func (w *papers) says(j *paperJob) printing.Status {
	j.told = j.then[0]
	if len(j.then) > 1 {
		j.then = j.then[1:]
	}
	if !j.out && (j.told == printing.Printed || j.told == printing.Aborted || j.told == printing.Printing) {
		j.out = true
		w.comesOut(j.ask, j.pdf)
	}
	return printing.Status{State: j.told}
}

// play plays a schedule to its end: what was begun is brought to an end, and the books are closed.
func (w *papers) play(schedule int) {
	w.at, w.rng, w.log, w.wrong, w.asked = schedule, mathrand.New(mathrand.NewPCG(uint64(schedule), 6)), w.log[:0], nil, nil
	clear(w.jobs)
	free := slices.DeleteFunc(slices.Clone(w.homes), func(h *home) bool { return h.protected })
	w.rng.Shuffle(len(free), func(i, j int) { free[i], free[j] = free[j], free[i] })
	w.here = free[:2+w.rng.IntN(2)]
	for range 15 + w.rng.IntN(25) {
		w.step()
	}
	w.rest()
}

// rest brings everything to an end.
func (w *papers) rest() {
	for _, f := range w.faults {
		f.armed = ""
	}
	w.note("--- nothing new")
	for _, wait := range []time.Duration{0, 31 * time.Second, 31 * time.Second, 11 * time.Minute, 3 * time.Second} {
		w.goOn(wait)
		for range 2 {
			w.deliverAll()
			w.falls(server)
			w.falls(matsumoto)
		}
	}
	// Of each job that did not end well there is a case.
	for key, j := range w.jobs {
		if j.told != printing.Printed && w.count(`SELECT count(*) FROM document_request WHERE request = $1 AND state = 'held'`, j.ask.id) == 1 &&
			w.count(`SELECT count(*) FROM document_case WHERE job = $1`, key) == 0 {
			w.wrong = append(w.wrong, "the job "+key+" did not end well, and is no case")
		}
	}
	for _, a := range w.asked {
		if len(a.out) > 0 && w.rng.IntN(2) == 0 {
			w.note("%s is handed over at the end", a.id)
			w.give(a)
		}
	}
	for _, id := range w.list(`SELECT request FROM document_request WHERE state = 'held' ORDER BY at, request`) {
		w.note("%s is destroyed at the end", id)
		check(w, w.town.VoidDocument(w.clerk, id, 1, "係長の前で裁断した。"))
	}
	for _, job := range w.list(`SELECT DISTINCT job FROM document_case WHERE closed_at = 0 ORDER BY job`) {
		request := job[:strings.LastIndex(job, "-")]
		said, err := w.town.ProposeDocumentCase(w.clerk, request, job, municipality.FateDestroyed, "係長の前で裁断した。")
		check(w, err)
		check(w, w.town.ConfirmDocumentCase(as(w, "clerk-inoue"), request, job, said))
	}
	w.deliverAll()
	if n := w.count(`SELECT count(*) FROM document_request WHERE state IN ('applied', 'held')`); n != 0 {
		w.wrong = append(w.wrong, fmt.Sprintf("%d requests have not ended at the counter", n))
	}
	if len(w.way) > 0 {
		w.wrong = append(w.wrong, fmt.Sprintf("%d messages are still under way", len(w.way)))
	}
	w.way = nil
}

func (w *papers) deliverAll() {
	w.collect(false)
	for range 200 {
		if len(w.way) == 0 {
			return
		}
		w.arrive()
	}
}

func (w *papers) count(query string, args ...any) (n int64) {
	check(w, w.town.Store.View(w.Context(), func(ctx context.Context, tx *sqlstore.Tx) error { return tx.QueryRow(ctx, query, args...).Scan(&n) }))
	return n
}

func (w *papers) list(query string) (all []string) {
	check(w, w.town.Store.View(w.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		all, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, s *string) error { return r.Scan(s) }, query)
		return err
	}))
	return all
}

// TestDocumentSchedules plays schedules in towns of their own, some with real documents: nobody is given a page of somebody else's, nor one that the register
// contradicts, each job that did not end well is a case, and everything comes to an end. A town's name is its seed.
func TestDocumentSchedules(t *testing.T) {
	long := os.Getenv("AKASHI_FULL") != ""
	for _, c := range []struct {
		name                string
		real                bool
		towns, full, follow int
	}{{"marker", false, 1, 400, 250}, {"real", true, 1, 50, 100}} {
		if long {
			c.towns = c.full
		} else if c.real {
			c.follow = 30
		}
		t.Run(c.name, func(t *testing.T) {
			for town := range c.towns {
				t.Run(fmt.Sprint("town ", town), func(t *testing.T) {
					t.Parallel()
					w := newPapers(t, uint64(town), paperSetup{real: c.real})
					if wrong := w.playAll(town*c.follow, c.follow); wrong != "" {
						t.Fatal(wrong)
					}
					if w.did["handed over"] < c.follow/10 || w.did["commit failed after"] == 0 {
						t.Errorf("little was done: %v", w.did)
					}
				})
			}
		})
	}
}

// playAll plays schedules until one goes wrong, and tells which and how.
func (w *papers) playAll(from, n int) (wrong string) {
	for i := range n {
		w.play(from + i)
		if slices.ContainsFunc(w.wrong, func(s string) bool { return strings.Contains(s, w.minds) }) {
			return fmt.Sprintf("schedule %d:\n%s\n\n%s", w.at, strings.Join(w.wrong, "\n"), strings.Join(w.log, "\n"))
		}
	}
	return ""
}

// TestDocumentSchedulesFindFaults: the machines of 2023 behind no gate give somebody a page of another, and a copy that never hears of the end of a seal certifies it,
// within a thousand schedules. Behind one gate alone, whichever, they do not; and of the seal the register's answer and the counter's gate are enough, each alone.
func TestDocumentSchedulesFindFaults(t *testing.T) {
	const another, ended = "of another household", "the seal has ended"
	late := func(m press.Machine) (press.Machine, twist) {
		n := 0
		return &faulty.Late{Machine: m, Slow: func(document.Paper) bool { n++; return n%3 == 1 }}, nil
	}
	shared := func(m press.Machine) (press.Machine, twist) {
		machine := &faulty.Shared{Machine: m}
		return machine, func(_ *papers, m *carried) bool {
			if m.Kind == (message.IssuingRecord{}).Kind() {
				machine.Synced()
			}
			return false
		}
	}
	named := func(m press.Machine) (press.Machine, twist) { return &faulty.Named{Machine: m}, nil }
	mixed := func(m press.Machine) (press.Machine, twist) { return &faulty.Mixed{Mixer: m.(faulty.Mixer)}, nil }
	deaf := func(m press.Machine) (press.Machine, twist) { return m, endIsLost }
	believed := func(m press.Machine) (press.Machine, twist) {
		return m, func(w *papers, m *carried) bool { return endIsLost(w, m) || agreed(w, m) }
	}
	for _, c := range []struct {
		name            string
		fault           func(press.Machine) (press.Machine, twist)
		server, counter bool   // whose gates judge
		minds           string // what is looked for
		found           bool
	}{
		{"late, no gate", late, false, false, another, true},
		{"late, the server's gate", late, true, false, another, false},
		{"late, the counter's gate", late, false, true, another, false},
		{"shared, no gate", shared, false, false, another, true},
		{"shared, the server's gate", shared, true, false, another, false},
		{"shared, the counter's gate", shared, false, true, another, false},
		{"named, no gate", named, false, false, another, true},
		{"named, the server's gate", named, true, false, another, false},
		{"named, the counter's gate", named, false, true, another, false},
		{"mixed, no gate", mixed, false, false, another, true},
		{"mixed, the server's gate", mixed, true, false, another, false},
		{"mixed, the counter's gate", mixed, false, true, another, false},
		{"an end is lost, the register's answer", deaf, false, false, ended, false},
		{"an end is lost, the register's answer and the counter's gate", deaf, false, true, ended, false},
		{"an end is lost, the counter's gate", believed, false, true, ended, false},
		{"an end is lost, nothing", believed, false, false, ended, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := paperSetup{minds: c.minds, machine: func(m press.Machine) (press.Machine, twist) {
				m, hook := c.fault(m)
				if !c.server {
					m = faulty.Unchecked{Machine: m}
				}
				return m, hook
			}}
			if !c.counter {
				s.gate = faulty.Trusting{}
			}
			n := 10
			switch {
			case c.found:
				n = 1000
			case os.Getenv("AKASHI_FULL") != "":
				n = 500
			}
			w := newPapers(t, 1, s)
			wrong := w.playAll(0, n)
			if c.found != (wrong != "") {
				t.Errorf("found %t: %s %v", wrong != "", wrong, w.did)
			}
			t.Logf("schedule %d: %q %v", w.at, w.wrong, w.did)
		})
	}
}

// endIsLost loses what the register tells of the end of a seal.
func endIsLost(w *papers, m *carried) bool {
	n, is := m.payload.(message.IssuingRecord)
	return is && slices.ContainsFunc(w.homes, func(h *home) bool { return h.had && !h.seal && h.people[0].Code == n.Code })
}

// agreed has the register answer what the copy believes.
func agreed(w *papers, m *carried) bool {
	n, is := m.payload.(message.IssuingAnswer)
	if !is {
		return false
	}
	r, found, err := w.server.Request(w.Context(), n.Request)
	check(w, err)
	for i := range n.Persons {
		if found && i < len(r.Persons) {
			p := &n.Persons[i]
			p.Version, p.Hash, p.Seal = r.Persons[i].Version, r.Persons[i].Hash, true
		}
	}
	m.payload = n
	return false
}
