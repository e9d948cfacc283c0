package exchange_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/message"
)

// receiptsDir holds published receipts: good ones, and each way in which one can be bad.
const receiptsDir = vectorsDir + "/receipts"

// vectorReceipts are all that is published, by file.
func vectorReceipts() map[string][]byte {
	ca := vectorCA("Akashi vector CA")
	own := vectorSigner(ca, string(pref), "prefecture")
	// The same organisation two years later: a new key, a new certificate. What it signed before stays good.
	later := start.AddDate(2, 0, -1)
	newKey := keyNamed("prefecture, second key")
	changed := exchange.Signer{Key: newKey, Certificate: must(ca.IssueOrganisation(new(counting), later, pki.Organisation{ID: string(pref),
		Usage: pki.ForSigning, Public: newKey.Public()}))}
	line := exchange.Signer{Key: keyNamed("prefecture, line"), Certificate: must(ca.IssueOrganisation(new(counting), start, pki.Organisation{
		ID: string(pref), Usage: pki.ForTLS, Public: keyNamed("prefecture, line").Public()}))}

	lines := []message.ReceiptLine{
		{Epoch: 1, Seq: 1, Attempt: 1, Hash: envelope(1).Hash(), Outcome: message.Applied},
		{Epoch: 1, Seq: 2, Attempt: 1, Hash: envelope(2).Hash(), Outcome: message.Rejected, Code: "unreadable-address"},
		{Epoch: 1, Seq: 3, Attempt: 1, Hash: envelope(3).Hash(), Outcome: message.Held, Code: "behind-another"},
		{Epoch: 1, Seq: 4, Attempt: 1, Hash: envelope(4).Hash(), Outcome: message.Duplicate, Settled: message.Applied},
		{Epoch: 1, Seq: 5, Attempt: 2, Hash: envelope(5).Hash(), Outcome: message.Deferred, Code: "failed"},
	}
	var hashes []message.Hash
	for _, l := range lines {
		hashes = append(hashes, l.Hash)
	}
	seal := func(by exchange.Signer, at time.Time, n int) *message.Receipt {
		return must(message.SealReceipt(nil, by.Key, by.Certificate, message.ReceiptHead{Receiver: pref, Sender: city, Node: "1", Number: 7,
			Batch: message.RootHash(hashes[:n]), Decisions: 40, SignedAt: at}, lines[:n]))
	}
	files := map[string][]byte{"root.pem": pki.EncodeCertificates(ca.Certificate())}
	put := func(name string, f *message.ReceiptFile) {
		var b bytes.Buffer
		must(f.WriteTo(&b))
		files[name+".json"] = b.Bytes()
	}
	edited := func(f *message.ReceiptFile, edit func(*message.ReceiptFile)) *message.ReceiptFile {
		edit(f)
		return f
	}
	whole := func() *message.ReceiptFile { return seal(own, start, 5).File() }
	put("good/five", whole())
	put("good/one", seal(own, start, 1).File())
	put("good/first-of-five", seal(own, start, 5).FileOf(0))
	put("good/fifth-of-five", seal(own, start, 5).FileOf(4))
	put("good/only-of-one", seal(own, start, 1).FileOf(0))
	put("good/before-key-change", seal(own, later.Add(-time.Hour), 3).File())
	put("good/after-key-change", seal(changed, later.Add(time.Hour), 3).File())

	put("bad/forged-signature", seal(exchange.Signer{Key: keyNamed("forger"), Certificate: own.Certificate}, start, 5).File())
	put("bad/another-verdict", edited(whole(), func(f *message.ReceiptFile) { f.Lines[1] = strings.Replace(f.Lines[1], "rejected", "applied", 1) }))
	put("bad/line-missing", edited(whole(), func(f *message.ReceiptFile) { f.Lines = f.Lines[:4] }))
	put("bad/lines-swapped", edited(whole(), func(f *message.ReceiptFile) { f.Lines[0], f.Lines[3] = f.Lines[3], f.Lines[0] }))
	put("bad/another-head", edited(whole(), func(f *message.ReceiptFile) {
		f.Head = bytes.Replace(f.Head, []byte("number 7"), []byte("number 8"), 1)
	}))
	put("bad/proof-of-another-line", edited(seal(own, start, 5).FileOf(0), func(f *message.ReceiptFile) { f.Line = seal(own, start, 5).FileOf(1).Line }))
	put("bad/proof-too-short", edited(seal(own, start, 5).FileOf(0), func(f *message.ReceiptFile) { f.Proof = f.Proof[:2] }))
	put("bad/proof-at-another-place", edited(seal(own, start, 5).FileOf(0), func(f *message.ReceiptFile) { f.Index = 1 }))
	put("bad/signed-by-the-sender", seal(vectorSigner(ca, string(city), "city"), start, 5).File())
	put("bad/unknown-ca", seal(vectorSigner(vectorCA("Another CA"), string(pref), "prefecture"), start, 5).File())
	put("bad/certificate-over", seal(own, start.AddDate(3, 0, 0), 5).File())
	put("bad/certificate-not-begun", seal(changed, start, 5).File())
	put("bad/tls-certificate", seal(line, start, 5).File())
	return files
}

// TestReceiptVectorsGolden: the published files are what the code makes.
func TestReceiptVectorsGolden(t *testing.T) {
	files := vectorReceipts()
	for name, text := range files {
		path := filepath.Join(receiptsDir, name)
		if os.Getenv("AKASHI_GOLDEN") == "write" {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if has, err := os.ReadFile(path); err != nil || !bytes.Equal(has, text) {
			t.Errorf("%s is not what the code makes (%v); go generate ./internal/exchange, and look at the difference", path, err)
		}
	}
	for _, path := range must(filepath.Glob(filepath.Join(receiptsDir, "*", "*.json"))) {
		if name := must(filepath.Rel(receiptsDir, path)); files[filepath.ToSlash(name)] == nil {
			t.Errorf("%s: no receipt of this name is made", path)
		}
	}
}

// TestReceiptsByScript: openssl, sha256sum and jq tell the good ones from the bad ones.
func TestReceiptsByScript(t *testing.T) {
	if os.Getenv("AKASHI_FULL") == "" {
		t.Skip("a process or ten for each vector: AKASHI_FULL=1 runs it")
	}
	for _, tool := range []string{"bash", "openssl", "jq", "sha256sum", "base64"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	script := must(filepath.Abs(filepath.Join(vectorsDir, "check-receipt.sh")))
	root := filepath.Join(receiptsDir, "root.pem")
	good := must(filepath.Glob(filepath.Join(receiptsDir, "good", "*.json")))
	if out, err := exec.CommandContext(t.Context(), script, append([]string{root}, good...)...).CombinedOutput(); err != nil || len(good) < 7 {
		t.Errorf("%d good ones: %v\n%s", len(good), err, out)
	}
	for _, path := range must(filepath.Glob(filepath.Join(receiptsDir, "bad", "*.json"))) {
		if out, err := exec.CommandContext(t.Context(), script, root, path).CombinedOutput(); err == nil {
			t.Errorf("%s passes the script:\n%s", path, out)
		}
	}
}
