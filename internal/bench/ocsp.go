package bench

import (
	"context"

	"github.com/akashi-id/akashi/internal/bench/ocspbench"
	"github.com/akashi-id/akashi/internal/plain"
)

var ocspBench = Bench{Name: "ocsp", Title: plain.Sentence{JA: "失効の問合せへの回答", EN: "answers of the status service"}, Run: runOCSP}

func runOCSP(ctx context.Context, opt Options) ([]Result, error) {
	return ocspbench.Run(ctx, ocspbench.Options{Dir: opt.Dir, Certificates: opt.Count, Peers: opt.Peers != "", Say: opt.Say})
}
