package interop

import (
	"crypto/x509"
	"encoding/asn1"
	"time"

	"github.com/akashi-id/akashi/cert"
)

// verdict is what a program says of something wrong.
type verdict struct {
	word  string // it refuses, and these words are in what it says: it refuses for this
	asked bool
	why   string // that it accepts, or is not asked
}

// no: the program refuses, with these words.
func no(word string) verdict { return verdict{word: word, asked: true} }

// blind: the program does not look at it, and accepts.
func blind(why string) verdict { return verdict{asked: true, why: why} }

// unasked: the program cannot be asked.
func unasked(why string) verdict { return verdict{why: why} }

func (v verdict) refuses() bool { return v.word != "" }

// wrong is a case that must be refused.
type wrong struct {
	name    string
	method  method
	profile cert.Profile // 0: signature
	change  func(*world, *scenario)
	says    [4]verdict // OpenSSL, NSS, Java, GnuTLS
}

var (
	// NSS has one word for revoked and for everything that it could not find out: SEC_ERROR_REVOKED_CERTIFICATE.
	notGood = no("-8180")
	// A list whose scope is critical, as ours are, is refused before anything else on it is looked at (SEC_ERROR_CRL_UNKNOWN_CRITICAL_EXTENSION).
	noScope   = unasked("it takes no list with an issuing distribution point")
	noDelta   = blind("it knows no delta lists, and looks at the full one")
	noMatch   = blind("it takes any list of the CA, whatever its issuing distribution point")
	noNeed    = blind("it cannot be told that there has to be a list")
	noPurpose = blind("of what the holder may do with the key it looks at extKeyUsage alone")
	noNames   = unasked("it refuses every CA with a constraint on directory names, whatever the name")
	noPolicy  = unasked("it does not look at certificate policies")
	noCompare = blind("ocsptool shows whom the answer is about, and does not compare it with the certificate")
	noDates   = blind("ocsptool shows until when the answer holds, and does not compare it with the clock")
)

// unsure is Java's word for whatever it finds no usable list for.
const unsure = "Could not determine revocation status"

