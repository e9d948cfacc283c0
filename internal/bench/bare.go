package bench

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"path/filepath"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

//go:embed schema/*.sql
var schema embed.FS

// bareRate is the physical limit of what a database on this disk takes: rows of a size, inserted in durable transactions
// of a number of rows each, by one writer and with nothing else to do. Rows per second.
func bareRate(ctx context.Context, dir string, rows, perTransaction, size int) (float64, error) {
	clk := clock.System()
	store, err := sqlstore.Open(ctx, "sqlite:"+filepath.Join(dir, fmt.Sprintf("bare-%d.db", clk.Now().UnixNano())), sqlstore.Options{Clock: clk}, sqlstore.SchemaIn("bare", schema))
	if err != nil {
		return 0, err
	}
	defer store.Close()
	payload := bytes.Repeat([]byte{0xa5}, size)
	begun := clk.Now()
	for n := 0; n < rows; n += perTransaction {
		if err := store.Update(ctx, func(_ context.Context, tx *sqlstore.Tx) error {
			for i := range perTransaction {
				tx.Collect("bare", "stream, seq, payload", "s", int64(n+i), payload)
			}
			return nil
		}); err != nil {
			return 0, err
		}
	}
	return perSecond(rows, clk.Now().Sub(begun)), nil
}

func perSecond(n int, d time.Duration) float64 { return float64(n) / d.Seconds() }
