package verify

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// FuzzParse: no input makes the parsers panic, and every refusal is a sentence in both languages.
// The seeds are `openssl cms -sign` of the word hello in each form, under throw-away keys.
func FuzzParse(f *testing.F) {
	seeds, err := filepath.Glob("testdata/*.cms")
	if err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range seeds {
		seed, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Add([]byte{0x30, 0x80, 0x24, 0x80, 0x04, 0x01, 'a', 0x04, 0x01, 'b', 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, file []byte) {
		der, _, err := unpack(file)
		if err != nil {
			var refusal *Refusal
			if !errors.As(err, &refusal) || refusal.Reason.JA == "" || refusal.Reason.EN == "" {
				t.Fatalf("%v is no sentence for people", err)
			}
			return
		}
		if d, err := parseSignedData(der); err == nil {
			if _, err := d.signerCertificate(); err == nil && len(d.certificates) == 0 {
				t.Fatal("a signer without a certificate")
			}
		}
	})
}

func TestDefinite(t *testing.T) {
	for _, c := range []struct {
		name     string
		in, want []byte
	}{
		{"octets in pieces", []byte{0x30, 0x80, 0x24, 0x80, 4, 1, 'a', 4, 2, 'b', 'c', 0, 0, 0, 0}, []byte{0x30, 5, 4, 3, 'a', 'b', 'c'}},
		{"no octets", []byte{0x30, 0x80, 0x24, 0x80, 0, 0, 0, 0}, []byte{0x30, 2, 4, 0}},
		{"definite inside", []byte{0x30, 0x80, 0x31, 3, 2, 1, 5, 0, 0}, []byte{0x30, 5, 0x31, 3, 2, 1, 5}},
		{"a piece in pieces", []byte{0x24, 0x80, 0x24, 0x80, 4, 1, 'a', 0, 0, 0, 0}, nil},
		{"a piece of another type", []byte{0x24, 0x80, 2, 1, 5, 0, 0}, nil},
		{"primitive without a length", []byte{4, 0x80, 'a', 0, 0}, nil},
		{"no end", []byte{0x30, 0x80, 2, 1, 5}, nil},
		{"half an end", []byte{0x30, 0x80, 2, 1, 5, 0}, nil},
		{"more after the end", []byte{0x30, 0x80, 0, 0, 0}, nil},
		{"a long form of a short length", []byte{0x30, 0x80, 2, 0x81, 1, 5, 0, 0}, nil},
		{"a high tag", []byte{0x30, 0x80, 0x3f, 1, 0, 0}, nil},
		{"too deep", append(bytes.Repeat([]byte{0x30, 0x80}, maxDepth+2), make([]byte, 2*(maxDepth+2))...), nil},
		{"as deep as may be", append(bytes.Repeat([]byte{0x30, 0x80}, maxDepth+1), make([]byte, 2*(maxDepth+1))...), nested(maxDepth + 1)},
		{"nothing", nil, nil},
	} {
		got, err := definite(c.in)
		if (err == nil) != (c.want != nil) || !bytes.Equal(got, c.want) {
			t.Errorf("%s: % x, %v; want % x", c.name, got, err, c.want)
		}
	}
	for _, n := range []int{0, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, MaxOctets} {
		header := appendHeader(nil, 4, n)
		if tag, size, length, err := readHeader(header); err != nil || tag != 4 || size != len(header) || length != n {
			t.Errorf("the header for %d octets, % x, reads as %d, %v", n, header, length, err)
		}
	}
}

func nested(depth int) []byte {
	out := []byte{}
	for range depth {
		out = append([]byte{0x30, byte(len(out))}, out...)
	}
	return out
}

// The converter is linear in what it reads: a million pieces of one octet, sixteen levels deep, well inside a second.
func TestDefiniteIsFast(t *testing.T) {
	in := bytes.Repeat([]byte{0x30, 0x80}, maxDepth)
	in = append(in, 0x24, 0x80)
	in = append(in, bytes.Repeat([]byte{4, 1, 'a'}, 1<<20)...)
	in = append(in, make([]byte, 2*(maxDepth+1))...)
	start := time.Now()
	if _, err := definite(in); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start); d > 5*time.Second { // ten times and more above what it needs
		t.Errorf("it took %v", d)
	}
}
