package simulate_test

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain has garbage collected less often: whole databases are in memory.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}
