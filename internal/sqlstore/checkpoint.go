package sqlstore

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
)

// In WAL mode what was committed lies in the log beside the database until a checkpoint copies it over
// (https://sqlite.org/wal.html#ckpt). By itself SQLite does that within whichever commit makes the log a thousand pages long,
// and so every so often somebody waits for thousands of pages and a second sync. Here a connection of its own copies them,
// which stops neither readers nor the writer.
//
// The disk is shared all the same: a commit whose sync meets those of a copy waits some milliseconds. So a copy waits for a pause between
// commits, unless much is to be copied already.
//
// A log begins again at its start only when all of it has been copied and no reader needs it. Under a steady stream of commits
// the copier is always a little behind, so at logPages the writer itself copies what is left, which by then is little.
const (
	copyWrites = 500   // statements and rows written until the copier looks how long the log is
	copyPages  = 500   // pages of the log, not copied yet, from which it copies in a pause
	copyAtOnce = 12288 // from which it copies without one
	pause      = 50 * time.Millisecond
	logPages   = 16384 // pages of the log at which a commit copies: 64 MiB, four parts of the log's index
)

// copier copies the log of one database while others write.
type copier struct {
	open   func(ctx context.Context) (*liteConn, error)
	wake   clock.Bell
	copied clock.Bell    // rung after each copy
	done   chan struct{} // closed when run has ended
	writes atomic.Int64  // since it was last woken
	ever   atomic.Int64  // commits
}

func newCopier(open func(ctx context.Context) (*liteConn, error)) *copier {
	return &copier{open: open, done: make(chan struct{})}
}

// wrote is called by the writer after each commit. It never waits.
func (c *copier) wrote(n int) {
	c.ever.Add(1)
	if c.writes.Add(int64(n)) < copyWrites {
		return
	}
	c.writes.Store(0)
	c.wake.Ring()
}

// run copies until closed is closed. A copier that fails is only missed as slowness: the writer still copies at logPages.
func (c *copier) run(closed <-chan struct{}, log *slog.Logger) {
	defer close(c.done)
	ctx := context.Background()
	var conn *liteConn
	defer func() {
		if conn != nil {
			conn.close()
		}
	}()
	for {
		select {
		case <-closed:
			return
		case <-c.wake.C():
		}
		err := func() (err error) {
			if conn == nil {
				if conn, err = c.open(ctx); err != nil {
					return err
				}
			}
			return c.copy(ctx, conn, closed)
		}()
		if err != nil {
			log.Warn("the log of the database could not be copied; commits will copy it", "error", err)
			if conn != nil {
				conn.close()
				conn = nil
			}
		}
	}
}

func (c *copier) copy(ctx context.Context, conn *liteConn, closed <-chan struct{}) error {
	for clk := clock.System(); ; {
		// NOOP only tells how long the log is and how much of it has been copied.
		length, copied, err := checkpoint(ctx, conn, "NOOP")
		if err != nil || length-copied < copyPages {
			return err
		}
		if length-copied >= copyAtOnce {
			break
		}
		before := c.ever.Load()
		if err := clk.Wait(ctx, clk.Now().Add(pause), closed); err != nil {
			return err
		}
		if c.ever.Load() == before {
			break
		}
	}
	// PASSIVE waits for nobody: what a reader or the writer still needs stays for the next time.
	_, _, err := checkpoint(ctx, conn, "PASSIVE")
	if err == nil {
		c.copied.Ring()
	}
	return err
}

func checkpoint(ctx context.Context, conn *liteConn, mode string) (length, copied int, err error) {
	var busy int
	err = conn.c.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &length, &copied)
	return length, copied, err
}
