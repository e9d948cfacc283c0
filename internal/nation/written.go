package nation

import (
	"bytes"
	"errors"
	"net/http"
)

// mostWritten is how much of an answer is kept, in bytes: far more than an organisation's lists come to. One whose process
// is not itself any more, and talks without end, must not take the memory of the portal, and with it all others.
const mostWritten = 32 << 20

var errTalks = errors.New("the answer is too long")

// written is an answer that a handler gave, in this process or through a proxy, kept whole.
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
	if w.body.Len()+len(b) > mostWritten {
		return 0, errTalks
	}
	return w.body.Write(b)
}

// Flush has nothing to do: the answer is kept. A proxy asks for it while it streams.
func (w *written) Flush() {}
