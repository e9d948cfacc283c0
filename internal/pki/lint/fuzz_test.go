package lint

import (
	"bytes"
	"crypto/x509"
	"testing"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
)

// Whatever the bytes are, the judge comes to an end; and what it lets through is one of the certificates that are right, but for the
// free digits of the common name, and crypto/x509 reads in it what the records say.
func FuzzJudge(f *testing.F) {
	all := specimens(f)
	for i, s := range all {
		f.Add(uint8(i), s.tbs)
		f.Add(uint8(i), s.tbs[:len(s.tbs)/2])
	}
	for _, c := range odd {
		f.Add(uint8(0), c)
	}
	f.Fuzz(func(t *testing.T, which uint8, tbs []byte) {
		s := all[int(which)%len(all)]
		if judge(tbs, s.want, s.kind) != nil {
			return
		}
		if len(tbs) != len(s.tbs) || s.kind != aUser && !bytes.Equal(tbs, s.tbs) {
			t.Fatalf("%s: other bytes are let through", s.name)
		}
		der, err := pki.AssembleCertificate(tbs, pki.Placeholder(algorithmOf(s.want.Public)))
		if err != nil {
			t.Fatal(err)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatalf("%s: crypto/x509 cannot read what is let through: %v", s.name, err)
		}
		if number, err := cert.SerialFromInt(c.SerialNumber); err != nil || number != s.want.Serial || !bytes.Equal(c.RawSubjectPublicKeyInfo, s.want.Public) ||
			!c.NotBefore.Equal(s.want.From) || !c.NotAfter.Equal(s.want.Until) {
			t.Fatalf("%s: crypto/x509 reads something else", s.name)
		}
	})
}

// odd are forms that readers of DER have fallen over: lengths that are indefinite, too long, or longer than the bytes; tags of
// several octets; a depth of nesting.
var odd = [][]byte{
	nil, {0x30}, {0x30, 0x80}, {0x30, 0x80, 0, 0}, {0x30, 0x84, 0xff, 0xff, 0xff, 0xff}, {0x30, 0x88, 1, 2, 3, 4, 5, 6, 7, 8}, {0x30, 0x81, 0x02, 5, 0},
	{0x3f, 0x81, 0x01, 0}, {0x30, 0x03, 0x02, 0x01}, bytes.Repeat([]byte{0x30, 0x80}, 4000),
}

func TestOddBytesAreRefused(t *testing.T) {
	for _, s := range specimens(t) {
		for _, c := range odd {
			if err := judge(c, s.want, s.kind); err == nil {
				t.Errorf("%s: %x is let through", s.name, c)
			}
		}
	}
}

// What a lint costs is added to each signature: see the figures in docs/decisions/0029.
func BenchmarkJudge(b *testing.B) {
	for _, s := range specimens(b) {
		if s.kind != aUser {
			continue
		}
		b.Run(s.want.Profile.String()+"/"+s.want.Generation.String()+"/own", func(b *testing.B) {
			for b.Loop() {
				on, err := open(s.tbs, s.want, s.kind)
				if err != nil || len(on.own()) > 0 {
					b.Fatal(err)
				}
			}
		})
		b.Run(s.want.Profile.String()+"/"+s.want.Generation.String()+"/all", func(b *testing.B) {
			for b.Loop() {
				if err := judge(s.tbs, s.want, s.kind); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSign(b *testing.B) {
	for _, g := range []cert.Generation{cert.Today, cert.Next} {
		s, key := person(b, cert.Signature, g, nil), fixedKey(b, "ca-signature", g)
		b.Run(g.String(), func(b *testing.B) {
			for b.Loop() {
				if _, err := pki.SignTBS(nil, key, s.tbs); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
