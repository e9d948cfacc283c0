// Package crlbench measures revocation lists (失効リストの性能): to write, to read and to decide on one, beside the standard
// library and beside the hash of the same bytes, which nobody can do without.
package crlbench

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
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
	"runtime"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/bench/figure"
	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/crl"
	"github.com/akashi-id/akashi/internal/pki/crl/publish"
)

// Options say how much. The zero value has defaults.
type Options struct {
	Entries []int // 10,000, 100,000 and 1,000,000
	Rounds  int   // 5
	Say     func(format string, args ...any)
}

// day is when the lists are made: it is nobody's business here.
var day = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)

// Run measures. All contestants write the same list, and read the one that was written.
func Run(ctx context.Context, opt Options) (results []figure.Result, err error) {
	if opt.Entries == nil {
		opt.Entries = []int{10_000, 100_000, 1_000_000}
	}
	if opt.Rounds == 0 {
		opt.Rounds = 5
	}
	if opt.Say == nil {
		opt.Say = func(string, ...any) {}
	}
	for _, n := range opt.Entries {
		b, err := newBench(n)
		if err != nil {
			return nil, err
		}
		r, err := b.run(ctx, opt)
		if err != nil {
			return nil, fmt.Errorf("couldn't measure lists of %d entries: %w", n, err)
		}
		results = append(results, r...)
	}
	return results, nil
}

type bench struct {
	key         crypto.Signer
	certificate *x509.Certificate
	head        crl.Head
	entries     []crl.Entry
	template    x509.RevocationList // the same for the standard library, made beforehand: that is its caller's work
	der         []byte
	rules       publish.Rules
}

func newBench(n int) (*bench, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader) // signing takes no part of the figures
	if err != nil {
		return nil, err
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{Country: []string{"JP"}, Organization: []string{"JPKI-TEST"}},
		NotBefore: day, NotAfter: day.AddDate(10, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, key.Public(), key)
	if err != nil {
		return nil, err
	}
	b := &bench{key: key}
	if b.certificate, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	authority, err := crl.AuthorityOf(b.certificate)
	if err != nil {
		return nil, err
	}
	b.head = crl.Head{Authority: authority, Number: 1, ThisUpdate: day, NextUpdate: day.AddDate(0, 0, 2), Partition: b.certificate.RawSubject}
	b.template = x509.RevocationList{Number: big.NewInt(1), ThisUpdate: day, NextUpdate: b.head.NextUpdate,
		ExtraExtensions: []pkix.Extension{{Id: []int{2, 5, 29, 28}, Critical: true, Value: crl.ScopeOf(b.head.Partition)}}}
	for i := range n {
		// The serials of the program have 16 octets and are drawn; here their order is what is drawn of them.
		octets := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, 1<<62+uint64(i)), uint64(i)*0x9e3779b97f4a7c15)
		serial, err := cert.SerialFromBytes(octets)
		if err != nil {
			return nil, err
		}
		e := crl.Entry{Serial: serial, At: day.Add(-time.Duration(i) * time.Second), Reason: cert.Reasons[i%len(cert.Reasons)]}
		b.entries = append(b.entries, e)
		b.template.RevokedCertificateEntries = append(b.template.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: serial.Int(), RevocationTime: e.At, ReasonCode: e.Reason.Code()})
	}
	b.rules = publish.Rules{Issuer: b.certificate.RawSubject, KeyID: b.certificate.SubjectKeyId, Algorithm: authority.Algorithm, Hash: authority.Hash,
		Verify: func(digest, signature []byte) error { return pki.VerifyDigest(key.Public(), digest, signature) },
		Scope:  crl.ScopeOf(b.head.Partition), MaxLife: 48 * time.Hour,
		Certificate: func(context.Context, cert.Serial) (publish.Certificate, error) { return publish.Certificate{}, nil }}
	var out bytes.Buffer
	err = b.write(context.Background(), &out)
	b.der = out.Bytes()
	return b, err
}

func (b *bench) write(ctx context.Context, w io.Writer) error {
	_, err := crl.Write(ctx, w, b.head, func(yield func(crl.Entry, error) bool) {
		for _, e := range b.entries {
			if !yield(e, nil) {
				return
			}
		}
	}, func(_ context.Context, digest []byte) ([]byte, error) {
		return b.key.Sign(rand.Reader, digest, crypto.SHA256)
	})
	return err
}

// contestants do one thing each, with the same list.
func (b *bench) contestants(ctx context.Context) []contestant {
	return []contestant{
		{"write", func() error { return b.write(ctx, io.Discard) }},
		{"write, std", func() error {
			_, err := x509.CreateRevocationList(rand.Reader, &b.template, b.certificate, b.key)
			return err
		}},
		{"hash", func() error {
			sum := sha256.Sum256(b.der)
			_, err := b.key.Sign(rand.Reader, sum[:], crypto.SHA256)
			return err
		}},
		{"read", func() error {
			_, err := crl.Read(bytes.NewReader(b.der), crypto.SHA256, crl.Limits{}, func(i crl.Item) error { return i.Check() })
			return err
		}},
		{"read, std", func() error {
			_, err := x509.ParseRevocationList(b.der)
			return err
		}},
		{"decide", func() error {
			list := publish.Bytes(b.der)
			v, err := publish.Check(ctx, b.rules, publish.Before{}, publish.Offer{Full: list}, day)
			if err == nil && !v.Publish() {
				err = fmt.Errorf("the list would not be published: %v", v.Findings)
			}
			return err
		}},
	}
}

type contestant struct {
	name string
	do   func() error
}

func (b *bench) run(ctx context.Context, opt Options) ([]figure.Result, error) {
	n := len(b.entries)
	rate, seconds, allocated := figure.Rounds{}, figure.Rounds{}, figure.Rounds{}
	for range opt.Rounds {
		for _, c := range b.contestants(ctx) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			took := peer.Stopwatch()
			if err := c.do(); err != nil {
				return nil, err
			}
			s := took()
			runtime.ReadMemStats(&after)
			rate.Add(c.name, float64(n)/s)
			seconds.Add(c.name, s)
			allocated.Add(c.name, float64(after.TotalAlloc-before.TotalAlloc))
		}
	}
	opt.Say("%d entries: written in %.3f s (standard library %.3f s, hash alone %.3f s), read in %.3f s (%.3f s), decided on in %.3f s", n, seconds.Median("write"),
		seconds.Median("write, std"), seconds.Median("hash"), seconds.Median("read"), seconds.Median("read, std"), seconds.Median("decide"))
	what := fmt.Sprintf("revocation list of %d entries, ", n)
	const create, parse, hash = "x509.CreateRevocationList", "x509.ParseRevocationList", "SHA-256 of the same bytes, and a signature"
	return []figure.Result{
		rate.Beside(what+"written", "entries/s", "write", "write, std", create),
		allocated.Beside(what+"written, allocated", "bytes", "write", "write, std", create),
		seconds.Beside(what+"written, time", "s", "write", "hash", hash),
		rate.Beside(what+"read", "entries/s", "read", "read, std", parse),
		allocated.Beside(what+"read, allocated", "bytes", "read", "read, std", parse),
		seconds.Beside(what+"decided on for publication, time", "s", "decide", "hash", hash),
	}, nil
}
