package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// runReconcileRefill has the source of a book send all of it to its copy again: one person proposes, another confirms.
func runReconcileRefill(ctx context.Context, io streams, args []string) error {
	var op nation.Refill
	var data, at, book, peer string
	var confirm, drop bool
	if _, err := parse(io, "reconcile refill", args, func(fs *flag.FlagSet) {
		dataFlag(fs, &data)
		fs.StringVar(&at, "at", "", "帳簿の元の団体 / the organisation whose book it is: the source")
		fs.StringVar(&peer, "peer", "", "写しを持つ団体 / the organisation that holds the copy")
		fs.StringVar(&book, "book", "", "帳簿 / one of residents, invalidations, certificates, revocations, status")
		fs.StringVar(&op.As, "as", "", "行う人 / the person who acts")
		fs.StringVar(&op.Text, "text", "", "わけ（提案する） / why: this proposes it")
		fs.BoolVar(&confirm, "confirm", false, "別の人の提案を承認する / confirm what another person has proposed")
		fs.BoolVar(&drop, "drop", false, "提案を取り下げる / take back what was proposed")
	}, 0); err != nil {
		return err
	}
	ways := 0
	for way, chosen := range map[string]bool{"propose": op.Text != "", "confirm": confirm, "drop": drop} {
		if chosen {
			op.Act = way
			ways++
		}
	}
	if ways != 1 || at == "" || peer == "" || book == "" {
		return usage{plain.Bad("reconcile refill",
			"--at（元の団体）、--peer（写しの団体）、--book（帳簿）と、--text（提案）、--confirm（承認）、--drop（取下げ）のどれか一つを指定してください。",
			"give --at (the source), --peer (the copy), --book, and one of --text (propose), --confirm and --drop")}
	}
	op.Book, op.Peer = message.Book(book), message.Org(peer)
	client, done, err := country(ctx, data, io.err)
	if err != nil {
		return err
	}
	defer done()
	if err := post(ctx, client, "/"+at+"/reconcile/refill", op, nil); err != nil {
		return err
	}
	fmt.Fprintln(io.out, "記録しました。 / done")
	return nil
}
