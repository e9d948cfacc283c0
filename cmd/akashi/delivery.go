package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/internal/org/issuing"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// runDeliveryTrace tells what the counter and its issuing server know of a request, side by side. It held when the two agree.
func runDeliveryTrace(ctx context.Context, s streams, args []string) error {
	var q nation.DeliveryQuestion
	var data string
	var asJSON bool
	rest, err := parse(s, "delivery trace", args, func(fs *flag.FlagSet) {
		dataFlags(fs, &data, &asJSON)
		fs.StringVar(&q.As, "as", "", "調べる人 / the person who asks")
		fs.StringVar(&q.Case, "case", "", "載った方の氏名も見る（窓口職員。障害の番号が記録に残る） / name those on it too, for a clerk: the number of the fault, which is recorded")
	}, 1)
	if err != nil {
		return err
	}
	q.Request = rest[0]
	code, _, _ := strings.Cut(q.Request, "-")
	if _, err := resident.ParseMunicipalityCode("request", code); err != nil || q.As == "" {
		return usage{plain.Bad("delivery trace", "申請番号（202029-1のように、市区町村コードで始まる）と、--as（調べる人）を指定してください。",
			"give the number of a request, which begins with the code of its municipality (202029-1), and --as (who asks)")}
	}
	client, done, err := country(ctx, data, s.err)
	if err != nil {
		return err
	}
	defer done()
	d, err := traceDelivery(ctx, client, data, code, q, s.err)
	if err != nil {
		return err
	}
	if asJSON {
		err = printJSON(s, d)
	} else {
		printDelivery(s.out, d)
	}
	if err == nil && (len(d.Findings) > 0 || len(d.Silent) > 0) {
		err = errDidNotHold
	}
	return err
}

// sidesOf are the counter and the issuing server of a municipality, those that the country has and that run.
func sidesOf(ctx context.Context, client *http.Client, data, code string, log io.Writer) (left []message.Org, silent []nation.SilentOne, err error) {
	all, err := organisationsOf(data, "")
	if err != nil {
		return nil, nil, err
	}
	all = slices.DeleteFunc(all, func(o message.Org) bool {
		return o.Code() != code || o.Role() != message.Municipality && o.Role() != message.Issuing
	})
	if len(all) == 0 {
		return nil, nil, plain.Bad("municipality", "この国に、市区町村「"+code+"」はありません。", "this country has no municipality "+code)
	}
	left, missing := running(ctx, client, all, log)
	if missing != nil && !errors.Is(missing, errDidNotHold) {
		return nil, nil, missing
	}
	for _, o := range all {
		if !slices.Contains(left, o) {
			silent = append(silent, nation.SilentOne{Organisation: o, Error: "it does not answer"})
		}
	}
	return left, silent, nil
}

func traceDelivery(ctx context.Context, client *http.Client, data, code string, q nation.DeliveryQuestion, log io.Writer) (d nation.Delivery, err error) {
	d.Request = q.Request
	sides, silent, err := sidesOf(ctx, client, data, code, log)
	if err != nil {
		return d, err
	}
	d.Silent = silent
	var server message.Org
	for _, o := range sides {
		var a nation.DeliveryAnswer
		if err := post(ctx, client, "/"+string(o)+"/delivery/trace", q, &a); err != nil {
			return d, err
		}
		if o.Role() == message.Issuing {
			server = o
		}
		d.Counter, d.Server = cmp.Or(d.Counter, a.Counter), cmp.Or(d.Server, a.Server)
		d.Persons = append(d.Persons, a.Persons...)
	}
	fileOf := ""
	if c := d.Counter; c != nil && c.File != "" && server != "" {
		if err := post(ctx, client, "/"+string(server)+"/delivery/file", nation.FileQuestion{File: c.File, As: q.As}, &fileOf); err != nil {
			return d, err
		}
	}
	return nation.JoinDelivery(d, fileOf), nil
}

