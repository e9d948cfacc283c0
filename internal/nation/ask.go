package nation

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/message"
)

// Each organisation answers for its own part, and nobody reads another's database. What the portal and the command
// line ask goes to the organisation's control handler: in this process, or over its socket. The handler is never
// reachable from a network; whoever asks on behalf of a person checks what that person may see.

// member is an organisation of the running country, wherever it runs.
type member struct {
	entry        Entry
	web, control http.Handler
}

// controlOf is what every organisation answers.
func controlOf(h *host.Host) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /pairs", func(w http.ResponseWriter, r *http.Request) {
		pairs, err := h.Exchange.Pairs(r.Context())
		answer(w, pairs, err)
	})
	mux.HandleFunc("GET /trace", func(w http.ResponseWriter, r *http.Request) {
		items, err := h.Exchange.Traced(r.Context(), r.FormValue("what"))
		answer(w, items, err)
	})
	return mux
}

func answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
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
	w := httptest.NewRecorder()
	m.control.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(w.Body, 500))
		return fmt.Errorf("%s did not answer (%d): %s", m.entry.ID, w.Code, text)
	}
	return json.Unmarshal(w.Body.Bytes(), into)
}

// pairs asks every organisation how it stands with its peers. Who does not answer is named, and keeps nobody waiting
// beyond the deadline.
func pairs(ctx context.Context, members []member) (all map[message.Org][]exchange.Pair, silent map[message.Org]error) {
	all, silent = map[message.Org][]exchange.Pair{}, map[message.Org]error{}
	for _, m := range members {
		var p []exchange.Pair
		if err := m.ask(ctx, "/pairs", &p); err != nil {
			silent[m.entry.ID] = err
			continue
		}
		all[m.entry.ID] = p
	}
	return all, silent
}
