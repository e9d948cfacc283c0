package ca

import (
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/pki/subjectkey"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// refusal is why there is no certificate: an answer to the applicant, not a fault of the message.
type refusal struct {
	why string
	plain.Sentence
	held *message.HeldCertificate // what stands in the way; nil: no certificate does
}

func refuse(why, ja, en string) *refusal {
	return &refusal{why: why, Sentence: plain.Sentence{JA: ja, EN: en}}
}

var recordChanged = refuse("record-changed",
	"申請の後に住民票の記載が変わりました。新しい記載で申請し直してください。",
	"The resident record has changed since the application: apply anew with what it says now.")

// keyInUse: a signature says who made it only as long as a key has one holder. It stays so when the certificate has ended,
// because what was signed with the key before is still verified.
var keyInUse = refuse("key-in-use",
	"この鍵には、すでに電子証明書が発行されています。新しい鍵を作って申請してください。",
	"This key was certified before: make a new key and apply with it.")

// onCertRequest takes an application. It writes down what will be signed, or answers why there is no certificate.
func (o *CA) onCertRequest(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.CertRequest) ([]message.Out, error) {
	was, asked, err := tx.Requested(ctx, d.Sender, n.Request)
	if err != nil {
		return nil, err
	}
	if asked {
		return o.answerAgain(d, n, was)
	}
	public, no, err := o.fitKey(n.PublicKey, o.byProfile[n.Profile].Certifies()...)
	if err != nil {
		return nil, err
	}
	var part jpki.Partition
	if no == nil {
		part, no = partitionOf(n.Holder.Municipality, tx.Now())
	}
	if no == nil {
		no = mayHold(n, d.Sender, tx.Now())
	}
	hash := sha256.Sum256(n.PublicKey)
	var renews store.Certificate
	if no == nil {
		renews, no, err = o.isFree(ctx, tx, n, hash[:])
		if err != nil {
			return nil, err
		}
	}
	var c store.Certificate
	var tbs []byte
	if no == nil {
		c, tbs, no, err = o.draft(tx, n, part, public, renews)
		if err != nil {
			return nil, err
		}
	}
	if no != nil {
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "refuse", Subject: n.Holder.Code.Reveal(), Case: d.ID.String(), Detail: no.why})
		return []message.Out{{To: d.Sender, Body: message.CertRefused{Request: n.Request, Profile: n.Profile, Code: n.Holder.Code,
			Why: no.why, Reason: no.Sentence, Held: no.held}}}, nil
	}
	request, err := message.Encode(n)
	if err != nil {
		return nil, err
	}
	c.Requester, c.KeyHash = d.Sender, hash[:]
	tx.Intend(c)
	o.intend(tx, store.Intent{Kind: store.UserCertificate, Issuer: c.Issuer, Subject: c.Serial.String(), TBS: tbs, Request: request,
		Requester: d.Sender, Trace: d.Trace})
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "intend", Subject: c.Serial.String(), Case: d.ID.String(), Detail: n.Profile.String()})
	return nil, o.ensurePartition(ctx, tx, c, part)
}

// answerAgain answers an application that was made before: a counter that was restored from a copy asks again.
func (o *CA) answerAgain(d exchange.Delivery, n message.CertRequest, was store.Certificate) ([]message.Out, error) {
	if was.Holder != n.Holder.Code || was.Profile != n.Profile {
		return nil, exchange.Reject("request-number-reused",
			"この申請番号は、別の申請に使われています。新しい番号で申請してください。",
			"this application number belongs to another application: apply under a new number")
	}
	switch {
	case len(was.DER) == 0 && was.State == store.Intended:
		return nil, nil // the certificate is being signed, and the answer is on its way
	case len(was.DER) == 0:
		return []message.Out{{To: d.Sender, Body: refused(was, cameToNothing(was))}}, nil
	}
	return []message.Out{{To: d.Sender, Body: message.CertIssued{Request: was.Request, Profile: was.Profile, Code: was.Holder,
		Serial: was.Serial, Certificate: was.DER, Version: was.Version}}}, nil
}

// refused is the answer about an application that was taken and came to nothing.
func refused(c store.Certificate, no *refusal) message.CertRefused {
	return message.CertRefused{Request: c.Request, Profile: c.Profile, Code: c.Holder, Why: no.why, Reason: no.Sentence}
}

// fitKey reads a key that is to be certified. The CA certifies nothing that it would not itself rely on, and no key of its own,
// whoever has looked at the key before.
func (o *CA) fitKey(spki []byte, allowed ...cert.Algorithm) (crypto.PublicKey, *refusal, error) {
	public, err := subjectkey.Read(spki, allowed...)
	if bad := (*subjectkey.Refusal)(nil); errors.As(err, &bad) {
		return nil, &refusal{why: bad.Code, Sentence: bad.Sentence}, nil
	} else if err != nil {
		return nil, nil, err
	}
	for _, a := range o.byID {
		if own, ok := a.Public().(interface{ Equal(crypto.PublicKey) bool }); ok && own.Equal(public) {
			return nil, refuse("key-of-a-ca",
				"これは認証局の鍵です。ほかの人や機関の鍵として電子証明書を発行することはできません。新しい鍵を作ってください。",
				"This is the key of a CA, and is never certified as somebody else's: make a new key."), nil
		}
	}
	return public, nil, nil
}

