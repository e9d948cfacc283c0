// Package door answers HTTP on a listener until it is closed (待受けの開閉).
//
// Whoever closes a door goes on to close what stands behind it, a database above all. So closing waits until nothing
// listens any more; and a door that fails by itself says so in the journal, because whoever opened it is not waiting there.
package door

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
)

// Door is a server that listens.
type Door struct {
	srv   *http.Server
	ended chan struct{} // closed when it listens no more
}

// Open has srv answer on ln, which is the door's from now on.
func Open(ln net.Listener, srv *http.Server, log *slog.Logger) *Door {
	d := &Door{srv, make(chan struct{})}
	go func() {
		defer close(d.ended)
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			log.Error("a door does not listen any more", "address", ln.Addr().String(), "error", err)
		}
	}()
	return d
}

// Close stops listening, lets calls under way end for as long as ctx lasts, and cuts the lines of the others.
func (d *Door) Close(ctx context.Context) error {
	err := d.srv.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, d.srv.Close())
	}
	<-d.ended
	return err
}

// Slam stops listening and cuts all lines at once.
func (d *Door) Slam() {
	d.srv.Close()
	<-d.ended
}
