package municipality

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// attaching is how the scripted center answers whether a code may be attached.
type attaching struct {
	asked  []message.AttachQuestion
	change func(*message.AttachAnswer)                         // of what is signed
	signed func(*message.SignedAttachAnswer)                   // after it was
	lost   int                                                 // so many answers get lost on the way
	by     func(message.AttachAnswer) (exchange.Signer, error) // who signs; nil: the center
}

// agrees has the scripted center answer, and agree unless the test says otherwise.
func (c *country) agrees(center *exchange.Exchange) {
	signer := c.signer("nationalcenter")
	center.Answer(message.AskAttach, func(_ context.Context, from message.Org, body []byte) ([]byte, error) {
		q, err := message.ReadAttachQuestion(body)
		if err != nil {
			return nil, err
		}
		c.attach.asked = append(c.attach.asked, q)
		now := c.clk.Now()
		a := message.AttachAnswer{Center: "nationalcenter", To: from, Request: q.Request, Person: q.Person(), SignedAt: now, Until: now.Add(30 * time.Minute)}
		if c.attach.change != nil {
			c.attach.change(&a)
		}
		by := signer
		if c.attach.by != nil {
			if by, err = c.attach.by(a); err != nil {
				return nil, err
			}
		}
		s, err := message.SealAttachAnswer(rand.Reader, by.Key, by.Certificate, a.Text())
		if err != nil {
			return nil, err
		}
		if c.attach.signed != nil {
			c.attach.signed(s)
		}
		if c.attach.lost > 0 {
			c.attach.lost--
			return nil, errors.New("the line broke")
		}
		return s.Encode()
	})
}

// TestAttach: what the center agreed to is registered, kept with its signature, and used once.
func TestAttach(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		r := fromElsewhere(resident.RecordCodeOf(42), 7)
		if err := c.o.CheckRegistration(as(t, "clerk-aoki"), r); err != nil {
			t.Fatal(err)
		}
		who := c.register(r)
		if len(c.attach.asked) != 2 || c.attach.asked[0].Request == c.attach.asked[1].Request {
			t.Fatalf("the center was asked %d times", len(c.attach.asked))
		}
		q := c.attach.asked[1]
		if q.Code != r.Record.Code || q.Name != r.Record.Name || q.Birth != r.Record.Birth || q.Sex != r.Record.Sex || q.From != r.From ||
			q.Municipality != c.o.Code() || q.Reason != resident.MoveIn {
			t.Error("the question is not what was entered")
		}
		c.view(func(ctx context.Context, tx *store.Tx) error {
			a, err := c.o.attachmentOf(ctx, tx, who.Person)
			if err != nil || a == nil || a.Agreement.Request != q.Request || a.Agreement.Version != 8 || a.Agreement.AskedBy != "clerk-aoki" || !a.Answer.Agrees() {
				t.Errorf("the agreement on which the person was registered: %+v, %v", a, err)
			}
			return nil
		})
		if err := c.o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			used, err := c.o.in(tx).UseAgreement(ctx, q.Request, who.Person, 9)
			if used {
				t.Error("the agreement can be used twice")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if acts := c.audited(r.Record.Code); !slices.Equal(acts, []string{"clerk-aoki register", "clerk-aoki ask-to-attach", "clerk-aoki ask-to-attach"}) {
			t.Errorf("audited: %v", acts)
		}
		// One of our own codes is nobody's but ours, and one who has no code is not asked about.
		c.register(movedIn())
		if len(c.attach.asked) != 2 {
			t.Error("the center was asked about a code of our own pool")
		}
	})
}

