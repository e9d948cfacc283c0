package municipality

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// In 2016 a namesake's record code was attached to a man who moved in, because a search by reading and date of birth had one hit,
// and so two men had one individual number. Here nobody is registered under a code that we did not give without the signed
// agreement of the national center, which compares name, date of birth and sex, and says where the person with the code is. It is asked
// before the transaction; the answer is an argument of the rule and is kept with what it led to.

// attachSkew is how far the time of an answer may be from ours.
const attachSkew = 10 * time.Minute

// askToAttach has the center asked about a registration that brings a record code, when there is nothing else wrong with it: what a clerk
// can correct here is nobody else's business. It gives the registration with the answer.
func (o *Municipality) askToAttach(ctx context.Context, who string, r Registration) (Registration, error) {
	r.agreement = nil
	if !r.Record.Code.Valid() {
		return r, nil
	}
	var v store.Version
	if err := o.answeredTo(ctx, func(ctx context.Context) error {
		return o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			v, _, err = o.admit(ctx, o.in(tx), r)
			return err
		})
	}); err != nil {
		return r, err
	}
	return o.askFor(ctx, who, r, v)
}

// askFor asks about a registration that leads to a version.
func (o *Municipality) askFor(ctx context.Context, who string, r Registration, v store.Version) (Registration, error) {
	q := attachQuestion(r, v)
	if err := o.noteQuestion(ctx, who, &q); err != nil {
		return r, err
	}
	answer, err := o.asked(ctx, q)
	if err != nil {
		o.Log.WarnContext(ctx, "the national center gave no answer that can be used about attaching a code", "request", q.Request, "error", err)
		return r, unanswered(err)
	}
	if err := o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error { return o.in(tx).KeepAgreement(ctx, answer) }); err != nil {
		return r, err
	}
	r.agreement = &answer.Answer
	return r, nil
}

// attachQuestion is what the center is asked about a registration; v is the version that it leads to.
func attachQuestion(r Registration, v store.Version) message.AttachQuestion {
	rec := r.Record
	return message.AttachQuestion{Code: rec.Code, Name: rec.Name, Birth: rec.Birth, Sex: rec.Sex, Number: rec.Number, Municipality: v.Record.Municipality,
		From: r.From, Announced: r.arrived, Reason: r.Reason}
}

// noteQuestion writes the question down before it is asked, with the look that it is. One that had no answer is the same question: the
// center may have answered it, and the answer got lost on the way.
func (o *Municipality) noteQuestion(ctx context.Context, who string, q *message.AttachQuestion) error {
	fresh, err := o.Exchange.NewTrace()
	if err != nil {
		return err
	}
	return o.Store.Update(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		tx := o.in(raw)
		open, err := tx.OpenAgreement(ctx, q.Person())
		if err != nil {
			return err
		}
		if q.Request = open; open == "" {
			q.Request = fresh
			tx.AskAgreement(q.Request, q.Code, q.Person(), who)
		}
		auditlog.Write(raw, auditlog.Entry{Actor: who, Act: "ask-to-attach", Subject: q.Code.Reveal(), Case: q.Request, Detail: q.Reason.Code()})
		return nil
	})
}

// errWrongAnswer begins what is said of an answer that is not taken.
var errWrongAnswer = errors.New("wrong answer")

