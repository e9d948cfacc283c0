package main

import (
	"context"
	"flag"
	"fmt"
	"net/url"

	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/resident"
)

func runReportIssuance(ctx context.Context, io streams, args []string) error {
	var data, asOf string
	var asJSON bool
	if _, err := parse(io, "report issuance", args, func(fs *flag.FlagSet) {
		dataFlags(fs, &data, &asJSON)
		fs.StringVar(&asOf, "as-of", "", "この日の終わりまでに発行した分を数える / the day up to whose end certificates are counted")
	}, 0); err != nil {
		return err
	}
	day, err := resident.ParseDate("--as-of", asOf)
	if err != nil {
		return err
	}
	t, left, err := nation.IssuanceLeft(ctx, data, day)
	if err == nil && !left {
		err = ask(ctx, data, "/ca/issuance?as-of="+url.QueryEscape(day.String()), &t)
	}
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(io, t)
	}
	fmt.Fprintf(io.out, "電子証明書の発行状況（%s現在） / certificates issued as of %s\n", t.AsOf, t.AsOf)
	prefecture, sum := "", int64(0)
	flush := func() {
		if prefecture != "" {
			fmt.Fprintf(io.out, "  %s 計 / total %d\n", prefecture, sum)
		}
		sum = 0
	}
	for _, r := range t.Rows {
		if r.Prefecture != prefecture {
			flush()
			prefecture = r.Prefecture
			fmt.Fprintln(io.out, prefecture)
		}
		fmt.Fprintf(io.out, "    %s %s  %d\n", r.Municipality, r.Name, r.Issued)
		sum += r.Issued
	}
	flush()
	fmt.Fprintf(io.out, "全国 / nationwide  %d\n", t.Total)
	if t.Unreadable > 0 {
		fmt.Fprintf(io.out, "市区町村を読めない記録 / records without a municipality that can be read  %d\n", t.Unreadable)
	}
	return nil
}
