package bench

import (
	"context"

	"github.com/akashi-id/akashi/internal/exchange/exchangebench"
	"github.com/akashi-id/akashi/internal/plain"
)

var exchangeBench = Bench{Name: "exchange", Title: plain.Sentence{JA: "電文の交換", EN: "messages over mutual TLS, durable on both sides"}, Run: runExchange}

func runExchange(ctx context.Context, opt Options) ([]Result, error) {
	measured, err := exchangebench.Run(ctx, exchangebench.Options{Dir: opt.Dir, Messages: opt.Count})
	if err != nil {
		return nil, err
	}
	results := make([]Result, len(measured))
	for i, m := range measured {
		results[i] = Result{What: m.What, Value: m.Value, Unit: m.Unit, Peer: m.Peer, PeerValue: m.PeerValue, Ratio: m.Ratio}
	}
	return results, nil
}
