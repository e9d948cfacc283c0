package incident

import (
	"fmt"
	"slices"
	"time"

	"github.com/akashi-id/akashi/resident"
)

// notes say what is synthetic in both replays of the service of 2004, and what they simplify.
var notes = []string{
	"synthetic: the days and hours of issuances and moves, the municipalities outside 長野県 (one stands for each prefecture), and all holders; drawn from the seed",
	"from memory: that the service began on 2004-01-29 in other prefectures",
	"the CAs and the holders use P-256 keys, for speed; the certificates have today's profile and validity",
	"the CA and the national center are the program's own; the municipalities, the prefectures and the validation authority send and take real signed messages and keep no state: they neither compare nor close a day, and alarms that say so are not shown",
	"the center holds the records of those holders who move, and of the one whose notice fails; notices about the others are not compared with a record",
	"as it was, nobody compared: no comparison of the books, no self-audit, no closes, no alarms",
	"here the CA and the center watch in windows, for speed: alarms (every 5 s) and comparison (every 30 s) in the seconds before each moment of the timeline and around the fault, closes and a comparison before each on the days from 05-26 to 07-29, of which the first is over all the days before it; nobody signs a daily round",
	"work takes no virtual time: seconds are those until the next look, comparison or self-audit",
}

// lascomReport puts the two runs side by side. Every figure is counted from them.
func lascomReport(was, ours *Part) *Report {
	r := sideBySide(was, ours)
	r.Name = lascom2004Name
	r.Notes = append(slices.Clone(notes),
		"as it was, the CA sent again what had failed, and nothing behind it; without that the variants would differ in the comparison alone",
		"the trigger is a name written 髙橋 in the register and 高橋 in the application; what it was in 2004 is not in the sources",
		"synthetic: which office asks about a certificate, and when: those of source 000, of each holder who moves, on the two days after. They ask the program's own validation authority in both variants, because in 2004 nobody could have counted what was told; it is told by the CA once a day",
		"the self-audit rests here, and its lateness is not shown; lascom-2004-lost-rows measures it")
	r.take(was, "_as_it_was", "resends", "most_unsent")
	r.take(ours, "_akashi", "most_unsent")
	r.take(ours, "", "resolved_by_two_persons")
	impact := []string{"impact_certificates", "impact_verifiers", "impact_answers", "impact_notices", "impact_acknowledged"}
	r.take(was, "_as_it_was", impact...)
	r.take(ours, "_akashi", impact...)
	return r
}

// lostRowsReport is the same for the rows that the center loses.
func lostRowsReport(was, ours *Part) *Report {
	r := sideBySide(was, ours)
	r.Name = lostRowsName
	r.Notes = append(slices.Clone(notes),
		"the fault is made up: the rows of some holders are deleted from the center's table by hand on 2004-05-26 at 17:00; the sources report no such thing. The variants differ in nothing but the comparison",
		"as it was, the fault comes out on the day of the discovery of lascom-2004, in the same way, and nobody mends it in the run",
		"the self-audit (a round in 30 s) works around the fault and rests otherwise; its lateness is not shown")
	r.take(ours, "", "rows_lost", "found_by_self_audit", "named_ca", "named_nationalcenter", "named_wrongly", "sent_again_by_policy",
		"sent_again_by_two_persons", "s_to_all_named", "s_to_all_closed")
	return r
}

// sideBySide is what both reports have.
func sideBySide(was, ours *Part) *Report {
	r := &Report{AsItWas: was.Outcome, Akashi: ours.Outcome, Counts: map[string]int{
		"issued": ours.Counts["issued_1130"], "issued_as_it_was": was.Counts["issued_1130"],
	}}
	r.take(was, "_as_it_was", "late", "days_to_discovery")
	r.take(ours, "_akashi", "late")
	r.take(ours, "", "issued_1027", "issued_nagano_1027", "issued_nagano_1130", "moves", "s_to_first_sign", "s_to_alarm",
		"comparisons", "comparisons_that_differed", "cases_ca", "cases_nationalcenter", "cases_open_at_the_end",
		"days_agreed_ca", "days_explained_ca", "days_unexplained_ca", "days_missing_ca",
		"days_agreed_nationalcenter", "days_explained_nationalcenter", "days_unexplained_nationalcenter", "days_missing_nationalcenter")
	for n, m := range was.Moments {
		r.Timeline = append(r.Timeline, Moment{At: m.At, What: m.What, AsItWas: m.View, Akashi: ours.Moments[n].View})
	}
	return r
}

