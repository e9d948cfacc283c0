package statement_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// TestCutStandsStill: a sender whose cut stands still accounts for nothing, day after day. What its receiver has had in its
// hands since before the close says so, whatever time the sender says that it was made.
func TestCutStandsStill(t *testing.T) {
	for name, made := range map[string]string{"as it was": `created_at`, "in the future": `created_at + 864000000000`} {
		t.Run(name, func(t *testing.T) {
			sqlstoretest.Each(t, func(t *testing.T, url string) {
				c, a, b := pair(t, url)
				c.tasks[city] = a.Exchange.Tasks() // the city makes no honest account
				a.ask(1, 2, 3)
				c.until(1, 0, 1)
				b.exec(`UPDATE x_in SET created_at = ` + made + ` WHERE seq = 2`)
				until := wednesday.AddDays(1).Start()
				a.tell(b, &message.Account{Sender: city, Node: "1", Receiver: center, Side: message.BySender, Span: message.Day,
					Since: until.AddDate(0, 0, -1), Until: until, MadeAt: c.clk.Now()})
				c.until(1, 0, 10) // the receiver looks again before it says so
				st := b.day(0)
				if l := line(st, "kind", "code.request"); st.State != message.Unexplained || l.Receiver.Total != 3 {
					t.Errorf("three messages that nobody accounts for: %s %+v", st.State, st.Lines)
				}
			})
		})
	}
}

// TestCutOfARestoredSender: what a restored sender has lost lies behind its cut too, in an epoch that has ended. Nobody is
// suspected for that; nor is an account that it made while it could not know yet that its numbers would be others.
func TestCutOfARestoredSender(t *testing.T) {
	for name, away := range map[string]bool{"in touch": false, "away until after the close": true} {
		t.Run(name, func(t *testing.T) {
			c, a, b := pair(t, "memory:")
			c.off(a)
			dir := t.TempDir()
			a = c.open("sqlite:"+filepath.Join(dir, "city.db"), city, center)
			a.ask(1)
			c.until(0, 12, 0)
			if err := a.store.Backup(t.Context(), filepath.Join(dir, "copy.db")); err != nil {
				t.Fatal(err)
			}
			a.ask(2, 3)
			c.until(0, 13, 0)
			c.off(a)
			if err := os.Remove(filepath.Join(dir, "city.db")); err != nil {
				t.Fatal(err)
			}
			a = c.open("sqlite:"+filepath.Join(dir, "copy.db"), city, center)
			if away {
				c.net.Join(center, nil)
				a.ask(4) // under the number of one that was lost
				c.until(1, 0, 30)
				c.net.Join(center, b.Exchange)
			}
			c.until(1, 1, 0)
			for _, m := range []*member{a, b} {
				if l := line(m.day(0), "kind", "code.request"); l.State == message.Unexplained || l.State == "" {
					t.Errorf("%s says %+v", m.self, l)
				}
			}
		})
	}
}
