package message

import (
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// MaxImpactAnswers is how many answers an impact notice names; it counts all.
const MaxImpactAnswers = 100

// ImpactNotice tells a verifier that it was told "good" of a certificate that should have been revoked (失効の遅れの影響).
type ImpactNotice struct {
	Notice    string // named by the sender
	Verifier  Org
	Issuer    string // as in CertStatus
	Serial    cert.Serial
	Profile   cert.Profile
	Reason    cert.RevocationReason
	Since     resident.Date // as in CertStatus
	WrongFrom time.Time     // from when "good" was wrong
	RevokedAt time.Time     // as answers say since
	ToldAt    time.Time     // when the validation authority learnt of it
	Count     uint64        // of the wrong answers to this verifier that the notice is about
	Answers   []ImpactAnswer
}

// ImpactAnswer is one answer "good" that was wrong.
type ImpactAnswer struct {
	AskedAt time.Time
	BasedAt time.Time // when the validation authority had learnt of the state that it told; zero when not kept
}

// Kind is impact.notice.
func (ImpactNotice) Kind() Kind { return KindImpactNotice }

// Keys is the notice.
func (n ImpactNotice) Keys() []string { return []string{n.Notice} }

func (n ImpactNotice) wire() proto.Message {
	w := &messagepb.ImpactNotice{Notice: n.Notice, Verifier: string(n.Verifier), Issuer: n.Issuer, Serial: n.Serial.Bytes(),
		Profile: n.Profile.String(), Reason: n.Reason.String(), WrongFrom: n.WrongFrom.Unix(), RevokedAt: n.RevokedAt.Unix(),
		ToldAt: n.ToldAt.Unix(), Count: n.Count}
	if n.Since.Valid() {
		w.Since = n.Since.String()
	}
	for _, a := range n.Answers {
		w.Answers = append(w.Answers, &messagepb.ImpactAnswer{AskedAt: a.AskedAt.Unix(), BasedAt: secondsOrNone(a.BasedAt)})
	}
	return w
}

// secondsOrNone is the number of a time that may be unknown, 0 then.
func secondsOrNone(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func impactNoticeFromWire(w *messagepb.ImpactNotice) (ImpactNotice, error) {
	var c check
	n := ImpactNotice{Notice: w.Notice, Verifier: verifierOf(&c, w.Verifier), Issuer: w.Issuer, Serial: serial(&c, w.Serial),
		Profile: profile(&c, w.Profile), Reason: reason(&c, w.Reason), Since: optional(&c, "since", w.Since, resident.ParseDate),
		WrongFrom: seconds(w.WrongFrom), RevokedAt: seconds(w.RevokedAt), ToldAt: seconds(w.ToldAt), Count: w.Count}
	for _, a := range w.Answers {
		one := ImpactAnswer{AskedAt: seconds(a.AskedAt)}
		if a.BasedAt != 0 {
			one.BasedAt = seconds(a.BasedAt)
		}
		n.Answers = append(n.Answers, one)
	}
	required(&c, "notice", n.Notice != "" && inLine(n.Notice, maxName))
	required(&c, "issuer", n.Issuer != "" && inLine(n.Issuer, maxName))
	required(&c, "answers", len(n.Answers) > 0 && len(n.Answers) <= MaxImpactAnswers && uint64(len(n.Answers)) <= n.Count && n.Count>>63 == 0)
	return n, c.err()
}

// ImpactAcknowledgement says that a person at the verifier has taken note of a notice, and what was done about it.
type ImpactAcknowledgement struct {
	Notice   string
	Verifier Org
	By       string
	Text     string
	At       time.Time
}

// Kind is impact.acknowledgement.
func (ImpactAcknowledgement) Kind() Kind { return KindImpactAcknowledged }

// Keys is the notice.
func (n ImpactAcknowledgement) Keys() []string { return []string{n.Notice} }

func (n ImpactAcknowledgement) wire() proto.Message {
	return &messagepb.ImpactAcknowledgement{Notice: n.Notice, Verifier: string(n.Verifier), By: n.By, Text: n.Text, At: n.At.Unix()}
}

func impactAcknowledgedFromWire(w *messagepb.ImpactAcknowledgement) (ImpactAcknowledgement, error) {
	var c check
	n := ImpactAcknowledgement{Notice: w.Notice, Verifier: verifierOf(&c, w.Verifier), By: w.By, Text: w.Text, At: seconds(w.At)}
	required(&c, "notice", n.Notice != "" && inLine(n.Notice, maxName))
	// A person takes note, or nobody has: the program must not do it.
	required(&c, "by", n.By != "" && n.By != System && inLine(n.By, maxPerson))
	required(&c, "text", n.Text != "" && len(n.Text) <= 4000 && inLines(n.Text))
	return n, c.err()
}
