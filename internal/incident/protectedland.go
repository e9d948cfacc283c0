package incident

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/inquiry"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/issuing"
	counter "github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/org/nationalcenter"
	"github.com/akashi-id/akashi/internal/org/prefecture"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// protectedLand is a municipality, its prefecture and the national center with a couple of whom one is protected from the other. The CA
// is played by the field.
type protectedLand struct {
	clk    *clock.Virtual
	field  *field
	driver *clock.Driver
	town   *counter.Municipality
	center *nationalcenter.Center
	close  []func() error

	old, now resident.Address // where they lived together, and where she lives now
	him, her counter.Filed
	mother   counter.Filed // hers, to whom she moves
	name     resident.Name
	born     resident.PartialDate
	moments  []PartMoment
	counts   map[string]int

	off     removed                                       // safeguards that are left out
	at      safeguard                                     // the one that may look at the moment
	copied  map[resident.RecordCode]message.IssuingRecord // what the issuing server was told
	chained []string                                      // which safeguard stopped which paper
}

var (
	takes  = access.Person{ID: "clerk-aoki", Job: access.Clerk, Fresh: true}  // who takes her application
	serves = access.Person{ID: "clerk-inoue", Job: access.Clerk, Fresh: true} // who serves whoever asks for her address
)

// atDesk is the context of somebody at the counter.
func atDesk(ctx context.Context, p access.Person) context.Context {
	return look.With(access.With(ctx, p), look.Ground{Purpose: look.Notice, Case: "1"})
}

// openProtected opens the land. gate nil: the one flag. off are safeguards of the issuers that are left out from the beginning.
func openProtected(ctx context.Context, begin time.Time, code, town string, gate protection.Gate, off ...safeguard) (l *protectedLand, err error) {
	l = &protectedLand{clk: clock.NewVirtual(begin), off: removed{}, at: nowhere, copied: map[resident.RecordCode]message.IssuingRecord{},
		counts: map[string]int{"asked": 0, "shown": 0, "lines": 0, "ended": 0, "set_aside": 0, "papers_tried": 0, "papers_stopped": 0, "papers_stopped_elsewhere": 0}}
	for _, s := range off {
		l.off[s] = true
	}
	if gate == nil {
		gate = protection.OneFlag{}
	}
	if l.field, err = newField(l.clk); err != nil {
		return nil, err
	}
	l.field.taken = func(message.Payload) {}
	l.field.stands = func(o message.Org) bool { return o.Role() == message.CA }
	self, server := message.Org("municipality-"+code), message.Org("issuing-"+code)
	above := message.Org("prefecture-" + code[:2])
	config := func(o message.Org, peers ...message.Org) (host.Config, error) {
		signer, err := l.field.signer(o)
		return host.Config{Self: o, Name: plain.Sentence{JA: town, EN: town}, StoreURL: "memory:", Clock: l.clk, Rand: rand.Reader, Signer: signer,
			Trust: l.field.trust, Link: l.field.link(o), Peers: peers, Closes: func(message.Org) bool { return false },
			Secrets: func(message.Org) []byte { return []byte("a secret of a replay, 32 bytes long") }}, err
	}
	var tasks []clock.Task
	add := func(h *host.Host, close func() error) {
		l.field.net.Join(h.Self, h.Exchange)
		tasks, l.close = append(tasks, slices.Concat(h.Exchange.Tasks(), h.Due.Tasks())...), append(l.close, close)
	}
	fail := func(err error) (*protectedLand, error) { return nil, errors.Join(err, l.end()) }
	h, err := config(message.Org(message.NationalCenter), above, self)
	if err != nil {
		return fail(err)
	}
	if l.center, err = nationalcenter.New(ctx, nationalcenter.Config{Config: h, Gate: gate}); err != nil {
		return fail(err)
	}
	add(l.center.Host, l.center.Close)
	if h, err = config(above, self, message.Org(message.NationalCenter)); err != nil {
		return fail(err)
	}
	p, err := prefecture.New(ctx, prefecture.Config{Config: h})
	if err != nil {
		return fail(err)
	}
	add(p.Host, p.Close)
	machine, office, err := l.field.press(server, code)
	if err != nil {
		return fail(err)
	}
	if h, err = config(server, self); err != nil {
		return fail(err)
	}
	h.Trial = l.trial
	issuer, err := issuing.New(ctx, issuing.Config{Config: h, Press: issuing.Press{Machine: machine, Office: office, Verify: "https://verify.example/" + code}})
	if err != nil {
		return fail(err)
	}
	add(issuer.Host, issuer.Close)
	if h, err = config(self, above, message.Org(message.NationalCenter), message.Org(message.CA), server); err != nil {
		return fail(err)
	}
	documents := counter.Documents{Office: office, Gate: issuersJudge{machine, l}, Verify: "https://verify.example/" + code}
	if l.town, err = counter.New(ctx, counter.Config{Config: h, Gate: issuersGate{gate, l}, Documents: &documents}); err != nil {
		return fail(err)
	}
	add(l.town.Host, l.town.Close)
	l.driver = clock.NewDriver(l.clk, tasks)
	if err = l.wait(ctx, time.Minute); err == nil {
		err = l.settle(ctx)
	}
	if err != nil {
		return fail(err)
	}
	return l, nil
}

