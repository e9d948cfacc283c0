package incident

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// again is the number of the application that a moved holder makes on the day of the discovery.
const again = "again"

// event is something that a variant does at a time.
type event struct {
	at time.Time
	do func(context.Context) error
}

// run plays the plan through, hour by hour.
func (v *variant) run(ctx context.Context, opt Options) error {
	events := v.events()
	begin, end := v.clk.Now(), lastTable.AddDays(1).Start()
	for n, e := range events {
		if err := v.driver.Until(ctx, e.at); err != nil {
			return err
		}
		if err := e.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", e.at.In(resident.JST).Format(time.DateTime), err)
		}
		if opt.Progress != nil && n%50 == 0 {
			opt.Progress(v.name(), float64(e.at.Sub(begin))/float64(end.Sub(begin)))
		}
	}
	if err := v.driver.Until(ctx, end); err != nil {
		return err
	}
	return v.count(ctx)
}

func (v *variant) name() string {
	if v.asItWas {
		return "as it was"
	}
	return "akashi"
}

// events are the plan, and what people do because of what they see, in the order of time.
func (v *variant) events() []event {
	byHour := map[time.Time][]issuance{}
	for _, i := range v.plan.issuances {
		byHour[i.at] = append(byHour[i.at], i)
	}
	var events []event
	for at, some := range byHour {
		events = append(events, event{at, func(ctx context.Context) error { return v.apply(ctx, some) }})
	}
	for _, m := range v.plan.moves {
		// A quarter past the hour: filings and applications of one hour do not fall together.
		events = append(events, event{m.at.Add(15 * time.Minute), func(ctx context.Context) error { return v.move(ctx, v.plan.issuances[m.holder]) }})
	}
	if v.relying != nil {
		for day := serviceBegan; !day.After(lastTable); day = day.AddDays(1) {
			events = append(events, event{day.Start().Add(11*time.Hour + 45*time.Minute), func(ctx context.Context) error { return v.day(ctx, day) }})
		}
	}
	if at := v.plan.struck; !at.IsZero() && v.plan.fault == lostRows {
		events = append(events, event{at, v.lose})
	}
	for _, m := range v.plan.moments() {
		events = append(events, event{m.at, func(ctx context.Context) error { return v.look(ctx, m.what) }})
	}
	if at := v.plan.struck; !at.IsZero() && !v.asItWas {
		events = append(events, event{at, v.watchIt})
	}
	if v.plan.fault == refusedNotice {
		if !v.asItWas {
			for n, act := range []func(context.Context, exchange.Item) error{v.inquire, v.answer, v.propose, v.confirm} {
				events = append(events, event{halfPast(stalled.AddDays(1), 9+n), func(ctx context.Context) error { return v.resolve(ctx, act) }})
			}
		}
		events = append(events, event{halfPast(repaired, 10), func(context.Context) error { v.feed.broken = false; return nil }})
	}
	if v.plan.reapplies >= 0 {
		events = append(events, event{halfPast(discovered, 10), v.reapply})
		events = append(events, event{halfPast(repaired.AddDays(1), 10), v.reapplyOnceMore})
	}
	slices.SortStableFunc(events, func(a, b event) int { return a.at.Compare(b.at) })
	return events
}

// apply sends the applications of one hour to the CA, municipality by municipality.
func (v *variant) apply(ctx context.Context, some []issuance) error {
	by := map[message.Org][]message.Payload{}
	for _, i := range some {
		n, err := v.application(i, request(i.number), nil)
		if err != nil {
			return err
		}
		by[municipalityOf(i.place)] = append(by[municipalityOf(i.place)], n)
	}
	// The trigger is the first of its hour: what stands before it in the outbox has been sent.
	orgs := slices.Sorted(maps.Keys(by))
	for n, o := range orgs {
		if municipalityOf(some[0].place) == o {
			orgs[0], orgs[n] = orgs[n], orgs[0]
		}
	}
	for _, o := range orgs {
		if err := v.field.send(ctx, o, v.ca.Exchange, by[o]...); err != nil {
			return err
		}
	}
	return nil
}

