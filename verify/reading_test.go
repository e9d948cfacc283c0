package verify_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/verify"
)

// TestTwoReadings: a file that says two things, one to a person or a script and the other to the program, is refused.
func TestTwoReadings(t *testing.T) {
	w := newStatementWorld(t)
	own := [][]byte{w.ca.Certificate()}
	good := w.spoilt()["a whole that passes"]
	state := func(with string) []byte { return bytes.Replace(good, []byte("{"), []byte("{"+with+","), 1) }
	for name, file := range map[string][]byte{
		"as it is":               good,
		"two states":             state(`"state": "agreed"`),
		"a state in capitals":    state(`"State": "agreed"`),
		"a state with a long s":  state(`"ſtate": "agreed"`),
		"a field nobody signed":  state(`"remark": "agreed"`),
		"two lists of lines":     state(`"lines": []`),
		"two figures in a says":  bytes.Replace(good, []byte(`"says": {`), []byte(`"says": {"applied": 100,`), 1),
		"something behind it":    append(bytes.Clone(good), "{}"...),
		"two applied in a kind":  bytes.Replace(good, []byte(`"applied":`), []byte(`"applied": 100, "applied":`), 1),
		"a sender in the middle": bytes.Replace(good, []byte(`"accounts":`), []byte(`"sender": "ca", "accounts":`), 1),
	} {
		if r, err := verify.Statement(file, own); (err == nil) != (name == "as it is") {
			t.Errorf("%s: %+v, %v", name, r.Verdict, err)
		}
	}

	roots := need(pki.DecodeCertificates(need(os.ReadFile(filepath.Join(receipts, "root.pem")))(t)))(t)
	receipt := need(os.ReadFile(filepath.Join(receipts, "good", "five.json")))(t)
	for name, file := range map[string][]byte{
		"as it is":                receipt,
		"two lists of lines":      bytes.Replace(receipt, []byte("{"), []byte(`{"lines": ["1 1 1 00 applied - -"],`), 1),
		"lines in capitals":       bytes.Replace(receipt, []byte("{"), []byte(`{"Lines": ["1 1 1 00 applied - -"],`), 1),
		"a place beside lines":    bytes.Replace(receipt, []byte("{"), []byte(`{"index": 3,`), 1),
		"a proof beside lines":    bytes.Replace(receipt, []byte("{"), []byte(`{"proof": [""],`), 1),
		"a field nobody signed":   bytes.Replace(receipt, []byte("{"), []byte(`{"remark": "applied",`), 1),
		"a receipt behind itself": append(bytes.Clone(receipt), receipt...),
	} {
		if r, err := verify.Receipt(file, roots...); (err == nil) != (name == "as it is") {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

// TestScriptsRunNothing: the scripts that need nobody's word are given files by whoever wants to be believed. A shell's
// arithmetic runs a command that stands where a number belongs.
func TestScriptsRunNothing(t *testing.T) {
	for _, tool := range []string{"bash", "openssl", "jq", "sha256sum", "base64"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	dir := t.TempDir()
	ran := filepath.Join(dir, "ran")
	command := func(variable string) string { return variable + "[$(touch${IFS}" + ran + ")]" }
	edited := func(path string, edit func(map[string]any)) map[string]any {
		var f map[string]any
		if err := json.Unmarshal(need(os.ReadFile(path))(t), &f); err != nil {
			t.Fatal(err)
		}
		edit(f)
		return f
	}
	head := func(f map[string]any, from, to string) {
		b, err := json.Marshal(f["head"])
		var text []byte
		if err == nil {
			err = json.Unmarshal(b, &text)
		}
		if err != nil {
			t.Fatal(err)
		}
		f["head"] = bytes.Replace(text, []byte(from), []byte(to), 1)
	}
	first, five := filepath.Join(receipts, "good", "first-of-five.json"), filepath.Join(receipts, "good", "five.json")
	files := map[string]map[string]any{
		"index":           edited(first, func(f map[string]any) { f["index"] = command("leaf") }),
		"count":           edited(first, func(f map[string]any) { head(f, "count 5", "count "+command("leaf")) }),
		"count-of-lines":  edited(five, func(f map[string]any) { head(f, "count 5", "count "+command("lines")) }),
		"two-counts":      edited(first, func(f map[string]any) { head(f, "count 5\n", "count 5\ncount "+command("leaf")+"\n") }),
		"proof":           edited(first, func(f map[string]any) { f["proof"] = []string{command("leaf")} }),
		"no-certificate":  edited(first, func(f map[string]any) { f["certificate"] = "AAAA" }),
		"not-base64":      edited(first, func(f map[string]any) { f["head"] = command("leaf") }),
		"time":            edited(first, func(f map[string]any) { head(f, "signed 2026", "signed "+command("leaf")) }),
		"lines-of-number": edited(five, func(f map[string]any) { f["lines"] = 1 << 30 }),
	}
	script := need(filepath.Abs("../message/vectors/check-receipt.sh"))(t)
	args := []string{filepath.Join(receipts, "root.pem")}
	for name, f := range files {
		path := filepath.Join(dir, name+".json")
		if err := os.WriteFile(path, need(json.Marshal(f))(t), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	// One bad file keeps the good one behind it from nothing.
	out, err := exec.CommandContext(t.Context(), script, append(args, five)...).CombinedOutput()
	if err == nil || strings.Count(string(out), "FAILED") != len(files) || !strings.Contains(string(out), "five.json: ok") {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("a receipt had the script run a command")
	}

	script = need(filepath.Abs("../message/vectors/statement.sh"))(t)
	agreed := filepath.Join(statementsDir, "agreed.json")
	args = []string{filepath.Join(statementsDir, "root.pem")}
	for name, accounts := range map[string]any{"number": 1 << 30, "half": 1.5, "text": command("wrong"), "none": nil, "objects": []any{1, 2}} {
		path := filepath.Join(dir, "accounts-"+name+".json")
		f := edited(agreed, func(f map[string]any) { f["accounts"] = accounts })
		if err := os.WriteFile(path, need(json.Marshal(f))(t), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	twice := filepath.Join(dir, "twice.json")
	if err := os.WriteFile(twice, bytes.Replace(need(os.ReadFile(agreed))(t), []byte(`"state":`), []byte(`"state": "explained", "state":`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err = exec.CommandContext(t.Context(), script, append(args, twice, agreed)...).CombinedOutput()
	if err == nil || strings.Count(string(out), "FAILED") != 6 || !strings.Contains(string(out), "agreed.json: ok") {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("a statement had the script run a command")
	}
}
