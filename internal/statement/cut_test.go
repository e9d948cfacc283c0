package statement_test

import (
	"testing"

	"github.com/akashi-id/akashi/message"
)

// TestCutThatHides: a sender whose cut stands still accounts for nothing, day after day; what its receiver has had in its
// hands since before the close says so.
func TestCutThatHides(t *testing.T) {
	c, a, b := pair(t, "memory:")
	c.tasks[city] = a.Exchange.Tasks() // the city makes no honest account
	a.ask(1, 2, 3)
	c.until(1, 0, 1)
	until := wednesday.AddDays(1).Start()
	a.tell(b, &message.Account{Sender: city, Node: "1", Receiver: center, Side: message.BySender, Span: message.Day, Since: until.AddDate(0, 0, -1), Until: until, MadeAt: c.clk.Now()})
	if st := b.day(0); st.State != message.Unexplained {
		t.Errorf("three messages that nobody accounts for: %s %+v", st.State, st.Lines)
	}
}
