package heapfloor_test

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/heapfloor"
)

var used []byte // of the package, so that it is not optimised away

// TestHold: the collector waits for as much garbage as the floor is high, the floor takes no memory, and where the memory is limited
// there is none.
func TestHold(t *testing.T) {
	limit := debug.SetMemoryLimit(1 << 40)
	heapfloor.Hold()
	debug.SetMemoryLimit(limit)
	if limit != math.MaxInt64 {
		t.Skip("GOMEMLIMIT is set")
	}
	if g := goal(); g > 64<<20 {
		t.Fatalf("with a limit, or without a floor, the collector runs at %d bytes", g)
	}
	used = make([]byte, 96<<20) // addresses that were in use are cleared when they are given out again
	for i := range used {
		used[i] = 1
	}
	used = nil
	debug.FreeOSMemory()
	before := resident(t)
	heapfloor.Hold()
	heapfloor.Hold()
	if g := goal(); g < 128<<20 || g > 192<<20 {
		t.Errorf("the collector runs at %d bytes", g)
	}
	if more := resident(t) - before; more > 16<<10 {
		t.Errorf("it takes %d kB of memory", more)
	}
}

// goal is the heap at which the collector runs next.
func goal() uint64 {
	runtime.GC()
	s := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// resident is the memory of this process in kB.
func resident(t *testing.T) (kb int) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("the system does not tell")
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			for _, c := range strings.TrimSpace(rest) {
				if '0' <= c && c <= '9' {
					kb = 10*kb + int(c-'0')
				}
			}
		}
	}
	return kb
}
