package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/conform"
	"github.com/akashi-id/akashi/internal/plain"
)

func runConform(ctx context.Context, io streams, args []string) error {
	var opt conform.Options
	var asJSON bool
	var only string
	var trial hsmTrial
	rest, err := parse(io, "conform", args, func(fs *flag.FlagSet) {
		fs.BoolVar(&asJSON, "json", false, "JSONで出す（途中は標準エラー出力へ） / print JSON; how far it is goes to stderr")
		fs.StringVar(&opt.Dir, "dir", "", "データベースを作る場所 / where the databases are made; empty: the temporary directory")
		fs.StringVar(&opt.Postgres, "postgres", "", "スキーマを作れる postgres:// URL（そこでも試す） / a postgres:// URL of a role that may create schemas: try it there too")
		fs.StringVar(&only, "only", "", "queue: 列の名前をコンマで区切る（省くとすべて） / queue: names of queues, with commas between them; empty: all")
		fs.IntVar(&opt.Most, "most", 0, "queue: 先頭に置く毒の最大数（0なら1,000） / queue: the most bad items to put at a head; 0: 1,000")
		fs.StringVar(&trial.module, "module", "", "hsm: PKCS #11のライブラリ / hsm: the PKCS #11 library")
		fs.StringVar(&trial.slot, "slot", "", "hsm: トークンのスロット / hsm: the token's slot")
		fs.StringVar(&trial.label, "token", "", "hsm: トークンのラベル（スロットの代わり） / hsm: the token's label, instead of its slot")
		fs.StringVar(&trial.pinFile, "pin-file", "", "hsm: PINを書いたファイル（0600） / hsm: the file that holds the PIN, mode 0600")
		fs.StringVar(&trial.keys, "key", "", "hsm: 署名に使う鍵のラベルをコンマで区切る（省くとすべて） / hsm: labels of the keys to sign with, with commas between them; empty: all")
		fs.DurationVar(&trial.duration, "duration", 5*time.Minute, "hsm: 試す時間 / hsm: how long")
		fs.DurationVar(&trial.deadline, "deadline", 5*time.Second, "hsm: 答えの期限 / hsm: the deadline of an answer")
		fs.IntVar(&trial.callers, "callers", 4, "hsm: 同時に署名する数 / hsm: how many sign at the same time")
		fs.StringVar(&trial.monitor, "monitor", "", "hsm: 監視プログラムのコマンド（省くと内蔵のもの） / hsm: the monitor's command; empty: one of our own")
		fs.StringVar(&trial.program, "program", "", "hsm: akashi-token の場所（省くとこのプログラムの隣） / hsm: where akashi-token is; empty: beside this program")
		fs.StringVar(&trial.evidence, "evidence", "", "hsm: 異常の証跡を置く場所（省くと一時ディレクトリ） / hsm: where evidence of anomalies is kept; empty: the temporary directory")
		fs.BoolVar(&opt.Quick, "quick", false, "queue: それぞれの毒を少しずつ一度だけ / queue: each poison once, with a few items")
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
		fmt.Fprintln(io.out, "hsm    PKCS #11のライブラリ・装置・監視プログラムを、動かす組合せのまま試す / try a PKCS #11 library, its device and its monitor in the very combination")
		return nil
	case "hsm":
		return runConformHSM(ctx, io, trial, asJSON)
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
	opt.Each = func(c conform.Case, tried, of int) {
		if asJSON {
			fmt.Fprintf(io.err, "[%d/%d] %s %s\n", tried, of, heldOrNot(c), c.Case)
			return
		}
		fmt.Fprintf(io.out, "[%d/%d] %s %s\n    %s\n", tried, of, heldOrNot(c), c.Case, c.Says)
	}
	r, err := conform.Queue(ctx, opt)
	if err != nil {
		return err
	}
	if asJSON {
		err = printJSON(io, r)
	} else {
		printConform(io, r)
	}
	if err == nil && !r.Holds() {
		err = errDidNotHold
	}
	return err
}

func heldOrNot(c conform.Case) string { return heldOrFailed(c.OK) }

func heldOrFailed(ok bool) string {
	if ok {
		return "保った held      "
	}
	return "保てない FAILED  "
}

// printConform ends the list of the cases with what they come to.
func printConform(io streams, r *conform.Report) {
	fmt.Fprintln(io.out, "\n試さなかったもの(その列には置けない毒) / not tried, because it cannot stand at that queue's head:")
	for _, e := range r.CannotBe {
		fmt.Fprintf(io.out, "  %s: %s (%s)\n", e.Queue, e.Poison, e.Why)
	}
	fmt.Fprintln(io.out, "\n列ごとの、次の良いものがいちばん長く待った場合 / where the next good item of each queue waited longest:")
	for _, c := range r.Longest {
		fmt.Fprintf(io.out, "  %s: 仮想時間 virtual %s, 実時間 real %s\n", c.Case, time.Duration(c.VirtualMS)*time.Millisecond, time.Duration(c.RealMS)*time.Millisecond)
	}
	if r.Holds() {
		fmt.Fprintf(io.out, "\n毒電文の決まりは保たれました。%d件を試し、すべて保ちました。\nThe poison rule holds: %d of %d cases held.\n", r.Passed, r.Passed, r.Passed)
		return
	}
	fmt.Fprintf(io.out, "\n毒電文の決まりは保たれていません。%d件を試し、%d件が保てませんでした。\nThe poison rule does not hold: %d of %d cases failed.\n",
		r.Passed+r.Failed, r.Failed, r.Failed, r.Passed+r.Failed)
	for _, c := range r.Cases {
		if !c.OK {
			fmt.Fprintf(io.out, "  %s\n    %s\n", c.Case, c.Says)
		}
	}
}
