package alarm

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
)

// WriteDocs writes docs/alarms.md, the published form of the table, the metrics and the webhook.
func WriteDocs(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Alarms (警報)\n\nGenerated from `internal/alarm/definitions.go`. Each alarm's runbook says what it means, what to look at and what to do.\n\n" +
		"警報の一覧。手順書に、意味、見るところ、することがあります。\n\n" +
		"An alarm opens when its value reaches *raise* and has been there for as long as *for* says; it closes when the value has been below *lower*\n" +
		"for as long as *clear* says. In between it stays as it is. Of one code at most " + strconv.Itoa(maxOfCode) + " are named at a time; one more, about\n" +
		"`" + others + "`, stands for the rest. Sources are asked every " + every.String() + ", and at once when something rings.\n\n" +
		"| alarm | 日本語 | English | severity | about | value in | raise | lower | for | clear | runbook |\n|---|---|---|---|---|---|--:|--:|--:|--:|---|\n")
	for _, d := range Definitions {
		about := d.About.EN
		if about == "" {
			about = "–"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s %s | %s | %s | %d | %d | %s | %s | [%s](runbooks/%s) |\n", d.Code, d.Name.JA, d.Name.EN,
			d.Severity.Name().JA, d.Severity, about, d.Unit, d.Raise, d.Lower, short(d.For), short(d.Clear), d.Runbook(), d.Runbook())
	}
	b.WriteString("\n## Where they come out\n\n" +
		"- **Screens.** The rows of the table `alarm`, with when each began, opened, was last seen and closed. The page says how old the last\n  evaluation is; after " +
		short(time.Duration(definitions[EvaluationStopped].Raise)*time.Second) + " it shows `evaluation-stopped` by itself.\n" +
		"- **Journal.** A line when an alarm opens and one when it closes: `alarm opened`, `alarm closed`.\n" +
		"- **Metrics**, below. [alarm-rules.yaml](alarm-rules.yaml) holds alert rules for Prometheus, made from the same table: they compute each alarm\n" +
		"  anew from what was measured, and ask whether there was an evaluation at all.\n" +
		"- **Webhook**, below.\n\n" +
		"Alarms that a drill brought about have `drill` set everywhere, and the alert rules leave them out.\n\n" +
		"## Metrics\n\nServed at `/metrics` below the organisation's base, to the same machine only, in the text format of Prometheus. Every metric has the\nlabel `organisation`.\n\n" +
		"| metric | labels | what it is |\n|---|---|---|\n")
	for _, m := range metrics {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", m.name, strings.Join(m.labels, ", "), m.help)
	}
	for _, m := range sourceMetrics {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", m.name, m.labels, m.help)
	}
	b.WriteString("\n" +
		"## Webhook\n\nA `POST` of one JSON object for each alarm that opens or closes. A receiver answers 2xx once it has it. Any other answer, or none within ten\n" +
		"seconds, is tried again eight times within an hour and a half, with growing pauses, and then set aside, shown and counted; so a notification may come twice\n" +
		"and out of order. `id` names the event, `opened_at` with alarm, peer and about the alarm. At most 2,000 wait; beyond that the oldest are given\n" +
		"up, and counted in `akashi_alarm_webhook_dropped_total`. No redirect is followed, and a receiver on another machine needs `https://`. Nothing in it\n" +
		"is personal data.\n\n" +
		"Headers: `Idempotency-Key` is the `id`. When a secret is configured, `Akashi-Signature` is `sha256=` and the HMAC-SHA-256 of the body in\n" +
		"hex; a receiver compares it before it reads.\n\n```json\n")
	example, err := json.MarshalIndent(exampleNotification(), "", "  ")
	if err != nil {
		return err
	}
	b.Write(example)
	b.WriteString("\n```\n\n`event` is `opened` or `closed`, the latter with `closed_at`. `peer`, `about` and `detail` are left out when there is nothing to say. Fields may be\n" +
		"added; `version` changes when one changes its meaning.\n")
	_, err = io.WriteString(w, b.String())
	return err
}

// sourceMetrics are those that the sources add; a test of each source holds it to this list.
var sourceMetrics = []struct{ name, labels, help string }{
	{"akashi_exchange_sent_messages_total", "peer", "Messages that were put into the outbox, ever."},
	{"akashi_exchange_ended_messages_total", "peer", "Of these, applied or withdrawn."},
	{"akashi_exchange_waiting_messages", "peer", "Messages that wait for a verdict."},
	{"akashi_exchange_parked_messages", "peer", "Messages of ours that wait for people."},
	{"akashi_exchange_held_messages", "peer", "Messages of ours that wait for another one."},
	{"akashi_exchange_oldest_seconds", "peer", "The age of the oldest message that has not ended."},
	{"akashi_exchange_decisions_total", "peer", "Decisions on the peer's messages, ever."},
	{"akashi_exchange_parked_here_messages", "peer", "Messages of the peer that wait for people here."},
	{"akashi_exchange_refused_total", "peer", "Messages and batches that the peer may not send, ever."},
	{"akashi_exchange_missing_receipts", "peer", "Receipts that did not come, of both directions."},
	{"akashi_exchange_wrong_receipts_total", "peer", "Receipts of the peer that were not taken, ever."},
	{"akashi_exchange_pair_state", "peer, state", "1 for the state in which the pair is."},
	{"akashi_reconcile_agree", "peer, book", "1 when the last comparison found nothing that is not accounted for."},
	{"akashi_reconcile_entries", "peer, book", "Entries of the book at its source, at the last comparison."},
	{"akashi_reconcile_open_cases", "peer, book", "Differences that nothing explains."},
	{"akashi_reconcile_findings", "peer, book", "Rows that were changed behind the program's back, not acknowledged."},
	{"akashi_reconcile_last_comparison_seconds", "peer, book", "How long ago the last comparison was, or the start."},
	{"akashi_reconcile_audit_cycle_seconds", "peer, book", "How long the last full cycle of the self-audit took."},
	{"akashi_inspection_findings", "way", "Open findings of the inspection."},
	{"akashi_inspection_judged_total", "way", "Items that were inspected since the start."},
	{"akashi_inspection_aside", "way", "Items that could not be inspected."},
	{"akashi_inspection_round_seconds", "way", "How long the last whole round took."},
	{"akashi_inspection_round_items", "way", "Items of the last whole round."},
	{"akashi_due_late_items", "kind", "Items of due work that are not done though their time has come."},
	{"akashi_due_parked_items", "kind", "Items of due work that were set aside."},
	{"akashi_drill_last_end_timestamp_seconds", "", "When the last drill ended, however; 0: none did."},
	{"akashi_drill_damaged_total", "", "Drills of which the row could not be read."},
	{"akashi_alarm_webhook_queued", "", "Notifications on the list of due work, whatever their state."},
	{"akashi_alarm_webhook_dropped_total", "", "Notifications that were given up, the oldest first, because the queue was full."},
	{"akashi_alarm_damaged_rows_total", "", "Rows of alarms that could not be read and were set aside."},
}

