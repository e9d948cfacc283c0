package bench

import (
	"context"

	"github.com/akashi-id/akashi/internal/bench/documentbench"
	"github.com/akashi-id/akashi/internal/bench/documentbench/order"
	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/plain"
)

var documentBench = Bench{Name: "document", Title: plain.Sentence{JA: "証明書の作成、署名と照合", EN: "making, signing and judging documents"}, Notes: documentbench.Notes, Run: runDocument}

func runDocument(ctx context.Context, opt Options) (results []Result, err error) {
	o := documentbench.Options{Count: opt.Count, Peers: map[string]string{}, Say: opt.Say}
	if opt.Peers == "" {
		return documentbench.Run(ctx, o)
	}
	names := []string{documentbench.GoPDF, documentbench.Chromium}
	if order.FindBrowser() == "" {
		opt.Say("Chromium is not measured: it is not installed")
		names = names[:1]
	}
	for _, name := range names {
		if o.Peers[name], err = peer.Find(ctx, opt.Peers, name, opt.Dir); err != nil {
			return nil, err
		}
	}
	return documentbench.Run(ctx, o)
}
