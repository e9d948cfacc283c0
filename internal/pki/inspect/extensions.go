package inspect

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"strings"
)

// The extensions of the two profiles (jpki-card.md 2.2), each with whether it is critical.
var allowed = map[string]map[string]bool{
	"signature": {
		"2.5.29.15": true, "2.5.29.32": true, "2.5.29.17": false, "2.5.29.18": false, "2.5.29.31": false,
		"1.3.6.1.5.5.7.1.1": false, "2.5.29.35": false, "2.5.29.14": false,
	},
	"authentication": {
		"2.5.29.15": true, "2.5.29.37": false, "2.5.29.32": true, "2.5.29.18": false, "2.5.29.31": false,
		"1.3.6.1.5.5.7.1.1": false, "2.5.29.35": false, "2.5.29.14": false,
	},
}

// policies are the profiles' certificate policies.
var policies = map[string]string{"signature": "1.2.392.200149.8.5.1.1.20", "authentication": "1.2.392.200149.8.5.1.3.30"}

// holderArc is that of the six attributes of a holder, in the order of a card.
const holderArc = "1.2.392.200149.8.5.5."

var holderOrder = []string{"1", "4", "3", "5", "2", "6"}

// profile holds the certificate against the profile that the row names.
func (b *bench) profile(s Stored, c *x509.Certificate) {
	want := map[string]bool{}
	for id, critical := range allowed[s.Profile] {
		want[id] = critical
	}
	exact := len(c.Extensions) == len(want)
	for _, e := range c.Extensions {
		critical, ok := want[e.Id.String()]
		exact = exact && ok && critical == e.Critical
		delete(want, e.Id.String())
	}
	if !exact || len(want) > 0 {
		b.find(Extensions, "拡張領域が、この種別のものと違います（余分、不足、または重要度）。失効させ、発行の設定を確かめてください。",
			"Its extensions are not those of the profile: one too many, too few, or otherwise critical. Revoke it, and check how it came to be issued.")
	}
	usage, purposes := x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment, []x509.ExtKeyUsage(nil)
	if s.Profile == "authentication" {
		usage, purposes = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	named := len(c.Subject.Locality) == 2
	if c.IsCA || c.KeyUsage != usage || !slices.Equal(c.ExtKeyUsage, purposes) || len(c.UnknownExtKeyUsage) > 0 || len(c.OCSPServer) != 1 ||
		len(c.Policies) != 1 || c.Policies[0].String() != policies[s.Profile] || named != (s.Profile == "signature") || c.Subject.CommonName == "" ||
		holders(c) != (s.Profile == "signature") {
		b.find(Profile, "用途、ポリシーまたは利用者の欄が、行の種別のものではありません。", "Its uses, its policy or what it says of its holder are not those of the profile in the row.")
	}
	if s.Prefecture == "" || !pointsTo(c, s) {
		b.find(Partition, "失効リストの配布点が、その市区町村のものではないか、リストの区分がありません。失効しても分からないおそれがあります。",
			"It points to another list than its municipality's, or there is no such list: its revocation might not be seen.")
	}
}

// holders tells whether a certificate has the six attributes of a holder, and nothing beside them.
func holders(c *x509.Certificate) bool {
	var names []asn1.RawValue
	for _, e := range c.Extensions {
		if e.Id.String() == "2.5.29.17" {
			if rest, err := asn1.Unmarshal(e.Value, &names); err != nil || len(rest) > 0 {
				return false
			}
		}
	}
	if len(names) != len(holderOrder) {
		return false
	}
	for i, n := range names {
		var id asn1.ObjectIdentifier
		if n.Class != asn1.ClassContextSpecific || n.Tag != 0 {
			return false
		}
		if _, err := asn1.Unmarshal(n.Bytes, &id); err != nil || id.String() != holderArc+holderOrder[i] {
			return false
		}
	}
	return true
}

// distributionPoint is RFC 5280 4.2.1.13, issuing 5.2.5.
type distributionPoint struct {
	Name   pointName      `asn1:"optional,tag:0"`
	Reason asn1.BitString `asn1:"optional,tag:1"`
	Issuer asn1.RawValue  `asn1:"optional,tag:2"`
}

type issuingPoint struct {
	Name      pointName `asn1:"optional,tag:0"`
	OnlyUsers bool      `asn1:"optional,tag:1"`
	OnlyCAs   bool      `asn1:"optional,tag:2"`
}

type pointName struct {
	Full []asn1.RawValue `asn1:"optional,tag:0"`
}

// pointsTo tells whether the certificate names its partition, as its one distribution point.
func pointsTo(c *x509.Certificate, s Stored) bool {
	for _, e := range c.Extensions {
		if e.Id.String() != "2.5.29.31" {
			continue
		}
		var points []distributionPoint
		if rest, err := asn1.Unmarshal(e.Value, &points); err != nil || len(rest) > 0 || len(points) != 1 || len(points[0].Issuer.FullBytes) > 0 || points[0].Reason.BitLength > 0 {
			return false
		}
		return named(points[0].Name, s.Issuer, s.Prefecture, s.District)
	}
	return false
}

// named tells whether a name is that of a municipality's partition below a CA: the CA's own first three parts, the words "CRL Distribution
// Points", the prefecture, and the municipality (jpki-card.md 2.2).
func named(n pointName, issuer *x509.Certificate, prefecture, district string) bool {
	if len(n.Full) != 1 || n.Full[0].Class != asn1.ClassContextSpecific || n.Full[0].Tag != 4 || issuer == nil {
		return false
	}
	var name, ca pkix.RDNSequence
	if rest, err := asn1.Unmarshal(n.Full[0].Bytes, &name); err != nil || len(rest) > 0 {
		return false
	}
	if _, err := asn1.Unmarshal(issuer.RawSubject, &ca); err != nil || len(ca) < 3 {
		return false
	}
	return slices.Equal(words(name), append(words(ca[:3]), "2.5.4.11=CRL Distribution Points", "2.5.4.11="+prefecture, "2.5.4.3="+district+" CRLDP"))
}

// words writes a name out, a part each.
func words(name pkix.RDNSequence) (all []string) {
	for _, set := range name {
		var parts []string
		for _, a := range set {
			text, _ := a.Value.(string)
			parts = append(parts, a.Type.String()+"="+text)
		}
		all = append(all, strings.Join(parts, "+"))
	}
	return all
}
