package verifier

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
)

const (
	// A large upload takes several times its size of memory while it is read and checked, and the desk is open to
	// everybody, so only so many are inside at a time.
	largeUpload = 1 << 20
	maxLarge    = 4
	// How long a large upload waits for a place, and how long its sender may then take. A slow sender must not keep the
	// place from others.
	patienceAtGate = 10 * time.Second
	patienceInside = time.Minute
)

// errBusy is said to whoever finds no place.
var errBusy = plain.Bad("", "大きな文書の検証が混み合っているため、受け付けられませんでした。1分ほど待って、もう一度送ってください。",
	"Too many large documents are being checked, and this one was not accepted: wait a minute and send it again.")

// gate has a place for each large upload that may be inside.
type gate chan struct{}

func newGate() gate { return make(gate, maxLarge) }

// enter finds a place. Then the caller says when everything is read, and when it leaves.
func (g gate) enter(w http.ResponseWriter, r *http.Request) (allRead, leave func(), err error) {
	if r.ContentLength >= 0 && r.ContentLength <= largeUpload {
		return func() {}, func() {}, nil
	}
	waiting, cancel := context.WithTimeout(r.Context(), patienceAtGate)
	defer cancel()
	select {
	case g <- struct{}{}:
	case <-waiting.Done():
		return nil, nil, errBusy
	}
	inside, cancelInside := context.WithTimeout(r.Context(), patienceInside)
	stop := context.AfterFunc(inside, func() {
		// A moment long past ends a read that waits. Where the connection cannot do this, the server's own limit holds.
		_ = http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0))
	})
	allRead = func() { stop(); cancelInside() }
	return allRead, func() { allRead(); <-g }, nil
}

// whileSending answers somebody whose request is not going to be read. The answer is sent first and what follows is
// thrown away for a while: a client that is still sending would otherwise see a broken connection, and no sentence.
func whileSending(w http.ResponseWriter, r *http.Request, answer func()) {
	body := r.Body
	w.Header().Set("Connection", "close")
	control := http.NewResponseController(w)
	_ = control.EnableFullDuplex()
	answer()
	_ = control.Flush()
	_, _ = io.CopyN(io.Discard, body, 8*maxUpload)
}
