package nation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/leave"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// Each organisation answers for its own part, and nobody reads another's database. What the portal and the command
// line ask goes to the organisation's control handler: in this process, or over its socket. The handler is never
// reachable from a network; whoever asks on behalf of a person checks what that person may see.

// member is an organisation of the running country, wherever it runs.
type member struct {
	entry        Entry
	web, control http.Handler
	down         func() *plain.Sentence // why it does not run; nil: it does
	left         *leave.Place           // questions that it did not answer in time, and is still busy with
}

func newMember(e Entry, web, control http.Handler) member {
	return member{entry: e, web: web, control: control, down: func() *plain.Sentence { return nil }, left: &leave.Place{AtOnce: maxAsked}}
}

// controlOf is what every organisation answers.
func controlOf(h *host.Host, s setting) *http.ServeMux {
	mux := http.NewServeMux()
	operate(mux, h, s.persons())
	refill(mux, h, s.persons())
	drills(mux, h, s.persons())
	invitations(mux, h)
	mux.HandleFunc("GET /pairs", func(w http.ResponseWriter, r *http.Request) {
		pairs, err := h.Exchange.Pairs(r.Context())
		answer(w, pairs, err)
	})
	mux.HandleFunc("GET /trace", func(w http.ResponseWriter, r *http.Request) {
		what := r.FormValue("what")
		if err := namesNobody(what); err != nil {
			answer(w, nil, err)
			return
		}
		items, err := h.Exchange.Traced(r.Context(), what)
		answer(w, items, err)
	})
	return mux
}

// namesNobody refuses to follow a person's record code: it tells whether there is such a person, and what has happened to the record. That is a look at
// the person, which needs a ground, the right, and the gate before those who are protected (支援措置), and the socket knows no person who could have them.
// Each organisation's own page and interface of messages ask for them (internal/desk).
func namesNobody(what string) error {
	head, _, _ := strings.Cut(what, "/") // a key of the books begins with the code
	if _, ok := personCode(head); !ok {
		return nil
	}
	return plain.Bad("what",
		"住民票コードでは、ここからたどれません。届出の結果の画面にある追跡番号か、電文番号を使ってください。人の記録から調べるときは、その団体の画面で、目的と番号を入れて見ます。",
		"A record code is not followed here: use the trace number of a filing's result, or a message id. To look into a person's record, use that organisation's pages, with purpose and case.")
}

func answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		status, text := refusal(err)
		http.Error(w, text, status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

// ask puts a question to an organisation and reads its answer.
func (m member) ask(ctx context.Context, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://control"+path, nil)
	if err != nil {
		return err
	}
	w, err := m.answered(r)
	if err != nil {
		return err
	}
	return json.Unmarshal(w.body.Bytes(), into)
}

// maxAsked is how many questions an organisation has under way at the same time. If it hangs, so many may be left behind.
const maxAsked = 64

// answered has an organisation answer a request until the request's context ends. No server stands between, which would
// catch a panic and leave behind what never returns: what breaks or hangs in one organisation must not end or stop the
// others. Whoever left one question behind is asked no other until it has come back, so that few goroutines stay there
// however often a page asks.
func (m member) answered(r *http.Request) (*written, error) {
	w, err := leave.Call(r.Context(), m.left, func() (*written, error) { return answerOf(m.control, r), nil }, nil)
	var panicked *leave.Panic
	switch {
	case err == nil && w.status != http.StatusOK:
		return nil, fmt.Errorf("%s did not answer (%d): %s", m.entry.ID, w.status, w.body.Next(500))
	case errors.Is(err, leave.ErrFull):
		return nil, fmt.Errorf("%s has not answered earlier questions yet", m.entry.ID)
	case errors.Is(err, leave.ErrLate):
		return nil, fmt.Errorf("%s did not answer in time", m.entry.ID)
	case errors.As(err, &panicked) && panicked.Value == http.ErrAbortHandler: // so a proxy says that the process died while it was answering
		return nil, fmt.Errorf("%s broke off its answer", m.entry.ID)
	case err != nil:
		return nil, fmt.Errorf("%s broke on the question: %v", m.entry.ID, err)
	}
	return w, nil
}

// patience is how long a person who looks at a page waits for an organisation that hangs.
const patience = 2 * time.Second

// askAll puts a question to all at once: one that does not answer is named, and keeps nobody waiting for the others.
func askAll[T any](ctx context.Context, members []member, path string) (answers map[message.Org]T, silent map[message.Org]error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	said, errs := make([]T, len(members)), make([]error, len(members))
	var asked sync.WaitGroup
	for i, m := range members {
		asked.Go(func() { errs[i] = m.ask(ctx, path, &said[i]) })
	}
	asked.Wait()
	answers, silent = map[message.Org]T{}, map[message.Org]error{}
	for i, m := range members {
		if errs[i] != nil {
			silent[m.entry.ID] = errs[i]
		} else {
			answers[m.entry.ID] = said[i]
		}
	}
	return answers, silent
}

// pairs asks every organisation how it stands with its peers.
func pairs(ctx context.Context, members []member) (all map[message.Org][]exchange.Pair, silent map[message.Org]error) {
	return askAll[[]exchange.Pair](ctx, members, "/pairs")
}
