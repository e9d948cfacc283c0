package nation

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"testing"

	"github.com/akashi-id/akashi/internal/plain"
)

// A start that fails says why, and leaves the directory to the next one.
func TestStartOnATakenPort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	spec, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	opt := Options{Dir: dataDir(t), Spec: spec, Listen: taken.Addr().String(), Log: slog.New(slog.DiscardHandler)}
	for name, start := range map[string]func() error{
		"one process":    func() error { _, err := Open(t.Context(), opt); return err },
		"many processes": func() error { _, err := OpenProcesses(t.Context(), opt); return err },
	} {
		problems, ok := plain.AsProblems(start())
		if !ok || problems[0].Field != "--listen" || problems[0].JA == "" {
			t.Errorf("%s: %v", name, problems)
		}
		release, err := lock(opt.Dir)
		if err != nil {
			t.Fatalf("%s: the directory stays locked: %v", name, err)
		}
		release()
	}
}

func TestStartThatIsBrokenOff(t *testing.T) {
	spec, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	dir := dataDir(t)
	if _, err := Open(ctx, Options{Dir: dir, Spec: spec, Listen: "127.0.0.1:0"}); err == nil {
		t.Fatal("it went on to the end")
	}
	release, err := lock(dir)
	if err != nil {
		t.Fatalf("the directory stays locked: %v", err)
	}
	release()
}

func TestServeWithoutKeys(t *testing.T) {
	cfg := &ServeConfig{ID: "ca", Dir: filepath.Join(t.TempDir(), "ca"), Exchange: "127.0.0.1:0", Web: "127.0.0.1:0", Personas: true}
	if _, err := Serve(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil {
		t.Fatal("an organisation without keys was started")
	}
}
