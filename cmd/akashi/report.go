package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"slices"

	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/message"
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
	var missing error
	t, left, err := nation.IssuanceLeft(ctx, data, day)
	if err == nil && !left {
		t, missing, err = issuanceOf(ctx, data, day, io.err)
	}
	if err != nil {
		return err
	}
	if asJSON {
		return cmp.Or(printJSON(io, t), missing)
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
	return missing
}

// issuanceOf joins the tables of a country's CAs. One that does not answer is named, and missing is errDidNotHold.
func issuanceOf(ctx context.Context, data string, day resident.Date, log io.Writer) (t nation.Issuance, missing, err error) {
	client, done, err := country(ctx, data, log)
	if err != nil {
		return t, nil, err
	}
	defer done()
	cas, err := organisationsOf(data, "")
	if err != nil {
		return t, nil, err
	}
	cas = slices.DeleteFunc(cas, func(o message.Org) bool { return o.Role() != message.CA })
	if cas, missing = running(ctx, client, cas, log); missing != nil && !errors.Is(missing, errDidNotHold) {
		return t, nil, missing
	}
	all := make([]nation.Issuance, len(cas))
	for i, ca := range cas {
		if err := get(ctx, client, "/"+string(ca)+"/issuance?as-of="+url.QueryEscape(day.String()), &all[i]); err != nil {
			return t, nil, err
		}
	}
	t = nation.JoinIssuance(all...)
	t.AsOf = day.String()
	return t, missing, nil
}
