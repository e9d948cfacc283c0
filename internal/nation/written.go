package nation

import (
	"bytes"
	"net/http"
)

// written is an answer that a handler of this process gave, kept whole: what an organisation says about itself is bounded
// by its own lists.
type written struct {
	head   http.Header
	status int
	body   bytes.Buffer
}

// answerOf has a handler answer a request, without a server between.
func answerOf(h http.Handler, r *http.Request) *written {
	w := &written{head: http.Header{}}
	h.ServeHTTP(w, r)
	if w.status == 0 {
		w.status = http.StatusOK // a handler that wrote nothing has agreed
	}
	return w
}

func (w *written) Header() http.Header { return w.head }

func (w *written) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *written) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// Flush has nothing to do: the answer is kept. A proxy asks for it while it streams.
func (w *written) Flush() {}
