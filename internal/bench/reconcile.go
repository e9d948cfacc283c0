package bench

import (
	"context"

	"github.com/akashi-id/akashi/internal/bench/reconcilebench"
	"github.com/akashi-id/akashi/internal/plain"
)

var reconcileBench = Bench{Name: "reconcile", Title: plain.Sentence{JA: "帳簿の突合", EN: "differences found among a million records"}, Run: runReconcile}

func runReconcile(ctx context.Context, opt Options) ([]Result, error) {
	return reconcilebench.Run(ctx, reconcilebench.Options{Dir: opt.Dir, Records: opt.Count, Say: opt.Say})
}
