package printing

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/printing/ipp"
)

// realPrinter is a printer that others wrote, with a folder for a tray.
type realPrinter struct {
	uri, tray string
	jam       string // while this file is there, paper is jammed
	uncounted string // while this file is there, no sheet is counted
	counts    bool   // it says how many documents a job has
}

// TestRealPrinters: ippeveprinter and a queue of CUPS, which share no code with us.
func TestRealPrinters(t *testing.T) {
	if os.Getenv("AKASHI_FULL") == "" {
		t.Skip("SKIPPED, NO PROGRAM OF OTHERS PRINTED ANYTHING: AKASHI_FULL=1 starts ippeveprinter and cupsd")
	}
	for name, start := range map[string]func(*testing.T) realPrinter{"ippeveprinter": startPrinter, "cupsd": startQueue} {
		t.Run(name, func(t *testing.T) {
			p := start(t)
			t.Run("a jam", p.jams)
			t.Run("the answer is lost", p.answerIsLost)
			t.Run("the document is lost", p.documentIsLost)
			t.Run("opened and left", p.openedAndLeft)
			t.Run("no sheet is counted", p.uncountedSheets)
		})
	}
}

func (p realPrinter) queue(t *testing.T, uri string) *Queue {
	t.Helper()
	q, err := NewQueue(QueueConfig{URI: uri, User: "akashi"})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// until asks until the job stands as wanted.
func (p realPrinter) until(t *testing.T, key string, want func(Status) bool) Status {
	t.Helper()
	ctx, _ := inTime(t)
	for {
		st, err := p.queue(t, p.uri).Status(ctx, key)
		if err != nil {
			t.Fatal(err)
		}
		if want(st) {
			return st
		}
		select {
		case <-ctx.Done():
			t.Fatalf("it stays %+v", st)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func final(st Status) bool { return st.State.Final() }

// copies is how many papers with the bytes of a job lie in the tray.
func (p realPrinter) copies(t *testing.T, j Job) (n int) {
	t.Helper()
	for _, name := range files(t, p.tray) {
		b, err := os.ReadFile(filepath.Join(p.tray, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(b, j.PDF) {
			n++
		}
	}
	return n
}

func (p realPrinter) jams(t *testing.T) {
	ctx, _ := inTime(t)
	if err := os.WriteFile(p.jam, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	j := document("1")
	if st, err := p.queue(t, p.uri).Submit(ctx, j); err != nil || st.State.Final() || st.State == Unknown {
		t.Fatalf("%+v, %v", st, err)
	}
	st := p.until(t, j.Key, func(st Status) bool { return strings.Contains(st.Meaning.JA, "紙が詰まっています") })
	if want := map[bool]State{true: Stopped, false: Printing}[p.counts]; st.State != want { // to ippeveprinter it is a warning
		t.Errorf("%+v", st)
	}
	if err := os.Remove(p.jam); err != nil {
		t.Fatal(err)
	}
	if st := p.until(t, j.Key, final); st.State != Printed || st.Impressions != 2 && st.Sheets != 2 || p.copies(t, j) != 1 {
		t.Errorf("%+v, %d copies", st, p.copies(t, j))
	}
	if st, err := p.queue(t, p.uri).Submit(ctx, j); err != nil || st.State != Printed {
		t.Errorf("again: %+v, %v", st, err)
	}
	if p.copies(t, j) != 1 {
		t.Errorf("%d copies", p.copies(t, j))
	}
}

// between stands between us and the printer, and spoils the first document or its answer.
func (p realPrinter) between(t *testing.T, spoil func(*http.Request) (forward bool)) string {
	real, err := url.Parse(strings.Replace(p.uri, "ipp://", "http://", 1))
	if err != nil {
		t.Fatal(err)
	}
	spoilt := false
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: real.Host}) }, ErrorLog: discard}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(b))
		m, _, err := ipp.Decode(b)
		if err != nil || m.Code != ipp.SendDocument || spoilt {
			forward.ServeHTTP(w, r)
			return
		}
		spoilt = true
		if spoil(r) {
			forward.ServeHTTP(httptest.NewRecorder(), r)
		}
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(s.Close)
	return "ipp://" + strings.TrimPrefix(s.URL, "http://") + real.Path
}

func (p realPrinter) answerIsLost(t *testing.T) {
	ctx, _ := inTime(t)
	j := document("2")
	uri := p.between(t, func(*http.Request) bool { return true })
	_, err := p.queue(t, uri).Submit(ctx, j)
	if f := (*Failure)(nil); !errors.As(err, &f) || !f.Unclear {
		t.Fatal(err)
	}
	j.Again = true
	if st, err := p.queue(t, uri).Submit(ctx, j); err != nil || st.State == Unknown {
		t.Errorf("%+v, %v", st, err)
	}
	if st := p.until(t, j.Key, final); st.State != Printed || p.copies(t, j) != 1 {
		t.Errorf("%+v, %d copies", st, p.copies(t, j))
	}
}

func (p realPrinter) documentIsLost(t *testing.T) {
	ctx, _ := inTime(t)
	j := document("3")
	uri := p.between(t, func(*http.Request) bool { return false })
	_, err := p.queue(t, uri).Submit(ctx, j)
	if f := (*Failure)(nil); !errors.As(err, &f) || !f.Unclear {
		t.Fatal(err)
	}
	if st := p.until(t, j.Key, func(Status) bool { return true }); st.State != Opened {
		t.Errorf("%+v", st)
	}
	j.Again = true
	p.goesOn(t, p.queue(t, uri), j)
}

// goesOn: with a printer that says how many documents a job has, one job is closed and another printed; with the other kind it is canceled, and
// goes out under a new key.
func (p realPrinter) goesOn(t *testing.T, q *Queue, j Job) {
	t.Helper()
	ctx, _ := inTime(t)
	st, err := q.Submit(ctx, j)
	if err != nil {
		t.Fatal(err)
	}
	if !p.counts {
		if st.State != Canceled || p.copies(t, j) != 0 {
			t.Fatalf("%+v, %d copies", st, p.copies(t, j))
		}
		j.Key, j.Again = j.Key+"-b", false
		if _, err := q.Submit(ctx, j); err != nil {
			t.Fatal(err)
		}
	}
	if st := p.until(t, j.Key, final); st.State != Printed || p.copies(t, j) != 1 {
		t.Errorf("%+v, %d copies", st, p.copies(t, j))
	}
}

func (p realPrinter) openedAndLeft(t *testing.T) {
	ctx, _ := inTime(t)
	j := document("4")
	q := p.queue(t, p.uri)
	if _, err := q.open(ctx, j); err != nil {
		t.Fatal(err)
	}
	p.goesOn(t, q, j)
}

func (p realPrinter) uncountedSheets(t *testing.T) {
	ctx, _ := inTime(t)
	if err := os.WriteFile(p.uncounted, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	j := document("5")
	if _, err := p.queue(t, p.uri).Submit(ctx, j); err != nil {
		t.Fatal(err)
	}
	st := p.until(t, j.Key, func(st Status) bool { return st.State.Final() || st.State == Unknown })
	if p.counts {
		// CUPS counts a sheet of its own where its backend counted none; only the pages of the document tell that it is not true.
		if st.State != Printed || st.Sheets != 1 {
			t.Errorf("%+v", st)
		}
		return
	}
	if st.State != Unknown || !strings.Contains(st.Meaning.EN, "counts no sheet") {
		t.Errorf("%+v", st)
	}
}

// tray is what both give their jobs to: $1 is the document, $2 the name that it gets.
const tray = `#!/bin/sh
cp "$1" 'DIR/tray/'"$2"
if [ -e 'DIR/jam' ]; then
	echo "STATE: +media-jam-error" >&2
	while [ -e 'DIR/jam' ]; do sleep 0.02; done
	echo "STATE: -media-jam-error" >&2
fi
[ -e 'DIR/uncounted' ] || COUNT
exit 0
`

func newTray(t *testing.T, count string) (dir, script string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "tray"), 0o777); err != nil {
		t.Fatal(err)
	}
	script = strings.NewReplacer("DIR", dir, "COUNT", count).Replace(tray)
	return dir, script
}

func put(t *testing.T, mode os.FileMode, text string, path ...string) string {
	t.Helper()
	at := filepath.Join(path...)
	if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(text), mode), os.Chmod(at, mode)); err != nil {
		t.Fatal(err)
	}
	return at
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// run starts a program for as long as the test runs, and waits until ready.
func run(t *testing.T, ready func() bool, env []string, name string, args ...string) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("SKIPPED, THERE IS NO %s: scripts/need.sh cups-ipp-utils cups-daemon dbus-daemon installs it", name)
	}
	c := exec.Command(path, args...)
	c.Env = append(os.Environ(), env...)
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	t.Cleanup(func() {
		c.Process.Kill()
		<-ended
	})
	ctx, _ := inTime(t)
	for !ready() {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s ended: %v\n%s", name, err, said.Bytes())
		case <-ctx.Done():
			t.Fatalf("%s is not ready", name)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func listens(port string) func() bool {
	return func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			c.Close()
		}
		return err == nil
	}
}

