package exchange_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

//go:generate env AKASHI_GOLDEN=write go test -count=1 -run Golden .

const vectorsDir = "../../message/vectors"

// vector is one file of message/vectors; its README says what the fields mean.
type vector struct {
	Name     string        `json:"name"`
	Says     string        `json:"says"`
	Receiver string        `json:"receiver"`
	At       string        `json:"at"`
	Root     string        `json:"root"`
	Batches  []vectorBatch `json:"batches"`
}

type vectorBatch struct {
	Link        string   `json:"link"`
	Head        string   `json:"head"`
	Signature   string   `json:"signature"`
	Certificate string   `json:"certificate"`
	Envelopes   []string `json:"envelopes"`
	Hashes      []string `json:"hashes"`
	RootHash    string   `json:"root_hash"`
	Expect      []string `json:"expect"`
}

// fixedKey signs as RFC 6979 says, so that the same vector comes out each time.
type fixedKey struct{ *ecdsa.PrivateKey }

func (k fixedKey) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.PrivateKey.Sign(nil, digest, opts)
}

// keyNamed is a key for vectors alone: anybody can make it from its name.
func keyNamed(name string) fixedKey {
	scalar := sha256.Sum256([]byte("akashi vector key: " + name))
	return fixedKey{must(ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:]))}
}

// counting gives bytes that are the same each time, for serial numbers.
type counting byte

func (c *counting) Read(b []byte) (int, error) {
	for i := range b {
		*c++
		b[i] = byte(*c)
	}
	return len(b), nil
}

func vectorCA(name string) *pki.InfrastructureCA {
	key := keyNamed(name)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: start.AddDate(-1, 0, 0),
		NotAfter: start.AddDate(9, 0, 0), KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true}
	return must(pki.OpenInfrastructureCA(must(x509.CreateCertificate(nil, template, template, key.Public(), key)), key))
}

func vectorSigner(ca *pki.InfrastructureCA, org, key string) exchange.Signer {
	k := keyNamed(key)
	der := must(ca.IssueOrganisation(new(counting), start, pki.Organisation{ID: org, Usage: pki.ForSigning, Public: k.Public()}))
	return exchange.Signer{Key: k, Certificate: der}
}

