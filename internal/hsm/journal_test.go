package hsm_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/hsm/hsmtest"
	"github.com/akashi-id/akashi/internal/hsm/token"
)

func openJournal(t *testing.T, path string) *hsm.Journal {
	t.Helper()
	j, err := hsm.OpenJournal(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func journalled(t *testing.T, path string) []hsm.Past {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []hsm.Past
	for line := range strings.Lines(string(text)) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		var p hsm.Past
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all = append(all, p)
	}
	return all
}

// TestJournal: what is under way stands in the file, and nothing else, whether calls end, fail or are given up.
func TestJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a.inflight")
		release := make(chan struct{})
		d := &soft{keys: map[string]crypto.Signer{"ca": keyOnce()}, pin: "1234"}
		tok := hsm.NewToken(hsm.Config{Name: "a", Start: hsmtest.InProcess(d), PIN: []byte("1234"), Clock: clock.System(), Journal: openJournal(t, path)})
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go tok.Run(ctx)
		signer, err := hsm.NewKeys(tok).Signer("ca", keyOnce().Public())
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if all := journalled(t, path); len(all) != 0 {
			t.Errorf("before: %+v", all)
		}
		d.set(func([]byte) error { <-release; return nil }, nil)
		digest := sha256.Sum256([]byte("one"))
		var calls sync.WaitGroup
		for range 3 {
			calls.Go(func() { signer.Sign(nil, digest[:], crypto.SHA256) })
		}
		synctest.Wait()
		all := journalled(t, path)
		if len(all) != 3 || all[0].Key != "ca" || all[0].Hash != hex.EncodeToString(digest[:]) || all[0].Begun.IsZero() {
			t.Errorf("under way: %+v", all)
		}
		close(release)
		calls.Wait()
		if all := journalled(t, path); len(all) != 0 {
			t.Errorf("after: %+v", all)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		d.set(nil, nil)
		for range 100 {
			if _, err := signer.Sign(nil, digest[:], crypto.SHA256); err != nil {
				t.Fatal(err)
			}
		}
		if again, err := os.Stat(path); err != nil || again.Size() != info.Size() {
			t.Errorf("it grew from %d to %d bytes", info.Size(), again.Size())
		}
		d.set(func([]byte) error { time.Sleep(time.Hour); return nil }, nil)
		signer.Sign(nil, digest[:], crypto.SHA256)
		synctest.Wait()
		stop() // a call stalled: its process is gone, and what it was doing is in the evidence
		synctest.Wait()
		if all := journalled(t, path); len(all) != 0 {
			t.Errorf("after a stall: %+v", all)
		}
		time.Sleep(2 * time.Hour)
	})
}

// TestProgramThatCrashed: the next one finds what was under way and reports it once, also when a line was cut off, and also
// when the evidence could not be kept at first.
func TestProgramThatCrashed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a.inflight")
		line := `{"id":7,"op":"sign","key":"ca","digest":"abcd","begun":"2026-01-16T09:30:00Z"}`
		text := line + strings.Repeat(" ", 511-len(line)) + "\n" + strings.Repeat(" ", 511) + "\n" + `{"id":9,"op":"si`
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var kept []hsm.Evidence
		once := func(keep func(hsm.Evidence) error) {
			j, err := hsm.OpenJournal(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer j.Close()
			if other, err := hsm.OpenJournal(path, nil); err == nil {
				other.Close()
				t.Error("two programs have the same journal")
			}
			d := &soft{keys: map[string]crypto.Signer{"ca": keyOnce()}}
			ctx, stop := context.WithCancel(t.Context())
			tok := hsm.NewToken(hsm.Config{Name: "a", Start: hsmtest.InProcess(d), Clock: clock.System(), Journal: j, Evidence: keep})
			go tok.Run(ctx)
			synctest.Wait()
			if s := tok.Stand(); s.State != hsm.Ready {
				t.Errorf("it stands %+v", s)
			}
			stop()
			synctest.Wait()
		}
		once(func(hsm.Evidence) error { return errors.New("disk full") })
		for range 2 {
			once(func(e hsm.Evidence) error { kept = append(kept, e); return nil })
		}
		if len(kept) != 1 || kept[0].What != hsm.Left || len(kept[0].Open) != 2 {
			t.Fatalf("evidence %+v", kept)
		}
		if p := kept[0].Open[0]; p.ID != 7 || p.Key != "ca" || p.Hash != "abcd" {
			t.Errorf("the first call is %+v", p)
		}
		if p := kept[0].Open[1]; p.Error == "" {
			t.Errorf("the call whose line was cut off is %+v", p)
		}
	})
}

