package bench

import (
	"context"
	"errors"

	"github.com/akashi-id/akashi/internal/bench/issuebench"
	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

var issueBench = Bench{Name: "issue", Title: plain.Sentence{JA: "電子証明書の発行", EN: "issuing certificates, from the counter's request to the notices"},
	BothEngines: true, Run: runIssue}

func runIssue(ctx context.Context, opt Options) (results []Result, err error) {
	o := issuebench.Options{Dir: opt.Dir, Count: opt.Count, Say: opt.Say}
	if opt.Peers != "" {
		if o.Peer, err = peer.Find(ctx, opt.Peers, issuebench.StepCA, opt.Dir); err != nil {
			return nil, err
		}
	}
	if opt.Postgres == "" {
		opt.Say("PostgreSQL is not measured: no --postgres URL")
		return issuebench.Run(ctx, o)
	}
	for range issuebench.Algorithms {
		url, drop, e := sqlstore.Scratch(ctx, opt.Postgres)
		if e != nil {
			return nil, e
		}
		defer func() { err = errors.Join(err, drop(context.WithoutCancel(ctx))) }()
		o.Postgres = append(o.Postgres, url)
	}
	return issuebench.Run(ctx, o)
}
