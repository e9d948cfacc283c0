package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
)

func asksForHelp(word string) bool { return word == "-h" || word == "--help" }

// runHelp lists the commands, or says how one is used, as -h after it does.
func runHelp(ctx context.Context, io streams, args []string) error {
	if c, rest, ok := find(args); ok && len(rest) == 0 && c.name != "help" {
		return c.run(ctx, io, []string{"-h"})
	}
	if len(args) > 0 && !asksForHelp(args[0]) && args[0] != "help" {
		return plain.Bad("help", "そのようなコマンドはありません。`akashi help` で一覧を見てください。", "no such command: see `akashi help`")
	}
	fmt.Fprintln(io.out, "akashi — 証。使い方 / usage:")
	for _, c := range commands {
		fmt.Fprintf(io.out, "  akashi %s %s\n        %s / %s\n", c.name, c.args, c.does.JA, c.does.EN)
	}
	fmt.Fprintln(io.out, "\n`akashi help` の後にコマンドを書くと、指定できる項目と例が出ます。 / `akashi help` with a command prints its flags and an example.")
	return nil
}

// errHelped is that the help was printed instead.
var errHelped = errors.New("the help was asked for")

// parse reads flags and checks the number of what is left. Whoever asks for help gets it, and errHelped.
func parse(s streams, name string, args []string, define func(*flag.FlagSet), operands int) ([]string, error) {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard) // an error is one sentence, and comes back
	define(fs)
	// Flags may stand before and after what they are about: people type the number first, and then where.
	var rest []string
	for {
		err := fs.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			printUsage(s.out, name, fs)
			return nil, errHelped
		}
		if err != nil {
			return nil, usage{plain.Bad(name, fmt.Sprintf("指定が正しくありません（%v）。", err), err.Error())}
		}
		if fs.NArg() == 0 {
			break
		}
		rest, args = append(rest, fs.Arg(0)), fs.Args()[1:]
	}
	if len(rest) != operands {
		return nil, usage{plain.Bad(name, fmt.Sprintf("引数は%d個必要ですが、%d個あります。", operands, len(rest)),
			fmt.Sprintf("number of arguments: %d, not %d", operands, len(rest)))}
	}
	return rest, nil
}

// printUsage says how a command is used, with its flags and an example.
func printUsage(w io.Writer, name string, fs *flag.FlagSet) {
	c, _, _ := find(strings.Fields(name))
	fmt.Fprintf(w, "akashi %s %s\n    %s / %s\n", c.name, c.args, c.does.JA, c.does.EN)
	fs.VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		if as := regexp.MustCompile(`--` + f.Name + ` ([^\s\])]+)`).FindStringSubmatch(c.args); as != nil {
			value = as[1] // the word by which the first line calls it
		}
		fmt.Fprintln(w, strings.TrimRight("  --"+f.Name+" "+strings.ToUpper(value), " "))
		fmt.Fprintf(w, "        %s\n", usage)
		if d := f.DefValue; d != "" && d != "0" && d != "false" {
			fmt.Fprintf(w, "        （省くと / by default %s）\n", d)
		}
	})
	fmt.Fprintf(w, "例 / example:\n    %s\n", strings.TrimSpace("akashi "+c.name+" "+c.example))
}
