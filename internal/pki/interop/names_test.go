package interop

import (
	"crypto/x509"
	"encoding/asn1"

	"github.com/akashi-id/akashi/internal/pki/jpki"
)

func named(country, commonName string) jpki.Name {
	n := jpki.Name{{Type: asn1.ObjectIdentifier{2, 5, 4, 6}, Value: country}}
	if commonName != "" {
		n = append(n, jpki.Attribute{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: commonName})
	}
	return n
}

// excludes is a name constraint (RFC 5280 4.2.1.10) that forbids all names of a country.
func (w *world) excludes(country string) []byte {
	w.Helper()
	name := must[[]byte](w)(named(country, "").DER())
	base := asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 4, IsCompound: true, Bytes: name} // directoryName
	subtree := struct{ Base asn1.RawValue }{base}
	type constraints struct {
		Excluded []struct{ Base asn1.RawValue } `asn1:"tag:1"`
	}
	return value(w, constraints{[]struct{ Base asn1.RawValue }{subtree}})
}

// keyUsage encodes one use (RFC 5280 4.2.1.3).
func keyUsage(w *world, one x509.KeyUsage) []byte {
	w.Helper()
	for bit := range 8 {
		if one == 1<<bit {
			return value(w, asn1.BitString{Bytes: []byte{0x80 >> bit}, BitLength: bit + 1})
		}
	}
	panic("interop: one use of the first eight")
}
