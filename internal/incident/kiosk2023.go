package incident

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/document/press"
	"github.com/akashi-id/akashi/internal/document/press/faulty"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/imprint/imprinttest"
	counter "github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// kiosk is one of the failures of 2023 and 2024, in which people were given the papers of others (誤交付).
type kiosk struct {
	name       string
	title      plain.Sentence
	notes      []string
	code       string // of the municipality
	ward       string // of a designated city, in which the people live
	begin      resident.Date
	households []int  // the sizes
	nodes      int    // of the issuing server; 0: one
	mended     string // the version of ours; empty: no version plays a part
	// fault makes the variant in which the mechanism of the report is at work; without is the same land without its trigger.
	fault func(without bool) paperVariant
	// play brings what happened.
	play func(ctx context.Context, l *paperLand, without bool) error
	// asked is what is asked afterwards; after brings what became of the papers then. Nil: nothing.
	asked askedAfter
	after func(ctx context.Context, l *paperLand) error
}

func (k kiosk) incident() Incident {
	return Incident{Name: k.name, Title: k.title, Part: k.part, Line: paperLine, Join: func(was, ours *Part) *Report {
		r := &Report{Name: k.name, Notes: append(kioskNotes, k.notes...), AsItWas: was.Outcome, Akashi: ours.Outcome, Counts: map[string]int{}}
		counted := []string{"asked", "handed_over", "to_another", "people_shown", "wrongly_certified", "refused", "stopped", "errors",
			"inquiry_in_doubt", "inquiry_another", "inquiry_shown", "inquiry_my_number", "inquiry_missed", "inquiry_named_wrongly"}
		r.take(was, "_as_it_was", counted...)
		for _, name := range withTheFault {
			counted = append(counted, name+"_with_the_fault")
		}
		r.take(ours, "_akashi", counted...)
		r.InquiryAsItWas, r.InquiryAkashi = was.Inquiry, ours.Inquiry
		for n, m := range was.Moments {
			r.Timeline = append(r.Timeline, Moment{At: m.At, What: m.What, AsItWas: m.View, Akashi: ours.Moments[n].View})
		}
		return r
	}}
}

var kioskNotes = []string{
	"the counter stands for the kiosk, which is not in this program yet; 戸籍 stand as resident records. All persons and their hours are invented, except the days and counts of the reports",
	"as it was, the same rules and SQL run with a machine that has the published mechanism, and nobody judges what it made. Akashi runs them with its own machine, and a second time with that of the fault",
}

// withTheFault is what is counted of ours with the fault in it.
var withTheFault = []string{"asked", "handed_over", "to_another", "wrongly_certified", "stopped", "differences", "errors", "inquiry_in_doubt", "inquiry_another", "inquiry_shown", "behind", stoppedBefore}

// part plays one variant. Ours is played twice: as it is, and with the fault in it, which its gates must stop.
func (k kiosk) part(ctx context.Context, opt Options, asItWas bool) (*Part, error) {
	fault := k.fault(opt.NoTrigger)
	if asItWas {
		l, err := k.run(ctx, fault, opt.NoTrigger)
		if err != nil {
			return nil, err
		}
		return &Part{Outcome: paperOutcome(l.counts), Counts: l.counts, Moments: l.moments, Inquiry: l.inquired}, nil
	}
	ours, err := k.run(ctx, paperVariant{gates: true, program: k.mended}, opt.NoTrigger)
	if err != nil {
		return nil, err
	}
	fault.gates = true
	planted, err := k.run(ctx, fault, opt.NoTrigger)
	if err != nil {
		return nil, err
	}
	for _, name := range withTheFault {
		if n, counted := planted.counts[name]; counted {
			ours.counts[name+"_with_the_fault"] = n
		}
	}
	o := paperOutcome(ours.counts)
	with := paperOutcome(planted.counts)
	o.Holds = o.Holds && with.Holds
	o.Findings = append(o.Findings, "同じ障害を組み込むと / with the fault in it: "+with.Findings[0])
	return &Part{Outcome: o, Counts: ours.counts, Moments: ours.moments, Inquiry: planted.inquired}, nil
}

func (k kiosk) run(ctx context.Context, v paperVariant, without bool) (l *paperLand, err error) {
	if l, err = openPapers(ctx, k.begin.Start().Add(7*time.Hour), k.code, k.ward, max(k.nodes, 1), v, k.households...); err != nil {
		return nil, err
	}
	if err = k.play(ctx, l, without); err == nil {
		err = k.inquire(ctx, l)
	}
	l.counts["people_shown"] = len(l.shown)
	return l, errors.Join(err, l.end())
}

