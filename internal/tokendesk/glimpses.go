package tokendesk

import (
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/hsm"
)

// glimpse is what the list says of a record of evidence; the record itself may be megabytes.
type glimpse struct {
	token string
	at    time.Time
	what  hsm.Anomaly
	open  int // calls that had no answer
}

// glimpses are those of files that were read. The page is asked for every few seconds, by everybody who looks, and a file of evidence
// does not change: it is read again when its size or its time say that it did.
type glimpses struct {
	mu   sync.Mutex
	seen map[string]seenFile
	read func(dir, name string) (hsm.Evidence, error) // hsm.ReadEvidence; a test counts
}

type seenFile struct {
	size int64
	time time.Time
	glimpse
	err error
}

// of gives the glimpses of files, in their order, and forgets all others. One that cannot be read has its error.
func (g *glimpses) of(dir string, names []string) []seenFile {
	g.mu.Lock()
	defer g.mu.Unlock()
	kept, all := map[string]seenFile{}, make([]seenFile, len(names))
	for i, name := range names {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			all[i] = seenFile{err: err}
			continue
		}
		f, has := g.seen[name]
		if !has || f.size != info.Size() || !f.time.Equal(info.ModTime()) {
			var e hsm.Evidence
			f = seenFile{size: info.Size(), time: info.ModTime()}
			e, f.err = g.read(dir, name)
			f.glimpse = glimpse{e.Token, e.At, e.What, len(e.Open)}
		}
		all[i], kept[name] = f, f
	}
	g.seen = kept
	return all
}
