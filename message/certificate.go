package message

import (
	"crypto/sha256"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// CertRequest asks for a certificate, after the counter has checked who the applicant is (公的個人認証法3条).
type CertRequest struct {
	Request   string // the counter's number, unique per municipality
	Profile   cert.Profile
	Holder    resident.IdentificationInfo // the state that it will certify
	PublicKey []byte                      // SubjectPublicKeyInfo, DER
	Window    string                      // 受付窓口識別記号, 9 characters
	Checks    []IdentityCheck             // 本人確認: one for each of the staff who checked
}

// Kind is cert.request.
func (CertRequest) Kind() Kind { return KindCertRequest }

// Keys is the resident's code.
func (n CertRequest) Keys() []string { return []string{n.Holder.Code.Reveal()} }

func (n CertRequest) wire() proto.Message {
	return &messagepb.CertRequest{Request: n.Request, Profile: n.Profile.String(), Holder: identificationToWire(n.Holder),
		PublicKey: n.PublicKey, Window: n.Window, Checks: checksToWire(n.Checks)}
}

func certRequestFromWire(w *messagepb.CertRequest) (CertRequest, error) {
	var c check
	n := CertRequest{Request: w.Request, Profile: profile(&c, w.Profile), Holder: identificationFromWire(&c, w.Holder),
		PublicKey: w.PublicKey, Window: w.Window, Checks: checksFromWire(&c, w.Checks)}
	required(&c, "request", w.Request != "")
	required(&c, "public key", len(w.PublicKey) > 0)
	required(&c, "window", len(w.Window) == 9)
	return n, c.err()
}

// CertIssued brings the certificate to the counter that asked for it.
type CertIssued struct {
	Request     string
	Profile     cert.Profile
	Code        resident.RecordCode
	Serial      cert.Serial
	Certificate []byte // DER
	Version     resident.Version
}

// Kind is cert.issued.
func (CertIssued) Kind() Kind { return KindCertIssued }

// Keys is the resident's code.
func (n CertIssued) Keys() []string { return []string{n.Code.Reveal()} }

func (n CertIssued) wire() proto.Message {
	return &messagepb.CertIssued{Request: n.Request, Profile: n.Profile.String(), Code: n.Code.Reveal(), Serial: n.Serial.Bytes(),
		Certificate: n.Certificate, Version: uint64(n.Version)}
}

func certIssuedFromWire(w *messagepb.CertIssued) (CertIssued, error) {
	var c check
	n := CertIssued{Request: w.Request, Profile: profile(&c, w.Profile), Code: field(&c, "code", w.Code, resident.ParseRecordCode),
		Serial: serial(&c, w.Serial), Certificate: w.Certificate, Version: version(&c, w.Version)}
	required(&c, "certificate", len(w.Certificate) > 0)
	return n, c.err()
}

// CertRefused tells the counter why there is no certificate.
type CertRefused struct {
	Request string
	Profile cert.Profile
	Code    resident.RecordCode
	Why     string // stable, for machines: "valid-certificate-exists"
	Reason  plain.Sentence
	Held    *HeldCertificate // what stands in the way; nil: no certificate does
}

// HeldCertificate is a certificate that the CA holds for valid. The counter compares it with its register: what is valid at the CA
// and must have ended by the register is how the fault of 2004 first showed.
type HeldCertificate struct {
	Serial       cert.Serial
	Issuer       string // hex of the SHA-1 of the issuer's key, as OCSP names it
	Version      resident.Version
	Municipality resident.MunicipalityCode // where it was issued
	NotAfter     time.Time
	CenterTold   bool // the national center has taken the notice of its issue, and so knows that there is something to end
	Demanded     bool // the national center has demanded its end
}

// Kind is cert.refused.
func (CertRefused) Kind() Kind { return KindCertRefused }

// Keys is the resident's code.
func (n CertRefused) Keys() []string { return []string{n.Code.Reveal()} }

func (n CertRefused) wire() proto.Message {
	w := &messagepb.CertRefused{Request: n.Request, Profile: n.Profile.String(), Code: n.Code.Reveal(), Why: n.Why,
		ReasonJa: n.Reason.JA, ReasonEn: n.Reason.EN}
	if h := n.Held; h != nil {
		w.Held = &messagepb.HeldCertificate{Serial: h.Serial.Bytes(), Issuer: h.Issuer, Version: uint64(h.Version),
			Municipality: h.Municipality.String(), NotAfter: h.NotAfter.Unix(), CenterTold: h.CenterTold, Demanded: h.Demanded}
	}
	return w
}

func certRefusedFromWire(w *messagepb.CertRefused) (CertRefused, error) {
	var c check
	n := CertRefused{Request: w.Request, Profile: profile(&c, w.Profile), Code: field(&c, "code", w.Code, resident.ParseRecordCode),
		Why: w.Why, Reason: plain.Sentence{JA: w.ReasonJa, EN: w.ReasonEn}}
	required(&c, "why", w.Why != "")
	if h := w.Held; h != nil {
		n.Held = &HeldCertificate{Serial: serial(&c, h.Serial), Issuer: h.Issuer, Version: version(&c, h.Version),
			Municipality: field(&c, "municipality", h.Municipality, resident.ParseMunicipalityCode), NotAfter: seconds(h.NotAfter),
			CenterTold: h.CenterTold, Demanded: h.Demanded}
		required(&c, "issuer", h.Issuer != "")
	}
	return n, c.err()
}

// CertIssuance is 発行情報: it tells the national center who holds which certificate, and which version of the record it
// certifies, so that a change that overtook it on the other river is found (design: the rivers may cross). This is the
// feed that stalled from 2004-05-26 to 07-26.
type CertIssuance struct {
	Profile      cert.Profile
	Code         resident.RecordCode
	Serial       cert.Serial
	Version      resident.Version
	NotBefore    time.Time
	NotAfter     time.Time
	Name         resident.Name // as certified; both empty for the authentication certificate, which states neither
	Address      resident.Address
	Municipality resident.MunicipalityCode
}

// Kind is cert.issuance.
func (CertIssuance) Kind() Kind { return KindCertIssuance }

// Keys is the resident's code.
func (n CertIssuance) Keys() []string { return []string{n.Code.Reveal()} }

func (n CertIssuance) wire() proto.Message {
	return &messagepb.CertIssuance{Profile: n.Profile.String(), Code: n.Code.Reveal(), Serial: n.Serial.Bytes(), Version: uint64(n.Version),
		NotBefore: n.NotBefore.Unix(), NotAfter: n.NotAfter.Unix(), Name: n.Name.Reveal(), Address: n.Address.Reveal(),
		Municipality: n.Municipality.String()}
}

func certIssuanceFromWire(w *messagepb.CertIssuance) (CertIssuance, error) {
	var c check
	n := CertIssuance{Profile: profile(&c, w.Profile), Code: field(&c, "code", w.Code, resident.ParseRecordCode), Serial: serial(&c, w.Serial),
		Version: version(&c, w.Version), NotBefore: seconds(w.NotBefore), NotAfter: seconds(w.NotAfter),
		Name: optional(&c, "name", w.Name, resident.ParseName), Address: optional(&c, "address", w.Address, resident.ParseAddress),
		Municipality: field(&c, "municipality", w.Municipality, resident.ParseMunicipalityCode)}
	return n, c.err()
}

// revocation is what a notice of the center and a request of the counter have in common.
type revocation struct {
	Code    resident.RecordCode
	Serial  cert.Serial // zero: all of the profile that certify a version before Version
	Profile cert.Profile
	Version resident.Version
	Reason  cert.RevocationReason
	Since   resident.Date
	Why     resident.ChangeReason // the change that led to it; zero when none did
	// At is when a counter took a holder's report, to the second: what was issued later it is not about, however late the
	// report comes. Zero in a notice of the center.
	At time.Time
}

func (n revocation) fields() *messagepb.CertRevocation {
	w := &messagepb.CertRevocation{Code: n.Code.Reveal(), Profile: n.Profile.String(), Version: uint64(n.Version),
		Reason: n.Reason.String(), Since: n.Since.String(), Why: n.Why.Code()}
	if !n.Serial.IsZero() {
		w.Serial = n.Serial.Bytes()
	}
	if !n.At.IsZero() {
		w.At = n.At.Unix()
	}
	return w
}

func revocationFromWire(w *messagepb.CertRevocation) (revocation, error) {
	var c check
	n := revocation{Code: field(&c, "code", w.Code, resident.ParseRecordCode), Profile: profile(&c, w.Profile),
		Version: version(&c, w.Version), Reason: reason(&c, w.Reason), Since: field(&c, "since", w.Since, resident.ParseDate),
		Why: optional(&c, "why", w.Why, resident.ParseChangeReason)}
	if len(w.Serial) > 0 {
		n.Serial = serial(&c, w.Serial)
	}
	if w.At != 0 {
		n.At = seconds(w.At)
		required(&c, "at", n.At.Year() >= 2000 && n.At.Year() < 10000) // kept in microseconds by the stores
	}
	return n, c.err()
}

// CertRevocation is 異動等失効情報: the national center tells the CA that issued it that a certificate is to end: a change has made
// it untrue, its holder has reported it, or another one has taken its place elsewhere (decision 0037). It names the holder,
// and the serial when the center knows it; a holder alone when the issuance notice has not been readable (decision 0007).
type CertRevocation revocation

// Kind is cert.revocation.
func (CertRevocation) Kind() Kind { return KindCertRevocation }

// Keys is the resident's code.
func (n CertRevocation) Keys() []string { return []string{n.Code.Reveal()} }

func (n CertRevocation) wire() proto.Message { return revocation(n).fields() }

// CertRevoke is a holder's own request at the counter (失効申請), or report of a loss. The counter tells its CA, which ends what it
// issued to the holder under that code, and the national center, which knows what others issued and under which codes.
type CertRevoke revocation

// Kind is cert.revoke.
func (CertRevoke) Kind() Kind { return KindCertRevoke }

// Keys is the resident's code.
func (n CertRevoke) Keys() []string { return []string{n.Code.Reveal()} }

func (n CertRevoke) wire() proto.Message { return revocation(n).fields() }

// CertStatus tells the validation authority a certificate's state. A revoked one never becomes good again, so that
// statuses may come in any order.
type CertStatus struct {
	Serial       cert.Serial
	Issuer       string // hex of the SHA-1 of the issuer's key, as OCSP names it
	Profile      cert.Profile
	Revoked      bool
	Reason       cert.RevocationReason // when revoked
	At           time.Time             // when it was revoked, or issued
	NotAfter     time.Time
	Municipality resident.MunicipalityCode // the CRL's partition
	Why          resident.ChangeReason     // the change that led to it; zero when none did
	// Since is the day since which a revoked one was untrue, zero when it is not known. It is no part of the fact that the
	// books compare: whoever relied on the certificate is told from it (impact.notice).
	Since resident.Date
}

// Kind is cert.status.
func (CertStatus) Kind() Kind { return KindCertStatus }

// Keys is the serial.
func (n CertStatus) Keys() []string { return []string{n.Serial.String()} }

func (n CertStatus) wire() proto.Message {
	w := &messagepb.CertStatus{Serial: n.Serial.Bytes(), Issuer: n.Issuer, Profile: n.Profile.String(), Status: "good", At: n.At.Unix(),
		NotAfter: n.NotAfter.Unix(), Municipality: n.Municipality.String(), Why: n.Why.Code()}
	if n.Revoked {
		w.Status, w.Reason = "revoked", n.Reason.String()
		if n.Since.Valid() {
			w.Since = n.Since.String()
		}
	}
	return w
}

func certStatusFromWire(w *messagepb.CertStatus) (CertStatus, error) {
	var c check
	n := CertStatus{Serial: serial(&c, w.Serial), Issuer: w.Issuer, Profile: profile(&c, w.Profile), Revoked: w.Status == "revoked",
		At: seconds(w.At), NotAfter: seconds(w.NotAfter), Municipality: field(&c, "municipality", w.Municipality, resident.ParseMunicipalityCode),
		Why: optional(&c, "why", w.Why, resident.ParseChangeReason)}
	required(&c, "issuer", w.Issuer != "")
	required(&c, "status", n.Revoked || w.Status == "good")
	if n.Revoked {
		n.Reason = reason(&c, w.Reason)
		n.Since = optional(&c, "since", w.Since, resident.ParseDate)
	}
	return n, c.err()
}

// MaxListParts bounds the parts of a list. With 256 KiB in each they hold a gibibyte, which nobody could fetch.
const MaxListParts = 4096

// CertCRL is a part of a revocation list that the CA signed, for publication. Parts may come in any order: each says of which list
// it is, by its digest, and of how many.
type CertCRL struct {
	Issuer       string
	Municipality resident.MunicipalityCode // partition
	Number       uint64
	Base         uint64 // of a delta list: the number of the full list that it adds to; 0: a full list
	CRL          []byte // this part of the DER
	Part, Parts  uint32 // from 1; both 0: the whole list, as older programs send it
	Digest       []byte // SHA-256 of the whole DER; nil with the whole list
}

// Kind is cert.crl.
func (CertCRL) Kind() Kind { return KindCertCRL }

// Keys is the partition.
func (n CertCRL) Keys() []string { return []string{n.Municipality.String()} }

func (n CertCRL) wire() proto.Message {
	return &messagepb.CertCRL{Issuer: n.Issuer, Municipality: n.Municipality.String(), Number: n.Number, Crl: n.CRL, Base: n.Base,
		Part: n.Part, Parts: n.Parts, Digest: n.Digest}
}

func certCRLFromWire(w *messagepb.CertCRL) (CertCRL, error) {
	var c check
	n := CertCRL{Issuer: w.Issuer, Municipality: field(&c, "municipality", w.Municipality, resident.ParseMunicipalityCode), Number: w.Number, CRL: w.Crl,
		Base: w.Base, Part: w.Part, Parts: w.Parts, Digest: w.Digest}
	required(&c, "issuer", w.Issuer != "")
	required(&c, "crl", len(w.Crl) > 0 && w.Number > 0 && w.Number>>63 == 0)
	required(&c, "base", w.Base < w.Number)
	whole := w.Part == 0 && w.Parts == 0 && len(w.Digest) == 0
	required(&c, "part", whole || w.Part > 0 && w.Part <= w.Parts && w.Parts <= MaxListParts)
	required(&c, "digest", whole || len(w.Digest) == sha256.Size)
	return n, c.err()
}