// inquire asks afterwards what the error concerned.
func (k kiosk) inquire(ctx context.Context, l *paperLand) error {
	if err := l.driver.Until(ctx, k.asked.until.AddDays(1).Start().Add(9*time.Hour)); err != nil {
		return err
	}
	if err := l.inquire(k.asked); err != nil {
		return err
	}
	if k.after != nil {
		if err := k.after(ctx, l); err != nil {
			return err
		}
	}
	var err error
	l.inquired, err = l.found(ctx)
	return err
}

// paperOutcome is the same judgement of every variant: nobody was given a page of somebody else's, nor a seal that had ended.
func paperOutcome(c map[string]int) Outcome {
	return Outcome{Holds: c["to_another"] == 0 && c["wrongly_certified"] == 0 && c["asked"] > 0, Findings: []string{
		fmt.Sprintf("%[1]d件の申請のうち、渡したもの%[2]d、他人のページ%[3]d、終わった印鑑%[4]d、止めたもの%[5]d / of %[1]d applications %[2]d handed over: %[3]d with another's page, %[4]d of an ended seal; %[5]d stopped",
			c["asked"], c["handed_over"], c["to_another"], c["wrongly_certified"], c["stopped"])}}
}

// household asks for the record of a household.
func (l *paperLand) household(home int, items document.Items) error {
	return l.ask(l.homes[home], making.HouseholdRecord, items)
}

// sealed registers the seal of the head of a household.
func (l *paperLand) sealed(home, face int) error {
	who := l.homes[home].people[0]
	_, err := l.town.RegisterSeal(l.desk, counter.SealApplication{Person: who.Person, Base: who.Version, Text: "架空", Way: counter.SealByPhotoID,
		Scan: imprinttest.Seal{Millimetres: 13.5, Face: uint64(face + 1), DPI: 300}.Scan(), Evidence: identity.Evidence{identity.DrivingLicence}})
	return err
}

// sync enters a change of somebody who asks for nothing, so that the copy is written.
func (l *paperLand) sync() error {
	last := l.homes[len(l.homes)-1]
	who := last.people[0]
	d, err := l.town.Look(l.desk, who.Person, "change")
	if err != nil {
		return err
	}
	l.counts["changed"]++
	at, err := resident.ParseAddress("address", fmt.Sprintf("%s二番町%d番1号", l.place, l.counts["changed"]))
	if err != nil {
		return err
	}
	_, err = l.town.File(l.desk, counter.MoveWithin{Filing: counter.Filing{Person: who.Person, Base: d.Now.Number, Arose: resident.DateOf(l.clk.Now()), Basis: "law-23"},
		Address: at, AsIs: true, OwnHousehold: true})
	return err
}

// firstIsSlow is the machine whose first job takes too long, so that whoever comes after it gets the paper before.
func firstIsSlow(without bool) paperVariant {
	return paperVariant{machine: func(m press.Machine) press.Machine {
		first := true
		return &faulty.Late{Machine: m, Slow: func(document.Paper) bool {
			slow := first && !without
			first = false
			return slow
		}}
	}}
}

// kioskTimeout2023 is Yokohama's (K1): ten papers of eighteen people in nine minutes.
var kioskTimeout2023 = kiosk{
	name: "kiosk-timeout-2023", title: plain.Sentence{JA: "印刷の時間切れの後、前の人の証明書が出る（横浜市）", EN: "after a print job's timeout everybody gets the paper before (Yokohama)"},
	notes: []string{"of the reports: 2023-03-27, 11:34 to 11:43, ten papers with the data of eighteen people, one with an individual number",
		"the first job takes too long and is tried again, as this program does; in 2023 its applicant asked again"},
	code: "141003", ward: "141046", begin: resident.MustDate(2023, 3, 27),
	households: []int{2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 2},
	fault:      firstIsSlow,
	play: func(ctx context.Context, l *paperLand, _ bool) error {
		if err := l.driver.Until(ctx, l.day.Start().Add(11*time.Hour+34*time.Minute)); err != nil {
			return err
		}
		for n := range l.homes {
			if err := l.household(n, document.Items{Number: n == 3}); err != nil {
				return err
			}
			if err := l.wait(ctx, 54*time.Second); err != nil {
				return err
			}
			if err := l.give(); err != nil {
				return err
			}
		}
		l.moment("横浜市で11人が世帯の写しを受け取る", "eleven people are given the record of their household")
		return nil
	},
	asked: askedAfter{resident.MustDate(2023, 3, 27), resident.MustDate(2023, 3, 27), "印刷の時間切れの後、前の人の証明書が印刷されたおそれ"},
}.incident()

