package crl_test

import (
	"bytes"
	"crypto"
	"errors"
	"testing"

	"github.com/akashi-id/akashi/internal/pki/crl"
)

// byHand is a list put together octet by octet.
type byHand struct {
	algorithm, name, this, next, entries, extensions, more, signature, rest []byte
}

func der(tag byte, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	switch n := len(body); {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, body...)
	case n < 0x100:
		return append([]byte{tag, 0x81, byte(n)}, body...)
	default:
		return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, body...)
	}
}

func (l byHand) list() []byte {
	return der(0x30, der(0x30, []byte{2, 1, 1}, l.algorithm, l.name, l.this, l.next, l.entries, l.extensions, l.more), l.algorithm, l.signature, l.rest)
}

// TestReaderRefusesByHand: one thing at a time that DER or RFC 5280 does not have, with every length right.
func TestReaderRefusesByHand(t *testing.T) {
	oid := func(content string) []byte { return der(6, []byte(content)) }
	extension := func(id string, parts ...[]byte) []byte { return der(0x30, append([][]byte{oid(id)}, parts...)...) }
	octets := func(b string) []byte { return der(4, []byte(b)) }
	block := func(parts ...[]byte) []byte { return der(0xa0, der(0x30, parts...)) }
	utc := func(s string) []byte { return der(0x17, []byte(s)) }
	attribute := func(value string) []byte { return der(0x31, der(0x30, oid("\x55\x04\x0a"), der(0x0c, []byte(value)))) }
	entries := func(extensions ...[]byte) []byte {
		e := [][]byte{{2, 1, 5}, utc("260401030000Z")}
		if extensions != nil {
			e = append(e, der(0x30, extensions...))
		}
		return der(0x30, der(0x30, e...))
	}
	reason, issuer := extension("\x55\x1d\x15", octets("\x0a\x01\x04")), extension("\x55\x1d\x1d", []byte{1, 1, 0xff}, octets("\x30\x00"))
	yes := []byte{1, 1, 0xff}
	good := func() byHand {
		return byHand{algorithm: der(0x30, oid("\x2a\x03")), name: der(0x30, attribute("CA")), this: utc("260401030000Z"), next: utc("260403030000Z"),
			entries: entries(reason, issuer), extensions: block(extension("\x55\x1d\x14", octets("\x02\x01\x07"))), signature: der(3, []byte{0, 1})}
	}
	read := func(b []byte) error {
		_, err := crl.Read(bytes.NewReader(b), crypto.SHA256, crl.Limits{}, nil)
		return err
	}
	for what, change := range map[string]func(l *byHand){
		"as it is":                func(l *byHand) {},
		"no entries":              func(l *byHand) { l.entries = nil },
		"no extensions":           func(l *byHand) { l.extensions = nil },
		"no next list":            func(l *byHand) { l.next = nil },
		"an entry without more":   func(l *byHand) { l.entries = entries() },
		"a time after 2049":       func(l *byHand) { l.next = der(0x18, []byte("20500101000000Z")) },
		"an extension of its own": func(l *byHand) { l.extensions = block(extension("\x2a\x83\x04", yes, octets("?"))) },
		"a number of twenty octets": func(l *byHand) {
			l.extensions = block(extension("\x55\x1d\x14", octets("\x02\x14"+string(bytes.Repeat([]byte{1}, 20)))))
		},
	} {
		l := good()
		change(&l)
		if err := read(l.list()); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, change := range map[string]func(l *byHand){
		"an algorithm without a name":    func(l *byHand) { l.algorithm = der(0x30, []byte{2, 1, 1}) },
		"an algorithm with two settings": func(l *byHand) { l.algorithm = der(0x30, oid("\x2a\x03"), []byte{5, 0, 5, 0}) },
		"an empty name":                  func(l *byHand) { l.name = der(0x30) },
		"a name that is too long":        func(l *byHand) { l.name = der(0x30, attribute(string(bytes.Repeat([]byte("a"), 17<<10)))) },
		"entries that are none":          func(l *byHand) { l.entries = der(0x30) },
		"entry extensions that are none": func(l *byHand) { l.entries = entries([]byte{}) },
		"a reason twice":                 func(l *byHand) { l.entries = entries(reason, reason) },
		"a CA that is not critical":      func(l *byHand) { l.entries = entries(extension("\x55\x1d\x1d", octets("\x30\x00"))) },
		"an extension without a value":   func(l *byHand) { l.entries = entries(extension("\x55\x1d\x15", octets(""))) },
		"another one without a value":    func(l *byHand) { l.entries = entries(extension("\x2a\x03", octets(""))) },
		"extensions that are none":       func(l *byHand) { l.extensions = block() },
		"a key identifier twice": func(l *byHand) {
			k := extension("\x55\x1d\x23", octets("\x30\x00"))
			l.extensions = block(k, k)
		},
		"a number of 21 octets": func(l *byHand) {
			l.extensions = block(extension("\x55\x1d\x14", octets("\x02\x15"+string(bytes.Repeat([]byte{1}, 21)))))
		},
		"an identifier with leading zeros":  func(l *byHand) { l.extensions = block(extension("\x2a\x80\x04", octets("?"))) },
		"an identifier without end":         func(l *byHand) { l.extensions = block(extension("\x2a\x83", octets("?"))) },
		"GeneralizedTime before 2050":       func(l *byHand) { l.next = der(0x18, []byte("20491231235959Z")) },
		"something after the extensions":    func(l *byHand) { l.more = []byte{5, 0} },
		"a signature of nothing":            func(l *byHand) { l.signature = der(3, []byte{0}) },
		"something after the signature":     func(l *byHand) { l.rest = []byte{5, 0} },
		"something else for the extensions": func(l *byHand) { l.extensions = der(0xa1, der(0x30, reason)) },
	} {
		l := good()
		change(&l)
		if m := (*crl.Malformed)(nil); !errors.As(read(l.list()), &m) {
			t.Errorf("%s was read", what)
		}
	}
	// A length that takes more octets than it needs.
	b := good().list()
	if long := append([]byte{0x30, 0x82, 0, b[2]}, b[3:]...); b[1] != 0x81 || read(long) == nil {
		t.Errorf("a length that is not in its shortest form was read (%x)", b[:4])
	}
}
