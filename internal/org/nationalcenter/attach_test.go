package nationalcenter_test

import (
	"context"
	"crypto"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// asks is the question of a municipality that wants to register somebody, as its clerk entered the person.
func asks(p *person, request, municipality, from string) message.AttachQuestion {
	q := message.AttachQuestion{Request: request, Code: p.Code, Name: p.Name, Birth: p.Birth, Sex: p.Sex,
		Municipality: must(resident.ParseMunicipalityCode("municipality", municipality)), Reason: resident.MoveIn}
	if from != "" {
		q.From = must(resident.ParseMunicipalityCode("from", from))
	}
	return q
}

// attach puts the question and checks that the answer is the center's to just this.
func (c *country) attach(from message.Org, q message.AttachQuestion) message.AttachAnswer {
	c.t.Helper()
	s := must(message.ReadAttachAnswer(must(c.peers[from].Ask(c.t.Context(), theCenter, message.AskAttach, must(q.Encode())))))
	signer, err := c.trust.Identify(s.Certificate, pki.ForSigning, s.Answer.SignedAt)
	if err != nil || signer.Organisation != string(theCenter) || s.Verify(signer.Public) != nil {
		c.t.Fatalf("signed by %+v, %v", signer, err)
	}
	if a := s.Answer; a.Center != theCenter || a.To != from || a.Request != q.Request || a.Person != q.Person() || !a.SignedAt.Equal(c.clk.Now()) && a.Until.Before(c.clk.Now()) {
		c.t.Errorf("the answer is %+v", a)
	}
	return s.Answer
}

// says fails unless the center agrees (""), or gives these reasons.
func (c *country) attachSays(what string, from message.Org, q message.AttachQuestion, why string) {
	c.t.Helper()
	var words []string
	for _, w := range c.attach(from, q).Why {
		words = append(words, string(w))
	}
	if got := strings.Join(words, " "); got != why {
		c.t.Errorf("%s: the center says %q, want %q", what, got, why)
	}
}

// TestAttach: a code is attached only when the person under it is this one, has moved out, and out of where the person says.
func TestAttach(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a := newPerson(t, 1, "坂出　太郎")
		c.attachSays("nobody is known", adachi, asks(a, "t-1", "131211", ""), "unknown")
		want(t, c.tell(nagano, a.change(resident.MoveIn)), "applied")
		c.attachSays("still there", adachi, asks(a, "t-2", "131211", "202029"), "present")
		namesake := *a
		namesake.Name = must(resident.ParseName("name", "坂手　太郎")) // one character, as in 2016
		c.attachSays("a namesake", adachi, asks(&namesake, "t-3", "131211", ""), "name present elsewhere")
		namesake.Name, namesake.Birth, namesake.Sex = a.Name, must(resident.ParsePartialDate("birth", "1980-05-02")), resident.Male
		c.attachSays("another birth and sex", adachi, asks(&namesake, "t-4", "131211", "202053"), "birth sex present elsewhere")
		left := a.change(resident.MoveOut)
		want(t, c.tell(nagano, left), "applied")
		if got := c.attach(adachi, asks(a, "t-5", "131211", "202029")); !got.Agrees() || got.Version != 2 || !got.Until.After(c.clk.Now()) {
			t.Errorf("the person who moved out: %+v", got)
		}
		c.attachSays("from elsewhere", adachi, asks(a, "t-6", "131211", "202053"), "elsewhere")
		c.attachSays("from where nobody knows", iida, asks(a, "t-6b", "202053", ""), "elsewhere promised")
		// Another municipality has been told yes, on this very state.
		c.attachSays("promised", iida, asks(a, "t-7", "202053", "202029"), "promised")
		c.runFor(31 * time.Minute)
		c.attachSays("the promise is over", iida, asks(a, "t-8", "202053", "202029"), "")
		arrived := a.change(resident.MoveIn, in("131211", "東京都足立区中央本町1丁目17番1号"))
		want(t, c.tell(tokyo, arrived), "applied")
		c.attachSays("arrived", iida, asks(a, "t-9", "202053", "131211"), "present")
		a.change(resident.MoveOut)
		want(t, c.tell(tokyo, message.ResidentChange{After: a.IdentificationInfo, Before: arrived.After.StateHash()}), "applied")
		c.attachSays("what was promised of an older state binds nobody", matsumoto, asks(a, "t-10", "202029", "131211"), "")

		b := newPerson(t, 2, "松本　花子")
		b.Number = must(resident.ParseIndividualNumber("number", "983205673214"))
		want(t, c.tell(nagano, b.change(resident.MoveIn)), "applied")
		want(t, c.tell(nagano, b.change(resident.CodeChangeRequested, func(i *resident.IdentificationInfo) { i.Change.OldCode, i.Code = i.Code, resident.RecordCodeOf(7) })), "applied")
		old := *b
		old.Code = resident.RecordCodeOf(2)
		c.attachSays("a code that was given up", adachi, asks(&old, "t-11", "131211", ""), "retired")
		want(t, c.tell(nagano, b.change(resident.DeletionExOfficio, func(i *resident.IdentificationInfo) { i.Change.OldCode = resident.RecordCode{} })), "applied")
		q := asks(b, "t-12", "131211", "202029")
		q.Number = must(resident.ParseIndividualNumber("number", "379474484458"))
		c.attachSays("deleted ex officio, with another number", adachi, q, "number ended")
		q = asks(b, "t-13", "202029", "")
		q.Number, q.Reason = b.Number, resident.EntryExOfficio
		c.attachSays("the office corrects its own deletion", matsumoto, q, "")
		q = asks(b, "t-14", "202053", "")
		q.Reason = resident.EntryExOfficio
		c.attachSays("and nobody else's", iida, q, "ended promised")
		if n := c.audited("code.attach", b.Code); n != 3 {
			t.Errorf("%d questions about a person are in the audit log, want 3", n)
		}
		if n := c.audited(auditlog.ActLook, b.Code); n != 3 {
			t.Errorf("%d looks at a person, want 3", n)
		}
	})
}

