package hsm

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/akashi-id/akashi/cert"
)

// KeepIn keeps evidence in files of a directory, one for each anomaly: "hsm-1-20261122T081502.123456Z-stalled.txt". They are
// never written over and never removed here; how often a token may fail bounds them.
func KeepIn(dir string) func(Evidence) error {
	return func(e Evidence) error {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("couldn't make the directory of evidence: %w", err)
		}
		name := fmt.Sprintf("%s-%s-%s.txt", unfit.ReplaceAllString(e.Token, "_"), e.At.UTC().Format("20060102T150405.000000Z"), e.What)
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return fmt.Errorf("couldn't keep the evidence: %w", err)
		}
		defer f.Close()
		if err := e.Write(f); err != nil {
			return fmt.Errorf("couldn't keep the evidence: %w", err)
		}
		// What stalls a device may take the machine with it in a moment.
		if err := f.Sync(); err != nil {
			return fmt.Errorf("couldn't keep the evidence: %w", err)
		}
		d, err := os.Open(dir)
		if err != nil {
			return err
		}
		defer d.Close()
		return d.Sync()
	}
}

var unfit = regexp.MustCompile(`[^A-Za-z0-9._-]`)

// forMachines parts the text for people from the same as JSON.
const forMachines = "\n==== 機械で読む部分 / for machines ====\n"

// Write writes the evidence for people, in sentences, and behind that for machines.
func (e Evidence) Write(w io.Writer) error {
	b := &text{w: w}
	s := e.What.Sentence()
	b.f("HSM の異常の証跡 / evidence of an HSM's anomaly\n\n")
	b.f("装置「%s」: %s%s (日本時間) のことです。\n", e.Token, s.JA, e.At.In(cert.JST).Format("2006年1月2日 15時04分05.000秒"))
	b.f("Token %q: %s That was at %s.\n\n", e.Token, s.EN, e.At.UTC().Format("2006-01-02 15:04:05.000 UTC"))
	b.f("理由 / reason: %s\n", e.Says)
	if e.Started > 0 {
		b.f("プロセスの起動 / starts of its process: %d\n", e.Started)
	}
	if len(e.Open) == 0 {
		b.f("\n答えのない呼び出しはありませんでした。\nNo call was without an answer.\n")
	} else {
		b.f("\n次の%d件の呼び出しには、答えがありませんでした。装置が実行したかどうかは分かりません。署名されたものがあっても、使われません。\n", len(e.Open))
		b.f("These %d calls had no answer. Whether the device carried them out is not known; what it signed is used by nobody.\n", len(e.Open))
		for _, p := range e.Open {
			b.call(p, e.At.Sub(p.Begun))
		}
	}
	if len(e.Past) > 0 {
		b.f("\nその前に終わった%d件 / the %d calls that had ended before:\n", len(e.Past), len(e.Past))
		for _, p := range e.Past {
			b.call(p, p.Took)
		}
	}
	if e.Process != "" {
		b.f("\nプロセスの様子 (暗証番号と鍵らしいものは伏せました) / what the process was doing (PIN and what looks like keys taken out):\n%s\n", e.Process)
	}
	b.f(forMachines)
	if b.err != nil {
		return b.err
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	return enc.Encode(e)
}

// text writes until something fails.
type text struct {
	w   io.Writer
	err error
}

func (b *text) f(format string, args ...any) {
	if b.err == nil {
		_, b.err = fmt.Fprintf(b.w, format, args...)
	}
}

// call is a line for a call.
func (b *text) call(p Past, lasted time.Duration) {
	b.f("  %d  %s", p.ID, p.Op)
	if p.Key != "" {
		b.f("  鍵 key %s", p.Key)
	}
	if p.Hash != "" {
		b.f("  ダイジェスト digest %s", p.Hash)
	}
	if !p.Begun.IsZero() {
		b.f("  開始 begun %s  %v", p.Begun.UTC().Format("15:04:05.000000"), lasted.Round(time.Microsecond))
	}
	if p.Late {
		b.f("  遅すぎた答え answered too late")
	}
	if p.Error != "" {
		b.f("  %s", p.Error)
	}
	b.f("\n")
}