// kioskRace2023 is Adachi's (K2): three errors, two papers, four people.
var kioskRace2023 = kiosk{
	name: "kiosk-race-2023", title: plain.Sentence{JA: "随時連携と印刷が重なり、印刷イメージが上書きされる（足立区）", EN: "changes arrive while papers wait, and one image is written over another (Adachi)"},
	notes: []string{"of source 003: errors on 2023-01-17, 03-22 and 04-18, each closed as normal because the applicant asked again and it printed; on 03-22 a resident record of three people went to another, on 04-18 a seal certificate of one; the inquiry over 01-04 to 04-22; one paper recovered on 04-28, one cut up at home",
		"on 01-17 one paper alone waits, which is why the report found no wrong one of that day; that the error was shown to whoever got the wrong paper: both are our reading"},
	code: "131211", begin: resident.MustDate(2023, 1, 16),
	households: []int{2, 3, 1, 1, 2, 1},
	fault: func(bool) paperVariant {
		var shared *faulty.Shared
		failed := map[string]bool{}
		return paperVariant{machine: func(m press.Machine) press.Machine {
			shared = &faulty.Shared{Machine: m, Failed: func(request string) { failed[request] = true }}
			return shared
		},
			failed: func(request string) bool { return failed[request] },
			route: func(o message.Org, r exchange.Route) exchange.Route {
				if o.Role() != message.Issuing || r.Kind != (message.IssuingRecord{}).Kind() {
					return r
				}
				return r.Instead(func(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, p message.Payload, really exchange.Rule) ([]message.Out, error) {
					if shared != nil {
						shared.Synced()
					}
					return really(ctx, tx, d, p)
				})
			}}
	},
	play: func(ctx context.Context, l *paperLand, without bool) error {
		for n := range 2 {
			if err := l.sealed(2+n, n); err != nil {
				return err
			}
		}
		for _, e := range []struct {
			day  resident.Date
			asks []int
			kind making.Kind
		}{{resident.MustDate(2023, 1, 17), []int{4}, making.HouseholdRecord}, {resident.MustDate(2023, 3, 22), []int{0, 1}, making.HouseholdRecord},
			{resident.MustDate(2023, 4, 18), []int{2, 3}, making.SealCertificate}} {
			if err := l.driver.Until(ctx, e.day.Start().Add(10*time.Hour)); err != nil {
				return err
			}
			l.busyUntil = l.clk.Now().Add(8 * time.Second) // the papers wait
			for _, n := range e.asks {
				if err := l.ask(l.homes[n], e.kind, raceItems(e.kind)); err != nil {
					return err
				}
				if err := l.wait(ctx, 2*time.Second); err != nil {
					return err
				}
			}
			if !without {
				if err := l.sync(); err != nil {
					return err
				}
			}
			if err := l.wait(ctx, 20*time.Second); err != nil {
				return err
			}
			if err := l.give(); err != nil {
				return err
			}
			if err := l.askAgain(ctx); err != nil {
				return err
			}
			l.moment(fmt.Sprintf("%d人が待つ間に、住民記録の異動が届く", len(e.asks)), fmt.Sprintf("a change of the register arrives while %d wait", len(e.asks)))
		}
		return nil
	},
	asked: askedAfter{resident.MustDate(2023, 1, 4), resident.MustDate(2023, 4, 22), "随時連携と印刷が重なり、印刷イメージが上書きされたおそれ"},
	after: func(ctx context.Context, l *paperLand) error {
		if err := l.driver.Until(ctx, resident.MustDate(2023, 4, 28).Start().Add(15*time.Hour)); err != nil {
			return err
		}
		return l.recovered("3月22日に店舗に届けられた紙を区が回収した。", "申請した方が自宅で細かく切って処分したと確かめた。")
	},
}.incident()

func raceItems(k making.Kind) document.Items {
	return document.Items{Relation: k == making.HouseholdRecord, Domicile: k == making.HouseholdRecord}
}

// kioskSecond2023 is Kawasaki's (K3): two shops within one second.
var kioskSecond2023 = kiosk{
	name: "kiosk-second-2023", title: plain.Sentence{JA: "同じ1秒のうちの申請が、先の申請を上書きする（川崎市）", EN: "of two within a second the later is written over the earlier (Kawasaki)"},
	notes: []string{"of the reports: 2023-05-02 07:31, two shops within one second; the name of a file was made of the time"},
	code:  "141305", ward: "141313", begin: resident.MustDate(2023, 5, 2),
	households: []int{2, 3},
	fault: func(bool) paperVariant {
		return paperVariant{machine: func(m press.Machine) press.Machine { return &faulty.Named{Machine: m} }}
	},
	play: func(ctx context.Context, l *paperLand, without bool) error {
		if err := l.driver.Until(ctx, l.day.Start().Add(7*time.Hour+31*time.Minute)); err != nil {
			return err
		}
		for n := range 2 {
			if err := l.household(n, document.Items{}); err != nil {
				return err
			}
			if without {
				if err := l.wait(ctx, 2*time.Second); err != nil {
					return err
				}
			}
		}
		if err := l.wait(ctx, 10*time.Second); err != nil {
			return err
		}
		if err := l.give(); err != nil {
			return err
		}
		l.moment("2つの店舗で同時に申請する", "two shops, at the same time")
		return nil
	},
	asked: askedAfter{resident.MustDate(2023, 5, 2), resident.MustDate(2023, 5, 2), "同じ1秒のうちの申請が、先の申請を上書きしたおそれ"},
}.incident()

