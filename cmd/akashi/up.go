package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/akashi-id/akashi/internal/heapfloor"
	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/internal/plain"
)

const defaultData = "./akashi-data"

func runUp(ctx context.Context, io streams, args []string) error {
	var data, file, listen, webhook, secret string
	var processes, verbose bool
	if _, err := parse(io, "up", args, func(fs *flag.FlagSet) {
		dataFlag(fs, &data)
		fs.StringVar(&file, "nation", "", "国の定義ファイル（省くと、データの場所のもの、なければ試験用の国） / the country's file; empty: the one in the data directory, or the test country")
		fs.StringVar(&listen, "listen", "127.0.0.1:8600", "入口の番地 / address of the portal")
		fs.BoolVar(&processes, "processes", false, "団体ごとに一つのプロセス（相互認証のTLS） / every organisation in a process of its own, under mutual TLS")
		fs.BoolVar(&verbose, "verbose", false, "起きたことを標準エラー出力に出す / log what happens on stderr")
		fs.StringVar(&webhook, "webhook", "", "警報を知らせる送り先（docs/alarms.md） / address that is told of alarms (docs/alarms.md)")
		fs.StringVar(&secret, "webhook-secret", "", "その知らせに署名する鍵のファイル / file with the key that signs what the webhook is told")
	}, 0); err != nil {
		return err
	}
	spec, err := countryOf(data, file)
	if err != nil {
		return err
	}
	opt := nation.Options{Dir: data, Spec: spec, Listen: listen, Log: logger(io.err, verbose), Webhook: webhook, WebhookSecret: secret}
	if opt.Program, err = os.Executable(); err != nil {
		return err
	}
	if processes {
		p, err := nation.OpenProcesses(ctx, opt)
		if err != nil {
			return err
		}
		if !p.Apart {
			fmt.Fprintln(io.err, "注意: rootで起動していないため、各団体は同じ利用者の権限で動きます。 / note: not started as root, so all organisations run under one user's rights.")
		}
		noteSealing(io, data, spec)
		return serveUntilDone(ctx, io, p.URL, p.Close)
	}
	c, err := nation.Open(ctx, opt)
	if err != nil {
		return err
	}
	noteSealing(io, data, spec)
	return serveUntilDone(ctx, io, c.URL, c.Close)
}

// noteSealing says how the CA's keys lie.
func noteSealing(io streams, data string, spec *nation.Spec) {
	for _, n := range nation.SealingNotes(data, spec) {
		fmt.Fprintln(io.err, n.JA, "/", n.EN)
	}
}

func runServe(ctx context.Context, io streams, args []string) error {
	var config string
	var verbose bool
	role, err := parse(io, "serve", args, func(fs *flag.FlagSet) {
		fs.StringVar(&config, "config", "", "団体の config.yaml / the organisation's config.yaml")
		fs.BoolVar(&verbose, "verbose", false, "起きたことを標準エラー出力に出す / log what happens on stderr")
	}, 1)
	if err != nil {
		return err
	}
	cfg, err := nation.LoadServeConfig(config)
	if err != nil {
		return err
	}
	if string(cfg.ID.Role()) != role[0] {
		return usage{plain.Bad("serve",
			fmt.Sprintf("%s は %s の設定で、%s の設定ではありません。", config, cfg.ID.Role(), role[0]),
			fmt.Sprintf("%s is the configuration of a %s, not of a %s", config, cfg.ID.Role(), role[0]))}
	}
	s, err := nation.Serve(ctx, cfg, logger(io.err, verbose))
	if err != nil {
		return err
	}
	return serveUntilDone(ctx, io, s.URL, s.Close)
}

func serveUntilDone(ctx context.Context, io streams, url string, close func() error) error {
	heapfloor.Hold()
	fmt.Fprintln(io.out, "ready", url)
	<-ctx.Done()
	return close()
}

// countryOf is the country that a data directory holds, or the one that a file describes, or the test country.
func countryOf(data, file string) (*nation.Spec, error) {
	if file != "" {
		return nation.Load(file)
	}
	kept := filepath.Join(data, "nation.yaml")
	if exists(kept) {
		return nation.Load(kept)
	}
	return nation.Default()
}

func logger(w io.Writer, verbose bool) *slog.Logger {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}
