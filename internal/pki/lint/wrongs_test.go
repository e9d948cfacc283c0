package lint

import (
	"crypto/rsa"
	"crypto/sha1"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/cert"
)

// wrong is a certificate with one thing changed.
type wrong struct {
	rule       string
	says       string
	of         specimen
	generation cert.Generation
	change     func(n *node, w *Want)
	bytes      func(tbs []byte) []byte // instead, or after it
	also       string                  // the RFC lints that refuse it too
}

func wrongs(t *testing.T) []wrong {
	user, authentication := person(t, cert.Signature, cert.Today, nil), person(t, cert.Authentication, cert.Next, nil)
	_, root := ca(t, cert.Signature, cert.Next)
	signer := responder(t, cert.Authentication, cert.Today)

	flip := func(body []byte) []byte { // another last octet, which is text or a number
		body = slices.Clone(body)
		body[len(body)-1] ^= 1
		return body
	}
	body := func(path ...int) func(*node, *Want) {
		return func(n *node, _ *Want) { at := n.at(path...); at.body = flip(at.body) }
	}
	in := func(id string, path ...int) func(*node, *Want) {
		return func(n *node, _ *Want) { at := n.value(t, id).at(path...); at.body = flip(at.body) }
	}
	becomes := func(id string, der ...byte) func(*node, *Want) {
		return func(n *node, _ *Want) { *n.value(t, id) = *parse(t, der) }
	}
	text := func(with string, path ...int) func(*node, *Want) {
		return func(n *node, _ *Want) { n.at(path...).body = []byte(with) }
	}
	number := func(octets ...byte) func(*node, *Want) {
		return func(n *node, w *Want) {
			n.at(inSerial).body = octets
			w.Serial = must[cert.Serial](t)(cert.SerialFromBytes(octets))
		}
	}
	// said changes an attribute of the holder in the bytes and in the records alike.
	said := func(change func(h *cert.Holder)) func(*node, *Want) {
		return func(n *node, w *Want) {
			h := *w.Holder
			change(&h)
			w.Holder = &h
			for i, v := range []string{h.Name, h.Birth, h.Sex, h.Address, h.NameSubstitutes, h.AddressSubstitutes} {
				n.value(t, idSubjectAltName).at(i, 1, 0).body = []byte(v)
			}
		}
	}
	extension := func(change func(list []*node) []*node) func(*node, *Want) {
		return func(n *node, _ *Want) { l := n.extensions(); l.parts = change(l.parts) }
	}
	flag := func(at int, value byte) func(*node, *Want) {
		return extension(func(l []*node) []*node {
			l[at].parts = slices.Insert(l[at].parts, 1, &node{tag: 1, body: []byte{value}})
			return l
		})
	}
	key := func(k *rsa.PublicKey) func(*node, *Want) {
		return func(n *node, w *Want) {
			w.Public = spki(t, k)
			n.parts[inKey] = parse(t, w.Public)
			sum := sha1.Sum(n.at(inKey, 1).body[1:])
			n.value(t, idSubjectKeyID).body = sum[:]
		}
	}
	today := fixedKey(t, "holder", cert.Today).Public().(*rsa.PublicKey)

	return []wrong{
		{rule: "structure", says: "something follows", of: user, bytes: func(tbs []byte) []byte { return append(tbs, 5, 0) }},
		{rule: "structure", says: "nothing", of: user, bytes: func([]byte) []byte { return nil }},
		{rule: "structure", says: "too long", of: user, change: extension(func(l []*node) []*node {
			return append(l, &node{tag: 0x30, parts: []*node{{tag: 6, body: []byte{42, 3, 4}}, {tag: 4, body: make([]byte, largest)}}})
		})},
		{rule: "version", says: "2", also: "rfc:e_cert_extensions_version_not_3", of: user, change: func(n *node, _ *Want) { n.at(inVersion, 0).body = []byte{1} }},
		{rule: "version", says: "none", also: "rfc:e_cert_extensions_version_not_3", of: user, change: func(n *node, _ *Want) { n.parts = n.parts[1:] }},
		{rule: "serial-positive", says: "negative", also: "rfc:e_serial_number_not_positive", of: user, change: number(0xc1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)},
		{rule: "serial-positive", says: "a leading zero", also: "rfc", of: root, change: number(0, 6, 7, 8)},
		{rule: "serial-length", says: "15 octets", of: user, change: number(0x41, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)},
		{rule: "serial-length", says: "5 octets of a CA", of: root, change: number(0x41, 2, 3, 4, 5)},
		{rule: "serial-recorded", says: "another", of: signer, change: body(inSerial)},
		{rule: "signature-algorithm", says: "of another key", of: user, change: func(n *node, _ *Want) {
			n.parts[inAlgorithm] = parse(t, algorithms[cert.P384SHA384].identifier)
		}},
		{rule: "signature-algorithm", says: "parameters left out", also: "rfc:e_tbs_signature_rsa_encryption_parameter_not_null", of: user, change: func(n *node, _ *Want) {
			n.at(inAlgorithm).parts = n.at(inAlgorithm).parts[:1]
		}},
		{rule: "issuer", says: "another organisation", of: user, change: body(inIssuer, 1, 0, 1)},
		{rule: "issuer", says: "printable", of: signer, change: func(n *node, _ *Want) { n.at(inIssuer, 1, 0, 1).tag = 0x13 }},
		{rule: "time-form", says: "GeneralizedTime before 2050", also: "rfc:e_wrong_time_format_pre2050", of: user, change: func(n *node, _ *Want) {
			*n.at(inValidity, 1) = node{tag: 0x18, body: []byte("20300217145959Z")}
		}},
		{rule: "time-form", says: "no seconds", also: "rfc:e_utc_time_does_not_include_seconds", of: user, change: text("2510270115Z", inValidity, 0)},
		{rule: "time-form", says: "not in Z", also: "rfc:e_utc_time_not_in_zulu", of: user, change: text("251027101530+0900", inValidity, 0)},
		{rule: "not-before", says: "a second later", of: user, change: text("251027011531Z", inValidity, 0)},
		{rule: "not-before", says: "before its CA", of: user, change: func(_ *node, w *Want) {
			_, other := ca(t, cert.Signature, cert.Today)
			w.Issuer = later(t, other)
		}},
		{rule: "validity", says: "a second earlier", of: user, change: text("300217145958Z", inValidity, 1)},
		{rule: "validity", says: "the 6th birthday", of: authentication, change: text("310217145959Z", inValidity, 1)},
		{rule: "validity", says: "11 years", of: root, change: text("360401145959Z", inValidity, 1)},
		{rule: "validity", says: "two months", of: signer, change: text("251227011530Z", inValidity, 1)},
		{rule: "subject", says: "printable", of: user, change: func(n *node, _ *Want) { n.at(inSubject, 1, 0, 1).tag = 0x13 }},
		{rule: "subject", says: "two attributes in one", of: user, change: func(n *node, _ *Want) {
			one := n.at(inSubject, 1)
			one.parts = append(one.parts, one.parts[0])
		}},
		{rule: "subject", says: "a place", of: authentication, change: func(n *node, _ *Want) {
			name := n.at(inSubject)
			place := &node{tag: 0x31, parts: []*node{{tag: 0x30, parts: []*node{{tag: 6, body: []byte{0x55, 4, 7}}, {tag: 12, body: []byte("Nagano-ken")}}}}}
			name.parts = slices.Insert(name.parts, 1, place)
		}},
		{rule: "subject-place", says: "another prefecture", of: user, change: body(inSubject, 1, 0, 1)},
		{rule: "common-name", says: "another counter", of: user, change: body(inSubject, 3, 0, 1)},
		{rule: "common-name", says: "a longer one", of: authentication, change: text("2025102710153000001202021A01", inSubject, 1, 0, 1)},
		{rule: "common-name", says: "another month", of: signer, change: text("OCSP 2025-11", inSubject, 3, 0, 1)},
		{rule: "public-key", says: "another", of: user, change: func(_ *node, w *Want) {
			w.Public = spki(t, fixedKey(t, "ocsp", cert.Today).Public())
		}},
		{rule: "key-algorithm", says: "of today's card in the next generation", of: user, generation: cert.Next},
		{rule: "key-algorithm", says: "exponent 3", of: user, change: key(&rsa.PublicKey{N: today.N, E: 3})},
		{rule: "unique-ids", says: "of the subject", also: "rfc:e_cert_contains_unique_identifier", of: user, change: func(n *node, _ *Want) {
			n.parts = slices.Insert(n.parts, inExtensions, &node{tag: 0x82, body: []byte{0, 1}})
		}},
		{rule: "extension-missing", says: "no issuerAltName", of: user, change: extension(func(l []*node) []*node { return slices.Delete(l, 3, 4) })},
		{rule: "extension-missing", says: "none at all", also: "rfc:e_ext_authority_key_identifier_no_key_identifier rfc:w_ext_subject_key_identifier_missing_sub_cert", of: signer, change: func(n *node, _ *Want) { n.parts = n.parts[:inExtensions] }},
		{rule: "extension-unknown", says: "one more", of: user, change: extension(func(l []*node) []*node {
			return append(l, &node{tag: 0x30, parts: []*node{{tag: 6, body: []byte{42, 3, 4}}, {tag: 4, body: []byte{5, 0}}}})
		})},
		{rule: "extension-unknown", says: "twice", also: "rfc:e_ext_duplicate_extension", of: user, change: extension(func(l []*node) []*node { return append(l, l[len(l)-1]) })},
		{rule: "extension-order", says: "the last two", of: user, change: extension(func(l []*node) []*node {
			slices.Reverse(l[len(l)-2:])
			return l
		})},
		{rule: "extension-critical", says: "the distribution point", also: "rfc:w_ext_crl_distribution_marked_critical", of: user, change: flag(4, 0xff)},
		{rule: "extension-critical", says: "FALSE written out", also: "rfc:e_cert_ext_invalid_der", of: user, change: flag(7, 0)},
		{rule: "extension-critical", says: "TRUE as 1", also: "rfc", of: user, change: extension(func(l []*node) []*node { l[0].at(1).body = []byte{1}; return l })},
		{rule: "key-usage", says: "no nonRepudiation", of: user, change: becomes(idKeyUsage, 3, 2, 7, 0x80)},
		{rule: "key-usage", says: "a zero bit at the end", also: "rfc:e_incorrect_ku_encoding", of: user, change: becomes(idKeyUsage, 3, 2, 5, 0xc0)},
		{rule: "extended-key-usage", says: "a server's", of: authentication, change: in(idExtKeyUsage, 0)},
		{rule: "basic-constraints", says: "a path of 1", of: root, change: becomes(idBasicConstraints, 0x30, 6, 1, 1, 0xff, 2, 1, 1)},
		{rule: "ca-alternative-name", says: "another", of: root, change: in(idSubjectAltName, 0, 0, 1, 0, 1)},
		{rule: "issuer-alternative-name", says: "another", of: user, change: in(idIssuerAltName, 0, 0, 1, 0, 1)},
		{rule: "policy", says: "another", of: user, change: in(idPolicies, 0, 0)},
		{rule: "policy", says: "another statement", of: authentication, change: in(idPolicies, 0, 1, 0, 1)},
		{rule: "crl-partition", says: "another municipality", of: user, change: in(idCRLPoints, 0, 0, 0, 0, 0, 5, 0, 1)},
		{rule: "ocsp-address", says: "another", of: user, change: in(idAuthorityAccess, 0, 1)},
		{rule: "ocsp-nocheck", says: "not NULL", of: signer, change: becomes(idOCSPNoCheck, 0x30, 0)},
		{rule: "authority-key-id", says: "another serial", of: user, change: in(idAuthorityKeyID, 2)},
		{rule: "subject-key-id", says: "another", of: user, change: func(n *node, _ *Want) { v := n.value(t, idSubjectKeyID); v.body = flip(v.body) }},
		{rule: "holder", says: "another order", of: user, change: func(n *node, _ *Want) { v := n.value(t, idSubjectAltName); slices.Reverse(v.parts[:2]) }},
		{rule: "holder", says: "not UTF8String", of: user, change: func(n *node, _ *Want) { n.value(t, idSubjectAltName).at(2, 1, 0).tag = 0x13 }},
		{rule: "holder-recorded", says: "another person", of: user, change: func(_ *node, w *Want) { h := *w.Holder; h.Name = "高橋　良子"; w.Holder = &h }},
		{rule: "substitutes", says: "one too few", of: user, change: said(func(h *cert.Holder) { h.NameSubstitutes = "1000" })},
		{rule: "substitutes", says: "a 2", of: user, change: said(func(h *cert.Holder) { h.NameSubstitutes = "20000" })},
		{rule: "holder-characters", says: "an ASCII space", of: user, change: said(func(h *cert.Holder) { h.Name = "高橋 花子" })},
		{rule: "holder-characters", says: "a variation selector", of: user, change: said(func(h *cert.Holder) { h.Name = "葛\U000e0102　花子" })},
		{rule: "address-length", says: "201", of: user, change: said(func(h *cert.Holder) {
			h.Address, h.AddressSubstitutes = strings.Repeat("長", 201), strings.Repeat("0", 201)
		})},
		{rule: "sex", says: "9", of: user, change: said(func(h *cert.Holder) { h.Sex = "9" })},
		{rule: "birth", says: "another era", of: user, change: said(func(h *cert.Holder) { h.Birth = "419800217" })},
		{rule: "birth", says: "no such year", of: user, change: said(func(h *cert.Holder) { h.Birth = "31980021７" })},
		{rule: "birthday-recorded", says: "another day", of: user, change: said(func(h *cert.Holder) { h.Birth = "319800218" })},
	}
}
