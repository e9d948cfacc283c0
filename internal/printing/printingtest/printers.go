// Package printingtest starts printers that others wrote (他者のプリンター), with a folder for a tray, for tests of what prints.
package printingtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
)

// Printer is a printer that others wrote.
type Printer struct {
	URI, Tray string
	Jam       string // while this file is there, paper is jammed
	Uncounted string // while this file is there, no sheet is counted
	Counts    bool   // it says how many documents a job has
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

func newTray(t testing.TB, count string) (dir, script string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "tray"), 0o777); err != nil {
		t.Fatal(err)
	}
	script = strings.NewReplacer("DIR", dir, "COUNT", count).Replace(tray)
	return dir, script
}

func put(t testing.TB, mode os.FileMode, text string, path ...string) string {
	t.Helper()
	at := filepath.Join(path...)
	if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(text), mode), os.Chmod(at, mode)); err != nil {
		t.Fatal(err)
	}
	return at
}

func freePort(t testing.TB) string {
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
func run(t testing.TB, ready func() bool, env []string, name string, args ...string) {
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
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for clk := clock.System(); !ready(); {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s ended: %v\n%s", name, err, said.Bytes())
		default:
		}
		if clk.Wait(ctx, clk.Now().Add(20*time.Millisecond), nil) != nil {
			t.Fatalf("%s is not ready", name)
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

// Start starts ippeveprinter. It wants a system bus, though it announces nothing: it gets one of its own.
func Start(t testing.TB) Printer {
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
		"ippeveprinter", "-d", filepath.Join(dir, "spool"), "-n", "localhost", "-p", port, "-f", "application/pdf", "-c", command, "-r", "off", "counter")
	return Printer{"ipp://127.0.0.1:" + port + "/ipp/print", filepath.Join(dir, "tray"), filepath.Join(dir, "jam"), filepath.Join(dir, "uncounted"), false}
}

// StartQueue starts cupsd with a queue whose backend is our tray.
func StartQueue(t testing.TB) Printer {
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
	return Printer{"ipp://127.0.0.1:" + port + "/printers/counter", filepath.Join(dir, "tray"), filepath.Join(dir, "jam"), filepath.Join(dir, "uncounted"), true}
}