// startPrinter starts ippeveprinter. It wants a system bus, though it announces nothing: it gets one of its own.
func startPrinter(t *testing.T) realPrinter {
	dir, script := newTray(t, `echo "ATTR: job-impressions-completed=2" >&2`)
	bus := filepath.Join(dir, "bus")
	config := put(t, 0o600, `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=`+bus+`</listen>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/></policy></busconfig>`, dir, "bus.conf")
	run(t, func() bool { _, err := os.Stat(bus); return err == nil }, nil, "dbus-daemon", "--config-file="+config, "--nofork", "--nopidfile")
	command := put(t, 0o755, strings.ReplaceAll(script, `"$2"`, `"$(basename "$1")"`), dir, "command")
	if err := os.Mkdir(filepath.Join(dir, "spool"), 0o700); err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	run(t, listens(port), []string{"DBUS_SYSTEM_BUS_ADDRESS=unix:path=" + bus},
		"ippeveprinter", "-d", filepath.Join(dir, "spool"), "-n", "localhost", "-p", port, "-f", pdf, "-c", command, "-r", "off", "counter")
	return realPrinter{"ipp://127.0.0.1:" + port + "/ipp/print", filepath.Join(dir, "tray"), filepath.Join(dir, "jam"), filepath.Join(dir, "uncounted"), false}
}