// mayHold checks the applicant, from what the application says.
func mayHold(n message.CertRequest, sender message.Org, now time.Time) *refusal {
	today := resident.DateOf(now)
	switch {
	case n.Holder.Deleted():
		return refuse("not-a-resident",
			"住民票が消除されているため、電子証明書を発行できません。住所地の市区町村で申請してください。",
			"The resident record is deleted, so no certificate can be issued: apply at the municipality of residence.")
	case !serves(sender, n.Holder.Municipality, today):
		// 公的個人認証法3条, 22条: through the mayor of the municipality that keeps the applicant's record.
		return refuse("not-your-resident",
			"申請した市区町村の住民ではないため、電子証明書を発行できません。住所地の市区町村で申請してください。",
			"The applicant is not a resident of this municipality: apply at the municipality of residence.")
	case n.Profile == cert.Signature && under15(n.Holder.Birth, today):
		return refuse("under-15",
			"15歳未満の人には、署名用電子証明書を発行できません。利用者証明用電子証明書は発行できます。",
			"No signature certificate is issued to a person under 15; an authentication certificate can be.")
	}
	return nil
}

// under15 takes an unknown day of birth as the latest that it can be, so that doubt issues nothing; of a year that is
// unknown nothing follows, and the counter has looked at the person.
func under15(birth resident.PartialDate, today resident.Date) bool {
	latest := birth.Latest()
	return latest.Valid() && resident.AgeOn(latest, today) < 15
}

// serves reports whether a municipality keeps the records of another code: its own, and those of its wards.
func serves(o message.Org, code resident.MunicipalityCode, today resident.Date) bool {
	if o.Code() == code.String() {
		return true
	}
	own, err := resident.ParseMunicipalityCode("sender", o.Code())
	if err != nil {
		return false
	}
	city, err := resident.Lookup("sender", own, today)
	if err != nil {
		return false
	}
	ward, err := resident.Lookup("municipality", code, today)
	return err == nil && ward.City != "" && ward.City == city.Name && own.Prefecture() == code.Prefecture()
}

// isFree checks what the CA knows: that the person may have another such certificate, that the record has not changed since, and
// that nobody else has the key. renews is the certificate that the new one takes the place of.
func (o *CA) isFree(ctx context.Context, tx *store.Tx, n message.CertRequest, keyHash []byte) (renews store.Certificate, no *refusal, err error) {
	used, err := tx.KeyUsed(ctx, keyHash)
	if err != nil {
		return renews, nil, err
	}
	if used {
		return renews, keyInUse, nil
	}
	stale, err := tx.StaleBefore(ctx, n.Holder.Code, n.Profile)
	if err != nil {
		return renews, nil, err
	}
	if n.Holder.Version < stale {
		return renews, recordChanged, nil
	}
	return o.mayHaveAnother(ctx, tx, n)
}

// draft builds what will be signed.
func (o *CA) draft(tx *store.Tx, n message.CertRequest, part jpki.Partition, public crypto.PublicKey, renews store.Certificate) (c store.Certificate, tbs []byte, no *refusal, err error) {
	a := o.byProfile[n.Profile]
	c = store.Certificate{Profile: n.Profile, Issuer: a.id, Holder: n.Holder.Code, Version: n.Holder.Version,
		Municipality: n.Holder.Municipality, Request: n.Request, NotBefore: tx.Now().Truncate(time.Second)}
	c.Replaced = store.Replaced{Serial: renews.Serial, Until: renews.NotAfter}
	if c.Serial, err = cert.NewSerial(o.Rand); err != nil {
		return c, nil, nil, err
	}
	notAfter, err := endOf(c, cert.Birthday{Month: n.Holder.Birth.Month(), Day: n.Holder.Birth.Day()})
	if err != nil {
		return c, nil, nil, err
	}
	c.NotAfter = cert.Earlier(notAfter, a.NotAfter())
	u := jpki.User{Serial: c.Serial, Public: public, NotBefore: c.NotBefore, NotAfter: c.NotAfter, Partition: part, OCSP: o.cfg.OCSPURL}
	if u.CommonName, err = jpki.CommonName(n.Profile, c.NotBefore, int(tx.Serial()%100000), n.Window); err != nil {
		return c, nil, refuse("bad-window",
			"受付窓口識別記号は、9文字の半角の数字と英大文字です。窓口の設定を確かめてください。",
			"The counter's sign must be 9 digits or capital letters: check the counter's settings."), nil
	}
	if n.Profile == cert.Signature {
		four := n.Holder.BasicFour
		u.Holder, err = jpki.NewHolder(four.Name.Reveal(), string('0'+rune(four.Sex)), four.Birth.Year(), four.Birth.Month(), four.Birth.Day(), four.Address.Reveal())
	}
	if err == nil {
		tbs, err = a.UserTBS(u)
	}
	if ps, ok := plain.AsProblems(err); ok {
		return c, nil, refuse("cannot-be-certified", ps[0].JA, ps[0].EN), nil
	}
	return c, tbs, nil, err
}

// partitionOf names a municipality in Latin letters, as certificates do.
func partitionOf(code resident.MunicipalityCode, now time.Time) (jpki.Partition, *refusal) {
	today := resident.DateOf(now)
	m, err := resident.Lookup("municipality", code, today)
	if ps, ok := plain.AsProblems(err); ok {
		return jpki.Partition{}, refuse("no-such-municipality", ps[0].JA, ps[0].EN)
	}
	p, _ := resident.PrefectureOf(code.Prefecture())
	name := m.Romaji()
	if m.City != "" {
		// Two cities of a prefecture may each have a ward of one name (横浜市緑区, 相模原市緑区): their lists must not be
		// taken for each other.
		for _, city := range resident.FindMunicipalities(code.Prefecture(), m.City, today) {
			if city.Name == m.City && city.City == "" {
				name = city.Romaji() + " " + name
			}
		}
	}
	return jpki.Partition{Prefecture: p.Romaji(), Municipality: name}, nil
}
