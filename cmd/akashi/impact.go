package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/akashi-id/akashi/internal/org/validation"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// runImpact tells to whom "good" was answered in a window of certificates that should have been revoked. It held when there
// is none.
func runImpact(ctx context.Context, io streams, args []string) error {
	var data, from, to, serial string
	var asJSON bool
	if _, err := parse(io, "impact", args, func(fs *flag.FlagSet) {
		dataFlags(fs, &data, &asJSON)
		fs.StringVar(&from, "from", "", "回答した時の始まり（日付か時刻） / answered from: a day, or an instant (RFC 3339)")
		fs.StringVar(&to, "to", "", "回答した時の終わり（日付はその日まで） / answered until; a day is meant with its end")
		fs.StringVar(&serial, "serial", "", "発行番号（省くとすべて） / serial; empty: all")
	}, 0); err != nil {
		return err
	}
	// Read here as well, so that what was mistyped is said before a country is started.
	if _, err := validation.ParseImpactWindow(from, to, serial); err != nil {
		return err
	}
	var r validation.ImpactReport
	err := ask(ctx, data, "/"+string(message.Validation)+"/impact?"+url.Values{"from": {from}, "to": {to}, "serial": {serial}}.Encode(), &r)
	if err != nil {
		return err
	}
	if asJSON {
		err = printJSON(io, r)
	} else {
		printImpact(io.out, r)
	}
	if err == nil && len(r.Cases) > 0 {
		err = errDidNotHold
	}
	return err
}

func printImpact(w io.Writer, r validation.ImpactReport) {
	if len(r.Cases) == 0 {
		fmt.Fprintln(w, "誤って「失効していない」と答えた電子証明書はありません。 / no certificate was answered for wrongly as good")
	}
	for _, c := range r.Cases {
		fmt.Fprintf(w, "%s  %s  誤り wrong from %s  知った learnt %s  回答 answers %d  確認 acknowledged %d/%d\n", c.Serial, c.Profile,
			japanese(c.WrongFrom), japanese(c.ToldAt), c.Answers, c.Acknowledged, c.Notices)
		for _, v := range c.Verifiers {
			state := "知らせられない cannot be told"
			switch {
			case v.AcknowledgedBy != "":
				state = "確認済み acknowledged " + v.AcknowledgedBy + ": " + v.Done
			case v.Notice != "":
				state = "通知済み told " + v.Notice
			case v.Office != "":
				state = "通知の前 not told yet"
			}
			fmt.Fprintf(w, "    %-22s %s  回答 answers %d（%s – %s）  %s\n", v.Verifier, v.Office, v.Answers, japanese(v.First), japanese(v.Last), state)
		}
	}
	if !r.Whole {
		fmt.Fprintln(w, "ほかにもあります。範囲を狭めてください。 / there are more: narrow the window")
	}
}

func japanese(t time.Time) string { return t.In(resident.JST).Format("2006-01-02 15:04:05") }
