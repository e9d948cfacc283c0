package municipality

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Application asks for a certificate for somebody who stands at the counter and whose identity the clerk has checked
// (公的個人認証法3条, 22条).
type Application struct {
	Person  PersonID
	Base    resident.Version // the version that the clerk saw: the certificate will state it
	Profile cert.Profile
	// PublicKey is a public key or a certificate signing request, PEM; empty: a key is made at the counter.
	PublicKey []byte
	// Evidence is by what the clerk has checked who the applicant is (本人確認).
	Evidence identity.Evidence
	// Representative: the applicant's legal representative (法定代理人) applies, and the clerk has checked that they are.
	Representative bool
}

// Applied is where an application goes on.
type Applied struct {
	Request string
	Trace   string
	KeyHere bool // HolderKey gives the private key, once, for a few minutes
	Waits   bool // for another person's check (CheckAgain): nothing has gone to the CA
}

// signatureAge is the age from which somebody gets a signature certificate (公的個人認証法3条 with its practice: under 15
// as a rule not).
const signatureAge = 15

// Apply sends an application to the CA for the clerk in the context, who has checked the applicant; where the municipality's rule wants
// another person's check too, it waits for that. The answer comes as a message; Application pages show it.
func (o *Municipality) Apply(ctx context.Context, a Application) (Applied, error) {
	who, err := clerk(ctx, access.IssueCertificate)
	if err != nil {
		return Applied{}, err
	}
	if _, err := a.Evidence.Way(); err != nil {
		return Applied{}, err
	}
	alone, err := o.checksAlone(ctx, access.IssueCertificate)
	if err != nil {
		return Applied{}, err
	}
	// Making a key takes as long as a hundred transactions, so that it is done before, and thrown away when the
	// application is refused.
	// Of an application that waits it is made when that is over: there is no other copy, and it is kept for minutes.
	var key holderKey
	if alone || len(bytes.TrimSpace(a.PublicKey)) > 0 {
		if key, err = o.holderKey(a.PublicKey); err != nil {
			return Applied{}, err
		}
	}
	applied := Applied{KeyHere: key.private != nil}
	applied.Trace, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) ([]message.Out, error) {
		now, err := o.applicant(ctx, tx, a)
		if err != nil {
			return nil, err
		}
		applied.Request = fmt.Sprintf("%s-%d", o.code, tx.Serial())
		if err := o.spend(ctx, tx, who, now.Person, applied.Request); err != nil {
			return nil, err
		}
		checks := identity.In(tx.Tx)
		check, err := checks.Record(access.IssueCertificate, applied.Request, now.Person.String(), access.From(ctx), a.Evidence)
		if err != nil {
			return nil, err
		}
		need, err := checks.Needed(ctx, access.IssueCertificate, resident.DateOf(tx.Now()))
		if err != nil {
			return nil, err
		}
		state, act := store.Requested, "apply-for-certificate"
		if applied.Waits = need > 1 || key.public == nil; applied.Waits {
			state, act = store.Checking, "take-application"
			checks.Begin(access.IssueCertificate, applied.Request, now.Person.String())
		}
		tx.Apply(store.Application{State: state, Request: applied.Request, Person: now.Person, Code: now.Record.Code, Version: now.Number, Profile: a.Profile,
			PublicKey: key.public, MadeHere: key.private != nil, AppliedAt: tx.Now(), AppliedBy: who, Trace: trace})
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: act, Subject: now.Record.Code.Reveal(), Case: applied.Request,
			Detail: fmt.Sprintf("%s, version %d, identity checked by %s (%s)%s", a.Profile, now.Number, check.Way, check.Documents, map[bool]string{true: ", by a legal representative"}[a.Representative])})
		if applied.Waits {
			return nil, nil
		}
		return []message.Out{{To: o.ca, Body: o.certRequest(applied.Request, a.Profile, now, key.public, check)}}, nil
	})
	if err != nil {
		return Applied{}, err
	}
	if key.private != nil {
		o.shelf.put(applied.Request, key.private)
	}
	return applied, nil
}

