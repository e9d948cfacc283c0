package bench

import (
	"context"
	"errors"

	"github.com/akashi-id/akashi/internal/bench/registrybench"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

var searchBench = Bench{Name: "search", Title: plain.Sentence{JA: "本人確認情報と住民票の検索", EN: "searches for a person, recorded looks included"},
	BothEngines: true, Run: func(ctx context.Context, opt Options) ([]Result, error) {
		return registry(ctx, opt, registrybench.Search)
	}}

var registerBench = Bench{Name: "register", Title: plain.Sentence{JA: "住民票の記載", EN: "registering a person"},
	BothEngines: true, Run: func(ctx context.Context, opt Options) ([]Result, error) {
		return registry(ctx, opt, registrybench.Register)
	}}

// registry runs a measurement of registers of a million, or as many as were asked for, on the engines that are there.
func registry(ctx context.Context, opt Options, run func(context.Context, registrybench.Options) ([]Result, error)) (results []Result, err error) {
	o := registrybench.Options{Dir: opt.Dir, Residents: opt.Residents, Questions: opt.Count, Say: opt.Say}
	if o.Residents == 0 {
		o.Residents = 1_000_000
	}
	for range registrybench.Stores {
		if opt.Postgres == "" {
			break
		}
		url, drop, e := sqlstore.Scratch(ctx, opt.Postgres)
		if e != nil {
			return nil, e
		}
		// Also after an interrupt: what is left would stay for ever.
		defer func() { err = errors.Join(err, drop(context.WithoutCancel(ctx))) }()
		o.Postgres = append(o.Postgres, url)
	}
	return run(ctx, o)
}