func (l *protectedLand) end() (err error) {
	for _, c := range slices.Backward(l.close) {
		err = errors.Join(err, c())
	}
	return err
}

func (l *protectedLand) wait(ctx context.Context, d time.Duration) error {
	return l.driver.Until(ctx, l.clk.Now().Add(d))
}

// until goes on to a time of a day.
func (l *protectedLand) until(ctx context.Context, day resident.Date, hour int) error {
	return l.driver.Until(ctx, day.Start().Add(time.Duration(hour)*time.Hour))
}

// settle registers the couple, and her mother. Their names are invented.
func (l *protectedLand) settle(ctx context.Context) (err error) {
	m, err := resident.Lookup("municipality", l.town.Code(), resident.DateOf(l.clk.Now()))
	if err != nil {
		return err
	}
	if l.old, err = resident.ParseAddress("address", m.FullName()+"一番町1番1号"); err != nil {
		return err
	}
	if l.now, err = resident.ParseAddress("address", m.FullName()+"二番町2番2号"); err != nil {
		return err
	}
	ctx = atDesk(ctx, takes)
	person := func(name, kana, born string, sex resident.Sex, at resident.Address, relation string, household resident.HouseholdID) (counter.Filed, error) {
		r := counter.Registration{Reason: resident.MoveIn, Basis: "law-22", Another: true}
		var errs [4]error
		r.Record.Name, errs[0] = resident.ParseName("name", name)
		r.Record.Kana, errs[1] = resident.ParseKana("kana", kana)
		r.Record.Birth, errs[2] = resident.ParsePartialDate("birth", born)
		r.Record.Relation, errs[3] = resident.ParseRelation("relation", relation)
		if err := errors.Join(errs[:]...); err != nil {
			return counter.Filed{}, err
		}
		r.Record.Sex, r.Record.Address, r.Record.Household, r.Record.BecameResident = sex, at, household, resident.DateOf(l.clk.Now())
		l.name, l.born = r.Record.Name, r.Record.Birth
		return l.town.Register(ctx, r)
	}
	if l.mother, err = person("川上　良子", "カワカミ ヨシコ", "1955-05-05", resident.Female, l.now, "世帯主", ""); err != nil {
		return err
	}
	if l.him, err = person("山田　太郎", "ヤマダ タロウ", "1980-01-01", resident.Male, l.old, "世帯主", ""); err != nil {
		return err
	}
	home, err := l.town.Look(ctx, l.him.Person, "household")
	if err != nil {
		return err
	}
	if l.her, err = person("山田　花子", "ヤマダ ハナコ", "1982-02-02", resident.Female, l.old, "妻", home.Now.Record.Household); err != nil {
		return err
	}
	return l.wait(ctx, time.Minute)
}

// move has her file her new address, in the household of her mother.
func (l *protectedLand) move(ctx context.Context) error {
	ctx = atDesk(ctx, takes)
	d, err := l.town.Look(ctx, l.her.Person, "move")
	if err != nil {
		return err
	}
	home, err := l.town.Look(ctx, l.mother.Person, "move")
	if err != nil {
		return err
	}
	child, err := resident.ParseRelation("relation", "子")
	if err != nil {
		return err
	}
	_, err = l.town.File(ctx, counter.MoveWithin{Filing: counter.Filing{Person: l.her.Person, Base: d.Now.Number, Arose: resident.DateOf(l.clk.Now()), Basis: "law-23"},
		Address: l.now, AsIs: true, Household: home.Now.Record.Household, Relation: child})
	if err != nil {
		return err
	}
	return l.wait(ctx, time.Minute)
}

// way is one way by which somebody at a counter or a search may come to her new address.
type way struct {
	name string
	ask  func(ctx context.Context) (shown bool, err error)
}

