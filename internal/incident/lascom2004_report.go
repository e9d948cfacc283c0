package incident

import (
	"fmt"
	"time"
)

// lascomReport puts the two runs side by side. Every figure is counted from them.
func lascomReport(was, ours *Part) *Report {
	r := &Report{
		Name: "lascom-2004",
		Notes: []string{
			"synthetic: the days and hours of issuances and moves, the municipalities outside 長野県 (one stands for each prefecture), and all holders; drawn from the seed",
			"from memory: that the service began on 2004-01-29 in other prefectures",
			"the CAs and the holders use P-256 keys, for speed; the certificates have today's profile and validity",
			"the CA and the national center are the program's own; the municipalities, the prefectures and the validation authority send and take real signed messages and keep no state",
			"the center holds the records of those holders who move, and of the one whose notice fails; notices about the others are not compared with a record",
			"the trigger is a name written 髙橋 in the register and 高橋 in the application; what it was in 2004 is not in the sources",
		},
		AsItWas: was.Outcome, Akashi: ours.Outcome,
		Counts: map[string]int{
			"issued": ours.Counts["issued_1130"], "issued_as_it_was": was.Counts["issued_1130"],
			"issued_1027":        ours.Counts["issued_1027"],
			"issued_nagano_1027": ours.Counts["issued_nagano_1027"], "issued_nagano_1130": ours.Counts["issued_nagano_1130"],
			"late_as_it_was": was.Counts["late"], "late_akashi": ours.Counts["late"],
			"moves": ours.Counts["moves"], "resends_as_it_was": was.Counts["resends"],
			"most_unsent_as_it_was": was.Counts["most_unsent"], "most_unsent_akashi": ours.Counts["most_unsent"],
			"resolved_by_two_persons": ours.Counts["resolved_by_two_persons"],
		},
	}
	for n, m := range was.Moments {
		r.Timeline = append(r.Timeline, Moment{At: m.At, What: m.What, AsItWas: m.View, Akashi: ours.Moments[n].View})
	}
	return r
}

func (v *variant) outcome() Outcome {
	o := Outcome{Holds: v.counts["late"] == 0 && v.counts["open_at_the_end"] == 0, Findings: []string{
		fmt.Sprintf("異動の後も有効だった電子証明書 %d件 / %d certificates stayed valid after their holders had moved", v.counts["late"], v.counts["late"]),
		fmt.Sprintf("通知されずにいた発行情報 最大%d件 / at most %d notices of issuance were not delivered", v.counts["most_unsent"], v.counts["most_unsent"]),
	}}
	if longest := v.longest(); longest > lateAfter {
		o.Findings = append(o.Findings, fmt.Sprintf("失効の遅れ 最長%d日 / the longest delay was %d days", int(longest.Hours()/24), int(longest.Hours()/24)))
	}
	if v.counts["resends"] > 0 {
		o.Findings = append(o.Findings, fmt.Sprintf("同じデータの再送信 %d回 / the same data was sent again %d times", v.counts["resends"], v.counts["resends"]))
	}
	if v.refused[again] != "" {
		o.Findings = append(o.Findings, fmt.Sprintf("%sに、窓口の「有効な電子証明書がある」で偶然に発覚 / found by chance on %s, when a counter said that a valid certificate exists", discovered, discovered))
	}
	if n := v.counts["resolved_by_two_persons"]; n > 0 {
		o.Findings = append(o.Findings, fmt.Sprintf("保留された発行情報 %d件は、両者に見え、問合せの後、二人で解決 / %d parked notice was seen by both sides, asked about, and resolved by two persons", n, n))
	}
	return o
}

// longest is the longest time that a certificate stayed valid after its holder's change was filed.
func (v *variant) longest() (d time.Duration) {
	for r, filed := range v.moved {
		if ended, ok := v.revoked[r]; ok {
			d = max(d, ended.Sub(filed))
		}
	}
	return d
}
