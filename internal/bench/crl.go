package bench

import (
	"context"

	"github.com/akashi-id/akashi/internal/bench/crlbench"
	"github.com/akashi-id/akashi/internal/plain"
)

var crlBench = Bench{Name: "crl", Title: plain.Sentence{JA: "失効リストの作成と公表", EN: "writing, reading and deciding on revocation lists"}, Run: runCRL}

func runCRL(ctx context.Context, opt Options) ([]Result, error) {
	o := crlbench.Options{Say: opt.Say}
	if opt.Count > 0 {
		o.Entries = []int{opt.Count}
	}
	return crlbench.Run(ctx, o)
}