// ways are all that this system has.
func (l *protectedLand) ways() []way {
	says := func(a resident.Address) bool { return a == l.now }
	return []way{
		{"窓口の記録 record", func(ctx context.Context) (bool, error) {
			d, err := l.town.Look(ctx, l.her.Person, "record")
			return says(d.Now.Record.Address), err
		}},
		{"窓口の検索 search", func(ctx context.Context) (shown bool, err error) {
			found, _, err := l.town.Search(ctx, counter.Query{Name: l.name.Reveal(), Birth: l.born})
			for _, v := range found {
				shown = shown || says(v.Record.Address)
			}
			return shown, err
		}},
		{"母の世帯の画面 mother's household", func(ctx context.Context) (shown bool, err error) {
			d, err := l.town.Look(ctx, l.mother.Person, "record")
			for _, v := range d.Household {
				shown = shown || v.Person == l.her.Person && says(v.Record.Address)
			}
			return shown, err
		}},
		{"届出の画面 notice", func(ctx context.Context) (bool, error) {
			p, err := l.town.Preview(ctx, counter.MoveWithin{Filing: counter.Filing{Person: l.her.Person, Base: l.version(ctx), Arose: resident.DateOf(l.clk.Now()), Basis: "law-23"}, Address: l.old, AsIs: true, OwnHousehold: true})
			return says(p.Before.Record.Address), err
		}},
		{"住所の載る証明 document that states it", func(ctx context.Context) (bool, error) {
			_, err := l.town.Apply(ctx, counter.Application{Evidence: identity.Evidence{identity.MyNumberCard}, Person: l.her.Person, Base: l.version(ctx), Profile: cert.Signature})
			return err == nil, err
		}},
		{"本人のカードで取る住民票の写し paper by her card", func(ctx context.Context) (bool, error) {
			_, text, err := l.paper(ctx)
			return l.shows(text), err
		}},
		{"全国センターの検索 index", func(ctx context.Context) (shown bool, err error) {
			a, err := l.center.Inquiry.Ask(ctx, serves, look.Ground{Purpose: look.Confirm, Case: "照会1"},
				inquiry.Question{Asked: resident.BasicFour{Name: l.name, Birth: l.born}})
			for _, c := range a.Candidates {
				shown = shown || says(c.Address)
			}
			return shown, err
		}},
	}
}

// version is the version of her record, which everybody who has it in hand knows.
func (l *protectedLand) version(ctx context.Context) (v resident.Version) {
	// What is masked keeps its number.
	d, err := l.town.Look(ctx, l.her.Person, "version")
	if err == nil {
		v = d.Now.Number
	}
	return v
}

// asked has somebody ask by every way, and says what each shows. A refusal shows nothing; anything else that fails is an error.
func (l *protectedLand) asked(ctx context.Context, what plain.Sentence) error {
	ctx = atDesk(ctx, serves)
	view, sees := View{}, map[string]string{}
	for _, w := range l.ways() {
		shown, err := w.ask(ctx)
		if _, refused := plain.AsProblems(err); err != nil && !refused {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		l.counts["asked"]++
		sees[w.name] = "支援措置中 protected"
		if shown {
			view.Shown++
			l.counts["shown"]++
			sees[w.name] = "住所を示す shows the address"
		}
	}
	view.Sees = sees
	l.moments = append(l.moments, PartMoment{At: l.clk.Now(), What: what, View: view})
	return nil
}

// eachSystem is the gate of the municipalities that this happened to: every system has a flag of its own, and asks that one.
type eachSystem struct{ set map[protection.System]bool }

func (g eachSystem) Standing(ctx context.Context, tx *sqlstore.Tx, of protection.System, codes ...resident.RecordCode) (protection.Standing, error) {
	if !g.set[of] {
		return protection.Standing{}, nil
	}
	return protection.OneFlag{}.Standing(ctx, tx, of, codes...)
}

// shownOutcome is the same judgement of every variant: nobody was shown where she lives, and where safeguards were left out the next one stopped the paper.
func shownOutcome(c map[string]int, chained ...string) Outcome {
	return Outcome{Holds: c["shown"] == 0 && c["asked"] > 0 && c["papers_stopped_elsewhere"] == 0, Findings: append([]string{
		fmt.Sprintf("住所を尋ねられた%[1]d回のうち、示したもの%[2]d回 / asked %[1]d times, and shown %[2]d times where she lives", c["asked"], c["shown"])}, chained...)}
}

func shownLine(v View) string { return fmt.Sprintf("住所を示した shown %d", v.Shown) }

// shownReport puts two runs side by side.
func shownReport(name string, notes []string, was, ours *Part, counted ...string) *Report {
	r := &Report{Name: name, Notes: notes, AsItWas: was.Outcome, Akashi: ours.Outcome, Counts: map[string]int{}}
	r.take(was, "_as_it_was", counted...)
	r.take(ours, "_akashi", counted...)
	for n, m := range was.Moments {
		r.Timeline = append(r.Timeline, Moment{At: m.At, What: m.What, AsItWas: m.View, Akashi: ours.Moments[n].View})
	}
	return r
}
