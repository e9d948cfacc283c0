package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// runExchangeList lists what waits for a person or for another message, as each organisation sees it, oldest first.
func runExchangeList(ctx context.Context, io streams, args []string) error {
	var data, at string
	var asJSON bool
	if _, err := parse(io, "exchange list", args, func(fs *flag.FlagSet) {
		dataFlags(fs, &data, &asJSON)
		fs.StringVar(&at, "at", "", "一つの団体（省くとすべて） / one organisation; empty: all")
	}, 0); err != nil {
		return err
	}
	all, missing := everywhere[exchange.Item](ctx, data, at, "/exchange/stuck", io.err)
	if missing != nil && !errors.Is(missing, errDidNotHold) {
		return missing
	}
	slices.SortStableFunc(all, func(a, b exchange.Item) int { return a.CreatedAt.Compare(b.CreatedAt) })
	if asJSON {
		return errors.Join(printJSON(io, all), missing)
	}
	if len(all) == 0 {
		fmt.Fprintln(io.out, "止まっている電文はありません。 / no message is stuck")
	}
	now := clock.System().Now()
	for _, i := range all {
		spec, _ := message.SpecOf(i.Kind)
		fmt.Fprintf(io.out, "%-9s %8s  %s（%s） %s\n          %s: %s / %s\n", i.State, now.Sub(i.CreatedAt).Round(time.Second), spec.Name.JA,
			seenFrom(i), i.ID, i.Code, i.Reason.JA, i.Reason.EN)
	}
	return missing
}

func seenFrom(i exchange.Item) string {
	if i.Out {
		return string(i.Sender) + " 送信側 sender"
	}
	return string(i.Receiver) + " 受信側 receiver"
}

// organisationsOf are the organisations of the country of a data directory, or the one that is named.
func organisationsOf(data, at string) ([]message.Org, error) {
	spec, err := countryOf(data, "")
	if err != nil {
		return nil, err
	}
	var all []message.Org
	for _, e := range spec.Organisations {
		if at == "" || string(e.ID) == at {
			all = append(all, e.ID)
		}
	}
	if len(all) == 0 {
		return nil, plain.Bad("--at",
			"団体「"+at+"」は、この国にありません。`akashi exchange list` に出る名前を指定してください。",
			"this country has no organisation \""+at+"\": give a name that `akashi exchange list` shows")
	}
	return all, nil
}

// runExchangeShow shows one message from both sides, with what people have said about it.
func runExchangeShow(ctx context.Context, io streams, args []string) error {
	var data string
	var asJSON bool
	rest, err := parse(io, "exchange show", args, func(fs *flag.FlagSet) { dataFlags(fs, &data, &asJSON) }, 1)
	if err != nil {
		return err
	}
	id, err := message.ParseID(rest[0])
	if err != nil {
		return err
	}
	client, done, err := country(ctx, data, io.err)
	if err != nil {
		return err
	}
	defer done()
	both := map[message.Org]nation.StuckMessage{}
	for _, o := range []message.Org{id.Sender, id.Receiver} {
		var m nation.StuckMessage
		if err := get(ctx, client, "/"+string(o)+"/exchange/message?id="+url.QueryEscape(rest[0]), &m); err != nil {
			fmt.Fprintln(io.err, "akashi:", err) // the other side may know it all the same
			continue
		}
		both[o] = m
	}
	if len(both) == 0 {
		return errDidNotHold
	}
	if asJSON {
		return printJSON(io, both)
	}
	for _, o := range []message.Org{id.Sender, id.Receiver} {
		m, ok := both[o]
		if !ok {
			continue
		}
		fmt.Fprintf(io.out, "%s: %s（%d回目 / attempt %d）\n", seenFrom(m.Item), m.State, m.Attempt, m.Attempt)
		if m.Code != "" {
			fmt.Fprintf(io.out, "    %s: %s / %s\n", m.Code, m.Reason.JA, m.Reason.EN)
		}
		for _, n := range m.Notes {
			second := ""
			if n.Second != "" {
				second = " + " + n.Second
			}
			fmt.Fprintf(io.out, "    %s %s %s: %s%s: %s\n", n.At.In(resident.JST).Format("2006-01-02 15:04"), n.Author, n.Act, n.By, second, n.Text)
		}
		if p := m.Proposal; p != nil {
			fmt.Fprintf(io.out, "    承認待ち / waits for a second person: %s, %s: %s\n", p.Act, p.By, p.Text)
		}
	}
	return nil
}
