package nation

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/akashi-id/akashi/internal/door"
	"github.com/akashi-id/akashi/internal/plain"
)

// A running country answers the command line on a socket in its directory. Whoever may open the socket may already
// read the directory: it is the same right.
const (
	socketName = "akashi.sock"
	lockName   = "akashi.lock"
)

// ErrRunning means that another process has the data directory.
var ErrRunning = plain.Bad("--data",
	"このデータの国は、別のプロセスで動いています。先にそれを止めてください。",
	"another process runs the country of this data directory: stop that one first")

// lock takes the data directory for this process, until it ends or release is called.
func lock(dir string) (release func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("couldn't open the lock of the data directory: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, ErrRunning
	}
	return func() { f.Close() }, nil
}

// serveSocket answers on a socket file that only its owner may open, until close has returned.
func serveSocket(path string, h http.Handler, log *slog.Logger) (close func(), err error) {
	// What is left of a process that was killed; the lock says that nobody uses it.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	ln, err := listenPrivate(path)
	if err != nil {
		return nil, fmt.Errorf("couldn't open the control socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		ln.Close()
		return nil, fmt.Errorf("couldn't close the control socket to others: %w", err)
	}
	d := door.Open(ln, &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelError)}, log)
	return func() { d.Slam(); os.Remove(path) }, nil
}

// listenPrivate makes a socket file that is its owner's from its first moment: Linux gives it the rights that the socket has
// when it gets its name. A umask set here would hold for every file that the process makes meanwhile.
func listenPrivate(path string) (net.Listener, error) {
	private := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		// Other systems refuse this; there the file gets its rights a moment later.
		return c.Control(func(fd uintptr) { _ = syscall.Fchmod(int(fd), 0o600) })
	}}
	return private.Listen(context.Background(), "unix", path)
}

// socketTransport calls a handler behind a socket file.
func socketTransport(path string) http.RoundTripper {
	return &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}
}

// Client returns a client for the country of a data directory: the running one when there is one, and otherwise one
// opened here for as long as the caller needs it.
func Client(ctx context.Context, dir string, open func(context.Context) (*Country, error)) (c *http.Client, done func(), err error) {
	path := filepath.Join(dir, socketName)
	if conn, err := net.Dial("unix", path); err == nil {
		conn.Close()
		return &http.Client{Transport: socketTransport(path)}, func() {}, nil
	}
	country, err := open(ctx)
	if err != nil {
		return nil, nil, err
	}
	return &http.Client{Transport: socketTransport(path)}, func() { country.Close() }, nil
}
