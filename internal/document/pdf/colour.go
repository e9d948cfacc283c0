package pdf

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"sync"
	"time"
)

// Profile is the ICC profile of each document, for whoever judges one.
var Profile = sync.OnceValue(sRGB)

// sRGB is an ICC profile (ICC.1:2001-04, version 2) of the colours in which documents are meant: matrix and one curve. It is written out
// here because the usual files of it have licences of their own. The curve is a power of 2.2; the colours are those of sRGB adapted to D50.
func sRGB() []byte {
	fixed := func(v ...uint32) (b []byte) { // numbers of 16.16
		for _, n := range v {
			b = binary.BigEndian.AppendUint32(b, n)
		}
		return b
	}
	xyz := func(x, y, z uint32) []byte { return append([]byte("XYZ \x00\x00\x00\x00"), fixed(x, y, z)...) }
	text := func(s string) []byte { return append([]byte("text\x00\x00\x00\x00"), s+"\x00"...) }
	description := append([]byte("desc\x00\x00\x00\x00"), fixed(5)...)
	description = append(description, "sRGB\x00"...)
	description = append(description, make([]byte, 4+4+2+1+67)...) // no name in Unicode and none for the Macintosh
	curve := []byte("curv\x00\x00\x00\x00\x00\x00\x00\x01\x02\x33")
	tags := []struct {
		name string
		data []byte
	}{
		{"cprt", text("No copyright")},
		{"desc", description},
		{"wtpt", xyz(0xF6D6, 0x10000, 0xD32D)},
		{"rXYZ", xyz(0x6FA2, 0x38F5, 0x0390)},
		{"gXYZ", xyz(0x6299, 0xB785, 0x18DA)},
		{"bXYZ", xyz(0x24A0, 0x0F84, 0xB6CF)},
		{"rTRC", curve}, {"gTRC", curve}, {"bTRC", curve},
	}
	at := 128 + 4 + 12*len(tags)
	contents, data := fixed(uint32(len(tags))), []byte(nil)
	for _, t := range tags {
		contents = append(append(contents, t.name...), fixed(uint32(at+len(data)), uint32(len(t.data)))...)
		data = append(data, t.data...)
		data = append(data, make([]byte, -len(data)&3)...)
	}
	head := make([]byte, 128)
	binary.BigEndian.PutUint32(head, uint32(at+len(data)))
	binary.BigEndian.PutUint32(head[8:], 0x02100000)
	copy(head[12:], "mntrRGB XYZ ")
	for i, v := range []uint16{2001, 4, 1} { // the day of the specification
		binary.BigEndian.PutUint16(head[24+2*i:], v)
	}
	copy(head[36:], "acsp")
	copy(head[68:], fixed(0xF6D6, 0x10000, 0xD32D)) // D50, in which profiles are connected
	return append(append(head, contents...), data...)
}

// xmp is what the file says of itself in the form that PDF/A asks for (ISO 19005-2, 6.6).
func (d *Document) xmp() []byte {
	escape := func(s string) string {
		var b bytes.Buffer
		xml.EscapeText(&b, []byte(s))
		return b.String()
	}
	made := d.info.Made.UTC().Format(time.RFC3339)
	return fmt.Appendf(nil, `<?xpacket begin="%s" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>%s</rdf:li></rdf:Seq></dc:creator>
<xmp:CreateDate>%s</xmp:CreateDate><xmp:ModifyDate>%s</xmp:ModifyDate>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>`, "\ufeff", escape(d.info.Title), escape(d.info.Author), made, made)
}