// wrongs is the table: what is wrong, and what each program says.
var wrongs = []wrong{
	{"one bit changed after it was signed", alone, 0, func(w *world, s *scenario) { s.spoil = true },
		[4]verdict{no("certificate signature failure"), no("-8182"), no("INVALID_SIGNATURE"), no("signature in the certificate is invalid")}},
	{"signed with another key under the CA's name", alone, 0, func(w *world, s *scenario) { s.key = w.stranger },
		[4]verdict{no("certificate signature failure"), no("-8182"), no("INVALID_SIGNATURE"), no("signature in the certificate is invalid")}},
	{"issued by a CA that is not trusted", alone, 0, func(w *world, s *scenario) { s.root = w.cas[cert.Authentication].Certificate() },
		[4]verdict{no("unable to get local issuer"), no("-8179"), no("NO_TRUST_ANCHOR"), no("issuer is unknown")}},
	{"expired", alone, 0, func(w *world, s *scenario) {
		s.leaf = func(f *fields) { f.Validity.NotAfter = w.now.Add(-day).UTC() }
	}, [4]verdict{no("certificate has expired"), no("-8181"), no("EXPIRED"), no("uses expired certificate")}},
	{"not yet valid", alone, 0, func(w *world, s *scenario) {
		s.leaf = func(f *fields) { f.Validity.NotBefore = w.now.Add(soon).UTC() }
	}, [4]verdict{no("certificate is not yet valid"), no("-8181"), no("NOT_YET_VALID"), no("not yet valid")}},
	{"a critical extension that nobody knows", alone, 0, func(w *world, s *scenario) {
		s.leaf = func(f *fields) { f.set(extension{idOfNobody, true, value(w, 1)}) }
	}, [4]verdict{no("unhandled critical extension"), no("-8151"), no("UNRECOGNIZED_CRIT_EXT"), no("unknown critical extension")}},
	{"issued by a holder", alone, 0, func(w *world, s *scenario) {
		w.beneath(s, func(f *fields) { // under the CA's name, so that only what it may do is wrong
			f.set(extension{idKeyUsage, true, keyUsage(w, x509.KeyUsageDigitalSignature)})
			f.set(extension{idBasicConstraints, true, value(w, struct{}{})})
		})
	}, [4]verdict{no("invalid CA certificate"), no("-8156"), no("keyCertSign bit is not set"), no("issuer is not a CA")}},
	{"issued by a CA whose key may not sign certificates", alone, 0, func(w *world, s *scenario) {
		w.beneath(s, func(f *fields) { f.set(extension{idKeyUsage, true, keyUsage(w, x509.KeyUsageCRLSign)}) })
	}, [4]verdict{no("invalid CA certificate"), no("-8102"), no("keyCertSign bit is not set"), no("violates the signer's constraints")}},
	{"more CAs than the path length allows", alone, 0, func(w *world, s *scenario) { w.beneathTwo(s, 0) },
		[4]verdict{no("path length constraint exceeded"), no("-8155"), no("PATH_TOO_LONG"), no("violates the signer's constraints")}},
	{"a CA that may not issue under this name", alone, 0, func(w *world, s *scenario) {
		w.beneath(s, func(f *fields) { f.set(extension{idNameConstraints, true, w.excludes("JP")}) })
	}, [4]verdict{no("excluded subtree violation"), no("-8157"), no("INVALID_NAME"), noNames}},
	{"a CA that has expired", alone, 0, func(w *world, s *scenario) {
		w.beneath(s, func(f *fields) { f.Validity.NotAfter = w.now.Add(-day).UTC() })
	}, [4]verdict{no("certificate has expired"), no("-8179"), no("EXPIRED"), no("uses expired certificate")}},
	{"for e-mail, and used to log in", alone, cert.Authentication, func(w *world, s *scenario) {
		s.login = true
		s.leaf = func(f *fields) {
			f.set(extension{idExtKeyUsage, false, value(w, []asn1.ObjectIdentifier{idEmailProtection})})
		}
	}, [4]verdict{no("unsuitable certificate purpose"), no("-8101"), no("target certificate constraints"), no("does not match the intended purpose")}},
	{"a key that may not sign, used to log in", alone, cert.Authentication, func(w *world, s *scenario) {
		s.login = true
		s.leaf = func(f *fields) {
			f.set(extension{idKeyUsage, true, keyUsage(w, x509.KeyUsageDataEncipherment)})
		}
	}, [4]verdict{no("unsuitable certificate purpose"), no("-8102"), no("target certificate constraints"), noPurpose}},
	{"issued under another policy than is asked for", alone, 0, func(w *world, s *scenario) {
		s.policy = cert.AuthenticationPolicy.String()
	}, [4]verdict{no("no explicit policy"), no("-8032"), no("policy tree is null"), noPolicy}},

	{"revoked on the list", byList, 0, func(w *world, s *scenario) { s.lists = []list{w.full(s.serial)} },
		[4]verdict{no("certificate revoked"), noScope, no("REVOKED"), no("is revoked")}},
	{"revoked on the delta list alone", byDelta, 0, func(w *world, s *scenario) {
		s.lists = []list{w.full(), w.delta(s.serial)}
	}, [4]verdict{no("certificate revoked"), noScope, noDelta, noDelta}},
	{"a list that has ended", byList, 0, func(w *world, s *scenario) {
		s.lists[0].from, s.lists[0].until = w.now.Add(-soon), w.now.Add(-time.Hour)
	}, [4]verdict{no("CRL has expired"), noScope, no(unsure), no("have been superseded")}},
	{"a list that has not begun", byList, 0, func(w *world, s *scenario) {
		s.lists[0].from, s.lists[0].until = w.now.Add(soon), w.now.Add(soon+day)
	}, [4]verdict{no("CRL is not yet valid"), noScope, no(unsure), no("issued with a future date")}},
	{"a list of another municipality", byList, 0, func(w *world, s *scenario) { s.lists[0].part = iida },
		[4]verdict{no("different CRL scope"), noScope, no(unsure), noMatch}},
	{"a list whose signature was changed", byList, 0, func(w *world, s *scenario) { s.bad = true },
		[4]verdict{no("CRL signature failure"), noScope, no(unsure), no("signature in the certificate is invalid")}},
	{"a list signed with another key", byList, 0, func(w *world, s *scenario) { s.lists[0].key = w.stranger },
		[4]verdict{no("CRL signature failure"), noScope, no(unsure), no("signature in the certificate is invalid")}},
	{"no list", byList, 0, func(w *world, s *scenario) { s.lists = nil },
		[4]verdict{no("unable to get certificate CRL"), notGood, no(unsure), noNeed}},

	{"revoked, says the answer", byAnswer, 0, func(w *world, s *scenario) { s.answer.status = cert.Revoked },
		[4]verdict{no("leaf.pem: revoked"), notGood, no("REVOKED"), no("Certificate Status: revoked")}},
	{"unknown, says the answer", byAnswer, 0, func(w *world, s *scenario) { s.answer.status = cert.Unknown },
		[4]verdict{no("leaf.pem: unknown"), notGood, no("revocation status is unknown"), no("Certificate Status: unknown")}},
	{"an answer about another certificate", byAnswer, 0, func(w *world, s *scenario) { s.answer.other = w.serial() },
		[4]verdict{no("No Status found"), notGood, no("does not include a response"), noCompare}},
	{"an answer whose signature was changed", byAnswer, 0, func(w *world, s *scenario) { s.answer.spoil = true },
		[4]verdict{no("signature failure"), notGood, no("Error verifying OCSP Response's signature"), no("Signature failure")}},
	{"an answer of a holder, whom nobody let answer", byAnswer, 0, func(w *world, s *scenario) {
		s.answer.signer = w.holder
		s.answer.certificate = w.signed(s.ca.key, w.userTBS(s.ca, w.serial(), s.url), nil)
	}, [4]verdict{no("missing ocspsigning usage"), notGood, no("not valid for signing OCSP responses"), no("Signer cert")}},
	{"an answer of the other CA's responder", byAnswer, 0, func(w *world, s *scenario) {
		s.answer.certificate = w.responderOf(w.cas[cert.Authentication], w.responder.Public(), nil)
	}, [4]verdict{no("certificate verify error"), notGood, no("not authorized to sign OCSP responses"), no("Signer cert is not trusted")}},
	{"an answer of a responder whose time is over", byAnswer, 0, func(w *world, s *scenario) {
		s.answer.certificate = w.responderOf(s.ca, w.responder.Public(), func(f *fields) { f.Validity.NotAfter = w.now.Add(-day).UTC() })
	}, [4]verdict{no("certificate has expired"), notGood, no("not within the validity period"), no("Signer cert expired")}},
	{"an answer of last week", byAnswer, 0, func(w *world, s *scenario) {
		s.answer.from, s.answer.until = w.now.Add(-7*day), w.now.Add(-6*day)
	}, [4]verdict{no("Status times invalid"), notGood, no("validity interval is out-of-date"), noDates}},
}

// soon is far enough ahead that no program takes it for a clock that is wrong: NSS lets them differ by a day.
const soon = 3 * day