// TestEvidenceFile: a person reads it from the top, a program from the line that says so, and neither finds a secret.
func TestEvidenceFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "evidence")
	at := time.Date(2026, 1, 13, 1, 2, 3, 456e6, time.UTC)
	e := hsm.Evidence{Token: "hsm/1", At: at, What: hsm.Stalled, Says: "the token did not answer before the deadline of 5s", Started: 2,
		Open:    []hsm.Past{{ID: 12, Op: token.OpSign, Key: "ca-signature", Hash: "00ff", Begun: at.Add(-5 * time.Second)}},
		Past:    []hsm.Past{{ID: 11, Op: token.OpSign, Key: "ca-signature", Hash: "11ff", Begun: at.Add(-6 * time.Second), Took: 3 * time.Millisecond, Error: "CKR_DEVICE_ERROR"}},
		Process: "goroutine 1 [syscall]: C.C_Sign"}
	keep := hsm.KeepIn(dir)
	if err := keep(e); err != nil {
		t.Fatal(err)
	}
	if err := keep(e); err == nil {
		t.Error("evidence was written over")
	}
	path := filepath.Join(dir, "hsm_1-20260113T010203.456000Z-stalled.txt")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"装置「hsm/1」: 期限までに答えませんでした。2026年1月13日 10時02分03.456秒 (日本時間) のことです。",
		`Token "hsm/1": It did not answer before the deadline. That was at 2026-01-13 01:02:03.456 UTC.`,
		"次の1件の呼び出しには、答えがありませんでした。",
		"12  sign  鍵 key ca-signature  ダイジェスト digest 00ff  開始 begun 01:01:58.456000  5s\n",
		"11  sign  鍵 key ca-signature  ダイジェスト digest 11ff  開始 begun 01:01:57.456000  3ms  CKR_DEVICE_ERROR\n",
		"C.C_Sign",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	_, machines, _ := bytes.Cut(text, []byte("==== 機械で読む部分 / for machines ====\n"))
	var again hsm.Evidence
	if err := json.Unmarshal(machines, &again); err != nil || again.Open[0] != e.Open[0] || again.What != hsm.Stalled {
		t.Errorf("for machines: %+v, %v", again, err)
	}
	name := filepath.Base(path)
	if read, err := hsm.ReadEvidence(dir, name); err != nil || read.Open[0] != e.Open[0] || read.Process != e.Process {
		t.Errorf("read again: %+v, %v", read, err)
	}
	e.Token, e.At = "a", at.Add(time.Second) // later, though its name comes first
	later := "a-20260113T010204.456000Z-stalled.txt"
	if err := errors.Join(keep(e), os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600), os.Symlink(path, filepath.Join(dir, "b-20260113T010209.456000Z-stalled.txt"))); err != nil {
		t.Fatal(err)
	}
	if names, err := hsm.EvidenceIn(dir, 5); err != nil || !slices.Equal(names, []string{later, name}) {
		t.Errorf("in the directory: %q, %v", names, err)
	}
	if names, err := hsm.EvidenceIn(dir, 1); err != nil || !slices.Equal(names, []string{later}) {
		t.Errorf("the newest: %q, %v", names, err)
	}
	if names, err := hsm.EvidenceIn(filepath.Join(dir, "none"), 5); err != nil || len(names) > 0 {
		t.Errorf("no directory: %q, %v", names, err)
	}
	for _, bad := range []string{"../" + name, "notes.txt", "a/" + name, "none-20260113T010204.456000Z-stalled.txt"} {
		if _, err := hsm.ReadEvidence(dir, bad); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	if _, err := hsm.ReadEvidence(dir, name); err == nil {
		t.Error("a file that ends too early was read")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// BenchmarkJournal is what the journal costs a call: noted, and blanked.
func BenchmarkJournal(b *testing.B) {
	j, err := hsm.OpenJournal(filepath.Join(b.TempDir(), "a.inflight"), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	p := hsm.Past{ID: 1, Op: token.OpSign, Key: "ca-signature", Hash: strings.Repeat("ab", 32), Begun: time.Unix(0, 0)}
	for b.Loop() {
		j.Clear(j.Note(p))
	}
}
