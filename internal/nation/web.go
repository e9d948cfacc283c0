package nation

import (
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/akashi-id/akashi/internal/door"
)

// serveWeb answers browsers on a listener until close has returned. A sender who is slow loses the line; one who reads slowly may
// take as long as it takes to print a page. What the server itself has to say is that a handler panicked, or that it
// cannot listen any more: nobody else tells of it.
func serveWeb(ln net.Listener, h http.Handler, log *slog.Logger) (close func()) {
	return door.Open(ln, &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelError)}, log).Slam
}