// pagesMixed2023 is Tokushima's (K4): the second of three pages was another person's.
var pagesMixed2023 = kiosk{
	name: "pages-mixed-2023", title: plain.Sentence{JA: "一通の中に、別の人のページが混ざる（徳島市）", EN: "a page of somebody else's within a document (Tokushima)"},
	notes: []string{"of the reports: March 2023, three pages, the second of another person. How it came about was not found: here it is that of the document before, and without the trigger nothing is mixed",
		"the two households have so many people that their records have two pages"},
	code: "362018", begin: resident.MustDate(2023, 3, 20),
	households: []int{5, 5},
	fault: func(without bool) paperVariant {
		return paperVariant{machine: func(m press.Machine) press.Machine {
			if mixer, ok := m.(faulty.Mixer); ok && !without {
				return &faulty.Mixed{Mixer: mixer}
			}
			return m
		}}
	},
	play: func(ctx context.Context, l *paperLand, _ bool) error {
		for n := range 2 {
			if err := l.household(n, document.Items{}); err != nil {
				return err
			}
			if err := l.wait(ctx, 10*time.Second); err != nil {
				return err
			}
		}
		if err := l.give(); err != nil {
			return err
		}
		l.moment("2つの世帯が続けて写しを受け取る", "two households are given their records, one after the other")
		return nil
	},
	asked: askedAfter{resident.MustDate(2023, 3, 20), resident.MustDate(2023, 3, 20), "一通の中に、別の人のページが混ざったおそれ"},
}.incident()

// sealCancelled2023 is Niigata's (K5): three certificates of seals that had ended.
var sealCancelled2023 = kiosk{
	name: "seal-cancelled-2023", title: plain.Sentence{JA: "廃止した印鑑が証明される（新潟市）", EN: "a seal is certified after it has ended (Niigata)"},
	notes: []string{"of the reports: three documents; that the ends of registrations did not reach the copy is what the ministry said of the kind of fault, and how it came about here is not published",
		"as it was, the copy loses the ends and issues by itself; in Akashi the same ends are lost"},
	code: "151009", ward: "151033", begin: resident.MustDate(2020, 12, 1),
	households: []int{1, 1, 1},
	fault: func(without bool) paperVariant {
		held := map[resident.RecordCode]message.IssuingRecord{} // what the copy was told
		return paperVariant{route: func(o message.Org, r exchange.Route) exchange.Route {
			if o.Role() != message.Issuing || without {
				return r
			}
			return r.Instead(func(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, p message.Payload, really exchange.Rule) ([]message.Out, error) {
				if n, is := p.(message.IssuingRecord); is {
					if held[n.Code].Seal.Given() && !n.Seal.Given() {
						return nil, nil // taken, and not written
					}
					held[n.Code] = n
				}
				return really(ctx, tx, d, p)
			})
		}, believes: func(n message.IssuingAnswer) message.IssuingAnswer {
			for i := range n.Persons {
				p := &n.Persons[i]
				if was, known := held[p.Code]; known {
					p.Version, p.Hash, p.Seal = was.Version, was.StateHash(), was.Seal.Given()
				}
			}
			return n
		}}
	},
	play: func(ctx context.Context, l *paperLand, _ bool) error {
		for n := range l.homes {
			if err := l.sealed(n, n); err != nil {
				return err
			}
		}
		if err := l.wait(ctx, time.Minute); err != nil {
			return err
		}
		for _, home := range l.homes {
			if err := l.town.EndSeal(l.desk, home.people[0].Person, counter.SealLost); err != nil {
				return err
			}
			home.sealEnded = true
		}
		if err := l.wait(ctx, 49*time.Hour); err != nil {
			return err
		}
		n, err := l.differs(ctx)
		if err != nil {
			return err
		}
		l.counts["differences"] = int(n)
		for _, home := range l.homes {
			if err := l.ask(home, making.SealCertificate, document.Items{}); err != nil {
				return err
			}
			if err := l.wait(ctx, 10*time.Second); err != nil {
				return err
			}
		}
		if err := l.give(); err != nil {
			return err
		}
		l.moment("登録を廃止した3人の印鑑登録証明書が求められる", "certificates are asked for of three seals that have ended")
		return nil
	},
	asked: askedAfter{resident.MustDate(2020, 12, 1), resident.MustDate(2020, 12, 4), "廃止した印鑑が証明されたおそれ"},
}.incident()
