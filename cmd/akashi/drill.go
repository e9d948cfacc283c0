package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/alarm/drill"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// drilled is one drill in the JSON of `akashi exchange drill`.
type drilled struct {
	Organisation message.Org `json:"organisation"`
	drill.Drill
	Missing map[string][]string `json:"missing"` // what did not come through where
}

// runExchangeDrill has organisations prove their alarms: a marked poison message and a marked loss, of which the alarms
// must reach the screen, the metrics and the webhook. It waits for the end.
func runExchangeDrill(ctx context.Context, s streams, args []string) error {
	var data, at string
	var ask nation.DrillRequest
	var asJSON bool
	if _, err := parse(s, "exchange drill", args, func(fs *flag.FlagSet) {
		dataFlags(fs, &data, &asJSON)
		fs.StringVar(&at, "at", "", "警報を確かめる団体（省くとすべて） / the organisation whose alarms are proven; empty: all")
		fs.StringVar((*string)(&ask.Peer), "peer", "", "相手（省くと、訓練がいちばん古い相手） / with whom; empty: the one with which none was held for longest")
		fs.StringVar(&ask.As, "as", "", "指示する人 / who asks for it")
	}, 0); err != nil {
		return err
	}
	if at == "" && ask.Peer != "" {
		return usage{plain.Bad("--peer", "--peer を指定するときは、--at も指定してください。", "--peer needs --at")}
	}
	orgs, err := organisationsOf(data, at)
	if err != nil {
		return err
	}
	client, done, err := country(ctx, data, s.err)
	if err != nil {
		return err
	}
	defer done()
	all := []drilled{}
	for _, o := range orgs {
		var d *drill.Drill
		if err := post(ctx, client, "/"+string(o)+"/exchange/drill", ask, &d); err != nil {
			return fmt.Errorf("%s: %w", o, err)
		}
		if d != nil { // an organisation without peers has nothing to prove
			all = append(all, drilled{Organisation: o, Drill: *d})
		}
	}
	for i := range all {
		d := &all[i]
		for d.State == drill.Running {
			if err := clock.System().Wait(ctx, clock.System().Now().Add(time.Second), nil); err != nil {
				return err
			}
			if err := get(ctx, client, "/"+string(d.Organisation)+"/exchange/drill?id="+url.QueryEscape(d.ID), &d.Drill); err != nil {
				return err
			}
		}
		if d.Missing = d.Drill.Missing(); d.State != drill.Held {
			err = errDidNotHold
		}
	}
	if asJSON {
		if e := printJSON(s, map[string]any{"drills": all}); e != nil {
			return e
		}
		return err
	}
	for _, d := range all {
		printDrilled(s.out, d)
	}
	return err
}

func printDrilled(w io.Writer, d drilled) {
	says := "警報が届いた held"
	if d.State != drill.Held {
		says = "警報が届かなかった failed"
	}
	fmt.Fprintf(w, "%s → %s: %s（%s）%s\n", d.Organisation, d.Peer, says, d.Ended.Sub(d.Begun).Round(time.Second), d.ID)
	if !d.Webhook {
		fmt.Fprintln(w, "    送り先は設定されていません。 / no webhook is configured")
	}
	for _, thing := range slices.Sorted(maps.Keys(d.Missing)) {
		fmt.Fprintf(w, "    %s: %s\n", map[string]string{"poison": "受け入れられない電文 poison", "loss": "電文のない記録 loss"}[thing], strings.Join(d.Missing[thing], ", "))
	}
}