// asked asks the center, and takes no answer but the center's own, signed, to this question, of now.
func (o *Municipality) asked(ctx context.Context, q message.AttachQuestion) (*message.SignedAttachAnswer, error) {
	body, err := q.Encode()
	if err != nil {
		return nil, err
	}
	raw, err := o.Exchange.Ask(ctx, o.center, message.AskAttach, body)
	if err != nil {
		return nil, err
	}
	s, err := message.ReadAttachAnswer(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errWrongAnswer, err)
	}
	a, now := s.Answer, o.Clock.Now()
	signer, err := o.Trust.Identify(s.Certificate, pki.ForSigning, a.SignedAt)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errWrongAnswer, err)
	case signer.Organisation != string(o.center):
		return nil, fmt.Errorf("%w: it was signed by %s", errWrongAnswer, signer.Organisation)
	case a.Center != o.center || a.To != o.Self || a.Request != q.Request || a.Person != q.Person():
		return nil, fmt.Errorf("%w: it answers another question", errWrongAnswer)
	case a.SignedAt.After(now.Add(attachSkew)):
		return nil, fmt.Errorf("%w: it was signed at %v and now it is %v: set the clocks", errWrongAnswer, a.SignedAt, now)
	}
	if err := s.Verify(signer.Public); err != nil {
		return nil, fmt.Errorf("%w: %w", errWrongAnswer, err)
	}
	return s, nil
}

// unanswered says how to go on when the center gave no answer. Nobody is registered under the code meanwhile: a code that is attached
// wrongly gives one number to two people, and is found after years.
func unanswered(err error) *plain.Problem {
	if errors.Is(err, errWrongAnswer) {
		return plain.Bad("code",
			"全国センターの回答を、全国センターのものと確かめられません。登録していません。運用担当者に知らせてください。",
			"The answer of the national center could not be shown to be the center's. Nobody was registered: tell your operator.")
	}
	return plain.Bad("code",
		"全国センターから、この住民票コードを付けてよいかの回答がありません。登録していません。少し待って、もう一度登録してください。入力した内容はこの画面に残っています。続くときは、届出書を預かり、運用担当者に知らせてください。",
		"The national center has not answered whether this record code may be attached. Nobody was registered: wait a little and register again; what you entered is kept on this page. If it goes on, keep the paper form and tell your operator.")
}

// needAgreement refuses a registration under a code from elsewhere without the center's agreement to just this, and notes for whom it was
// used. v is the version that the registration leads to, with the person; writing tells whether it is filed.
func (o *Municipality) needAgreement(ctx context.Context, tx *store.Tx, r Registration, v store.Version, writing bool) error {
	if !r.Record.Code.Valid() {
		return nil
	}
	var ps problems
	a, q := r.agreement, attachQuestion(r, v)
	switch {
	case a == nil || a.Person != q.Person():
		ps.note(unanswered(nil))
	case !a.Agrees():
		for _, why := range a.Why {
			ps.note(refusedToAttach(why))
		}
	case !tx.Now().Before(a.Until):
		ps.bad("code", "全国センターの同意の期限が過ぎました。もう一度登録してください。", "The agreement of the national center has expired: register again.")
	case v.Number <= a.Version:
		ps.bad("prior",
			fmt.Sprintf("全国センターの記録は第%s版まで進んでいます。転出証明書の「記録の版」を確かめてください。", a.Version),
			fmt.Sprintf("The national center holds version %s already: check the record version of the moving-out certificate.", a.Version))
	}
	if err := ps.Err(); err != nil || !writing {
		return err
	}
	used, err := tx.UseAgreement(ctx, a.Request, v.Person, v.Number)
	if err == nil && !used {
		err = fmt.Errorf("the agreement %s was used before, or is not kept", a.Request)
	}
	return err
}

