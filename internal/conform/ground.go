package conform

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// begin is when every case begins. The keys of the kit's own organisations are certified at this time.
var begin = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)

// deadline is what a handler is given where a queue lets one choose: long enough for the work of a good item on a busy
// machine, short enough to be waited for eighty times.
const deadline = 250 * time.Millisecond

// ground is what one case stands on.
type ground struct {
	dir      string
	postgres string // server; empty: SQLite
	clock    *clock.Virtual
	hang     hang
	start    *time.Duration // without poison

	mu     sync.Mutex
	stores map[string]string
	drops  []func(context.Context) error
	err    error
}

func newGround(opt Options, engine string) (*ground, error) {
	dir, err := os.MkdirTemp(opt.Dir, "conform-")
	if err != nil {
		return nil, err
	}
	g := &ground{dir: dir, clock: clock.NewVirtual(begin), stores: map[string]string{}}
	g.hang.over = make(chan struct{})
	if engine == "postgres" {
		g.postgres = opt.Postgres
	}
	return g, nil
}

func (g *ground) give(ctx context.Context) queue.Ground {
	return queue.Ground{
		Store: func(name string) string { return g.store(ctx, name) },
		Dir:   filepath.Join(g.dir, "files"),
		Clock: g.clock, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler), Deadline: deadline, Hang: g.hang.call,
	}
}

func (g *ground) store(ctx context.Context, name string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if url, known := g.stores[name]; known {
		return url
	}
	url := "sqlite:" + filepath.Join(g.dir, name+".db")
	if g.postgres != "" {
		fresh, drop, err := sqlstore.Scratch(ctx, g.postgres)
		if err != nil {
			g.err = errors.Join(g.err, err) // the rig cannot open what has no URL; this says why
		} else {
			g.drops = append(g.drops, drop)
		}
		url = fresh
	}
	g.stores[name] = url
	return url
}

// remove takes everything away again.
func (g *ground) remove(ctx context.Context) error {
	errs := []error{g.err}
	for _, drop := range g.drops {
		errs = append(errs, drop(context.WithoutCancel(ctx)))
	}
	err := os.RemoveAll(g.dir)
	// What hung and was let go may still be making files; it finds soon that nobody waits for it.
	for c, until := clock.System(), clock.System().Now().Add(10*time.Second); err != nil && c.Now().Before(until); {
		if c.Wait(ctx, c.Now().Add(100*time.Millisecond), nil) != nil {
			break
		}
		err = os.RemoveAll(g.dir)
	}
	return errors.Join(append(errs, err)...)
}

// hang is the handler that never returns. Never ends with the case, so that nothing is left of it in the process.
type hang struct {
	mu    sync.Mutex
	calls int
	over  chan struct{}
	once  sync.Once
}

func (h *hang) call() {
	h.mu.Lock()
	h.calls++
	h.mu.Unlock()
	<-h.over
}

func (h *hang) called() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.calls
}

func (h *hang) end() { h.once.Do(func() { close(h.over) }) }
