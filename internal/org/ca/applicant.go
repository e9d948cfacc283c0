package ca

import (
	"context"
	"crypto"
	"errors"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
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
