package nationalcenter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// attachTerm is how long an answer holds. The municipality asks when a clerk files, so that seconds would do; a clerk who
// looks at the form once more must not find the answer gone, and a promise must not keep the person from others for long.
const attachTerm = 30 * time.Minute

// onAttach answers a municipality that wants to register somebody under a record code that it did not give (住民票コードを付ける
// ことへの同意). The question, the answer and its signature are kept: the same request has the same answer.
//
// A question about somebody is a look at that person, and is recorded as one.
func (o *Center) onAttach(ctx context.Context, from message.Org, body []byte) ([]byte, error) {
	q, err := message.ReadAttachQuestion(body)
	if err != nil {
		return nil, err
	}
	if from.Role() != message.Municipality || !received.Keeps(from, q.Municipality, resident.DateOf(o.Clock.Now())) {
		return nil, fmt.Errorf("%s does not keep the register that the person is to be in", from)
	}
	var a store.Attach
	if err := o.Store.Update(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		tx := o.in(raw)
		kept, found, err := tx.AttachOf(ctx, from, q.Request)
		switch {
		case err != nil:
			return err
		case found && kept.Person != q.Person():
			return errors.New("the request was used for another question")
		case found:
			a = kept
			return nil
		}
		a, err = o.judgeAttach(ctx, tx, from, q)
		return err
	}); err != nil {
		return nil, err
	}
	return o.signedAttach(ctx, a)
}

// judgeAttach writes the answer to a new question down, with the look.
func (o *Center) judgeAttach(ctx context.Context, tx *store.Tx, from message.Org, q message.AttachQuestion) (store.Attach, error) {
	why, version, err := o.answerOrAside(ctx, tx, from, q)
	if err != nil {
		return store.Attach{}, err
	}
	now := tx.Now()
	answer := message.AttachAnswer{Center: o.Self, To: from, Request: q.Request, Person: q.Person(), Why: why, Version: version, SignedAt: now, Until: now.Add(attachTerm)}
	a := store.Attach{AskedBy: from, Request: q.Request, Code: q.Code, Person: answer.Person, Agreed: answer.Agrees(), Why: whyText(why),
		Version: version, At: now, Until: answer.Until, Text: answer.Text()}
	tx.PutAttach(a)
	verdict := "agreed"
	if !a.Agreed {
		verdict = "refused: " + a.Why
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(from), Act: auditlog.ActLook, Subject: q.Code.Reveal(), Case: q.Request, Detail: message.AskAttach})
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(from), Act: message.AskAttach, Subject: q.Code.Reveal(), Case: q.Request, Detail: verdict})
	return a, nil
}

func whyText(why []message.AttachWhy) (s string) {
	for i, w := range why {
		if i > 0 {
			s += ","
		}
		s += string(w)
	}
	return s
}