// take takes counts over from a run, with a suffix. What a run does not count, because nothing went wrong in it, is left out.
func (r *Report) take(from *Part, suffix string, names ...string) {
	for _, name := range names {
		if n, counted := from.Counts[name]; counted {
			r.Counts[name+suffix] = n
		}
	}
}

func (v *variant) outcome() Outcome {
	c := v.counts
	o := Outcome{Holds: c["late"] == 0 && c["open_at_the_end"] == 0 && c["cases_open_at_the_end"] == 0}
	say := func(format string, args ...any) { o.Findings = append(o.Findings, fmt.Sprintf(format, args...)) }
	say("異動の後も有効だった電子証明書 %[1]d件 / %[1]d certificates stayed valid after their holders had moved", c["late"])
	if v.plan.fault == refusedNotice {
		say("通知されずにいた発行情報 最大%[1]d件 / at most %[1]d notices of issuance were not delivered", c["most_unsent"])
	}
	if v.relying != nil {
		say("失効すべきだったのに「失効していない」と答えられた電子証明書 %[1]d件（%[2]d機関への回答%[3]d件、通知%[4]d件、確認%[5]d件） / of %[1]d certificates that should have been revoked, verifiers were told \"good\" (%[2]d offices, %[3]d answers; %[4]d notices, %[5]d acknowledged)",
			c["impact_certificates"], c["impact_verifiers"], c["impact_answers"], c["impact_notices"], c["impact_acknowledged"])
	}
	if longest := v.longest(); longest > lateAfter {
		say("失効の遅れ 最長%[1]d日 / the longest delay was %[1]d days", int(longest.Hours()/24))
	}
	if c["resends"] > 0 {
		say("同じデータの再送信 %[1]d回 / the same data was sent again %[1]d times", c["resends"])
	}
	if days, found := c["days_to_discovery"]; found {
		say("%[1]d日後に、窓口の「有効な電子証明書がある」で偶然に発覚 / found by chance after %[1]d days, when a counter said that a valid certificate exists", days)
	}
	if s, found := c["s_to_first_sign"]; found {
		say("両者の画面に出るまで%[1]d秒、警報まで%[2]d秒 / on both organisations' screens after %[1]d s, as an alarm after %[2]d s", s, c["s_to_alarm"])
	}
	if n := c["resolved_by_two_persons"]; n > 0 {
		say("保留された発行情報 %[1]d件は、両者に見え、問合せの後、二人で解決 / %[1]d parked notice was seen by both sides, asked about, and resolved by two persons", n)
	}
	if n := c["rows_lost"]; n > 0 {
		say("消えた%[1]d行のうち、自己監査と突合が両者に示したもの%[2]d件、定めにより自動で再送したもの%[3]d件、誤って示したもの%[4]d件 / of %[1]d lost rows, self-audit and comparison named %[2]d to both sides, %[3]d were sent again by policy, and %[4]d were named wrongly",
			n, min(c["named_ca"], c["named_nationalcenter"]), c["sent_again_by_policy"], c["named_wrongly"])
	}
	if !v.asItWas {
		say("停止の期間の日締め（認証局の画面で） 一致%[1]d日 説明済み%[2]d日 説明なし%[3]d日 / daily closes of the outage, on the CA's screen: %[1]d agree, %[2]d are explained, %[3]d are unexplained",
			c["days_agreed_ca"], c["days_explained_ca"], c["days_unexplained_ca"]+c["days_missing_ca"])
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

// countDiscovery counts the days from when it went wrong to when a counter refused a holder who had moved.
func (v *variant) countDiscovery() {
	if r := v.refused[again]; !v.plan.struck.IsZero() && r.why != "" {
		v.counts["days_to_discovery"] = int(resident.DateOf(r.at).Start().Sub(resident.DateOf(v.plan.struck).Start()).Hours() / 24)
	}
}