// Documented tells whether docs/alarms.md says of a figure what the figure says of itself.
func Documented(f Figure) bool {
	var labels []string
	for _, l := range f.Labels {
		labels = append(labels, l.Name)
	}
	for _, m := range sourceMetrics {
		if m.name == f.Name {
			return m.help == f.Help && m.labels == strings.Join(labels, ", ")
		}
	}
	return false
}

func exampleNotification() Notification {
	at := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	a := Alarms{cfg: Config{Self: "municipality-202029"}}
	return a.notification(row{name: name{code: MessageParked, peer: "prefecture-20", about: "resident.change"}, severity: Warning, since: at, opened: at.Add(time.Second),
		value: 1, detail: plain.Sentence{JA: "住所が読めません。", EN: "The address cannot be read."}}, eventOpened)
}

// short writes a time in its largest whole unit.
func short(d time.Duration) string {
	switch {
	case d%time.Hour == 0 && d > 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0 && d > 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}

// WriteRules writes docs/alarm-rules.yaml: alert rules for Prometheus 2.42 and later.
func WriteRules(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Alert rules for Prometheus 2.42 and later. Generated from internal/alarm/definitions.go; docs/alarms.md explains the metrics.\n" +
		"# 警報の定義から作られたPrometheusの規則。\n" +
		"groups:\n  - name: akashi\n    rules:\n")
	for _, d := range Definitions {
		if d.Code == EvaluationStopped {
			d.For = 30 * time.Second // at the start, a scrape may come before the first evaluation
		}
		rule(&b, alertName(d.Code), expression(d), d)
	}
	b.WriteString("  - name: akashi-dead-man\n    rules:\n")
	d := definitions[EvaluationStopped]
	d.For, d.Clear = time.Minute, 0
	d.Name = plain.Sentence{JA: "計測値が読めない団体がある", EN: "The metrics of an organisation cannot be scraped"}
	d.Means = plain.Sentence{JA: "団体が止まっているか、計測値の口がふさがっています。警報はどこからも出ません。", EN: "It is not running, or its metrics are out of reach. No alarm comes from it."}
	rule(&b, "AkashiNotScraped", `up{job="akashi"} == 0`, d)
	d.Name = plain.Sentence{JA: "計測値がどこにもない", EN: "There are no metrics at all"}
	rule(&b, "AkashiAbsent", "absent("+metricLast+")", d)
	_, err := io.WriteString(w, b.String())
	return err
}

// expression asks for what was measured, and not for whether the program has opened an alarm: two look at the same
// figures, and one may be wrong. Between Lower and Raise an alert stays as it is, as the alarm does.
func expression(d Definition) string {
	switch d.Code {
	case EvaluationStopped:
		return fmt.Sprintf("time() - %s >= %d", metricLast, d.Raise)
	case SourceFailed:
		return metricSourceUp + " == 0"
	}
	value := fmt.Sprintf(`%s{alarm="%s",drill="no"}`, metricValue, d.Code)
	if d.Lower == d.Raise {
		return fmt.Sprintf("%s >= %d", value, d.Raise)
	}
	return fmt.Sprintf(`%s >= %d or (%s >= %d and on (instance, organisation, peer, about) ALERTS{alertname="%s",alertstate="firing"})`,
		value, d.Raise, value, d.Lower, alertName(d.Code))
}

func rule(b *strings.Builder, alert, expr string, d Definition) {
	fmt.Fprintf(b, "      - alert: %s\n        expr: '%s'\n", alert, expr)
	if d.For > 0 {
		fmt.Fprintf(b, "        for: %ds\n", d.For/time.Second)
	}
	if d.Clear > 0 {
		fmt.Fprintf(b, "        keep_firing_for: %ds\n", d.Clear/time.Second)
	}
	fmt.Fprintf(b, "        labels:\n          severity: %s\n        annotations:\n          summary: '%s / %s'\n          description: '%s / %s'\n          runbook: 'docs/runbooks/%s'\n",
		d.Severity, quoted(d.Name.JA), quoted(d.Name.EN), quoted(d.Means.JA), quoted(d.Means.EN), d.Runbook())
}

// quoted makes a text fit between the single quotes of YAML.
func quoted(s string) string { return strings.ReplaceAll(s, "'", "''") }

// alertName is how Prometheus people name things: "AkashiMessageParked".
func alertName(c Code) string {
	name := "Akashi"
	for _, word := range strings.Split(string(c), "-") {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return name
}