// vectors are all that is published.
func vectors() []vector {
	ca := vectorCA("Akashi vector CA")
	own := vectorSigner(ca, string(city), "city")
	other := vectorSigner(ca, "municipality-202053", "other city")
	sign := func(by exchange.Signer, es ...*message.Envelope) *messagepb.Batch {
		return must(message.SealBatch(nil, by.Key, by.Certificate, start, 0, es))
	}
	edited := func(edit func(*messagepb.Identification)) *message.Envelope {
		return envelope(2, func(e *message.Envelope) { e.Body = invalid(edit) })
	}
	type given struct {
		name, says string
		batches    []*messagepb.Batch
		expect     [][]string
	}
	one := func(name, says string, b *messagepb.Batch, expect ...string) given {
		return given{name, says, []*messagepb.Batch{b}, [][]string{expect}}
	}
	forged := sign(own, envelope(1))
	forged.Signature = sign(exchange.Signer{Key: keyNamed("forger"), Certificate: own.Certificate}, envelope(1)).Signature
	tampered := sign(own, envelope(1), envelope(2), envelope(3))
	tampered.Envelopes[1] = envelope(2, func(e *message.Envelope) { e.Trace = "t-tampered" }).Raw
	unknownCA := sign(vectorSigner(vectorCA("Another CA"), string(city), "city"), envelope(1))
	replayed := sign(own, envelope(1), envelope(2))
	all := []given{
		one("good", "Three changes of three residents.", sign(own, envelope(1), envelope(2), envelope(3)), "applied", "applied", "applied"),
		one("good-one", "A batch of one: the root is the leaf.", sign(own, envelope(1)), "applied"),
		one("forged-signature", "Signed by another key than that of the certificate.", forged, "refused"),
		one("tampered-envelope", "The second envelope was changed after it had been signed.", tampered, "refused"),
		one("unknown-ca", "The certificate is from a CA that nobody trusts.", unknownCA, "refused"),
		one("wrong-signer", "One city's messages under another city's signature.", sign(other, envelope(1)), "refused"),
		one("kind-not-allowed", "A city may not send a revocation notice to a prefecture; the message before it is taken.",
			sign(own, envelope(1), envelope(2, func(e *message.Envelope) { e.Kind = message.KindCertRevocation })), "applied", "rejected:not-allowed"),
		one("unknown-kind", "A kind that the receiver does not know.",
			sign(own, envelope(1), envelope(2, func(e *message.Envelope) { e.Kind = "resident.future" })), "applied", "rejected:unknown-kind"),
		one("wrong-keys", "The keys in the header are those of another resident.",
			sign(own, envelope(2, func(e *message.Envelope) { e.Keys = []string{resident.RecordCodeOf(9).Reveal()} })), "rejected:wrong-keys"),
		one("no-such-day", "29 February 2023 as the day on which the reason arose.",
			sign(own, edited(func(w *messagepb.Identification) { w.Arose = "2023-02-29" })), "rejected:malformed"),
		one("bad-check-digit", "A record code whose check digit is wrong.",
			sign(own, edited(func(w *messagepb.Identification) { w.Code = "24727059609" })), "rejected:malformed"),
		one("held", "The first is refused, the second about the same resident waits for it, the third is about another.",
			sign(own, edited(func(w *messagepb.Identification) { w.Arose = "2023-02-29" }), envelope(2, func(e *message.Envelope) { e.Seq = 3 }), envelope(4)),
			"rejected:malformed", "held:behind-another", "applied"),
		{"replay", "The same batch a second time.", []*messagepb.Batch{replayed, replayed}, [][]string{{"applied", "applied"}, {"duplicate", "duplicate"}}},
		{"number-reused", "Another message under a number that was used; what stands behind it is not decided upon.",
			[]*messagepb.Batch{sign(own, envelope(1)), sign(own, envelope(1, func(e *message.Envelope) { e.CreatedAt = start.Add(time.Hour) }), envelope(2))},
			[][]string{{"applied"}, {"conflict:number-reused", "conflict:after-conflict"}}},
	}
	var out []vector
	for _, g := range all {
		v := vector{Name: g.name, Says: g.says, Receiver: string(pref), At: start.Format(time.RFC3339), Root: string(pki.EncodeCertificates(ca.Certificate()))}
		for i, b := range g.batches {
			vb := vectorBatch{Link: string(city), Head: base64.StdEncoding.EncodeToString(b.Head), Signature: base64.StdEncoding.EncodeToString(b.Signature),
				Certificate: string(pki.EncodeCertificates(b.Certificate)), Expect: g.expect[i]}
			var leaves []message.Hash
			for _, raw := range b.Envelopes {
				h := message.LeafHash(raw)
				leaves = append(leaves, h)
				vb.Envelopes = append(vb.Envelopes, base64.StdEncoding.EncodeToString(raw))
				vb.Hashes = append(vb.Hashes, hex.EncodeToString(h[:]))
			}
			root := message.RootHash(leaves)
			vb.RootHash = hex.EncodeToString(root[:])
			v.Batches = append(v.Batches, vb)
		}
		out = append(out, v)
	}
	return out
}