func printDelivery(w io.Writer, d nation.Delivery) {
	c, s := d.Counter, d.Server
	if c == nil {
		c = &municipality.DocumentTrace{}
	}
	if s == nil {
		s = &issuing.DocumentTrace{}
	}
	fmt.Fprintf(w, "申請 request %s\n", d.Request)
	row := func(label, counter, server string) {
		if counter+server != "" {
			fmt.Fprintf(w, "  %s\n    窓口 counter  %s\n    サーバ server %s\n", label, cmp.Or(counter, "—"), cmp.Or(server, "—"))
		}
	}
	kind := func(k string) string {
		if k == "" {
			return ""
		}
		return inBoth(making.Kind(k).Name())
	}
	row("証明書 document", kind(c.Kind), kind(s.Kind))
	row("申請した時・受けた人 applied, taken by", whenBy(c.AppliedAt, c.AppliedBy), whenBy(s.AskedAt, s.AskedBy))
	row("状態 state", strings.Join(append([]string{c.State}, c.Reasons...), " "), strings.Join(append([]string{s.State}, s.Reasons...), " "))
	row("決めた時・版 decided, by which version", "", strings.TrimSpace(whenBy(s.DecidedAt, "")+"  "+s.Program))
	row("署名した版・点検した版 signed by version", c.Server, s.Signer)
	row("載った方の記録の版 versions of the records", versions(c.Versions), versions(s.Versions))
	row("文書番号 number", c.Number, s.Number)
	row("内容 content (SHA-256)", c.Content, s.Content)
	row("届いた内容 content as it came (SHA-256)", c.Came, "")
	row("ファイル file (SHA-256)", c.File, s.File)
	row("どうなったか what became of it", whenBy(c.EndedAt, c.EndedBy), strings.TrimSpace(string(s.Ending)+"  "+whenBy(s.EndedAt, s.EndedBy)))
	for _, k := range c.Checks {
		fmt.Fprintf(w, "  本人確認 identity checked  %s  %s\n", whenBy(k.At, k.By), inBoth(k.Documents))
	}
	for _, j := range c.Judgements {
		fmt.Fprintf(w, "  窓口の点検 judged  %s  %s  %s  %s\n", japanese(j.At), j.Moment, cmp.Or(j.Program, "—"), cmp.Or(strings.Join(j.Findings, ","), "違いなし nothing differs"))
	}
	for _, j := range c.Jobs {
		fmt.Fprintf(w, "  印刷 printed  %s  %s  %s  %d枚 sheets  %s\n", j.Job, whenBy(j.At, j.By), cmp.Or(j.State, "画面から the clerk's browser"), j.Sheets, j.Says.JA)
	}
	for _, k := range c.Cases {
		ended, said := "開いている open", k.Proof
		if k.Fate != "" { // an older program did not ask for it
			said = fmt.Sprintf("%s  %s  %s", k.Fate, whenBy(k.ProposedAt, k.ProposedBy), k.Proof)
			ended = "確認待ち to be confirmed  " + said
		}
		if !k.ClosedAt.IsZero() {
			ended = "閉じた closed " + whenBy(k.ClosedAt, k.ClosedBy) + "  " + said
		}
		fmt.Fprintf(w, "  件 case  %s  %s  %s  %s\n", k.Job, inBoth(k.Cause), whenBy(k.OpenedAt, ""), ended)
	}
	if d.Counter != nil {
		fmt.Fprintf(w, "  紙 paper  %s  %d枚 sheets  %s\n", inBoth(c.Place.Name()), c.Sheets, c.Proof)
	}
	if k := c.Recall; k != nil {
		fmt.Fprintf(w, "  無効とした recalled  %s  %s\n", whenBy(k.At, k.By), k.Reason)
		if !k.RecoveredAt.IsZero() {
			fmt.Fprintf(w, "  回収した recovered  %s  %d枚 sheets  %s\n", whenBy(k.RecoveredAt, k.RecoveredBy), k.Sheets, k.Proof)
		}
	}
	for _, p := range d.Persons {
		fmt.Fprintf(w, "  載った方 on it  %s\n", personText(p))
	}
	for _, o := range d.Silent {
		fmt.Fprintf(w, "%s は応答しませんでした。 / did not answer: %s\n", o.Organisation, o.Error)
	}
	for _, f := range d.Findings {
		fmt.Fprintf(w, "違い difference: %s\n", inBoth(f.Says))
	}
	switch {
	case d.Proven && len(d.Findings) == 0:
		fmt.Fprintln(w, "双方の記録は同じです。 / both sides have the same file, and say the same of it")
	case d.Proven:
		fmt.Fprintln(w, "ファイルは双方で同じです。 / both sides have the same file")
	case len(d.Findings) == 0 && len(d.Silent) == 0:
		fmt.Fprintln(w, "証明書は作られていません。 / no document was made")
	}
}

// inBoth is a sentence as this command prints it, the Japanese first.
func inBoth(s plain.Sentence) string { return s.JA + " " + s.EN }

func whenBy(at time.Time, by string) string {
	if at.IsZero() {
		return by
	}
	return strings.TrimSpace(japanese(at) + " " + by)
}

func versions(all []resident.Version) string {
	var s []string
	for _, v := range all {
		s = append(s, v.String())
	}
	return strings.Join(s, ", ")
}

