package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"

	"github.com/akashi-id/akashi/internal/nation"
)

const defaultData = "./akashi-data"

func runUp(ctx context.Context, io streams, args []string) error {
	var data, file, listen, webhook, secret string
	var processes, verbose bool
	if _, err := parse(io, "up", args, func(fs *flag.FlagSet) {
		fs.StringVar(&data, "data", defaultData, "data directory")
		fs.StringVar(&file, "nation", "", "the country's file; empty: the one in the data directory, or the test country")
		fs.StringVar(&listen, "listen", "127.0.0.1:8600", "address of the portal")
		fs.BoolVar(&processes, "processes", false, "every organisation in a process of its own, under mutual TLS")
		fs.BoolVar(&verbose, "verbose", false, "log what happens on stderr")
		fs.StringVar(&webhook, "webhook", "", "address that is told of alarms (docs/alarms.md)")
		fs.StringVar(&secret, "webhook-secret", "", "file with the key that signs what the webhook is told")
	}, 0); err != nil {
		return err
	}
	spec, err := countryOf(data, file)
	if err != nil {
		return err
	}
	opt := nation.Options{Dir: data, Spec: spec, Listen: listen, Log: logger(io.err, verbose), Webhook: webhook, WebhookSecret: secret}
	if processes {
		p, err := nation.OpenProcesses(ctx, opt)
		if err != nil {
			return err
		}
		if !p.Apart {
			fmt.Fprintln(io.err, "注意: rootで起動していないため、各団体は同じ利用者の権限で動きます。 / note: not started as root, so all organisations run under one user's rights.")
		}
		return serveUntilDone(ctx, io, p.URL, p.Close)
	}
	c, err := nation.Open(ctx, opt)
	if err != nil {
		return err
	}
	return serveUntilDone(ctx, io, c.URL, c.Close)
}

func runServe(ctx context.Context, io streams, args []string) error {
	if len(args) == 0 {
		return usage{fmt.Errorf("serve needs a ROLE")}
	}
	var config string
	var verbose bool
	if _, err := parse(io, "serve", args[1:], func(fs *flag.FlagSet) {
		fs.StringVar(&config, "config", "", "the organisation's config.yaml")
		fs.BoolVar(&verbose, "verbose", false, "log what happens on stderr")
	}, 0); err != nil {
		return err
	}
	cfg, err := nation.LoadServeConfig(config)
	if err != nil {
		return err
	}
	if string(cfg.ID.Role()) != args[0] {
		return usage{fmt.Errorf("%s is the configuration of a %s, not of a %s", config, cfg.ID.Role(), args[0])}
	}
	s, err := nation.Serve(ctx, cfg, logger(io.err, verbose))
	if err != nil {
		return err
	}
	return serveUntilDone(ctx, io, s.URL, s.Close)
}

func serveUntilDone(ctx context.Context, io streams, url string, close func() error) error {
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
