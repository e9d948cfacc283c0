package nation

import (
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// The control socket is its owner's alone, whatever the umask, and before anything is done about it.
func TestControlSocketIsPrivate(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	dir := t.TempDir()
	mode := func(path string) fs.FileMode {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode().Perm()
	}
	if runtime.GOOS == "linux" {
		path := filepath.Join(dir, "made")
		ln, err := listenPrivate(path)
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		if m := mode(path); m != 0o600 {
			t.Errorf("it is made with %o", m)
		}
	}
	path := filepath.Join(dir, "served")
	stop, err := serveSocket(path, http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if m := mode(path); m != 0o600 {
		t.Errorf("it is served with %o", m)
	}
}