// audited counts an act about a subject.
func (c *country) audited(act string, subject resident.RecordCode) (n int) {
	c.t.Helper()
	c.view(func(ctx context.Context, tx *sqlstore.Tx) error {
		records, err := auditlog.List(ctx, tx, auditlog.Filter{Subject: subject.Reveal()})
		for _, r := range records {
			if r.Act == act {
				n++
			}
		}
		return err
	})
	return n
}

// TestAttachAgain: the same request has the same answer, whatever has happened since, also when the signature failed the first time, and
// is good for no other question.
func TestAttachAgain(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a := newPerson(t, 1, "坂出　太郎")
		c.tell(nagano, a.change(resident.MoveIn))
		c.tell(nagano, a.change(resident.MoveOut))
		q := asks(a, "t-1", "131211", "202029")
		body := must(q.Encode())
		key := c.center.Signer.Key
		c.center.Signer.Key = brokenKey{key}
		if _, err := c.peers[adachi].Ask(t.Context(), theCenter, message.AskAttach, body); err == nil {
			t.Fatal("an answer without a signature went out")
		}
		c.center.Signer.Key = key
		if c.audited("code.attach", a.Code) != 1 {
			t.Fatal("the answer was not written down before it was signed")
		}
		c.runFor(time.Minute)
		first := must(c.peers[adachi].Ask(t.Context(), theCenter, message.AskAttach, body))
		c.attachSays("after the failure", adachi, q, "")
		c.tell(tokyo, a.change(resident.MoveIn, in("131211", "東京都足立区中央本町1丁目17番1号")))
		if again := must(c.peers[adachi].Ask(t.Context(), theCenter, message.AskAttach, body)); string(again) != string(first) {
			t.Error("the same request has another answer")
		}
		if c.audited("code.attach", a.Code) != 1 {
			t.Error("the same question was answered anew")
		}
		q.Name = must(resident.ParseName("name", "坂手　太郎"))
		if _, err := c.peers[adachi].Ask(t.Context(), theCenter, message.AskAttach, must(q.Encode())); err == nil {
			t.Error("a request was used for another question")
		}
		// One municipality's request is not another's.
		c.attachSays("the same word of another municipality", iida, asks(a, "t-1", "202053", "131211"), "present")
	})
}

// TestAttachOnlyForOwnRegister: nobody asks about a registration elsewhere, and no CA or prefecture asks at all.
func TestAttachOnlyForOwnRegister(t *testing.T) {
	c := newCountry(t, "memory:")
	a := newPerson(t, 1, "坂出　太郎")
	for who, q := range map[message.Org]message.AttachQuestion{adachi: asks(a, "t-1", "202029", ""), nagano: asks(a, "t-1", "202029", ""), theCA: asks(a, "t-1", "202029", "")} {
		if _, err := c.peers[who].Ask(t.Context(), theCenter, message.AskAttach, must(q.Encode())); err == nil {
			t.Errorf("%s was answered", who)
		}
	}
	if _, err := c.peers[adachi].Ask(t.Context(), theCenter, message.AskAttach, []byte("nonsense")); err == nil {
		t.Error("nonsense was answered")
	}
	if c.audited("code.attach", a.Code) != 0 {
		t.Error("something was written down")
	}
}

// brokenKey is a device that does not sign.
type brokenKey struct{ crypto.Signer }

func (brokenKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("the device is away")
}
