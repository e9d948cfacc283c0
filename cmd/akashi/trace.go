package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"time"

	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/resident"
)

func runTrace(ctx context.Context, io streams, args []string) error {
	var data string
	var asJSON bool
	rest, err := parse(io, "trace", args, func(fs *flag.FlagSet) {
		dataFlags(fs, &data, &asJSON)
	}, 1)
	if err != nil {
		return err
	}
	var t nation.Trace
	if err := ask(ctx, data, "/trace?what="+url.QueryEscape(rest[0]), &t); err != nil {
		return err
	}
	if asJSON {
		return printJSON(io, t)
	}
	if len(t.Hops) == 0 {
		fmt.Fprintln(io.out, "この番号の電文はありません。 / no message under this number")
		return errDidNotHold
	}
	for _, h := range t.Hops {
		says := h.Receiver
		if says == "" {
			says = h.Sender + " (" + string(h.From) + ")"
		}
		lag := "—"
		if h.Arrived != nil {
			lag = (time.Duration(h.LagMS*1000) * time.Microsecond).Round(100 * time.Microsecond).String()
		}
		fmt.Fprintf(io.out, "%s  %-22s → %-22s  %-22s %s  %-10s %8s  %s\n", h.SentAt.In(resident.JST).Format("2006-01-02 15:04:05.000"),
			h.From, h.To, h.Kind, h.Name.JA, says, lag, h.Message)
		if h.Code != "" {
			fmt.Fprintf(io.out, "      %s: %s / %s\n", h.Code, h.Reason.JA, h.Reason.EN)
		}
	}
	for _, s := range t.Silent {
		fmt.Fprintf(io.out, "%s は応答しませんでした。 / did not answer: %s\n", s.Organisation, s.Error)
	}
	return nil
}

func printJSON(io streams, v any) error {
	e := json.NewEncoder(io.out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
