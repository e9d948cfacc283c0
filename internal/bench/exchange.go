package bench

import (
	"context"
	"errors"

	"github.com/akashi-id/akashi/internal/bench/exchangebench"
	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

var exchangeBench = Bench{Name: "exchange", Title: plain.Sentence{JA: "電文の交換", EN: "messages over mutual TLS, durable on both sides"},
	BothEngines: true, Run: runExchange}

func runExchange(ctx context.Context, opt Options) (results []Result, err error) {
	o := exchangebench.Options{Dir: opt.Dir, Messages: opt.Count, Say: opt.Say}
	if opt.Peers != "" {
		if o.Peer, err = peer.Find(ctx, opt.Peers, exchangebench.JetStream, opt.Dir); err != nil {
			return nil, err
		}
	}
	if opt.Postgres == "" {
		opt.Say("PostgreSQL is not measured: no --postgres URL")
		return exchangebench.Run(ctx, o)
	}
	for i := range o.Postgres {
		url, drop, e := sqlstore.Scratch(ctx, opt.Postgres)
		if e != nil {
			return nil, e
		}
		// Also after an interrupt: what is left would stay for ever.
		defer func() { err = errors.Join(err, drop(context.WithoutCancel(ctx))) }()
		o.Postgres[i] = url
	}
	return exchangebench.Run(ctx, o)
}
