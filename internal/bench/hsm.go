package bench

import (
	"context"

	"github.com/akashi-id/akashi/internal/bench/hsmbench"
	"github.com/akashi-id/akashi/internal/bench/hsmbench/order"
	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/internal/plain"
)

var hsmBench = Bench{Name: "hsm", Title: plain.Sentence{JA: "別プロセスにある鍵での署名", EN: "signing with keys behind a process of their own"}, Run: runHSM}

func runHSM(ctx context.Context, opt Options) (results []Result, err error) {
	o := hsmbench.Options{Dir: opt.Dir, Say: opt.Say}
	if opt.Count > 0 {
		o.Counts = map[string]int{}
		for _, key := range order.Keys {
			o.Counts[key] = opt.Count
		}
	}
	if opt.Peers != "" {
		if o.Peer, err = peer.Find(ctx, opt.Peers, hsmbench.SoftHSM, opt.Dir); err != nil {
			return nil, err
		}
	}
	if o.Program, err = nation.TokenProgram(""); err != nil {
		return nil, err
	}
	return hsmbench.Run(ctx, o)
}
