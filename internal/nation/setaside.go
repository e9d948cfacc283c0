package nation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/akashi-id/akashi/internal/leave"
	"github.com/akashi-id/akashi/internal/plain"
)

// openingTakes is how long an organisation may take to open before the country goes on without it: its database may not
// answer.
const openingTakes = 30 * time.Second

// openOne opens an organisation, and comes back whatever becomes of that: with an error when it fails, panics, or hangs,
// or when whoever starts the country gives up. One that opens after all when nobody waits any more is closed again.
func openOne(ctx, lifetime context.Context, takes time.Duration, open func(context.Context) (*organisation, error)) (*organisation, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, takes)
	defer cancel()
	opening, giveUp := context.WithCancel(lifetime)
	defer giveUp() // what is open needs it no more
	// It is opened once, so one may be left behind.
	o, err := leave.Call(waiting, new(leave.Place), func() (*organisation, error) { return open(opening) },
		func(o *organisation) {
			if o != nil {
				o.Close()
			}
		})
	var panicked *leave.Panic
	switch {
	case errors.As(err, &panicked):
		return nil, fmt.Errorf("opening it panicked: %v\n%s", panicked.Value, panicked.Stack)
	case !errors.Is(err, leave.ErrLate):
		return o, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, plain.Bad("store", fmt.Sprintf("%sたっても開けません。データベースが応答するか確かめてください。", takes),
		fmt.Sprintf("it did not open within %s: see whether its database answers", takes))
}

// setAside is the place of an organisation that could not be opened: the others go on, and whoever comes to it is told
// why.
func setAside(e Entry, why error) member {
	s := plain.Sentence{JA: "プログラムの記録(標準エラー出力)にある原因を取り除き、もう一度起動してください。",
		EN: "Remove the cause that the program's journal (standard error) names, and start again."}
	// Other errors are for the journal: they name files and addresses, and a screen is open to anybody.
	if problems, ok := plain.AsProblems(why); ok {
		s = problems[0].Sentence
	}
	refuse := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, e.Name.JA+"は起動していません。"+s.JA+"\n"+e.Name.EN+" is not running. "+s.EN, http.StatusServiceUnavailable)
	})
	m := newMember(e, refuse, refuse)
	m.down = func() *plain.Sentence { return &s }
	return m
}
