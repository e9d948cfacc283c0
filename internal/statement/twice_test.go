package statement_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/internal/statement"
	"github.com/akashi-id/akashi/message"
)

// tell has an organisation sign and send an account, whatever it says, and returns what the other made of the message.
func (m *member) tell(to *member, x *message.Account) (code string) {
	m.c.Helper()
	n := must(x.Sign(rand.Reader, m.c.keys[m.self].Key, m.c.keys[m.self].Certificate))
	var id message.ID
	m.update(func(ctx context.Context, tx *sqlstore.Tx) error {
		ids, err := m.Send(ctx, tx, []message.Out{{To: to.self, Body: n}}, "t-twice")
		id = ids[0]
		return err
	})
	m.c.run(time.Minute)
	item, _, _, err := to.Exchange.Find(m.c.Context(), id)
	if err != nil {
		m.c.Fatal(err)
	}
	return item.Code
}

func (m *member) account(days int) *message.Account {
	return must(message.OpenAccount(m.day(days).Sender.ExchangeStatement.Account))
}

// TestSignedTwice: a peer whose close was unexplained does not make it good by signing another account of it.
func TestSignedTwice(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c, a, b := pair(t, url)
		ids := a.ask(1, 2, 3)
		c.until(0, 20, 0)
		a.exec(`DELETE FROM x_out WHERE seq = $1`, int64(ids[1].Seq))
		c.until(1, 0, 1)
		same(t, a, b, 0, message.Unexplained)
		first := a.account(0)

		mended := a.account(0)
		for i, k := range mended.Kinds {
			if k.Kind == message.KindCodeRequest {
				mended.Kinds[i].Applied, mended.Kinds[i].AppliedSum = k.Applied+1, k.AppliedSum+int64(ids[1].Seq)-int64(mended.From.Seq)
			}
		}
		mended.MadeAt = mended.MadeAt.Add(time.Second)
		b.update(func(ctx context.Context, tx *sqlstore.Tx) error { // a round has looked at it
			_, err := tx.Exec(ctx, `UPDATE s_statement SET seen = 1 WHERE state = 'unexplained'`)
			return err
		})
		if code := a.tell(b, mended); code != "" {
			t.Fatal(code)
		}
		st := b.day(0)
		if st.State != message.Unexplained || !st.Sender.MadeAt.Equal(mended.MadeAt) || line(st, "kind", "code.request").State == message.Unexplained {
			t.Fatalf("%s %+v", st.State, st.Lines)
		}
		named := false
		for _, l := range st.Lines {
			named = named || strings.Contains(l.Says.EN, string(city)+" made 2 accounts")
		}
		if !named {
			t.Errorf("nobody says that there are two: %+v", st.Lines)
		}
		if got := b.missing(); len(got) != 1 || got[0].Code != statement.StatementUnexplained {
			t.Errorf("%+v", got)
		}

		// Of the same moment, and different: no restored database does that.
		other := *first
		other.Kinds = nil
		if code := a.tell(b, &other); code != "two-accounts" {
			t.Errorf("another one of the same moment: %q", code)
		}
		if code := a.tell(b, first); code != "" {
			t.Errorf("the same one again: %q", code)
		}
	})
}

// TestAgreedAndTwice: two accounts that both agree are named all the same, and only there.
func TestAgreedAndTwice(t *testing.T) {
	c, a, b := pair(t, "memory:")
	a.ask(1, 2)
	c.until(1, 0, 1)
	same(t, a, b, 0, message.Agreed)
	again := a.account(0)
	again.MadeAt = again.MadeAt.Add(time.Second)
	a.tell(b, again)
	if st := b.day(0); st.State != message.Explained || len(st.Lines) == 0 {
		t.Errorf("%s %+v", st.State, st.Lines)
	}
	// The receiver answers one account with two: it is the sender's turn to see that.
	answer := must(message.OpenAccount(a.day(0).Receiver.ExchangeStatement.Account))
	answer.MadeAt = answer.MadeAt.Add(2 * time.Second)
	if answer.Answers != message.Hash(sha256.Sum256(a.day(0).Sender.ExchangeStatement.Account)) {
		t.Fatal("it answers another one")
	}
	b.tell(a, answer)
	if st := a.day(0); st.State != message.Explained {
		t.Errorf("%s %+v", st.State, st.Lines)
	}
}

// TestFloodOfAccounts: a peer that signs one account of a close after the other fills no table, and hides no statement.
func TestFloodOfAccounts(t *testing.T) {
	c, a, b := pair(t, "memory:")
	a.ask(1, 2)
	c.until(1, 0, 1)
	same(t, a, b, 0, message.Agreed)
	x, refused := a.account(0), 0
	x.Numbered[0].Last-- // wrong, each time
	x.To.Seq--
	for i := range 40 {
		x.MadeAt = x.MadeAt.Add(time.Duration(i+1) * time.Millisecond)
		if code := a.tell(b, x); code == "too-many-accounts" {
			refused++
		}
	}
	var kept int
	b.view(func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, `SELECT COUNT(*) FROM s_account WHERE peer = $1 AND side = 'sender' AND dir = 'in'`, string(city)).Scan(&kept)
	})
	if st := b.day(0); refused != 25 || kept != 16 || st.Receiver == nil || st.State == message.Agreed {
		t.Errorf("%d refused, %d kept, %s", refused, kept, st.State)
	}
}

// TestThousandsOfCloses: a peer that tells of every day since long ago is answered, and stands before nobody meanwhile.
func TestThousandsOfCloses(t *testing.T) {
	const days = 250
	c, a, b := pair(t, "memory:")
	answering := c.tasks[center]
	c.tasks[center] = b.Exchange.Tasks() // nothing is answered yet
	a.update(func(ctx context.Context, tx *sqlstore.Tx) error {
		for i := range days {
			until := wednesday.AddDays(-i).Start()
			x := &message.Account{Sender: city, Node: "1", Receiver: center, Side: message.BySender, Span: message.Day, Since: until.AddDate(0, 0, -1), Until: until, MadeAt: start}
			n := must(x.Sign(rand.Reader, c.keys[city].Key, c.keys[city].Certificate))
			if _, err := a.Send(ctx, tx, []message.Out{{To: center, Body: n}}, "t-days"); err != nil {
				return err
			}
		}
		return nil
	})
	waiting := func() (n int) {
		b.view(func(ctx context.Context, tx *sqlstore.Tx) error {
			return tx.QueryRow(ctx, `SELECT COUNT(*) FROM due WHERE kind = 'statement.answer'`).Scan(&n)
		})
		return n
	}
	c.run(3 * time.Second)
	if n := waiting(); n != 100 {
		t.Errorf("%d are waiting for an answer", n)
	}
	c.tasks[center] = answering
	c.run(10 * time.Minute)
	for i := range days {
		if st := b.day(-i - 1); st.Receiver == nil {
			t.Fatalf("day %d is not answered: %s", -i, st.State)
		}
	}
}
