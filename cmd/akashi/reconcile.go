package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/resident"
)

// reconciled is the JSON of `akashi reconcile`.
type reconciled struct {
	Pairs []reconcile.PairStatus `json:"pairs"`
}

// runReconcile tells of every book whether its source and its copy hold the same. The source says it: it compares.
func runReconcile(ctx context.Context, io streams, args []string) error {
	var data string
	var asJSON, now bool
	if _, err := parse(io, "reconcile", args, func(fs *flag.FlagSet) {
		dataFlags(fs, &data, &asJSON)
		fs.BoolVar(&now, "now", false, "いま突合し、終わるまで待つ / compare now, and wait for it")
	}, 0); err != nil {
		return err
	}
	r, err := reconcileCountry(ctx, data, now, io.err)
	if err != nil && !errors.Is(err, errDidNotHold) {
		return err
	}
	if asJSON {
		err = errors.Join(printJSON(io, r), err)
	} else {
		printReconciled(io.out, r)
	}
	for _, p := range r.Pairs {
		if err == nil && !p.Agree {
			err = errDidNotHold
		}
	}
	return err
}

// reconcileCountry asks every organisation. now: it has each compare first, and waits until each has, half a minute.
func reconcileCountry(ctx context.Context, data string, now bool, log io.Writer) (reconciled, error) {
	r := reconciled{Pairs: []reconcile.PairStatus{}}
	client, done, err := country(ctx, data, log)
	if err != nil {
		return r, err
	}
	defer done()
	orgs, err := organisationsOf(data, "")
	if err != nil {
		return r, err
	}
	orgs, missing := running(ctx, client, orgs, log)
	if missing != nil && !errors.Is(missing, errDidNotHold) {
		return r, missing
	}
	clk := clock.System()
	asked := clk.Now().Truncate(time.Second)
	if now {
		for _, o := range orgs {
			if err := post(ctx, client, "/"+string(o)+"/reconcile/now", struct{}{}, nil); err != nil {
				return r, err
			}
		}
	}
	for until := asked.Add(30 * time.Second); ; {
		r.Pairs = r.Pairs[:0]
		waits := false
		for _, o := range orgs {
			var pairs []reconcile.PairStatus
			if err := get(ctx, client, "/"+string(o)+"/reconcile", &pairs); err != nil {
				return r, err
			}
			for _, p := range pairs {
				if p.A != o {
					continue
				}
				at, err := time.Parse(time.RFC3339, p.ComparedAt)
				waits = waits || now && (err != nil || at.Before(asked))
				r.Pairs = append(r.Pairs, p)
			}
		}
		if !waits || clk.Now().After(until) {
			return r, missing
		}
		if err := clk.Wait(ctx, clk.Now().Add(100*time.Millisecond), nil); err != nil {
			return r, err
		}
	}
}

func printReconciled(w io.Writer, r reconciled) {
	for _, p := range r.Pairs {
		verdict := "一致 agree"
		switch {
		case p.Agree:
		case p.Outcome == reconcile.Differs:
			verdict = fmt.Sprintf("不一致 %d / %d differ", p.Differences, p.Differences)
		default: // nothing can be said
			verdict = "突合していない not compared (" + string(p.Outcome) + ")"
		}
		fmt.Fprintf(w, "%-22s → %-16s %-14s %7d  %s（途中 under way %d、保留 parked %d、待機 held %d、説明済み explained %d、件 cases %d、監査の所見 findings %d）%s %s\n",
			p.A, p.B, p.Table, p.Entries, verdict, p.Outstanding, p.Parked, p.Held, p.Explained, p.Cases, p.Findings, inJapan(p.ComparedAt), p.Reason)
		switch f := p.Refill; {
		case f == nil:
		case f.Proposed():
			fmt.Fprintf(w, "    送り直しが提案されています（%s）: %s / proposed to be sent again\n", f.By, f.Reason)
		default:
			fmt.Fprintf(w, "    送り直しています（%s、%s）: 送った %d、除いた %d / being sent again: %d sent, %d set aside\n", f.By, f.Second, f.Sent, f.Aside, f.Sent, f.Aside)
		}
	}
}

// inJapan writes a time of the JSON as people in Japan read it.
func inJapan(stamp string) string {
	t, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		return "—"
	}
	return t.In(resident.JST).Format("2006-01-02 15:04:05")
}

// runReconcileCases lists the cases, as each of their two organisations has them, oldest first.
func runReconcileCases(ctx context.Context, io streams, args []string) error {
	var data, at string
	var asJSON, all bool
	if _, err := parse(io, "reconcile cases", args, func(fs *flag.FlagSet) {
		dataFlags(fs, &data, &asJSON)
		fs.StringVar(&at, "at", "", "一つの団体（省くとすべて） / one organisation; empty: all")
		fs.BoolVar(&all, "all", false, "終わった件も / those that are closed too")
	}, 0); err != nil {
		return err
	}
	path := "/reconcile/cases"
	if all {
		path += "?all=yes"
	}
	cases, missing := everywhere[reconcile.Case](ctx, data, at, path, io.err)
	if missing != nil && !errors.Is(missing, errDidNotHold) {
		return missing
	}
	slices.SortStableFunc(cases, func(a, b reconcile.Case) int { return a.Opened.Compare(b.Opened) })
	if asJSON {
		return errors.Join(printJSON(io, cases), missing)
	}
	if len(cases) == 0 {
		fmt.Fprintln(io.out, "不一致の件はありません。 / there is no case")
	}
	now := clock.System().Now()
	for _, c := range cases {
		printCase(io.out, c, now)
	}
	return missing
}

func printCase(w io.Writer, c reconcile.Case, now time.Time) {
	side := "写し copy"
	if c.AsSource {
		side = "元 source"
	}
	owner := c.Owner
	if owner == "" {
		owner = "—"
	}
	fmt.Fprintf(w, "%s  %s  %s（%s） %s %s  %s  担当 %s\n    元 source: %s / %s\n    写し copy: %s / %s\n", c.ID, c.State, c.Self, side, c.Book, c.What,
		now.Sub(c.Opened).Round(time.Second), owner, c.Source.JA, c.Source.EN, c.Copy.JA, c.Copy.EN)
}

// runReconcileShow shows one case with all that happened to it.
func runReconcileShow(ctx context.Context, io streams, args []string) error {
	var data, at string
	var asJSON bool
	rest, err := parse(io, "reconcile show", args, func(fs *flag.FlagSet) {
		dataFlags(fs, &data, &asJSON)
		fs.StringVar(&at, "at", "", "だれの端末で見るか（団体） / at whose desk it is looked at")
	}, 1)
	if err != nil {
		return err
	}
	if at == "" {
		_, err := cases.whose(ctx, nil, nation.Operation{})
		return err
	}
	var c nation.CaseAndNotes
	if err := ask(ctx, data, "/"+at+"/reconcile/case?id="+url.QueryEscape(rest[0]), &c); err != nil {
		return err
	}
	if asJSON {
		return printJSON(io, c)
	}
	printCase(io.out, c.Case, clock.System().Now())
	for _, n := range c.Notes {
		who := n.By
		if n.Second != "" {
			who += " + " + n.Second
		}
		fmt.Fprintf(io.out, "    %s %s %s: %s: %s\n", n.At.In(resident.JST).Format("2006-01-02 15:04:05"), n.Author, n.Act, who, n.Text)
	}
	if p := c.Proposal; p != nil {
		fmt.Fprintf(io.out, "    承認待ち / waits for a second person: %s, %s: %s\n", p.Act, p.By, p.Text)
	}
	return nil
}
