package message_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/message"
)

func receipt(t testing.TB, lines int) (*message.Receipt, *ecdsa.PublicKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	head := message.ReceiptHead{Receiver: "prefecture-20", Sender: "municipality-202029", Node: "1", Number: 3, Decisions: 9,
		SignedAt: time.Date(2026, 4, 1, 9, 0, 0, 123456000, time.UTC)}
	var all []message.ReceiptLine
	for i := range lines {
		all = append(all, message.ReceiptLine{Epoch: 1, Seq: uint64(i + 1), Attempt: 1, Hash: message.LeafHash([]byte{byte(i)}), Outcome: message.Applied})
	}
	r, err := message.SealReceipt(rand.Reader, key, []byte("certificate"), head, all)
	if err != nil {
		t.Fatal(err)
	}
	return r, &key.PublicKey
}

// TestInclusionProof: a proof leads each leaf of each tree to its root, and no other leaf, place, size or proof does.
func TestInclusionProof(t *testing.T) {
	var leaves []message.Hash
	for n := 1; n <= message.MaxBatch; n++ {
		leaves = append(leaves, message.LeafHash([]byte{byte(n)}))
		root := message.RootHash(leaves)
		for i, leaf := range leaves {
			proof := message.InclusionProof(leaves, i)
			if got, ok := message.RootFrom(leaf, i, n, proof); !ok || got != root {
				t.Fatalf("leaf %d of %d does not lead to the root", i, n)
			}
			if got, ok := message.RootFrom(message.LeafHash([]byte("other")), i, n, proof); ok && got == root {
				t.Fatalf("another leaf at %d of %d", i, n)
			}
			if got, ok := message.RootFrom(leaf, (i+1)%n, n, proof); n > 1 && ok && got == root {
				t.Fatalf("leaf %d of %d in another place", i, n)
			}
			if _, ok := message.RootFrom(leaf, i, n, append(proof, root)); ok {
				t.Fatalf("leaf %d of %d with a proof too long", i, n)
			}
			if len(proof) > 0 {
				if _, ok := message.RootFrom(leaf, i, n, proof[1:]); ok {
					t.Fatalf("leaf %d of %d with a proof too short", i, n)
				}
			}
		}
	}
	if _, ok := message.RootFrom(leaves[0], 1, 1, nil); ok {
		t.Error("a place behind the last")
	}
	if _, ok := message.RootFrom(leaves[0], -1, 1, nil); ok {
		t.Error("a place before the first")
	}
}

// TestReceiptForms: what is signed and hashed is read back as it was, and nothing else is read.
func TestReceiptForms(t *testing.T) {
	r, public := receipt(t, 5)
	if head, err := message.ParseReceiptHead(r.HeadRaw); err != nil || head != r.Head {
		t.Errorf("%+v, %v", head, err)
	}
	if err := r.Verify(public); err != nil {
		t.Error(err)
	}
	text := string(r.HeadRaw)
	for name, bad := range map[string]string{
		"a line more":       text + "more 1\n",
		"no last newline":   strings.TrimSuffix(text, "\n"),
		"another title":     strings.Replace(text, "receipt", "statement", 1),
		"another order":     strings.Replace(text, "receiver prefecture-20\nsender municipality-202029\n", "sender municipality-202029\nreceiver prefecture-20\n", 1),
		"a leading zero":    strings.Replace(text, "number 3", "number 03", 1),
		"number 0":          strings.Replace(text, "number 3", "number 0", 1),
		"too many":          strings.Replace(text, "count 5", "count 101", 1),
		"no organisation":   strings.Replace(text, "prefecture-20", "prefecture", 1) + strings.Repeat("x", 1024),
		"another time":      strings.Replace(text, "09:00:00.123456Z", "09:00:00Z", 1),
		"capital hex":       strings.Replace(text, "root ", "root A", 1),
		"two spaces":        strings.Replace(text, "count 5", "count  5", 1),
		"a carriage return": strings.Replace(text, "\n", "\r\n", 1),
	} {
		if head, err := message.ParseReceiptHead([]byte(bad)); err == nil {
			t.Errorf("%s is read as %+v", name, head)
		}
	}
	odd := message.ReceiptLine{Epoch: 1, Seq: 2, Attempt: 3, Outcome: message.Rejected, Code: "two words\nand 住所"}
	line, err := message.ParseReceiptLine(odd.String())
	if err != nil || line.Code != "two_words_and___" || line.Leaf() != odd.Leaf() {
		t.Errorf("%q is read as %+v, %v", odd, line, err)
	}
	for _, bad := range []string{"", "1 2 3", odd.String() + " ", " " + odd.String(), "x" + odd.String(), strings.Replace(odd.String(), "1 2", "01 2", 1)} {
		if l, err := message.ParseReceiptLine(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, l)
		}
	}
	kept, err := message.EncodeReceiptLines(r.Lines)
	if err != nil {
		t.Fatal(err)
	}
	if lines, err := message.DecodeReceiptLines(kept); err != nil || message.ReceiptRoot(lines) != r.Head.Root {
		t.Errorf("kept lines: %v, %v", lines, err)
	}
	if whole, err := message.OpenWholeReceipt(r.Wire(true)); err != nil || whole.Verify(public) != nil {
		t.Errorf("over the wire: %v", err)
	}
	if part, err := message.OpenReceipt(r.Wire(false), r.Lines[1:]); err != nil || part.Verify(public) == nil || part.VerifyHead(public) != nil {
		t.Error("a receipt without its first line is good")
	}
	if _, err := message.SealReceipt(rand.Reader, nil, nil, r.Head, r.Lines); err == nil {
		t.Error("signed without a key")
	}
}

func FuzzReceiptFile(f *testing.F) {
	r, _ := receipt(f, 3)
	for _, file := range []*message.ReceiptFile{r.File(), r.FileOf(1)} {
		var b bytes.Buffer
		if _, err := file.WriteTo(&b); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	files, _ := filepath.Glob("vectors/receipts/*/*.json")
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := message.ReadReceiptFile(text)
		if err != nil {
			return
		}
		// What is read can be written, and reads the same.
		if !bytes.Equal(r.Head.Text(), r.HeadRaw) || len(r.Lines) == 0 {
			t.Errorf("read %+v from %q", r.Head, text)
		}
	})
}