func personText(p municipality.DocumentPerson) string {
	if p.Withheld {
		return p.Name + "（氏名のほかは出せません the name alone）"
	}
	return strings.TrimSpace(p.Code + "  " + p.Name)
}

// runDeliveryAffected states the cause of an error, and tells which documents of a time it concerns. It held when every counter and its server have the same ones.
func runDeliveryAffected(ctx context.Context, s streams, args []string) error {
	var q nation.InquiryBegun
	var data, town, version string
	var asJSON, names bool
	if _, err := parse(s, "delivery affected", args, func(fs *flag.FlagSet) {
		dataFlags(fs, &data, &asJSON)
		fs.StringVar(&q.From, "from", "", "調べる期間の始まり（日付か時刻） / looked into from: a day, or an instant (RFC 3339)")
		fs.StringVar(&q.To, "to", "", "調べる期間の終わり（日付はその日まで） / looked into until; a day is meant with its end")
		fs.StringVar(&q.Cause, "cause", "", "何が起きたか（監査記録に残る） / what happened, which the audit log keeps")
		fs.StringVar(&q.As, "as", "", "調べる人 / the person who asks")
		fs.StringVar(&town, "municipality", "", "一つの市区町村のコード（省くとすべて） / the code of one municipality; empty: all")
		fs.StringVar(&version, "version", "", "証明発行サーバがこの版で決めたか署名した分と、窓口がこの版で点検した分だけ（akashi version の版か改訂） / only what an issuing server decided or signed, or the counter judged, by this version: a name or revision of akashi version")
		fs.BoolVar(&names, "names", false, "人の氏名と通知の案も出す（窓口職員。閲覧として記録に残る） / name the people and draft the notices, for a clerk: each is recorded as a look")
	}, 0); err != nil {
		return err
	}
	// Read here as well, so that what was mistyped is said before a country is started.
	window, err := municipality.ParseInquiry(q.From, q.To, q.Cause)
	if err != nil {
		return err
	}
	if q.As == "" {
		return usage{plain.Bad("--as", "調べる人を --as で指定してください。", "name with --as who asks")}
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
	all, held := []nation.AffectedTown{}, true
	for _, code := range codes {
		t, answered, err := affectedTown(ctx, client, data, code, q, window, version, names, s.err)
		if err != nil {
			return err
		}
		if answered {
			all = append(all, t)
		}
		held = held && answered && t.Compared && len(t.Differ)+len(t.ServerOnly)+len(t.NotThere) == 0
	}
	if asJSON {
		err = printJSON(s, all)
	} else {
		for _, t := range all {
			printAffected(s.out, t)
		}
	}
	if err == nil && !held {
		err = errDidNotHold
	}
	return err
}

// townsWithDocuments are the codes of the municipalities with an issuing server, or the one that is named.
func townsWithDocuments(data, town string) (codes []string, err error) {
	all, err := organisationsOf(data, "")
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		if o.Role() == message.Issuing && (town == "" || o.Code() == town) {
			codes = append(codes, o.Code())
		}
	}
	if len(codes) == 0 {
		return nil, plain.Bad("--municipality", "証明発行サーバのある市区町村がありません。コードを確かめてください。", "there is no municipality with an issuing server: check the code")
	}
	return codes, nil
}

// affectedTown asks one municipality and its server. answered is false when the counter does not run: nothing is known of it then.
func affectedTown(ctx context.Context, client *http.Client, data, code string, q nation.InquiryBegun, window municipality.Inquiry, version string, names bool, log io.Writer) (t nation.AffectedTown, answered bool, err error) {
	sides, _, err := sidesOf(ctx, client, data, code, log)
	if err != nil {
		return t, false, err
	}
	counter, server := message.Org(string(message.Municipality)+"-"+code), message.Org(string(message.Issuing)+"-"+code)
	if !slices.Contains(sides, counter) {
		return t, false, nil
	}
	t.Municipality = counter
	ask := nation.AffectedQuestion{As: q.As, AffectedQuery: municipality.AffectedQuery{Names: names, Version: version}}
	var decided nation.DecidedAnswer
	compared := slices.Contains(sides, server)
	if compared {
		from, until := nation.ServerWindow(window.From, window.Until)
		if err := post(ctx, client, "/"+string(server)+"/delivery/decided", nation.DecidedQuestion{From: from, Until: until, As: q.As}, &decided); err != nil {
			return t, false, err
		}
		ask.Not = nation.OtherVersions(decided.Requests, version)
	}
	if err := post(ctx, client, "/"+string(counter)+"/delivery/inquire", q, &ask.Inquiry); err != nil {
		return t, false, err
	}
	if err := post(ctx, client, "/"+string(counter)+"/delivery/affected", ask, &t.Affected); err != nil {
		return t, false, err
	}
	if !compared {
		return t, true, nil
	}
	known := nation.KnownQuestion{As: q.As}
	for _, d := range decided.Requests {
		if !d.AskedAt.Before(window.From) && d.AskedAt.Before(window.Until) {
			known.Requests = append(known.Requests, d.Request)
		}
	}
	var unknown []string
	if err := post(ctx, client, "/"+string(counter)+"/delivery/unknown", known, &unknown); err != nil {
		return t, false, err
	}
	return nation.JoinAffected(t, decided, unknown), true, nil
}

