package crl_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/crl"
)

// TestReadBack: what was written comes back, and the digest is the one that was signed.
func TestReadBack(t *testing.T) {
	for _, a := range cert.Algorithms {
		c := newCA(t, a)
		h := c.head(9)
		h.Base, h.Partition = 4, name(t, "Matsumoto-shi CRLDP")
		for _, n := range []int{0, 1, 2000} {
			der := c.write(t, h, many(n))
			var got []crl.Entry
			info, err := crl.Read(bytes.NewReader(der), h.Authority.Hash, crl.Limits{}, func(i crl.Item) error {
				e, err := i.Entry()
				got = append(got, e)
				return err
			})
			must(t, err)
			k := 0
			for want, err := range many(n) {
				must(t, err)
				if got[k].Serial != want.Serial || !got[k].At.Equal(want.At) || got[k].Reason != want.Reason {
					t.Fatalf("entry %d came back as %v, not %v", k, got[k], want)
				}
				k++
			}
			if len(got) != n || info.Entries != n || info.Size != int64(len(der)) || !info.ThisUpdate.Equal(h.ThisUpdate) || !info.NextUpdate.Equal(h.NextUpdate) ||
				info.Number.Uint64() != 9 || info.Base.Uint64() != 4 || !bytes.Equal(info.Issuer, c.certificate.RawSubject) ||
				!bytes.Equal(info.Extension(crl.Scope).Value, crl.ScopeOf(h.Partition)) || !info.Extension(crl.Scope).Critical ||
				!bytes.Equal(info.Extension(crl.AuthorityKey).Value, h.Authority.KeyIdentifier()) || info.Extension(crl.Freshest) != nil {
				t.Errorf("%s, %d entries: came back as %d, %+v", a, n, len(got), info)
			}
			must(t, pki.VerifyDigest(c.key.Public(), info.Digest, info.Signature))
		}
	}
}

// TestPKITS: the lists of NIST's test suite, by other hands and of other kinds than ours, say the same to us as to the
// standard library; and the signature of each is right or wrong to both.
func TestPKITS(t *testing.T) {
	data := os.Getenv("AKASHI_TESTDATA")
	if data == "" {
		t.Skip("AKASHI_TESTDATA names no directory of vectors by others; `make test` sets it")
	}
	files, err := filepath.Glob(filepath.Join(data, "nist-pkits-crls", "*.crl"))
	must(t, err)
	if len(files) == 0 {
		t.Skipf("there is no nist-pkits-crls in %s", data)
	}
	if len(files) != 173 {
		t.Errorf("%d lists, not 173", len(files))
	}
	certificates := pkitsCertificates(t)
	signed := 0
	for _, file := range files {
		der, err := os.ReadFile(file)
		must(t, err)
		base := filepath.Base(file)
		theirs, err := x509.ParseRevocationList(der)
		if err != nil {
			t.Fatalf("%s: the standard library cannot read it: %v", base, err)
		}
		if base == "BadCRLSignatureCACRL.crl" {
			// Its signature has 2,047 bits: no algorithm makes that, and there is no need to ask a key.
			if _, err := crl.Read(bytes.NewReader(der), crypto.SHA256, crl.Limits{}, nil); err == nil || !strings.Contains(err.Error(), "signature") {
				t.Errorf("%s: %v", base, err)
			}
			continue
		}
		same(t, base, der, theirs)
		info, err := crl.Read(bytes.NewReader(der), crypto.SHA256, crl.Limits{}, nil)
		must(t, err)
		for _, c := range certificates[string(theirs.RawIssuer)] {
			if _, err := pki.AlgorithmOf(c.PublicKey); err != nil {
				continue
			}
			ours, std := pki.VerifyDigest(c.PublicKey, info.Digest, info.Signature), c.CheckSignature(theirs.SignatureAlgorithm, theirs.RawTBSRevocationList, theirs.Signature)
			if (ours == nil) != (std == nil) {
				t.Errorf("%s by %s: we say %v, the standard library %v", base, c.Subject, ours, std)
			}
			if ours == nil {
				signed++
			}
		}
	}
	if signed < 150 {
		t.Errorf("only %d signatures were found right", signed)
	}
}

