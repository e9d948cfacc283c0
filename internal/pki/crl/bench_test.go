package crl_test

import (
	"bytes"
	"crypto"
	"io"
	"testing"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/crl"
)

// BenchmarkWrite and BenchmarkRead are for profiles; beside whom they stand is measured by `akashi bench crl`.
func BenchmarkWrite(b *testing.B) {
	c := newCA(b, cert.P256SHA256)
	var all []crl.Entry
	for e, err := range many(100_000) {
		must(b, err)
		all = append(all, e)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := crl.Write(b.Context(), io.Discard, c.head(1), list(all...), c.sign); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(all)*b.N)/b.Elapsed().Seconds(), "entries/s")
}

func BenchmarkRead(b *testing.B) {
	c := newCA(b, cert.P256SHA256)
	der := c.write(b, c.head(1), many(100_000))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := crl.Read(bytes.NewReader(der), crypto.SHA256, crl.Limits{}, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(100_000*b.N)/b.Elapsed().Seconds(), "entries/s")
}
