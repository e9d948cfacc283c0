package nation

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// locked is a log that a server writes while a test reads it.
type locked struct {
	sync.Mutex
	bytes.Buffer
}

func (l *locked) Write(b []byte) (int, error) {
	l.Lock()
	defer l.Unlock()
	return l.Buffer.Write(b)
}

func (l *locked) String() string {
	l.Lock()
	defer l.Unlock()
	return l.Buffer.String()
}

// A page that breaks is seen in the log of a country that was started without --verbose.
func TestPanicOfAPageIsLogged(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var log locked // written before the line is cut, and read after
	defer serveWeb(ln, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("broken page") }),
		slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})))()
	if r, err := http.Get("http://" + ln.Addr().String()); err == nil {
		r.Body.Close()
		t.Fatalf("it answered %s", r.Status)
	}
	if !strings.Contains(log.String(), "broken page") {
		t.Errorf("the log says %q", log.String())
	}
}

// TestClosedDoorsHaveEnded: whoever has closed the screens and the socket may close the databases behind them.
func TestClosedDoorsHaveEnded(t *testing.T) {
	listening := func() int {
		stacks := make([]byte, 4<<20)
		return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), ").Serve(")
	}
	log, path := slog.New(slog.DiscardHandler), filepath.Join(t.TempDir(), socketName)
	before := listening()
	for range 50 {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		closeWeb := serveWeb(ln, http.NotFoundHandler(), log)
		closeSocket, err := serveSocket(path, http.NotFoundHandler(), log)
		if err != nil {
			t.Fatal(err)
		}
		closeSocket()
		closeWeb()
		if n := listening(); n > before {
			t.Fatalf("%d servers listen, and %d did before", n, before)
		}
	}
}

// One organisation that breaks on a question is named; the portal and the others go on.
func TestOrganisationThatPanicsIsSilent(t *testing.T) {
	members := []member{
		newMember(Entry{ID: "ca"}, nil, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("broken organisation") })),
		newMember(Entry{ID: "validation"}, nil, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("[]")) })),
	}
	all, silent := pairs(context.Background(), members)
	if _, answered := all["validation"]; !answered || len(silent) != 1 || silent["ca"] == nil {
		t.Errorf("answered %v, silent %v", all, silent)
	}
}
