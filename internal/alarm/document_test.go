package alarm_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/docs/runbooks"
	"github.com/akashi-id/akashi/internal/alarm"
)

// TestDocsGolden holds docs/alarms.md and docs/alarm-rules.yaml to the table in code.
func TestDocsGolden(t *testing.T) {
	for path, write := range map[string]func(io.Writer) error{
		"../../docs/alarms.md": alarm.WriteDocs, "../../docs/alarm-rules.yaml": alarm.WriteRules,
	} {
		var want bytes.Buffer
		if err := write(&want); err != nil {
			t.Fatal(err)
		}
		if os.Getenv("AKASHI_GOLDEN") == "write" {
			if err := os.WriteFile(path, want.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%s is not what alarm.Definitions says; run AKASHI_GOLDEN=write go test ./internal/alarm -run Golden", path)
		}
	}
}

// TestDefinitions: a line has no holes, its numbers can be, and its runbook is there and speaks of the same alarm.
func TestDefinitions(t *testing.T) {
	seen := map[alarm.Code]bool{}
	for _, d := range alarm.Definitions {
		if seen[d.Code] {
			t.Errorf("%s stands twice in the table", d.Code)
		}
		seen[d.Code] = true
		if d.Name.JA == "" || d.Name.EN == "" || d.Means.JA == "" || d.Means.EN == "" || d.Unit == "" || (d.About.JA == "") != (d.About.EN == "") ||
			d.Severity.Name().EN != string(d.Severity) || d.Severity.Name().JA == string(d.Severity) {
			t.Errorf("%s: its line has holes", d.Code)
		}
		if d.Lower < 1 || d.Raise < d.Lower || d.For < 0 || d.Clear < 0 {
			t.Errorf("%s: raise %d, lower %d, for %v, clear %v", d.Code, d.Raise, d.Lower, d.For, d.Clear)
		}
		r, err := runbooks.Of(string(d.Code))
		if err != nil {
			t.Error(err)
			continue
		}
		if r.Title != d.Name.JA+" "+d.Name.EN {
			t.Errorf("the runbook of %s is headed %q, want %q", d.Code, r.Title, d.Name.JA+" "+d.Name.EN)
		}
		text, _ := runbooks.Text(d.Runbook())
		if line := fmt.Sprintf("\n`%s` · %s %s\n", d.Code, d.Severity.Name().JA, d.Severity); !strings.Contains(text, line) {
			t.Errorf("the runbook of %s has no line %q", d.Code, line)
		}
	}
	// A runbook of an alarm that is no more would send people looking for it.
	files, err := filepath.Glob("../../docs/runbooks/*.md")
	if err != nil || len(files) < len(alarm.Definitions) {
		t.Fatalf("%d runbooks, %v", len(files), err)
	}
	ofAlarm := regexp.MustCompile("(?m)^`([a-z-]+)` · ")
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if m := ofAlarm.FindSubmatch(b); m != nil && (!seen[alarm.Code(m[1])] || filepath.Base(f) != string(m[1])+".md") {
			t.Errorf("%s is about %s, which is no alarm or has another file", f, m[1])
		}
	}
}

// TestRulesWithPromtool has Prometheus itself read the rules, and fire and clear an alert by them.
func TestRulesWithPromtool(t *testing.T) {
	tool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("not checked by Prometheus: there is no promtool here (Debian package prometheus)")
	}
	rules, err := filepath.Abs("../../docs/alarm-rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, "check", "rules", rules).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// One look a minute. message-lag opens at 60, stays at 30 and is over below 10; a drill rings nobody; the evaluation
	// stops after the fifth minute.
	cases := filepath.Join(t.TempDir(), "cases.yaml")
	if err := os.WriteFile(cases, []byte(`
rule_files: [`+rules+`]
evaluation_interval: 10s
tests:
  - interval: 1m
    input_series:
      - series: 'akashi_alarm_value{alarm="message-lag",drill="no",organisation="ca",peer="validation",about="cert.status"}'
        values: '30 59 60 30 30 9 30 0 0 0 0'
      - series: 'akashi_alarm_value{alarm="message-parked",drill="yes",organisation="ca",peer="validation",about="exchange.drill"}'
        values: '1x10'
      - series: 'akashi_alarm_last_evaluation_timestamp_seconds{organisation="ca"}'
        values: '0 60 120 180 240 300 300 300 300 300 300'
    alert_rule_test:
      - {eval_time: 1m50s, alertname: AkashiMessageLag, exp_alerts: []}
      - eval_time: 4m50s
        alertname: AkashiMessageLag
        exp_alerts: &lag
          - exp_labels: {severity: warning, alarm: message-lag, drill: "no", organisation: ca, peer: validation, about: cert.status}
            exp_annotations:
              summary: '電文が遅れている / Messages are late'
              description: 'この種類の電文が、1分を超えて返事を待っています。 / Messages of this kind have waited for a verdict for more than a minute.'
              runbook: docs/runbooks/message-lag.md
      - {eval_time: 5m, alertname: AkashiMessageLag, exp_alerts: []}
      - {eval_time: 6m50s, alertname: AkashiMessageLag, exp_alerts: []}
      - {eval_time: 9m, alertname: AkashiMessageParked, exp_alerts: []}
      - {eval_time: 5m20s, alertname: AkashiEvaluationStopped, exp_alerts: []}
      - eval_time: 7m
        alertname: AkashiEvaluationStopped
        exp_alerts:
          - exp_labels: {severity: critical, organisation: ca}
            exp_annotations:
              summary: '警報の判定が動いていない / Alarms are not evaluated'
              description: '30秒を超えて判定がありません。表示されている警報は古く、新しい警報は出ません。 / There was no evaluation for more than thirty seconds. What is shown is old, and nothing new is told.'
              runbook: docs/runbooks/evaluation-stopped.md
`), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, "test", "rules", cases).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