func printAffected(w io.Writer, t nation.AffectedTown) {
	fmt.Fprintf(w, "%s  調査 inquiry %s  %s – %s  %s\n", t.Municipality, t.ID, japanese(t.From), japanese(t.Until), t.Cause)
	c := t.Counts
	fmt.Fprintf(w, "  申請 requests %d  証明書 documents %d  載った方 persons %d（紙が外にある・行方不明 outside or unknown: %d）  個人番号の載った証明書 with the individual number %d（紙が外にある・行方不明 outside or unknown: %d）  開いた件 open cases %d\n",
		c.Requests, c.Documents, c.Persons, c.Concerned, c.MyNumber, c.Outside, c.OpenCases)
	fmt.Fprintf(w, "  誤りの跡のある申請 requests with a trace of an error %d  別の申請の証明書 another's document %d  その紙に載った方 persons on it %d\n", c.InDoubt, c.Another, c.Shown)
	for _, p := range municipality.Places {
		if n := c.Places[p]; n > 0 {
			fmt.Fprintf(w, "  %s  %d\n", inBoth(p.Name()), n)
		}
	}
	for _, d := range t.Documents {
		number := "個人番号なし no individual number"
		if d.MyNumber {
			number = "個人番号あり with the individual number"
		}
		var items []string
		for _, i := range d.Shows {
			items = append(items, i.JA)
		}
		page := ""
		if !d.PageKnown {
			page = "（ほかの方は不明 others are not known）"
			if slices.Contains(d.Doubts, municipality.DoubtAnother) {
				page = "（だれが載っているか不明 who is on it is not known）"
			}
		}
		fmt.Fprintf(w, "  %s  %s  %s  %s  %s  %s  人 persons %v%s  %s\n      %s\n", d.Request, cmp.Or(d.Number, "—"), inBoth(making.Kind(d.Kind).Name()), japanese(d.AppliedAt), inBoth(d.Place.Name()), number, d.Persons, page, t.Servers[d.Request].Program, strings.Join(items, "、"))
		if len(d.Doubts) > 0 {
			var doubts []string
			for _, one := range d.Doubts {
				doubts = append(doubts, inBoth(one.Name()))
			}
			fmt.Fprintf(w, "      誤りの跡 traces of an error: %s  %s\n", strings.Join(doubts, "、"), d.Of)
		}
	}
	for _, p := range t.Persons {
		shown := ""
		if p.Shown {
			shown = "  別の申請の紙に載った on another's paper"
		}
		fmt.Fprintf(w, "  人 person %d  %s  %s%s\n", p.Number, personText(p.DocumentPerson), strings.Join(p.Requests, " "), shown)
		if p.Notice.JA != "" {
			fmt.Fprintf(w, "\n%s\n%s\n", p.Notice.JA, p.Notice.EN)
		}
	}
	for _, one := range []struct {
		what     string
		requests []string
	}{
		{"窓口とサーバでファイルが違う / the two sides have different files", t.Differ},
		{"窓口に記録がない / the counter has no record", t.ServerOnly},
		{"証明発行サーバに記録がない / the issuing server has no record", t.NotThere},
	} {
		if len(one.requests) > 0 {
			fmt.Fprintf(w, "  %s: %s\n", one.what, strings.Join(one.requests, " "))
		}
	}
	if t.LeftOut > 0 {
		fmt.Fprintf(w, "  ほかの版によるものなので除いた / left out, of another version: %d\n", t.LeftOut)
	}
	if !t.Compared {
		fmt.Fprintln(w, "  証明発行サーバが答えないため、突き合わせていません。 / the issuing server did not answer: nothing was compared")
	}
	if !t.Whole {
		fmt.Fprintln(w, "  ほかにもあります。期間を狭めてください。 / there are more: narrow the time")
	}
}