// certRequest is what the CA is asked.
func (o *Municipality) certRequest(request string, p cert.Profile, now store.Version, spki []byte, checks ...identity.Check) message.CertRequest {
	n := message.CertRequest{Request: request, Profile: p, Holder: applicantOf(now), PublicKey: spki, Window: o.window()}
	for _, c := range checks {
		n.Checks = append(n.Checks, o.checkTold(c))
	}
	return n
}

// applicantOf is what the CA is told of an applicant. No certificate states the 個人番号, and it is provided only where a law
// says so (番号法19条), so that it stays here.
func applicantOf(v store.Version) resident.IdentificationInfo {
	i := v.Identification()
	i.Number = resident.IndividualNumber{}
	return i
}

// applicant gives the state of the applicant, or says why there can be no application.
func (o *Municipality) applicant(ctx context.Context, tx *store.Tx, a Application) (store.Version, error) {
	now, found, err := tx.Current(ctx, a.Person)
	if err != nil {
		return now, err
	}
	if !found {
		return now, errNobody
	}
	if err := open(now, a.Base); err != nil {
		return now, err
	}
	if !a.Profile.Valid() {
		return now, plain.Bad("profile", "電子証明書の種類を選んでください。", "Choose the kind of certificate.")
	}
	// Who is certainly too young is told at the counter; of a birth that is partly unknown the CA decides.
	if a.Profile == cert.Signature && tooYoung(now.Record.Birth, resident.DateOf(tx.Now())) {
		return now, plain.Bad("profile",
			"署名用電子証明書は、15歳未満の方には発行できません。利用者証明用電子証明書を選んでください。",
			"A signature certificate is not issued to somebody under 15: choose the authentication certificate.")
	}
	// Of a birth that is partly unknown the clerk, who sees the applicant, decides. That a representative applies for a child is from
	// memory, as is that there is no such application for adults under guardianship (成年被後見人), whom the register does not name.
	if tooYoung(now.Record.Birth, resident.DateOf(tx.Now())) && !a.Representative {
		return now, plain.Bad(fieldRepresentative,
			"15歳未満の方の電子証明書は、法定代理人が申請します。法定代理人の本人確認と資格の確認をしてから、印を付けてください。",
			"For somebody under 15 the legal representative applies: check who that is and that they represent the child, then tick the box.")
	}
	earlier, err := tx.Applications(ctx, a.Person)
	if err != nil {
		return now, err
	}
	for _, e := range earlier {
		if e.Profile == a.Profile && e.State == store.Checking {
			return now, plain.Bad("profile",
				"同じ種類の申請が、もう一人の職員の本人確認を待っています。その申請の画面で確かめてください。",
				"An application for the same kind waits for another person's check: look at it there.")
		}
		if e.Profile == a.Profile && e.State == store.Requested {
			return now, plain.Bad("profile",
				"同じ種類の申請の結果を、認証局から待っています。その申請の画面で結果を確かめてください。",
				"An application for the same kind waits for the CA's answer: look at it there.")
		}
	}
	return now, nil
}

// fieldRepresentative is the tick box of a legal representative.
const fieldRepresentative = "representative"

// tooYoung tells whether somebody is certainly under 15 on a day.
func tooYoung(birth resident.PartialDate, today resident.Date) bool {
	born := birth.Earliest()
	return born.Valid() && resident.AgeOn(born, today) < signatureAge
}

// window is the sign of the counter (受付窓口識別記号): the five digits of the municipality's code without its check digit,
// three of the window and a letter. There is one window.
func (o *Municipality) window() string { return o.code.String()[:5] + "001A" }

// fingerprint names a public key for people.
func fingerprint(spki []byte) string {
	sum := sha256.Sum256(spki)
	return hex.EncodeToString(sum[:])
}

// sameKey tells whether a certificate is for the key that was sent for it.
func sameKey(c *x509.Certificate, spki []byte) bool {
	return string(c.RawSubjectPublicKeyInfo) == string(spki)
}