func (v *variant) application(i issuance, request string, moved *time.Time) (message.CertRequest, error) {
	holder := v.holder(i, moved)
	if i.trigger {
		holder.Name = asApplied
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return message.CertRequest{}, err
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	return message.CertRequest{Request: request, Profile: cert.Signature, Holder: holder, PublicKey: spki,
		Window: i.place.code.String()[:5] + "001A"}, err
}

// move files a holder's 転居: the change and what it kills come to the center through the prefecture.
func (v *variant) move(ctx context.Context, i issuance) error {
	now := v.clk.Now()
	v.moved[request(i.number)] = now
	before, after := v.holder(i, nil), v.holder(i, &now)
	return v.field.send(ctx, prefectureOf(i.place), v.center.Exchange,
		message.ResidentChange{After: after, Before: before.StateHash()},
		message.ResidentInvalidation{Code: after.Code, Version: after.Version, Reason: after.Change.Reason, Since: after.Change.Arose,
			Kills: resident.EffectOf(after.Change.Reason, resident.AttrAddress)})
}

// taken looks at what the CA tells the counters and the validation authority.
func (v *variant) taken(p message.Payload) {
	if v.relying != nil {
		v.relying.heard(p, v.requestOf)
	}
	switch n := p.(type) {
	case message.CertIssued:
		v.requestOf[n.Serial], v.requests[n.Request] = n.Request, n.Serial
	case message.CertRefused:
		v.refused[n.Request] = refusal{n.Why, v.clk.Now()}
	case message.CertStatus:
		if n.Revoked {
			v.revoked[v.requestOf[n.Serial]] = v.clk.Now()
		}
	}
}

// reapply is the day of the discovery: one of the moved holders applies for a new certificate.
func (v *variant) reapply(ctx context.Context) error {
	i := v.plan.issuances[v.plan.reapplies]
	moved := v.moved[request(i.number)]
	n, err := v.application(i, again, &moved)
	if err != nil {
		return err
	}
	return v.field.send(ctx, municipalityOf(i.place), v.ca.Exchange, n)
}

// reapplyOnceMore lets the holder who was refused come back after the repair.
func (v *variant) reapplyOnceMore(ctx context.Context) error {
	if v.refused[again].why == "" {
		return nil
	}
	i := v.plan.issuances[v.plan.reapplies]
	moved := v.moved[request(i.number)]
	n, err := v.application(i, again+"-2", &moved)
	if err != nil {
		return err
	}
	return v.field.send(ctx, municipalityOf(i.place), v.ca.Exchange, n)
}

// resolve has people do the next step for every notice that is parked at the center.
func (v *variant) resolve(ctx context.Context, act func(context.Context, exchange.Item) error) error {
	items, err := v.center.Exchange.Stuck(ctx, 100)
	for _, i := range items {
		if i.Parked() {
			err = errors.Join(err, act(ctx, i))
		}
	}
	return err
}

func (v *variant) inquire(ctx context.Context, i exchange.Item) error {
	return v.center.Exchange.Write(ctx, i.ID, "inquiry", "この発行情報の氏名が記録と合いません。申請書を確かめてください。", "operator-1")
}

func (v *variant) answer(ctx context.Context, i exchange.Item) error {
	return v.ca.Exchange.Write(ctx, i.ID, "answer", "本人に間違いありません。申請書は「高」、住民票は「髙」でした。", "operator-2")
}

func (v *variant) propose(ctx context.Context, i exchange.Item) error {
	return v.center.Exchange.Propose(ctx, i.ID, exchange.Accept, "認証局に確認した。字体の違いのため受け入れる。", "operator-1")
}

func (v *variant) confirm(ctx context.Context, i exchange.Item) error {
	v.counts["resolved_by_two_persons"]++
	return v.center.Exchange.Confirm(ctx, i.ID, "operator-2")
}

func pairOf(ctx context.Context, x *exchange.Exchange, peer message.Org) (exchange.Pair, error) {
	pairs, err := x.Pairs(ctx)
	for _, p := range pairs {
		if p.Peer == peer {
			return p, err
		}
	}
	return exchange.Pair{}, errors.Join(err, fmt.Errorf("%s has no peer %s", x.Self(), peer))
}

// late counts the certificates that were or are valid for more than a day after their holder's change was filed.
func (v *variant) late(now time.Time) (n int) {
	for r, filed := range v.moved {
		ended, ok := v.revoked[r]
		if !ok {
			ended = now
		}
		if ended.Sub(filed) > lateAfter {
			n++
		}
	}
	return n
}

// count reads the sources' figures from the CA's own table.
func (v *variant) count(ctx context.Context) error {
	for name, day := range map[string]resident.Date{"1027": firstTable, "1130": lastTable} {
		rows, total, err := v.ca.Issuance(ctx, day)
		if err != nil {
			return err
		}
		nagano := int64(0)
		for _, r := range rows {
			if r.Municipality.Prefecture() == 20 {
				nagano += r.Issued()
			}
		}
		v.counts["issued_"+name], v.counts["issued_nagano_"+name] = int(total.Issued()), int(nagano)
	}
	v.countDiscovery()
	if v.relying != nil {
		if err := v.countImpact(ctx); err != nil {
			return err
		}
	}
	v.counts["late"] = v.late(v.clk.Now())
	v.counts["moves"] = len(v.moved)
	v.counts["resends"] = v.feed.resends
	p, err := pairOf(ctx, v.ca.Exchange, theCenter)
	if v.counts["open_at_the_end"] = int(p.Open); err != nil || v.asItWas {
		return err
	}
	return v.countWatching(ctx)
}
