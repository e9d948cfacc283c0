package incident

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/plain"
)

// oneNumber2016 is how two men came to have one individual number: on a moving in the record code of a namesake was attached, because a
// search by reading and date of birth had one hit.
var oneNumber2016 = Incident{
	Name:  oneNumber2016Name,
	Title: plain.Sentence{JA: "二人に一つの個人番号（平成28年）", EN: "one individual number for two men, 2016"},
	Part: func(ctx context.Context, opt Options, asItWas bool) (*Part, error) {
		return numbersPart(ctx, opt, asItWas, asFound2016)
	},
	Join: numbersReport,
	Line: func(v View) string {
		return fmt.Sprintf("同じコードの人 share a code %d  同じ個人番号の人 share a number %d  住所が別人のもの another's address %d", v.SameCode, v.SameNumber, v.Elsewhere)
	},
}

const oneNumber2016Name = "one-number-two-men-2016"

// numbersPart runs one variant in a size.
func numbersPart(ctx context.Context, opt Options, asItWas bool, size numbersSize) (*Part, error) {
	n, err := newNumbers(ctx, newNumbersPlan(opt.Seed, !opt.NoTrigger, size), opt, asItWas)
	if err != nil {
		return nil, err
	}
	defer n.close()
	if err := n.run(ctx); err != nil {
		return nil, err
	}
	return &Part{Outcome: numbersOutcome(n.counts), Counts: n.counts, Moments: n.moments}, nil
}

// numbersNotes say what is from reports, what is synthetic, and what is simplified.
var numbersNotes = []string{
	"of the reports (Mainichi and Nikkei of 2016-02-23 as quoted by kaikeizine.jp, securitynavi.jp, srad.jp): a man moved to 長野市 about 2010 from an address that nobody knew, his earlier record had been deleted in 1998; an official took a man of 坂出市 for him, whose reading and date of birth are the same and whose name differs in one character; the man of 坂出市 found it out when he asked about his pension and his address was in 長野市",
	"the first pair is the recorded one; the others, their names and births, and the days of 2010 are synthetic. Of every second pair of these the names do not differ at all",
	"as it was: whoever attaches a code is agreed with, and the center takes what comes under a code for the state of whoever has it. All else is the program's own in both variants",
	"the index of 2010 had readings; this system's center holds none and its search compares names byte for byte, so that the search itself is not played: only that its one hit was taken for the person",
	"numbers were given to all at once in October 2015; here they are given when somebody is entered. The six years between are not played",
	"here a clerk who is refused registers the man under a new code, and asks nobody else; that two codes may be of one person is what the center looks for all the time",
}

// count reads the figures from the registers and the index at the end.
func (n *numbers) count(ctx context.Context) error {
	entries, err := n.entries(ctx)
	if err != nil {
		return err
	}
	n.counts["namesakes"], n.counts["movers"] = 2*len(n.plan.namesakes), len(n.plan.movers)
	n.counts["people_who_share_a_code"], n.counts["people_who_share_a_number"] = shared(entries, 0), shared(entries, 1)
	n.counts["people"] = len(entries)
	for _, e := range entries {
		if e[1] != "" {
			n.counts["people_with_a_number"]++
		}
	}
	if n.counts["people_with_anothers_address"], err = n.elsewhere(ctx); err != nil {
		return err
	}
	if n.counts["people_who_share_a_number"] > 0 {
		n.counts["days_to_discovery"] = int(numberFound.Start().Sub(movedToNagano.Start()).Hours() / 24)
	}
	return nil
}

// look adds a moment.
func (n *numbers) look(ctx context.Context, what plain.Sentence) {
	m := PartMoment{At: n.clk.Now(), What: what, View: View{Sees: map[string]string{"nagano": "— / —", "sakaide": "— / —", "nationalcenter": "— / —"}}}
	entries, err := n.entries(ctx)
	wrong, e := n.elsewhere(ctx)
	if err == nil && e == nil {
		m.View.SameCode, m.View.SameNumber, m.View.Elsewhere = shared(entries, 0), shared(entries, 1), wrong
	}
	for who, sees := range n.sees {
		m.View.Sees[who] = sees
	}
	if wrong > 0 && !n.clk.Now().Before(atTen(numberFound)) {
		m.View.Sees["sakaide"] = "住所が長野市になっている / the address is one in Nagano"
	}
	n.moments = append(n.moments, m)
}

// numbersReport puts the two runs side by side. Every figure is counted from them.
func numbersReport(was, ours *Part) *Report {
	r := &Report{Name: oneNumber2016Name, Notes: numbersNotes, AsItWas: was.Outcome, Akashi: ours.Outcome, Counts: map[string]int{}}
	both := []string{"namesakes", "movers", "people", "people_with_a_number", "people_who_share_a_code", "people_who_share_a_number", "people_with_anothers_address",
		"hits_taken_for_the_person", "refused_at_the_counter", "moved_with_the_code"}
	r.take(was, "_as_it_was", append(both, "days_to_discovery")...)
	r.take(ours, "_akashi", both...)
	for n, m := range was.Moments {
		r.Timeline = append(r.Timeline, Moment{At: m.At, What: m.What, AsItWas: m.View, Akashi: ours.Moments[n].View})
	}
	return r
}

// numbersOutcome is the same judgement of both: nobody has another one's code, number or address, everybody has a number, and who really moved
// took the code along.
func numbersOutcome(c map[string]int) Outcome {
	o := Outcome{Holds: c["people_who_share_a_code"]+c["people_who_share_a_number"]+c["people_with_anothers_address"] == 0 &&
		c["people_with_a_number"] == c["people"] && c["moved_with_the_code"] == c["movers"] && c["people"] == c["namesakes"]+c["movers"]}
	say := func(format string, args ...any) { o.Findings = append(o.Findings, fmt.Sprintf(format, args...)) }
	say("同じ住民票コードの人%[1]d人、同じ個人番号の人%[2]d人、全国センターの住所が別人のものになった人%[3]d人 / %[1]d people share a record code, %[2]d an individual number; of %[3]d the center holds another one's address",
		c["people_who_share_a_code"], c["people_who_share_a_number"], c["people_with_anothers_address"])
	say("検索の一件を本人とみなした登録%[1]d件、そのうち窓口で断られたもの%[2]d件 / %[1]d times the search's one hit was taken for the person, and %[2]d times that was refused at the counter",
		c["hits_taken_for_the_person"], c["refused_at_the_counter"])
	say("転出証明書を持って転入し、コードを引き継いだ人%[1]d人（全%[2]d人） / %[1]d of %[2]d who really moved took their code along", c["moved_with_the_code"], c["movers"])
	if d, known := c["days_to_discovery"]; known {
		say("分かるまで%[1]d日（年金の窓口で偶然に） / found out after %[1]d days, by chance, at a desk for pensions", d)
	}
	return o
}
