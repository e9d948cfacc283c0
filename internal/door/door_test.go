package door_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/akashi-id/akashi/internal/door"
)

// street is a listener in memory: who calls comes by calls, and Accept returns some time after the listener was closed.
type street struct {
	calls  chan net.Conn
	closed chan struct{}
	once   sync.Once
	fault  chan error
}

// lingers is how long the listener takes to end.
const lingers = time.Hour

func newStreet() *street {
	return &street{calls: make(chan net.Conn), closed: make(chan struct{}), fault: make(chan error, 1)}
}

func (s *street) Accept() (net.Conn, error) {
	select {
	case c := <-s.calls:
		return c, nil
	case err := <-s.fault:
		return nil, err
	case <-s.closed:
		time.Sleep(lingers)
		return nil, net.ErrClosed
	}
}

func (s *street) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

func (s *street) Addr() net.Addr { return &net.UnixAddr{Name: "street", Net: "unix"} }

// call sends a request and gives the line.
func (s *street) call(t *testing.T) net.Conn {
	ours, theirs := net.Pipe()
	s.calls <- theirs
	if _, err := io.WriteString(ours, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return ours
}

// slow is a journal that takes its time.
type slow struct{ bytes.Buffer }

func (s *slow) Write(b []byte) (int, error) {
	time.Sleep(lingers)
	return s.Buffer.Write(b)
}

// TestClosedDoorHasEnded: whoever has closed a door may close what stands behind it. Nothing listens any more, or has
// anything left to say.
func TestClosedDoorHasEnded(t *testing.T) {
	for what, shut := range map[string]func(*door.Door) error{
		"closed": func(d *door.Door) error { return d.Close(t.Context()) },
		"slammed": func(d *door.Door) error {
			d.Slam()
			return nil
		},
	} {
		for _, fault := range []error{nil, errors.New("the cable is cut")} {
			synctest.Test(t, func(t *testing.T) {
				var log slow
				s := newStreet()
				d := door.Open(s, &http.Server{}, slog.New(slog.NewTextHandler(&log, nil)))
				if fault != nil {
					s.fault <- fault
				}
				synctest.Wait()
				begun := time.Now()
				if err := shut(d); err != nil {
					t.Errorf("%s: %v", what, err)
				}
				if took := time.Since(begun); took < lingers {
					t.Errorf("%s after %v, and it had %v to go on; fault: %v", what, took, lingers, fault)
				}
				if (log.Len() > 0) != (fault != nil) {
					t.Errorf("%s, fault %v, and the journal says %q", what, fault, log.String())
				}
			})
		}
	}
}

// TestCallsUnderWay: they may end while the context lasts. Then, and of a door that is slammed, they lose their lines.
func TestCallsUnderWay(t *testing.T) {
	for what, c := range map[string]struct {
		shut func(context.Context, *door.Door) error
		ends bool // the call, before the line is cut
		err  error
	}{
		"waits":       {func(ctx context.Context, d *door.Door) error { return d.Close(ctx) }, true, nil},
		"gives up":    {func(ctx context.Context, d *door.Door) error { return d.Close(ctx) }, false, context.DeadlineExceeded},
		"is in haste": {func(_ context.Context, d *door.Door) error { d.Slam(); return nil }, false, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, over := newStreet(), make(chan struct{})
			d := door.Open(s, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { <-over })}, slog.New(slog.DiscardHandler))
			line := s.call(t)
			answer := make(chan string, 1)
			go func() {
				text, _ := io.ReadAll(line)
				answer <- string(text)
			}()
			synctest.Wait()
			if c.ends {
				time.AfterFunc(time.Second, func() { close(over) })
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := c.shut(ctx, d); !errors.Is(err, c.err) {
				t.Errorf("one that %s: %v", what, err)
			}
			if got := strings.HasPrefix(<-answer, "HTTP/1.1 200"); got != c.ends {
				t.Errorf("one that %s: answered %v", what, got)
			}
			if !c.ends {
				close(over)
			}
		})
	}
}

// TestDoorThatFailsSaysSo, at once, and can be closed.
func TestDoorThatFailsSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := newStreet()
		d := door.Open(s, &http.Server{}, slog.New(slog.NewTextHandler(&log, nil)))
		s.fault <- errors.New("the cable is cut")
		synctest.Wait()
		if said := log.String(); !strings.Contains(said, "street") || !strings.Contains(said, "the cable is cut") {
			t.Errorf("the journal says %q", said)
		}
		d.Slam()
	})
}
