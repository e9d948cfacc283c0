package verify

import (
	"log/slog"
	"time"

	"github.com/akashi-id/akashi/cert"
)

// Verdict is the answer in one word. The zero value is no answer.
type Verdict uint8

// The verdicts. Only Valid is a reason to rely on a signature.
const (
	Valid         Verdict = iota + 1
	Revoked               // the certificate is revoked
	Expired               // the certificate's validity is over
	Unknown               // the CA says that it never issued the certificate
	Invalid               // the signature or the certificate is wrong, or cannot be read
	Indeterminate         // the status cannot be had now; ask again
)

var verdictWords = [...]string{"none", "valid", "revoked", "expired", "unknown", "invalid", "indeterminate"}

// String is the word, in lower case: "valid", "revoked", "expired", "unknown", "invalid" or "indeterminate".
func (v Verdict) String() string {
	if int(v) < len(verdictWords) {
		return verdictWords[v]
	}
	return verdictWords[0]
}

// MarshalText gives String.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// Sentence is a statement for people, in Japanese and English.
type Sentence struct{ JA, EN string }

// String gives both.
func (s Sentence) String() string { return s.EN + " / " + s.JA }

// Result is what CMS found.
type Result struct {
	Verdict Verdict
	Reason  Sentence  // why, and what to do
	At      time.Time // the time for which the verdict holds

	// The rest is filled in as far as the check came.

	Content     []byte             // the signed bytes, once the signature over them is right
	AsText      bool               // the signer signed the content with its line ends written as CR LF
	ClaimedTime time.Time          // when the signer claims to have signed; proved by nobody; zero when not claimed
	Serial      cert.Serial        // of the signer's certificate
	Profile     cert.Profile       // of the signer's certificate
	Certificate []byte             // the signer's certificate (DER)
	Holder      *cert.Holder       // who signed, from a signature certificate that one of our CAs issued
	Status      *CertificateStatus // what was answered about the certificate
	StatusError error              // why nothing was answered, for logs
}

// LogValue leaves the content and the holder out of logs.
func (r Result) LogValue() slog.Value {
	return slog.GroupValue(slog.String("verdict", r.Verdict.String()), slog.String("reason", r.Reason.EN),
		slog.Time("at", r.At), slog.String("serial", r.Serial.String()))
}

// Refusal is the error of this package for input that is not to be relied on.
type Refusal struct {
	Verdict Verdict
	Reason  Sentence
}

// Error gives both sentences.
func (r *Refusal) Error() string { return r.Reason.String() }

func refuse(v Verdict, ja, en string) error { return &Refusal{v, Sentence{ja, en}} }

func invalid(ja, en string) error { return refuse(Invalid, ja, en) }
