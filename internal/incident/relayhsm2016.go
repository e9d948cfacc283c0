package incident

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
)

// relayHSM2016 is the failure of source 002, for the layer that signs: an HSM whose completion is lost when a monitor looks at
// it in the same moment, fifteen times, and a program that ends at a timeout, thirty-eight times. In 2016 it was the relay
// server of the cards; here it is a CA that signs with such a device.
var relayHSM2016 = Incident{
	Name:  relayHSM2016Name,
	Title: plain.Sentence{JA: "耐タンパー装置の停止（平成28年）", EN: "the HSM that stalled, 2016"},
	Part: func(ctx context.Context, opt Options, asItWas bool) (*Part, error) {
		return relayPart(ctx, opt, asItWas, as2016)
	},
	Join: relayReport,
	Line: func(v View) string {
		return fmt.Sprintf("発行待ち waiting %d  警報 alarms %d  証跡 evidence %d", v.Waiting, v.Alarms, v.Evidence)
	},
}

const relayHSM2016Name = "relay-hsm-2016"

// relayPart runs one variant in a time of a size.
func relayPart(ctx context.Context, opt Options, asItWas bool, size relaySize) (*Part, error) {
	r, err := newRelay(newRelayPlan(opt.Seed, !opt.NoTrigger, size), opt, asItWas)
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.run(ctx); err != nil {
		return nil, err
	}
	return &Part{Outcome: relayOutcome(r.counts), Counts: r.counts, Moments: r.moments}, nil
}

// relayNotes say what is synthetic, and what is simplified.
var relayNotes = []string{
	"of the sources: 15 stalls from 01-13 to 03-09, 38 ends of the program from 01-18 to 03-19, without effect from 03-10; that a monitor's look in the same moment set the stalls off; that no log told why until it was reproduced on 03-08; that from 01-18 the servers told when their connections ran out, and from 01-25 staff sat beside them",
	"synthetic: the applications, the days and hours of the faults between the first and the last, and how long it took until somebody restarted the program: the next morning at 08:30 before 01-18, two hours before 01-25, ten minutes from then on",
	"in 2016 it was the relay server of the card management; this replay has the CA sign with such a device, which is what this system has of that layer. The balance between several relay servers is another replay's",
	"the device is a program of ours with the same fault: what it is asked for while another process is inside a monitor's look is done, and its completion never comes; the monitor is a process of its own. Both variants have the same devices, the same monitor and the same applications",
	"as it was, the CA is the program's own but for its signatures: the module is in the program itself, its call has no deadline, a timeout that nobody had written anything for ends the program, and nothing is logged. While its call does not return the program stands still, as the sources report, and the due list's own deadline does not help it. Restarted, its work is begun anew from what the database holds, which stays open",
	"here each of two tokens is a process; deadlines are in real time, and counted so (ms_…); all else is in virtual time, in which work takes none: in the evidence, too, a call that hung for its deadline began and ended in one moment. Both tokens hold the same keys, and the monitor looks at the first, which is asked first when nothing is under way, in both variants",
	"the municipality, the center and the validation authority send and take real signed messages and keep no state; alarms are looked at around the moments of the timeline, those about tokens are shown",
}

// relayReport puts the two runs side by side. Every figure is counted from them.
func relayReport(was, ours *Part) *Report {
	r := &Report{Name: relayHSM2016Name, Notes: relayNotes, AsItWas: was.Outcome, Akashi: ours.Outcome, Counts: map[string]int{}}
	both := []string{"stalls", "timeouts", "looks_of_the_monitor", "applications", "issued", "unanswered", "waited_over_a_minute", "longest_wait_min",
		"evidence", "serials_twice", "without_record", "intents_left"}
	r.take(was, "_as_it_was", append(both, "turned_away", "restarts_by_hand", "min_out_of_service", "days_to_the_cause")...)
	r.take(ours, "_akashi", append(both, "ms_deadline", "ms_to_the_other_token", "calls_in_the_evidence", "process_starts")...)
	for n, m := range was.Moments {
		r.Timeline = append(r.Timeline, Moment{At: m.At, What: m.What, AsItWas: m.View, Akashi: ours.Moments[n].View})
	}
	return r
}

// relayOutcome is the same judgement of both: everybody has an answer, soon; a serial has one certificate, with its record; and
// what went wrong is on record.
func relayOutcome(c map[string]int) Outcome {
	o := Outcome{Holds: c["unanswered"]+c["waited_over_a_minute"]+c["serials_twice"]+c["without_record"]+c["intents_left"] == 0 &&
		c["evidence"] == c["stalls"]+c["timeouts"] && c["issued"] == c["applications"]}
	say := func(format string, args ...any) { o.Findings = append(o.Findings, fmt.Sprintf(format, args...)) }
	say("申請%[1]d件のうち、発行%[2]d件、1分を超えて待ったもの%[3]d件（最長%[4]d分） / of %[1]d applications %[2]d had their certificate, %[3]d after more than a minute (the longest %[4]d min)",
		c["applications"], c["issued"], c["waited_over_a_minute"], c["longest_wait_min"])
	say("装置の停止%[1]d回、タイムアウト%[2]d回、それを説明する証跡%[3]d件 / %[1]d stalls and %[2]d timeouts, and %[3]d records that say what happened",
		c["stalls"], c["timeouts"], c["evidence"])
	if n := c["restarts_by_hand"]; n > 0 {
		say("人による再起動%[1]d回、停止していた時間は計%[2]d分、窓口の接続断%[3]d件 / %[1]d restarts by hand, %[2]d minutes out of service, %[3]d applications turned away",
			n, c["min_out_of_service"], c["turned_away"])
	}
	if d, known := c["days_to_the_cause"]; known {
		say("原因が分かるまで%[1]d日（資料の再現の日まで） / %[1]d days until anybody could tell why (the sources' day of the reproduction)", d)
	}
	if ms, known := c["ms_to_the_other_token"]; known {
		say("別の装置の署名で発行できるまで最長%[1]dミリ秒（期限%[2]dミリ秒） / issued with the other token's signature after at most %[1]d ms, of which %[2]d are the deadline",
			ms, c["ms_deadline"])
	}
	say("同じ番号の電子証明書%[1]d件、記録のない電子証明書%[2]d件、署名を待つもの%[3]d件 / %[1]d serials used twice, %[2]d certificates without a record, %[3]d still to be signed",
		c["serials_twice"], c["without_record"], c["intents_left"])
	return o
}

// relayPrograms are the commands that this program is started with again: as a device's process, and as a monitor.
var relayPrograms = struct{ device, monitor []string }{
	device:  []string{"replay", "device"},
	monitor: []string{"replay", "monitor"},
}

// itself is this program and the arguments that make it something else.
func itself(what []string, more ...string) (string, []string, error) {
	program, err := os.Executable()
	if err != nil {
		return "", nil, fmt.Errorf("couldn't find this program, to start it as %s: %w", strings.Join(what, " "), err)
	}
	return program, append(append([]string{}, what...), more...), nil
}