// startQueue starts cupsd with a queue whose backend is our tray.
func startQueue(t *testing.T) realPrinter {
	if os.Getuid() != 0 {
		t.Skip("SKIPPED, NO QUEUE OF CUPS WAS TRIED: cupsd starts its backends as root only")
	}
	const server = "/usr/sbin/cupsd"
	dir, script := newTray(t, `echo "PAGE: 1 1" >&2; echo "PAGE: 2 1" >&2`)
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	starter, err := os.ReadFile("/usr/lib/cups/daemon/cups-exec")
	if err != nil {
		t.Skip("SKIPPED, THERE IS NO cupsd: scripts/need.sh cups-daemon installs it")
	}
	put(t, 0o755, string(starter), dir, "bin/daemon/cups-exec")
	// A backend is asked without arguments what it is, and gets a job as: id, user, title, copies, options, file.
	put(t, 0o700, strings.Replace(script, "\n", "\n[ $# -ge 6 ] || { cat > '"+dir+"/in'; set -- \"$1\" \"$2\" \"$3\" \"$4\" \"$5\" '"+dir+"/in'; }\nset -- \"$6\" \"$1\"\n", 1), dir, "bin/backend/tray")
	put(t, 0o644, "application/pdf pdf string(0,%PDF)\n", dir, "data/mime/mime.types")
	put(t, 0o644, "", dir, "data/mime/mime.convs")
	put(t, 0o600, "<Printer counter>\nDeviceURI tray:/\nState Idle\nAccepting Yes\n</Printer>\n", dir, "root/printers.conf")
	port := freePort(t)
	config := put(t, 0o644, "Listen 127.0.0.1:"+port+"\nBrowsing Off\nDefaultAuthType None\nWebInterface No\nJobRetryInterval 1\n"+
		"<Location />\nOrder allow,deny\nAllow all\n</Location>\n<Policy default>\n<Limit All>\nOrder allow,deny\nAllow all\n</Limit>\n</Policy>\n", dir, "cupsd.conf")
	places := ""
	for _, place := range []string{"ServerRoot root", "ServerBin bin", "DataDir data", "StateDir run", "RequestRoot spool", "TempDir spool/tmp", "CacheDir cache"} {
		name, at, _ := strings.Cut(place, " ")
		if err := os.MkdirAll(filepath.Join(dir, at), 0o755); err != nil {
			t.Fatal(err)
		}
		places += fmt.Sprintf("%s %s\n", name, filepath.Join(dir, at))
	}
	for _, log := range []string{"AccessLog", "ErrorLog", "PageLog"} {
		places += fmt.Sprintf("%s %s\n", log, filepath.Join(dir, "log", log))
	}
	files := put(t, 0o644, places+"User nobody\nGroup nogroup\nSystemGroup root\n", dir, "cups-files.conf")
	put(t, 0o644, "", dir, "log/ErrorLog")
	run(t, listens(port), nil, server, "-f", "-c", config, "-s", files)
	return realPrinter{"ipp://127.0.0.1:" + port + "/printers/counter", filepath.Join(dir, "tray"), filepath.Join(dir, "jam"), filepath.Join(dir, "uncounted"), true}
}
