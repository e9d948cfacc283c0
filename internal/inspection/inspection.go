package inspection

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Config is what an organisation's inspection stands on.
type Config struct {
	Self  string
	Store *sqlstore.Store // opened with Schema
	Clock clock.Clock
	Log   *slog.Logger
}

// Inspection is that of one organisation. Its methods may be called by several goroutines.
type Inspection struct {
	cfg    Config
	rounds []*round
	source *source
}

// New joins the ways. Two of one name are a mistake in the program and panic.
func New(cfg Config, ways ...Way) *Inspection {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	n := &Inspection{cfg: cfg}
	for _, w := range ways {
		if n.of(w.Name) != nil {
			panic("inspection: two ways named " + w.Name)
		}
		n.rounds = append(n.rounds, &round{Way: w, in: n})
	}
	n.source = &source{in: n}
	return n
}

// Tasks are the loops to step: one for each way that is gone round, so that a slow one keeps nobody waiting.
func (n *Inspection) Tasks() (all []clock.Task) {
	for _, r := range n.rounds {
		if r.Read != nil {
			all = append(all, clock.Task{Name: n.cfg.Self + " inspection of " + r.Name, Step: r.step})
		}
	}
	return all
}

func (n *Inspection) of(way string) *round {
	for _, r := range n.rounds {
		if r.Name == way {
			return r
		}
	}
	return nil
}

// round is a way and where it stands.
type round struct {
	Way
	in *Inspection

	mu      sync.Mutex
	at      *progress // nil: to be read
	written time.Time // when at was last written
	stepped time.Time // when a piece was last finished, or the first one begun; zero: nobody steps its task
	trouble string    // why the last piece was not
	judged  int64     // items since the start

	relooked string // the last item of an open finding that was looked at again
}

func (n *Inspection) mustOf(way string) (*round, error) {
	if r := n.of(way); r != nil {
		return r, nil
	}
	return nil, fmt.Errorf("there is no way of inspection named %q", way)
}
