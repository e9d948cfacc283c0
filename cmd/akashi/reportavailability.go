package main

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"time"

	"github.com/akashi-id/akashi/internal/org/prefecture"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/probe"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

func runReportAvailability(ctx context.Context, io streams, args []string) error {
	var data, at, name string
	var asJSON bool
	if _, err := parse(io, "report availability", args, func(fs *flag.FlagSet) {
		dataFlags(fs, &data, &asJSON)
		fs.StringVar(&at, "prefecture", "", "外から監視している都道府県 / the prefecture that probes")
		fs.StringVar(&name, "month", "", "月（2026-11） / the month, as 2026-11")
	}, 0); err != nil {
		return err
	}
	month, err := probe.ParseMonth("--month", name)
	if err != nil {
		return err
	}
	org, err := message.ParseOrg(at)
	if err != nil || org.Role() != message.Prefecture {
		return plain.Bad("--prefecture", "都道府県を prefecture-20 のように指定してください。", "name the prefecture, as prefecture-20")
	}
	var r prefecture.AvailabilityReport
	if err := ask(ctx, data, "/"+string(org)+"/availability?month="+url.QueryEscape(month.String()), &r); err != nil {
		return err
	}
	if asJSON {
		return printJSON(io, r)
	}
	printAvailability(io, r)
	return nil
}

func printAvailability(io streams, r prefecture.AvailabilityReport) {
	fmt.Fprintf(io.out, "可用性 %s %s（%sまで） / availability, up to %s\n", r.Prefecture, r.Month, minuteOf(r.Until), minuteOf(r.Until))
	if !r.Probed {
		fmt.Fprintln(io.out, "  尋ねる先がないため、外部監視は行っていません。 / nothing is probed from outside: there is nobody to ask")
	}
	if len(r.Targets) == 0 {
		fmt.Fprintln(io.out, "  この月に測定したものはありません。 / nothing was measured in this month")
	}
	for _, t := range r.Targets {
		fmt.Fprintf(io.out, "  %-24s %s  計画停止を除く / without planned %s  測定 / measured %s  停止 / outages %d", t.Target, percent(t.Availability), percent(t.Unplanned), percent(t.Measured), t.Outages)
		if t.LongestFrom != nil {
			fmt.Fprintf(io.out, "  最長 / longest %s", span(*t.LongestFrom, t.LongestUntil))
		}
		fmt.Fprintf(io.out, "  p50 %d ms  p99 %d ms\n", t.P50, t.P99)
	}
	for _, o := range r.Outages {
		why := probe.Reason(o.Reason).Words()
		fmt.Fprintf(io.out, "    %-22s %s  %d分 / min (計画 / planned %d)  %s / %s\n", o.Target, span(o.From, o.Until), o.Failed, o.Planned, why.JA, why.EN)
	}
}

func percent(share string) string {
	if share == "" {
		return "—"
	}
	return share + "%"
}

func minuteOf(t time.Time) string { return t.In(resident.JST).Format("2006-01-02 15:04") }

func span(from time.Time, until *time.Time) string {
	if until == nil {
		return minuteOf(from) + " –"
	}
	return minuteOf(from) + " – " + minuteOf(*until)
}
