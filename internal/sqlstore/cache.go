package sqlstore

import (
	"context"
	"fmt"
)

// Who enters many rows changes pages all over the indexes of a table, and reads each of them again that the connection has not kept. But
// pages that are kept are dear to who writes a few rows: when a page of an index is split, SQLite puts one aside behind the first gigabyte for
// a moment, and the commit then goes through all that are kept to drop what lies behind the end (pcache1TruncateUnsafe). With 64 MiB that
// takes longer than the rest of a commit. So much is kept only while much is written.
const (
	smallCache = 4 << 10  // KiB
	largeCache = 64 << 10 // KiB
	muchAtOnce = 200      // rows and statements of a commit that make the cache large
	littleLong = 200      // commits of less, one after the other, that make it small again
)

// wrote is told after each commit how much was written.
func (c *liteConn) wrote(ctx context.Context, writes int) error {
	c.little++
	if writes >= muchAtOnce {
		c.little = 0
	}
	switch {
	case c.little == 0 && !c.large:
		return c.keepPages(ctx, true)
	case c.little == littleLong && c.large:
		return c.keepPages(ctx, false)
	}
	return nil
}

func (c *liteConn) keepPages(ctx context.Context, large bool) error {
	kibibytes := smallCache
	if c.large = large; large {
		kibibytes = largeCache
	}
	_, err := c.c.ExecContext(ctx, fmt.Sprintf("PRAGMA cache_size=-%d", kibibytes))
	return err
}