// againstAttaching collects all that speaks against it, so that a clerk learns at once what to look at. version is that of the state held. let
// tells that two operators have let the asker ask about this code.
//
// Of a protected person (支援措置) no answer depends on the earlier municipality that the question names: by trying one after the other somebody
// would learn where she lived. Instead, the center agrees with whom her protection has gone ahead to (expects), and sets any other question aside.
func (o *Center) againstAttaching(ctx context.Context, tx *store.Tx, from message.Org, q message.AttachQuestion, let bool) (why []message.AttachWhy, version resident.Version, err error) {
	standing, claim, err := tx.StandingAndClaim(ctx, q.Code)
	switch {
	case err != nil:
		return nil, 0, err
	case claim.Successor.Valid():
		return []message.AttachWhy{message.AttachRetired}, 0, nil
	case standing == nil:
		return []message.AttachWhy{message.AttachUnknown}, 0, nil
	}
	held, _, err := tx.State(ctx, q.Code)
	if err != nil {
		return nil, 0, err
	}
	hidden, err := o.withheld(ctx, tx.Tx, q.Code)
	if err != nil {
		return nil, 0, err
	}
	differs := held.Diff(resident.BasicFour{Name: q.Name, Birth: q.Birth, Sex: q.Sex, Address: held.Address})
	for _, w := range []struct {
		why  message.AttachWhy
		says bool
	}{
		// What is compared is what is compared when the change comes (change.go): the name byte for byte. In 2016 the reading and the
		// date of birth agreed, and one character of the name did not.
		{message.AttachName, differs&resident.AttrName != 0},
		{message.AttachBirth, differs&resident.AttrBirth != 0},
		{message.AttachSex, differs&resident.AttrSex != 0},
		{message.AttachNumber, q.Number.Valid() && held.Number.Valid() && q.Number != held.Number},
		// Who is announced by the old municipality may be registered before it has deleted the record; that it is the one where the
		// person is held is asked below.
		{message.AttachPresent, !standing.Gone() && !(q.Announced && q.Reason == resident.MoveIn)},
		{message.AttachEnded, standing.Gone() && !mayEnter(*standing, from, q, resident.DateOf(tx.Now()))},
		// Whoever says no municipality has no certificate of moving out, and then nothing but the name ties the person to the code.
		{message.AttachElsewhere, q.Reason == resident.MoveIn && (!q.From.Valid() || !hidden && !cameFrom(*standing, q.From, resident.DateOf(tx.Now())))},
	} {
		if w.says {
			why = append(why, w.why)
		}
	}
	promised, err := tx.Promised(ctx, q.Code, standing.Version, from)
	if promised {
		why = append(why, message.AttachPromised)
	}
	if err == nil && hidden && !let && len(why) == 0 {
		expected, err := o.expects(ctx, tx, from, q.Code)
		if err != nil {
			return nil, 0, err
		}
		if !expected {
			return []message.AttachWhy{message.AttachAside}, 0, nil
		}
	}
	return why, standing.Version, err
}

// mayEnter tells whether an entry may go on from a record that has ended: a moving in from a moving out (転出), and what an office
// corrects from its own deletion (職権記載等).
func mayEnter(ended received.Standing, by message.Org, q message.AttachQuestion, today resident.Date) bool {
	if q.Reason == resident.EntryExOfficio {
		return received.Keeps(by, ended.Municipality, today)
	}
	return ended.Reason == resident.MoveOut
}

// cameFrom tells whether a record is, or ended, in the municipality that the person says to come from, which may be a designated city and
// the record a ward's. Of one that is no more nobody can say who keeps its records now.
func cameFrom(ended received.Standing, from resident.MunicipalityCode, today resident.Date) bool {
	if _, err := resident.Lookup("municipality", ended.Municipality, today); err != nil {
		return true
	}
	return received.Keeps(message.Org(string(message.Municipality)+"-"+from.String()), ended.Municipality, today) || sameCity(from, ended.Municipality, today)
}

// sameCity tells whether a ward and another one, or its city, belong together.
func sameCity(a, b resident.MunicipalityCode, today resident.Date) bool {
	one, err := resident.Lookup("municipality", a, today)
	if err != nil || a.Prefecture() != b.Prefecture() {
		return false
	}
	other, err := resident.Lookup("municipality", b, today)
	return err == nil && one.City != "" && (one.City == other.City || one.City == other.Name)
}

// signedAttach signs an answer after it was written down, outside of the transaction, and keeps the signature. An answer that was
// written down and not signed, because the program stopped, is signed when the same question comes again.
func (o *Center) signedAttach(ctx context.Context, a store.Attach) ([]byte, error) {
	if len(a.Signature) == 0 {
		sealed, err := message.SealAttachAnswer(o.Rand, o.Signer.Key, o.Signer.Certificate, a.Text)
		if err != nil {
			return nil, err
		}
		a.Signature, a.Certificate = sealed.Signature, sealed.Certificate
		if err := o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			return o.in(tx).SignAttach(ctx, a.AskedBy, a.Request, a.Signature, a.Certificate)
		}); err != nil {
			return nil, err
		}
	}
	return (&message.SignedAttachAnswer{Raw: a.Text, Signature: a.Signature, Certificate: a.Certificate}).Encode()
}