// refusedToAttach says what a clerk does about a reason of the center. Who the person with the code is, it does not say.
func refusedToAttach(why message.AttachWhy) *plain.Problem {
	switch why {
	case message.AttachUnknown:
		return plain.Bad("code",
			"全国センターに、この住民票コードの人の記録がありません。打ち間違いがないか、転出証明書と見比べてください。前の市区町村が転出を届けた直後なら、少し待ってください。",
			"The national center holds nobody under this record code: compare it with the moving-out certificate. If the earlier municipality has only just filed, wait a little.")
	case message.AttachRetired:
		return plain.Bad("code",
			"この住民票コードは、変更されて使われなくなったものです。本人か前の市区町村に、新しい住民票コードを確かめてください。",
			"This record code was given up for another one: ask the person or the earlier municipality for the present code.")
	case message.AttachName:
		return plain.Bad("name",
			"この住民票コードの人と、氏名が違います。読みが同じでも別の人です。別の人のコードを付けていないか、転出証明書と一字ずつ見比べてください。",
			"The person with this record code has another name; the same reading is not the same person. Compare with the moving-out certificate character by character: it may be another person's code.")
	case message.AttachBirth:
		return plain.Bad("birth",
			"この住民票コードの人と、生年月日が違います。別の人のコードを付けていないか、転出証明書と見比べてください。",
			"The person with this record code was born on another day: compare with the moving-out certificate, it may be another person's code.")
	case message.AttachSex:
		return plain.Bad("sex",
			"この住民票コードの人と、性別が違います。別の人のコードを付けていないか、転出証明書と見比べてください。",
			"The person with this record code is of another sex: compare with the moving-out certificate, it may be another person's code.")
	case message.AttachNumber:
		return plain.Bad("number",
			"この住民票コードの人の個人番号と違います。別の人のコードか番号を付けていないか、転出証明書と見比べてください。",
			"The person with this record code has another individual number: compare with the moving-out certificate, the code or the number may be another person's.")
	case message.AttachPresent:
		return plain.Bad("code",
			"この住民票コードの人は、まだほかの住民票に記載されています。転出が届いていないか、別の人のコードです。前の市区町村に、転出を届けたか確かめてください。",
			"The person with this record code is still registered elsewhere: the moving out has not come, or it is another person's code. Ask the earlier municipality whether it was filed.")
	case message.AttachEnded:
		return plain.Bad("code",
			"この住民票コードの人の住民票は、転出ではない理由（死亡・職権消除等）で消除されています。転入には使えません。消除した市区町村に確かめてください。",
			"The record under this code ended otherwise than by moving out (a death, or ex officio), so nobody can move in under it: ask the municipality that deleted it.")
	case message.AttachElsewhere:
		return plain.Bad("from",
			"従前の市区町村が空か、この住民票コードの人が転出した市区町村ではありません。転出証明書のとおりに入力してください。証明書がなく、前の住民票が分からない方には、検索で見つけたコードを付けず、住民票コードを空けて登録してください。",
			"The earlier municipality is missing, or is not the one that the person with this record code moved out of: enter it as on the moving-out certificate. To somebody without a certificate, of whom no earlier record is known, attach no code that a search has found: register with the record code left empty.")
	case message.AttachPromised:
		return plain.Bad("code",
			"この住民票コードでの登録を、ほかの市区町村が進めています。本人に、ほかで転入を届けていないか確かめてください。",
			"Another municipality is registering somebody under this record code: ask the person whether the moving in was filed elsewhere.")
	case message.AttachAside:
		return plain.Bad("code",
			"この住民票コードについての照会は、全国センターの担当者が確かめてから答えます。登録していません。届出書を預かり、全国センターに電話で、届出の経緯を伝えてください。",
			"The national center's staff look into this record code before they answer. Nobody was registered: keep the paper form, and tell the center by telephone how the notice came.")
	}
	return plain.Bad("code", "全国センターが同意していません。運用担当者に知らせてください。", "The national center does not agree: tell your operator.")
}

// attachment is the agreement on which somebody was registered, for the person's page; nil when the code is of our own pool.
type attachment struct {
	Agreement store.Agreement
	Answer    message.AttachAnswer
}

func (o *Municipality) attachmentOf(ctx context.Context, tx *store.Tx, who PersonID) (*attachment, error) {
	a, found, err := tx.AgreementOf(ctx, who)
	if err != nil || !found {
		return nil, err
	}
	answer, err := message.ParseAttachAnswer(a.Text)
	if err != nil {
		return nil, fmt.Errorf("the agreement %s cannot be read: %w", a.Request, err)
	}
	return &attachment{a, answer}, nil
}
