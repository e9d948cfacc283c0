// Command akashi (証) is the whole of Japan's civic identity as one program: each organisation is a role of it, and the
// tools that start, try and measure them are its subcommands.
//
//	akashi up                      a country on this machine
//	akashi serve ROLE --config F   one organisation
//	akashi help                    the rest
//
// Exit status: 0 it held, 1 it did not hold, 2 wrong use or could not run. Errors are one sentence on stderr, results
// on stdout.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/akashi-id/akashi/internal/plain"
)

// command is a line of the table below.
type command struct {
	name string // as it is typed: "gen residents"
	args string
	says string
	run  func(ctx context.Context, io streams, args []string) error
}

type streams struct {
	in       io.Reader
	out, err io.Writer
}

var commands []command

func init() { // a table that names its own printer needs the detour
	commands = []command{
		{"up", "[--data DIR] [--nation FILE] [--listen 127.0.0.1:8600] [--processes]", "start a country 国を動かす", runUp},
		{"serve", "ROLE --config FILE", "start one organisation 一つの団体を動かす", runServe},
		{"doctor", "[--json] --data DIR", "which organisations of a country run 動いていない団体を知る", runDoctor},
		{"gen residents", "--municipality CODE --count N --seed S", "make an invented population as CSV 架空の住民を作る", runGenResidents},
		{"import residents", "--data DIR FILE", "load a register file 住民を取り込む", runImportResidents},
		{"trace", "[--json] --data DIR ID", "follow a change through the organisations 異動の経路をたどる", runTrace},
		{"exchange list", "[--json] [--at ORG] --data DIR", "messages that are stuck 止まっている電文", runExchangeList},
		{"exchange show", "[--json] --data DIR ID", "a message from both sides 電文を両側から見る", runExchangeShow},
		{"exchange inquire", "--as PERSON --text TEXT [--answer] [--at ORG] --data DIR ID", "ask or answer the other side 問い合わせる・回答する", messages.inquire},
		{"exchange resolve", "--as PERSON (--act ACT --text WHY | --confirm) [--at ORG] --data DIR ID", "resolve a parked message, two persons 保留の電文を二人で解決する", messages.resolve},
		{"exchange export", "[--batch] [--at ORG] --data DIR ID", "a message's receipt, for akashi verify receipt 受領証を取り出す", runExchangeExport},
		{"exchange drill", "[--json] [--as PERSON] [--at ORG [--peer ORG]] --data DIR", "prove that the alarms ring 警報の訓練をする", runExchangeDrill},
		{"reconcile", "[--json] [--now] --data DIR", "whether both ends of every pair hold the same 突合の状況", runReconcile},
		{"reconcile cases", "[--json] [--all] [--at ORG] --data DIR", "differences and their cases 不一致の件", runReconcileCases},
		{"reconcile show", "[--json] --at ORG --data DIR CASE", "a case with its history 件の経過", runReconcileShow},
		{"reconcile inquire", "--as PERSON --text TEXT [--answer] --at ORG --data DIR CASE", "ask or answer the other side 問い合わせる・回答する", cases.inquire},
		{"reconcile resolve", "--as PERSON (--act resend|request|close --text WHY | --confirm) --at ORG --data DIR CASE", "end a case, two persons 件を二人で処理する", cases.resolve},
		{"reconcile refill", "--as PERSON (--text WHY | --confirm | --drop) --at ORG --peer ORG --book BOOK --data DIR", "send a whole book again, two persons 帳簿を送り直す", runReconcileRefill},
		{"verify receipt", "[--json] --trust CA.pem FILE", "check a receipt without the country 受領証を確かめる", runVerifyReceipt},
		{"verify statement", "[--json] --trust CA.pem FILE", "check a statement of account without the country 計算書を確かめる", runVerifyStatement},
		{"report issuance", "--data DIR --as-of DATE", "certificates by municipality 電子証明書の発行状況", runReportIssuance},
		{"replay", "[--json] [--seed N] [--late N] [--keep DIR] NAME | all | list", "replay a recorded failure 障害を再現する", runReplay},
		{"conform", "[--json] [--postgres URL] [--only NAME,…] queue | list", "hold the program to what it promises 適合試験をする", runConform},
		{"bench", "[--json] NAME | all | list", "measure beside a peer 性能を測る", runBench},
		{"version", "", "print the version 版", runVersion},
		{"help", "", "print this list", runHelp},
	}
}

// errDidNotHold makes the exit status 1: what was asked was answered, and the answer is no.
var errDidNotHold = errors.New("it did not hold")

// usage is an error in how the program was called.
type usage struct{ error }

func (u usage) Unwrap() error { return u.error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(akashi(ctx, streams{os.Stdin, os.Stdout, os.Stderr}, os.Args[1:]))
}

// akashi runs one subcommand and returns the exit status.
func akashi(ctx context.Context, io streams, args []string) int {
	c, rest, ok := find(args)
	if !ok {
		fmt.Fprintln(io.err, "akashi: そのようなコマンドはありません。`akashi help` で一覧を見てください。 / no such command: see `akashi help`")
		return 2
	}
	err := c.run(ctx, io, rest)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errDidNotHold):
		return 1
	}
	say(io.err, err)
	return 2
}

func find(args []string) (command, []string, bool) {
	for n := min(2, len(args)); n > 0; n-- {
		name := strings.Join(args[:n], " ")
		if name == "-h" || name == "--help" {
			name = "help"
		}
		for _, c := range commands {
			if c.name == name {
				return c, args[n:], true
			}
		}
	}
	return command{}, nil, false
}

// say prints an error as sentences: both languages when it has both.
func say(w io.Writer, err error) {
	if problems, ok := plain.AsProblems(err); ok {
		for _, p := range problems {
			fmt.Fprintf(w, "akashi: %s: %s / %s\n", p.Field, p.JA, p.EN)
		}
		return
	}
	fmt.Fprintln(w, "akashi:", err)
}

func runHelp(_ context.Context, io streams, _ []string) error {
	fmt.Fprintln(io.out, "akashi — 証。使い方 / usage:")
	for _, c := range commands {
		fmt.Fprintf(io.out, "  akashi %s %s\n        %s\n", c.name, c.args, c.says)
	}
	return nil
}

// parse reads flags and checks the number of what is left.
func parse(io streams, name string, args []string, define func(*flag.FlagSet), operands int) ([]string, error) {
	fs := flag.NewFlagSet("akashi "+name, flag.ContinueOnError)
	fs.SetOutput(io.err)
	define(fs)
	// Flags may stand before and after what they are about: people type the number first, and then where.
	var rest []string
	for {
		if err := fs.Parse(args); err != nil {
			return nil, usage{err}
		}
		if fs.NArg() == 0 {
			break
		}
		rest, args = append(rest, fs.Arg(0)), fs.Args()[1:]
	}
	if len(rest) != operands {
		return nil, usage{plain.Bad(name,
			fmt.Sprintf("引数は%d個必要です。`akashi help` で使い方を見てください。", operands),
			fmt.Sprintf("it takes %d arguments: see `akashi help`", operands))}
	}
	return rest, nil
}