// TestNotAttached: without the center's agreement to just this nobody is registered, and the clerk reads why and how to go on.
func TestNotAttached(t *testing.T) {
	c := newCountry(t, "memory:")
	stranger := c.signer("municipality-131211")
	refuse := func(why ...message.AttachWhy) func(*attaching) {
		return func(s *attaching) { s.change = func(a *message.AttachAnswer) { a.Why = why } }
	}
	answer := func(change func(*message.AttachAnswer)) func(*attaching) {
		return func(s *attaching) { s.change = change }
	}
	before := c.footprint()
	for _, x := range []struct {
		name   string
		script func(*attaching)
		fields string
		says   string
	}{
		{"nobody under the code", refuse(message.AttachUnknown), "code", "記録がありません"},
		{"a retired code", refuse(message.AttachRetired), "code", "本人か前の市区町村に、新しい住民票コードを確かめてください"},
		{"a namesake, who lives elsewhere", refuse(message.AttachName, message.AttachPresent), "name code", "氏名が違います"},
		{"another birth", refuse(message.AttachBirth), "birth", "生年月日が違います"},
		{"another sex", refuse(message.AttachSex), "sex", "性別が違います"},
		{"another number", refuse(message.AttachNumber), "number", "個人番号と違います"},
		{"still registered elsewhere", refuse(message.AttachPresent), "code", "まだほかの住民票"},
		{"the record of a dead person", refuse(message.AttachEnded), "code", "転出ではない理由"},
		{"from elsewhere", refuse(message.AttachElsewhere), "from", "従前の市区町村が空か"},
		{"promised to others", refuse(message.AttachPromised), "code", "ほかの市区町村が進めています"},
		{"looked into by the center", refuse(message.AttachAside), "code", "全国センターの担当者が確かめてから答えます。登録していません"},
		{"the center is further", answer(func(a *message.AttachAnswer) { a.Version = 8 }), "prior", "全国センターの記録は第8版まで進んでいます"},
		{"no answer", func(s *attaching) { s.lost = 1 }, "code", "回答がありません"},
		{"to somebody else", answer(func(a *message.AttachAnswer) { a.To = "municipality-131211" }), "code", "確かめられません"},
		{"to another request", answer(func(a *message.AttachAnswer) { a.Request = "t-other" }), "code", "確かめられません"},
		{"about another person", answer(func(a *message.AttachAnswer) { a.Person[0] ^= 1 }), "code", "確かめられません"},
		{"of another center", answer(func(a *message.AttachAnswer) { a.Center = "ca" }), "code", "確かめられません"},
		{"of tomorrow", answer(func(a *message.AttachAnswer) {
			a.SignedAt, a.Until = a.SignedAt.Add(24*time.Hour), a.Until.Add(24*time.Hour)
		}), "code", "確かめられません"},
		{"that is over", answer(func(a *message.AttachAnswer) { a.Until = a.SignedAt }), "code", "期限が過ぎました"},
		{"signed by another municipality", func(s *attaching) {
			s.by = func(message.AttachAnswer) (exchange.Signer, error) { return stranger, nil }
		}, "code", "確かめられません"},
		{"changed after it was signed", func(s *attaching) {
			s.change = func(a *message.AttachAnswer) { a.Why = []message.AttachWhy{message.AttachPresent} }
			s.signed = func(a *message.SignedAttachAnswer) { a.Answer.Why = nil; a.Raw = a.Answer.Text() }
		}, "code", "確かめられません"},
		{"whose signature is nothing", func(s *attaching) { s.signed = func(a *message.SignedAttachAnswer) { a.Signature = nil } }, "code", "確かめられません"},
		{"whose certificate is nothing", func(s *attaching) { s.signed = func(a *message.SignedAttachAnswer) { a.Certificate = []byte{1} } }, "code", "確かめられません"},
	} {
		t.Run(x.name, func(t *testing.T) {
			for _, try := range []func(Registration) error{
				func(r Registration) error { _, err := c.o.Register(as(t, "clerk-aoki"), r); return err },
				func(r Registration) error { return c.o.CheckRegistration(as(t, "clerk-aoki"), r) },
			} {
				c.attach = attaching{}
				x.script(&c.attach)
				err := try(fromElsewhere(resident.RecordCodeOf(42), 7))
				if got := strings.Join(fieldsOf(t, err), " "); got != x.fields || !strings.Contains(err.Error(), x.says) {
					t.Errorf("fields %q, want %q: %v", got, x.fields, err)
				}
			}
			c.attach = attaching{}
		})
	}
	// Nothing but the questions was written down.
	if after := c.footprint(); !slices.Equal(strings.Split(after, "; ")[:2], strings.Split(before, "; ")[:2]) {
		t.Errorf("somebody was registered: %s, before %s", after, before)
	}
	// A form without the answer, as another part of the program might file it.
	err := c.o.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		r := fromElsewhere(resident.RecordCodeOf(42), 7)
		v, _, err := c.o.admit(ctx, c.o.in(tx), r)
		if err != nil {
			return err
		}
		return c.o.needAgreement(ctx, c.o.in(tx), r, v, false)
	})
	if got := fieldsOf(t, err); !slices.Equal(got, []string{"code"}) {
		t.Errorf("without any answer: %v", err)
	}
}

// TestAttachAnswerLost: an answer that got lost is asked for again under the same request, so that the center gives the one that it signed.
func TestAttachAnswerLost(t *testing.T) {
	c := newCountry(t, "memory:")
	c.attach.lost = 1
	r := fromElsewhere(resident.RecordCodeOf(42), 7)
	if _, err := c.o.Register(as(t, "clerk-aoki"), r); !slices.Equal(fieldsOf(t, err), []string{"code"}) {
		t.Fatal(err)
	}
	c.register(r)
	if len(c.attach.asked) != 2 || c.attach.asked[0].Request != c.attach.asked[1].Request {
		t.Errorf("asked %d times, under other requests", len(c.attach.asked))
	}
	// What a clerk corrected is another question.
	r = fromElsewhere(resident.RecordCodeOf(43), 7)
	c.attach.lost = 1
	if _, err := c.o.Register(as(t, "clerk-aoki"), r); err == nil {
		t.Fatal("registered without an answer")
	}
	r.Record.Birth = birth("1992-02-28")
	c.register(r)
	if n := len(c.attach.asked); c.attach.asked[n-1].Request == c.attach.asked[n-2].Request {
		t.Error("another question was put under the same request")
	}
}

// TestMistypedFormAsksNobody: what a clerk can correct here is not asked of the center.
func TestMistypedFormAsksNobody(t *testing.T) {
	c := newCountry(t, "memory:")
	r := fromElsewhere(resident.RecordCodeOf(42), 0)
	if _, err := c.o.Register(as(t, "clerk-aoki"), r); !slices.Equal(fieldsOf(t, err), []string{"prior"}) {
		t.Error(err)
	}
	if len(c.attach.asked) != 0 {
		t.Error("the center was asked about a form that cannot be filed")
	}
}
