package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// townDay is the close of a day in a municipality; Day is nil where it was not closed.
type townDay struct {
	Municipality message.Org               `json:"municipality"`
	Day          *municipality.DocumentDay `json:"close"`
}

// runDeliveryDay tells how the documents of a day add up at each counter. It held when every one agrees.
func runDeliveryDay(ctx context.Context, s streams, args []string) error {
	var q nation.DayQuestion
	var data, town string
	var asJSON bool
	rest, err := parse(s, "delivery day", args, func(fs *flag.FlagSet) {
		dataFlags(fs, &data, &asJSON)
		fs.StringVar(&q.As, "as", "", "調べる人、締める人 / the person who asks or closes")
		fs.BoolVar(&q.Close, "close", false, "先に締める（窓口職員） / close the day first, for a clerk")
		fs.StringVar(&town, "municipality", "", "一つの市区町村のコード（省くとすべて） / the code of one municipality; empty: all")
	}, 1)
	if err != nil {
		return err
	}
	if q.As == "" {
		return usage{plain.Bad("--as", "調べる人を --as で指定してください。", "name with --as who asks")}
	}
	if q.Day, err = resident.ParseDate("day", rest[0]); err != nil {
		return usage{err}
	}
	client, done, err := country(ctx, data, s.err)
	if err != nil {
		return err
	}
	defer done()
	codes, err := townsWithDocuments(data, town)
	if err != nil {
		return err
	}
	var all []townDay
	held := true
	for _, code := range codes {
		sides, _, err := sidesOf(ctx, client, data, code, s.err)
		if err != nil {
			return err
		}
		one := townDay{Municipality: message.Org(string(message.Municipality) + "-" + code)}
		if !slices.Contains(sides, one.Municipality) {
			held = false
			continue
		}
		if one.Day, err = dayAt(ctx, client, one.Municipality, q); err != nil {
			return err
		}
		all = append(all, one)
		held = held && one.Day != nil && one.Day.Agrees
	}
	if asJSON {
		err = printJSON(s, all)
	} else {
		for _, one := range all {
			printDay(s.out, one)
		}
	}
	if err == nil && !held {
		err = errDidNotHold
	}
	return err
}

// dayPatience is how long the command waits for the server's answer to a close.
const dayPatience = 30 * time.Second

// dayAt asks a counter, and waits a while for the answer of its server to a close.
func dayAt(ctx context.Context, client *http.Client, at message.Org, q nation.DayQuestion) (*municipality.DocumentDay, error) {
	for until := time.Now().Add(dayPatience); ; q.Close = false {
		var a nation.DayAnswer
		err := post(ctx, client, "/"+string(at)+"/delivery/day", q, &a)
		if err != nil || a.Day == nil || !a.Day.AnsweredAt.IsZero() || time.Now().After(until) {
			return a.Day, err
		}
		select {
		case <-ctx.Done():
			return a.Day, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func printDay(w io.Writer, t townDay) {
	d := t.Day
	if d == nil {
		fmt.Fprintf(w, "%s  まだ締めていません not closed\n", t.Municipality)
		return
	}
	verdict := "合わない does not agree"
	switch {
	case d.Agrees:
		verdict = "合った agrees"
	case d.AnsweredAt.IsZero():
		verdict = "証明発行サーバの回答待ち the server has not answered"
	}
	by := d.By
	if by == "" {
		by = "自動 by itself"
	}
	fmt.Fprintf(w, "%s  %s  %s  (%d回目、%s)\n", t.Municipality, d.Day, verdict, d.Version, whenBy(d.At, by))
	fmt.Fprintf(w, "  申請 applied %d = 発行しなかった refused %d + 発行した issued %d + 待ち waiting %d\n", d.Requested, d.Refused, d.Issued(), d.Waiting)
	fmt.Fprintf(w, "  発行した issued %d = 渡した handed over %d + 廃棄 destroyed %d + 止めた stopped %d + 残り left %d\n", d.Issued(), d.Delivered, d.Voided, d.Stopped, d.Held)
	fmt.Fprintf(w, "  開いている件 open cases %d、無効とした recalled %d、印刷した枚数 sheets %d\n", d.Cases, d.Recalled, d.Sheets)
	for _, one := range d.Differences {
		fmt.Fprintf(w, "  違い difference  %s  %s  サーバ server: %s\n", one.Request, one.Code, one.Server)
	}
}