// TestVectorsGolden: the published files are what the code makes.
func TestVectorsGolden(t *testing.T) {
	known := map[string]bool{}
	for _, v := range vectors() {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(vectorsDir, v.Name+".json")
		known[v.Name+".json"] = true
		if os.Getenv("AKASHI_GOLDEN") == "write" {
			if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if has, err := os.ReadFile(path); err != nil || !bytes.Equal(has, b.Bytes()) {
			t.Errorf("%s is not what the code makes (%v); go generate ./internal/exchange, and look at the difference", path, err)
		}
	}
	for _, path := range must(filepath.Glob(filepath.Join(vectorsDir, "*.json"))) {
		if !known[filepath.Base(path)] {
			t.Errorf("%s: no vector of this name is made", path)
		}
	}
}

// TestVectors: the real receiver comes to the verdicts that the files expect.
func TestVectors(t *testing.T) {
	for _, path := range must(filepath.Glob(filepath.Join(vectorsDir, "*.json"))) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".json"), func(t *testing.T) {
			var v vector
			if err := json.Unmarshal(must(os.ReadFile(path)), &v); err != nil {
				t.Fatal(err)
			}
			x := receiver(t, v)
			for _, b := range v.Batches {
				pb := &messagepb.Batch{Head: unbase64(b.Head), Signature: unbase64(b.Signature), Certificate: must(pki.DecodeCertificates([]byte(b.Certificate)))[0]}
				for _, e := range b.Envelopes {
					pb.Envelopes = append(pb.Envelopes, unbase64(e))
				}
				var got []string
				r, err := x.Deliver(t.Context(), message.Org(b.Link), pb)
				if refusal := (*exchange.Refusal)(nil); errors.As(err, &refusal) {
					got = []string{"refused"}
				} else if err != nil {
					t.Fatal(err)
				} else {
					for _, verdict := range r.Verdicts {
						got = append(got, strings.TrimSuffix(verdict.Outcome+":"+verdict.Code, ":"))
					}
				}
				if strings.Join(got, " ") != strings.Join(b.Expect, " ") {
					t.Errorf("the receiver says %v, expected %v", got, b.Expect)
				}
			}
		})
	}
}

func unbase64(s string) []byte { return must(base64.StdEncoding.DecodeString(s)) }

// receiver is an organisation that takes changes and was greeted.
func receiver(t *testing.T, v vector) *exchange.Exchange {
	at := must(time.Parse(time.RFC3339, v.At))
	clk := clock.NewVirtual(at)
	store := must(sqlstore.Open(t.Context(), "memory:", sqlstore.Options{Clock: clk}, exchange.Schema()))
	t.Cleanup(func() { store.Close() })
	x := must(exchange.New(t.Context(), exchange.Config{Self: message.Org(v.Receiver), Store: store, Clock: clk, Rand: rand.Reader,
		Trust:  must(pki.NewTrust(must(pki.DecodeCertificates([]byte(v.Root)))...)),
		Signer: vectorSigner(vectorCA("Akashi vector CA"), v.Receiver, "receiver"), Peers: []message.Org{city}, Routes: []exchange.Route{
			exchange.On(raw, func(context.Context, *sqlstore.Tx, exchange.Delivery, message.ResidentChange) ([]message.Out, error) {
				return nil, nil
			})}}))
	must(x.Hello(t.Context(), city, &messagepb.Greeting{Sender: string(city), Node: "1", Receiver: v.Receiver, Epoch: 1, NextSeq: 1}))
	return x
}

// TestVectorsByScript: openssl, sha256sum and jq come to the same, as far as they can tell, and the script notices a
// vector that expects something else.
func TestVectorsByScript(t *testing.T) {
	for _, tool := range []string{"bash", "openssl", "jq", "sha256sum", "base64"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	script := must(filepath.Abs(filepath.Join(vectorsDir, "check.sh")))
	run := func(files ...string) (string, error) {
		out, err := exec.CommandContext(t.Context(), script, files...).CombinedOutput()
		return string(out), err
	}
	if os.Getenv("AKASHI_FULL") != "" { // make test runs the script as a step of its own
		if out, err := run(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	for name, spoil := range map[string]func(v *vector){
		"a refused batch that is good": func(v *vector) { v.Batches[0].Expect = []string{"refused"} },
		"another hash":                 func(v *vector) { v.Batches[0].Hashes[1] = v.Batches[0].Hashes[0] },
		"another root":                 func(v *vector) { v.Batches[0].RootHash = v.Batches[0].Hashes[0] },
		"another signature": func(v *vector) {
			v.Batches[0].Signature = base64.StdEncoding.EncodeToString([]byte{0x30, 6, 2, 1, 1, 2, 1, 1})
		},
		"a duplicate that is none": func(v *vector) { v.Batches[0].Expect[2] = "duplicate" },
	} {
		v := vectors()[0]
		spoil(&v)
		path := filepath.Join(t.TempDir(), "spoilt.json")
		if err := os.WriteFile(path, must(json.Marshal(v)), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := run(path); err == nil {
			t.Errorf("%s passes the script:\n%s", name, out)
		}
	}
}
