package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/akashi-id/akashi/internal/conform"
	"github.com/akashi-id/akashi/internal/plain"
)

func runConform(ctx context.Context, io streams, args []string) error {
	var opt conform.Options
	var asJSON bool
	var only string
	rest, err := parse(io, "conform", args, func(fs *flag.FlagSet) {
		fs.BoolVar(&asJSON, "json", false, "print JSON")
		fs.StringVar(&opt.Dir, "dir", "", "where the databases are made; empty: the temporary directory")
		fs.StringVar(&opt.Postgres, "postgres", "", "a postgres:// URL of a database in which schemas may be made: try it there too")
		fs.StringVar(&only, "only", "", "queue: names of queues, with commas between them; empty: all")
		fs.IntVar(&opt.Most, "most", 0, "queue: the most bad items to put at a head; 0: 1,000")
		fs.BoolVar(&opt.Quick, "quick", false, "queue: each poison once, with a few items")
	}, 1)
	if err != nil {
		return err
	}
	if only != "" {
		opt.Only = strings.Split(only, ",")
	}
	switch rest[0] {
	case "list":
		fmt.Fprintln(io.out, "queue  毒電文の決まりを、プログラムのすべての処理の列に試す / try the poison rule on every queue of the program:")
		for _, q := range conform.Queues() {
			fmt.Fprintf(io.out, "  %-24s %-8s %s / %s\n", q.Name, q.Shape, q.Items.JA, q.Items.EN)
		}
		return nil
	case "queue":
	default:
		return usage{plain.Bad("conform", "「"+rest[0]+"」という適合試験はありません。`akashi conform list` で一覧を見てください。",
			"there is no conformance test named "+rest[0]+": see `akashi conform list`")}
	}
	dir, err := os.MkdirTemp(opt.Dir, "akashi-conform-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	opt.Dir = dir
	if !asJSON {
		opt.Each = func(c conform.Case) {
			verdict := "保った held    "
			if !c.OK {
				verdict = "保てない FAILED"
			}
			fmt.Fprintf(io.out, "%s  %s\n    %s\n", verdict, c.Case, c.Says)
		}
	}
	r, err := conform.Queue(ctx, opt)
	if err != nil {
		return err
	}
	if asJSON {
		err = printJSON(io, r)
	} else {
		for _, e := range r.CannotBe {
			fmt.Fprintf(io.out, "試していない not tried  %s: %s (%s)\n", e.Queue, e.Poison, e.Why)
		}
		fmt.Fprintf(io.out, "\n%s: 保った held %d, 保てなかった failed %d\n", r.Name, r.Passed, r.Failed)
	}
	if err == nil && !r.Holds() {
		err = errDidNotHold
	}
	return err
}
