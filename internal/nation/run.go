package nation

import (
	"context"
	"log/slog"
	"sync"

	"github.com/akashi-id/akashi/internal/clock"
)

// runTasks runs tasks in real time until the context ends, and returns when the last step has ended.
func runTasks(ctx context.Context, c clock.Clock, tasks []clock.Task, log *slog.Logger) {
	var wg sync.WaitGroup
	for _, t := range tasks {
		wg.Go(func() { clock.Run(ctx, c, t, log) })
	}
	wg.Wait()
}
