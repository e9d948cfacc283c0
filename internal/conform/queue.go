package conform

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
)

// Options say what is tried, and where.
type Options struct {
	Dir      string   // for the databases; removed by whoever made it
	Postgres string   // URL of a server on whose database schemas may be made; empty: SQLite alone
	Only     []string // names of queues; empty: all
	Most     int      // the most items to put at a head; 0: 1,000
	// Quick tries each poison of each queue once, with a few items.
	Quick bool
	// Each is called after each case, with how many of how many have been tried; may be nil.
	Each func(c Case, tried, of int)

	patience time.Duration // 0: the constant
	real     clock.Clock   // nil: the system's
}

var (
	counts     = []int{1, 11, 100, 1000}
	hangCounts = []int{1, 11}
)

// trial is one case to be tried.
type trial struct {
	queue   queue.Queue
	poison  queue.Poison // "" with n = 0
	n       int
	restart bool // between planting and the first step
	engine  string
}

func (t trial) name() string {
	name := t.queue.Name + ": "
	if t.n == 0 {
		name += "no poison"
	} else {
		name += string(t.poison) + " × " + thousands(t.n)
	}
	if t.restart {
		name += ", restarted with it"
	}
	return name + ", " + t.engine
}

func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

// plan lists what is to be tried of a queue on one engine.
func (o Options) plan(q queue.Queue, engine string) []trial {
	most := o.Most
	if most == 0 {
		most = counts[len(counts)-1]
	}
	trials := []trial{{queue: q, engine: engine}}
	for _, p := range q.Bad {
		of := counts
		switch {
		case o.Quick && p == queue.Hang:
			of = []int{1}
		case o.Quick:
			of = []int{11}
		case p == queue.Hang:
			of = hangCounts
		}
		for _, n := range of {
			if n <= most {
				trials = append(trials, trial{queue: q, poison: p, n: n, engine: engine})
			}
		}
		if !o.Quick && q.Forgets == "" && (q.Shape == queue.Waiting || q.Shape == queue.Scan) && most >= 11 {
			trials = append(trials, trial{queue: q, poison: p, n: 11, restart: true, engine: engine})
		}
	}
	return trials
}

// Queue tries every queue of the program.
func Queue(ctx context.Context, opt Options) (*Report, error) { return tryAll(ctx, Queues(), opt) }

func tryAll(ctx context.Context, queues []queue.Queue, opt Options) (*Report, error) {
	r := &Report{Name: "queue", Cases: []Case{}, Longest: []Case{}, CannotBe: []Exception{}}
	for _, name := range opt.Only {
		if !slices.ContainsFunc(queues, func(q queue.Queue) bool { return q.Name == name }) {
			return nil, plain.Bad("queue", "「"+name+"」という処理の列はありません。`akashi conform list` で一覧を見てください。",
				"there is no queue named "+name+": see `akashi conform list`")
		}
	}
	engines := []string{"sqlite"}
	if opt.Postgres != "" {
		engines = append(engines, "postgres")
	}
	var all []*series
	of := 0
	for _, q := range queues {
		if len(opt.Only) > 0 && !slices.Contains(opt.Only, q.Name) {
			continue
		}
		for _, p := range queue.Poisons {
			if why, never := q.Never[p]; never {
				r.CannotBe = append(r.CannotBe, Exception{q.Name, string(p), why})
			}
		}
		for _, engine := range engines {
			s := &series{trials: opt.plan(q, engine)}
			all, of = append(all, s), of+len(s.trials)
		}
	}
	if err := besideEachOther(ctx, all, opt, of); err != nil {
		return nil, err
	}
	for _, s := range all {
		for _, c := range s.cases {
			r.add(c)
		}
	}
	return r, nil
}
