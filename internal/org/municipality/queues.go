package municipality

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
)

// Queues are what takes items one after another here, beside what every organisation has.
func Queues() []queue.Queue {
	return []queue.Queue{
		{
			Name:  "municipality/import",
			Shape: queue.Batch,
			Items: plain.Sentence{JA: "住民を取り込むファイルの行", EN: "lines of a register file"},
			Aside: plain.Sentence{JA: "不受理の行のファイルと、取込みの件数", EN: "the reject file, and the figures of the import"},
			Loops: []string{"internal/org/municipality:Municipality.Import", "internal/org/municipality:importer.read"},
			Bad:   []queue.Poison{queue.Undecodable, queue.Foreign, queue.Truncated},
			Never: map[queue.Poison]string{
				queue.Panic: "nobody's code reads a line but the program's own; that a panic of it is the line's failure is tested there",
				queue.Hang:  "nobody's code reads a line but the program's own, which waits for nothing",
			},
			// The rig is in internal/conform, with a municipality to import into.
		},
		{
			Name:  "municipality/keys",
			Shape: queue.Scan,
			Items: plain.Sentence{JA: "引渡し前の秘密鍵", EN: "holders' keys that wait to be taken"},
			Aside: plain.Sentence{JA: "（別に置くものはない）", EN: "(nothing can be set aside)"},
			Loops: []string{"internal/org/municipality:keyShelf.task"},
			Never: map[queue.Poison]string{
				queue.Undecodable: "the bytes of a key are not read when it is forgotten", queue.Truncated: "they are in memory, and no row",
				queue.Foreign: "it refers to nothing", queue.Panic: "nobody's code runs in it", queue.Hang: "nobody's code runs in it",
			},
			Open: openShelfRig,
		},
	}
}

func openShelfRig(_ context.Context, g queue.Ground) (*queue.Rig, error) {
	s := newKeyShelf(g.Clock)
	n := 0
	return &queue.Rig{Tasks: []clock.Task{s.task()}, Close: func() error { return nil },
		Good: func(context.Context) (func(context.Context) (bool, error), error) {
			n++
			name := fmt.Sprint("good", n)
			s.mu.Lock()
			s.keys[name] = shelved{[]byte("a key"), g.Clock.Now()} // its time is over
			s.mu.Unlock()
			s.bell.Ring()
			return func(context.Context) (bool, error) {
				s.mu.Lock()
				defer s.mu.Unlock()
				_, there := s.keys[name]
				return !there, nil
			}, nil
		},
		Aside: func(context.Context) (queue.Aside, error) { return queue.Aside{}, nil }}, nil
}
