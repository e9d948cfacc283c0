package ipp_test

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/printing/ipp"
)

// printJob is the request of RFC 8010 appendix A.1, octet by octet, without the document.
var printJob = unhex(`
	0101 0002 00000001
	01
	47 0012 617474726962757465732d63686172736574 0005 7574662d38
	48 001b 617474726962757465732d6e61747572616c2d6c616e6775616765 0005 656e2d7573
	45 000b 7072696e7465722d757269 002c 6970703a2f2f7072696e7465722e6578616d706c652e636f6d2f6970702f7072696e742f70696e6574726565
	42 0008 6a6f622d6e616d65 0006 666f6f626172
	22 0016 6970702d6174747269627574652d666964656c697479 0001 01
	02
	21 0006 636f70696573 0004 00000014
	44 0005 7369646573 0013 74776f2d73696465642d6c6f6e672d65646765
	03`)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(err)
	}
	return b
}

func TestTheExampleOfTheRFC(t *testing.T) {
	want := ipp.Message{Major: 1, Minor: 1, Code: 2, RequestID: 1, Groups: []ipp.Group{
		{Tag: ipp.OperationGroup, Attributes: []ipp.Attribute{
			ipp.Strings(ipp.Charset, "attributes-charset", "utf-8"),
			ipp.Strings(ipp.Language, "attributes-natural-language", "en-us"),
			ipp.Strings(ipp.URI, "printer-uri", "ipp://printer.example.com/ipp/print/pinetree"),
			ipp.Strings(ipp.Name, "job-name", "foobar"),
			ipp.Bool("ipp-attribute-fidelity", true),
		}},
		{Tag: ipp.JobGroup, Attributes: []ipp.Attribute{ipp.Ints(ipp.Integer, "copies", 20), ipp.Strings(ipp.Keyword, "sides", "two-sided-long-edge")}},
	}}
	got, document, err := ipp.Decode(append(bytes.Clone(printJob), "%!PDF..."...))
	if err != nil || !reflect.DeepEqual(got, want) || string(document) != "%!PDF..." {
		t.Errorf("%+v, %q, %v", got, document, err)
	}
	if b, err := want.Encode(); err != nil || !bytes.Equal(b, printJob) {
		t.Errorf("%x, %v", b, err)
	}
}

func TestWhatAGroupSays(t *testing.T) {
	m, _, err := ipp.Decode(unhex(`0200 0000 00000001 02
		21 0001 61 0004 fffffffe
		21 0001 62 0004 00000001  21 0000 0004 00000002
		13 0001 63 0000
		36 0001 64 000b 0002 6a61 0005 e8a8bc2d31
		36 0001 65 000b 0002 6a61 0006 e8a8bc2d31
		34 0001 66 0000  4a 0000 0001 78  44 0000 0001 79  37 0000 0000
		22 0001 67 0001 01
		03`))
	if err != nil {
		t.Fatal(err)
	}
	g := m.Groups[0]
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"a negative number", g.Int("a", 7), -2},
		{"two where one is asked for", g.Int("b", 7), 7},
		{"both", g.Ints("b"), []int{1, 2}},
		{"no-value", g.Int("c", 7), 7},
		{"one that is not there", g.Int("x", 7), 7},
		{"a name with its language", g.Strings("d"), []string{"証-1"}},
		{"one with a wrong length", g.Strings("e"), []string(nil)},
		{"a number's text", g.Strings("a"), []string(nil)},
		{"a text's number", g.Int("d", 7), 7},
		{"true", g.Bool("g", false), true},
		{"a boolean that is not there", g.Bool("x", true), true},
		{"a number's truth", g.Bool("a", true), true},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
}

func TestWhatIsNoMessage(t *testing.T) {
	for what, b := range map[string]string{
		"nothing":                              "",
		"no end":                               "0200 0000 00000001 01",
		"an attribute before a group":          "0200 0000 00000001 44 0001 61 0001 62 03",
		"a further value of none":              "0200 0000 00000001 02 44 0000 0001 62 03",
		"a further value after a new group":    "0200 0000 00000001 01 44 0001 61 0001 62 02 44 0000 0001 62 03",
		"an attribute twice":                   "0200 0000 00000001 02 23 0001 61 0004 00000009 23 0001 61 0004 00000005 03",
		"an integer of three octets":           "0200 0000 00000001 02 21 0001 61 0003 000009 03",
		"an enum of five octets":               "0200 0000 00000001 02 23 0001 61 0005 0000000009 03",
		"a boolean of no octet":                "0200 0000 00000001 02 22 0001 61 0000 03",
		"a length beyond the end":              "0200 0000 00000001 02 44 0001 61 0009 62 03",
		"a negative length":                    "0200 0000 00000001 02 44 0001 61 8000 " + strings.Repeat("62", 0x8000) + "03",
		"a length of half a number at the end": "0200 0000 00000001 02 44 00",
		"the reserved tag":                     "0200 0000 00000001 00 03",
	} {
		if m, _, err := ipp.Decode(unhex(b)); err == nil {
			t.Errorf("%s: %+v", what, m)
		}
	}
	for what, g := range map[string]ipp.Attribute{
		"no name":        ipp.Strings(ipp.Keyword, "", "a"),
		"no value":       ipp.Strings(ipp.Keyword, "a"),
		"a long value":   ipp.Strings(ipp.Keyword, "a", strings.Repeat("a", 0x8000)),
		"a long name":    ipp.Strings(ipp.Keyword, strings.Repeat("a", 0x8000), "a"),
		"no value again": {Name: "a"},
	} {
		if b, err := (ipp.Message{Groups: []ipp.Group{{Tag: 1, Attributes: []ipp.Attribute{g}}}}).Encode(); err == nil {
			t.Errorf("%s: %x", what, b)
		}
	}
}

// FuzzDecode: no panic, no more memory than a multiple of the input, and what was read is written back as it was.
func FuzzDecode(f *testing.F) {
	f.Add(printJob)
	f.Add(unhex("0200 0000 00000001 02 34 0001 66 0000  4a 0000 0001 78  44 0000 0001 79  37 0000 0000 03"))
	f.Add(unhex("0200 0000 00000001 02 02 02 03 ffff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, document, err := ipp.Decode(b)
		if err != nil {
			return
		}
		parts := 0
		for _, g := range m.Groups {
			parts++
			for _, a := range g.Attributes {
				parts += len(a.Values)
				g.Strings(a.Name)
				g.Ints(a.Name)
				g.Bool(a.Name, false)
			}
		}
		if parts > len(b) {
			t.Errorf("%d parts from %d octets", parts, len(b))
		}
		back, err := m.Encode()
		if err != nil || !bytes.Equal(append(back, document...), b) {
			t.Errorf("%x came back as %x, %v", b, back, err)
		}
	})
}