func pkitsCertificates(t *testing.T) map[string][]*x509.Certificate {
	all := map[string][]*x509.Certificate{}
	files, err := filepath.Glob(filepath.Join(runtime.GOROOT(), "src/crypto/x509/testdata/nist-pkits/certs/*.crt"))
	must(t, err)
	if len(files) == 0 {
		t.Skip("this Go has no source beside it, and so not the certificates of the test suite")
	}
	for _, file := range files {
		der, err := os.ReadFile(file)
		must(t, err)
		if c, err := x509.ParseCertificate(der); err == nil && c.IsCA {
			all[string(c.RawSubject)] = append(all[string(c.RawSubject)], c)
		}
	}
	return all
}

// same compares what our reader says of a list with what the standard library says of it.
func same(t testing.TB, what string, der []byte, theirs *x509.RevocationList) {
	t.Helper()
	n := 0
	info, err := crl.Read(bytes.NewReader(der), crypto.SHA256, crl.Limits{}, func(i crl.Item) error {
		e := theirs.RevokedCertificateEntries[n]
		n++
		number := new(big.Int).SetBytes(i.Number)
		if i.Number[0]&0x80 != 0 {
			number.Sub(number, new(big.Int).Lsh(big.NewInt(1), uint(8*len(i.Number))))
		}
		others := len(e.Extensions)
		for _, x := range e.Extensions {
			if x.Id.String() == "2.5.29.21" {
				others--
			}
		}
		if number.Cmp(e.SerialNumber) != 0 || !i.At.Equal(e.RevocationTime) || i.Reason != e.ReasonCode || i.Others != others {
			return fmt.Errorf("entry %d: we read %x %+v, the standard library %+v", n, i.Number, i, e)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	digest := sha256.Sum256(theirs.RawTBSRevocationList)
	if n != len(theirs.RevokedCertificateEntries) || !bytes.Equal(info.Issuer, theirs.RawIssuer) || !info.ThisUpdate.Equal(theirs.ThisUpdate) ||
		!info.NextUpdate.Equal(theirs.NextUpdate) || !bytes.Equal(info.Digest, digest[:]) || !bytes.Equal(info.Signature, theirs.Signature) ||
		len(info.Extensions) != len(theirs.Extensions) || info.Number != nil != (theirs.Number != nil) || info.Number != nil && info.Number.Cmp(theirs.Number) != 0 {
		t.Fatalf("%s: we read %+v, the standard library %+v", what, info, theirs)
	}
	for k, x := range theirs.Extensions {
		if ours := info.Extensions[k]; ours.Critical != x.Critical || !bytes.Equal(ours.Value, x.Value) {
			t.Fatalf("%s: extension %d is %+v, not %+v", what, k, ours, x)
		}
	}
}

// TestReaderRefuses: one octet of a good list is changed each time, which makes it something that DER or RFC 5280 does not have.
func TestReaderRefuses(t *testing.T) {
	c := newCA(t, cert.P256SHA256)
	h := c.head(0x7f)
	h.Partition = name(t, "p")
	good := c.write(t, h, list(crl.Entry{Serial: serial(t, "0102"), At: noon, Reason: cert.Superseded}))
	edit := func(old, new string) []byte {
		if bytes.Count(good, []byte(old)) != 1 {
			t.Fatalf("%x stands %d times in the list", old, bytes.Count(good, []byte(old)))
		}
		return bytes.Replace(good, []byte(old), []byte(new), 1)
	}
	for what, der := range map[string][]byte{
		"nothing":                     nil,
		"something after the list":    append(bytes.Clone(good), 0),
		"an end too early":            good[:len(good)-1],
		"no SEQUENCE":                 append([]byte{0x31}, good[1:]...),
		"the indefinite form":         append([]byte{0x30, 0x80}, good[4:]...),
		"version 3":                   edit("\x02\x01\x01\x30", "\x02\x01\x02\x30"),
		"a serial not in short form":  edit("\x02\x02\x01\x02", "\x02\x02\x00\x02"),
		"30 February":                 edit("\x17\x0d260403030000Z\x30", "\x17\x0d260230030000Z\x30"),
		"a time in another zone":      edit("\x17\x0d260401030000Z\x17", "\x17\x0d260401030000A\x17"),
		"a 61st second":               edit("\x17\x0d260401030000Z\x17", "\x17\x0d260401030060Z\x17"),
		"no digit":                    edit("\x17\x0d260401030000Z\x17", "\x17\x0d26040103000:Z\x17"),
		"a reason of no meaning":      edit("\x0a\x01\x04", "\x0a\x01\x07"),
		"a reason beyond all":         edit("\x0a\x01\x04", "\x0a\x01\x0b"),
		"a reason of another type":    edit("\x0a\x01\x04", "\x02\x01\x04"),
		"a default that is said":      edit("\x55\x1d\x1c\x01\x01\xff", "\x55\x1d\x1c\x01\x01\x00"),
		"a truth of its own":          edit("\x55\x1d\x1c\x01\x01\xff", "\x55\x1d\x1c\x01\x01\x01"),
		"an extension twice":          edit("\x06\x03\x55\x1d\x23", "\x06\x03\x55\x1d\x14"),
		"a negative number":           edit("\x04\x03\x02\x01\x7f", "\x04\x03\x02\x01\xff"),
		"an identifier without end":   edit("\x06\x03\x55\x1d\x1c", "\x06\x03\x55\x1d\x9c"),
		"another algorithm outside":   bytes.Replace(good, []byte("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02\x03"), []byte("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03\x03"), 1),
		"a signature of seven bits":   bytes.Replace(good, []byte{0x03, byte(len(good) - bytes.LastIndex(good, []byte{0x00, 0x30})), 0x00, 0x30}, []byte{0x03, byte(len(good) - bytes.LastIndex(good, []byte{0x00, 0x30})), 0x01, 0x30}, 1),
		"a name without an attribute": bytes.Replace(good, []byte("\x06\x03\x55\x04\x06"), []byte("\x04\x03\x55\x04\x06"), 1),
	} {
		if bytes.Equal(der, good) {
			t.Errorf("%s: nothing was changed", what)
		}
		for _, r := range []io.Reader{bytes.NewReader(der), iotest.OneByteReader(bytes.NewReader(der)), iotest.DataErrReader(bytes.NewReader(der))} {
			_, err := crl.Read(r, crypto.SHA256, crl.Limits{}, nil)
			if m := (*crl.Malformed)(nil); !errors.As(err, &m) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	for what, wrong := range map[string]func() error{
		"a list that is too long": func() error {
			_, err := crl.Read(bytes.NewReader(good), crypto.SHA256, crl.Limits{Size: int64(len(good)) - 1}, nil)
			return err
		},
		"too many entries": func() error {
			_, err := crl.Read(bytes.NewReader(c.write(t, h, many(3))), crypto.SHA256, crl.Limits{Entries: 2}, nil)
			return err
		},
		"no hash function": func() error { _, err := crl.Read(bytes.NewReader(good), 0, crl.Limits{}, nil); return err },
		"an entry of five kilobytes": func() error {
			_, err := crl.Read(bytes.NewReader(fat(good)), crypto.SHA256, crl.Limits{}, nil)
			return err
		},
		"a disk that fails": func() error {
			_, err := crl.Read(iotest.TimeoutReader(iotest.HalfReader(bytes.NewReader(good))), crypto.SHA256, crl.Limits{}, nil)
			return err
		},
		"a stream that never goes on": func() error { _, err := crl.Read(stuck{}, crypto.SHA256, crl.Limits{}, nil); return err },
	} {
		if wrong() == nil {
			t.Errorf("%s was read", what)
		}
	}
	if _, err := crl.Read(bytes.NewReader(good), crypto.SHA256, crl.Limits{Size: int64(len(good)), Entries: 1}, nil); err != nil {
		t.Errorf("a list at its bounds: %v", err)
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

// fat is a list whose only entry says that it is longer than any entry.
func fat(good []byte) []byte {
	entry := append([]byte{0x30, 0x82, 0x13, 0x88}, make([]byte, 5000)...)
	head := good[bytes.Index(good, []byte{2, 1, 1, 0x30}) : bytes.Index(good, []byte("\x17\x0d260403030000Z\x30"))+15]
	wrap := func(b []byte) []byte { return append([]byte{0x30, 0x82, byte(len(b) >> 8), byte(len(b))}, b...) }
	return wrap(wrap(append(bytes.Clone(head), wrap(entry)...)))
}

func TestItemsThatAreNoneOfOurs(t *testing.T) {
	for what, c := range map[string]struct {
		item crl.Item
		want error
	}{
		"a negative serial":       {crl.Item{Number: []byte{0x80, 1}}, crl.ErrSerial},
		"zero":                    {crl.Item{Number: []byte{0}}, crl.ErrSerial},
		"21 octets":               {crl.Item{Number: bytes.Repeat([]byte{1}, 21)}, crl.ErrSerial},
		"privilegeWithdrawn":      {crl.Item{Number: []byte{1}, Reason: 9}, crl.ErrReason},
		"removeFromCRL":           {crl.Item{Number: []byte{1}, Reason: 8}, crl.ErrReason},
		"another CA's":            {crl.Item{Number: []byte{1}, Foreign: true, Others: 1}, crl.ErrExtension},
		"a good one":              {crl.Item{Number: []byte{0, 0x80}, Reason: 6}, nil},
		"the longest that may be": {crl.Item{Number: append([]byte{0x7f}, make([]byte, 19)...)}, nil},
	} {
		if _, err := c.item.Entry(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
	}
	order := [][]byte{{0x80, 1}, {0}, {1}, {0x7f}, {0, 0x80}, {0, 0xff}, {1, 0}, {0x7f, 0xff}, {0, 0x80, 0}}
	for i, a := range order {
		for k, b := range order {
			if got := (crl.Item{Number: a}).Compare(crl.Item{Number: b}); (got < 0) != (i < k) || (got > 0) != (i > k) {
				t.Errorf("%x to %x: %d", a, b, got)
			}
		}
	}
}

// TestReaderMemory: as TestWriterMemory.
func TestReaderMemory(t *testing.T) {
	c := newCA(t, cert.P256SHA256)
	short, long := c.write(t, c.head(1), many(200)), c.write(t, c.head(1), many(20_000))
	measure := func(der []byte) uint64 {
		return allocated(func() {
			if _, err := crl.Read(bytes.NewReader(der), crypto.SHA256, crl.Limits{}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	if s, l := measure(short), measure(long); l > s+64<<10 {
		t.Errorf("200 entries take %d bytes, 20,000 take %d", s, l)
	}
}

var writeCorpus = flag.Bool("corpus", false, "write the seeds of the fuzz corpus again")

// FuzzRead: whatever comes, the reader ends, says the same however the bytes arrive, and where the standard library reads
// the list too, says what it says. The corpus is kept in testdata/fuzz.
func FuzzRead(f *testing.F) {
	if *writeCorpus {
		seed(f)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		limits := crl.Limits{Size: 1 << 20}
		items := 0
		info, err := crl.Read(bytes.NewReader(der), crypto.SHA256, limits, func(i crl.Item) error {
			items++
			if e, err := i.Entry(); err == nil && (e.Serial.IsZero() || !e.Reason.Valid()) {
				t.Errorf("an entry without serial or reason: %+v", i)
			}
			return nil
		})
		again, err2 := crl.Read(iotest.OneByteReader(bytes.NewReader(der)), crypto.SHA256, limits, nil)
		if fmt.Sprint(err) != fmt.Sprint(err2) || fmt.Sprintf("%+v", info) != fmt.Sprintf("%+v", again) {
			t.Fatalf("whole: %+v %v; octet by octet: %+v %v", info, err, again, err2)
		}
		if err != nil {
			return
		}
		if info.Size != int64(len(der)) || info.Entries != items {
			t.Errorf("%d of %d bytes, %d of %d entries", info.Size, len(der), info.Entries, items)
		}
		if theirs, err := x509.ParseRevocationList(der); err == nil {
			same(t, "fuzzed", der, theirs)
		}
	})
}

func seed(f *testing.F) {
	c := newCA(f, cert.P256SHA256)
	h := c.head(9)
	h.Partition, h.Base = name(f, "Matsumoto-shi CRLDP"), 4
	late := c.head(1)
	late.NextUpdate = late.NextUpdate.AddDate(30, 0, 0)
	late.Freshest = name(f, "delta")
	for k, der := range [][]byte{c.write(f, c.head(1), list()), c.write(f, h, many(9)), c.write(f, late, many(2)), []byte("0\x84\xff\xff\xff\xff")} {
		text := fmt.Sprintf("go test fuzz v1\n[]byte(%q)\n", der)
		must(f, os.MkdirAll("testdata/fuzz/FuzzRead", 0o755))
		must(f, os.WriteFile(fmt.Sprintf("testdata/fuzz/FuzzRead/seed-%d", k), []byte(text), 0o644))
	}
	if data := os.Getenv("AKASHI_TESTDATA"); data != "" {
		for _, name := range []string{"NegativeSerialNumberCACRL", "indirectCRLCA3cRLIssuerCRL", "deltaCRLCA1deltaCRL", "LongSerialNumberCACRL", "GeneralizedTimeCRLnextUpdateCACRL"} {
			der, err := os.ReadFile(filepath.Join(data, "nist-pkits-crls", name+".crl"))
			must(f, err)
			must(f, os.WriteFile("testdata/fuzz/FuzzRead/pkits-"+strings.ToLower(name), fmt.Appendf(nil, "go test fuzz v1\n[]byte(%q)\n", der), 0o644))
		}
	}
}
