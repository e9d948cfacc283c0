package desk

import (
	"context"
	"net/http"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
)

// tabs are the pages of the operation, with what waits on each. A figure that cannot be read leaves its tab without one:
// the page behind it says why.
func (d *Desk) tabs(r *http.Request) []webui.Tab {
	ctx := r.Context()
	all := []webui.Tab{
		{Href: "/alarms", Text: plain.Sentence{JA: "警報", EN: "Alarms"}},
		{Href: "/messages", Text: plain.Sentence{JA: "電文", EN: "Messages"}},
		{Href: "/reconcile", Text: plain.Sentence{JA: "帳簿の突合", EN: "Books"}},
		{Href: "/round", Text: plain.Sentence{JA: "日次業務", EN: "Daily round"}},
		{Href: "/statements", Text: plain.Sentence{JA: "締めの暦", EN: "Closes"}},
	}
	if v, err := d.host.Alarms.View(ctx, 0); err == nil {
		all[0].Count = len(asking(v.Open))
	}
	if pairs, err := d.host.Exchange.Pairs(ctx); err == nil {
		for _, p := range pairs {
			all[1].Count += int(p.Parked + p.InParked)
		}
	}
	if standings, err := d.host.Books.Standings(ctx); err == nil {
		for _, s := range standings {
			all[2].Count += int(s.OpenCases + s.Findings)
		}
	}
	for i := range all {
		all[i].At, all[i].Href = d.ui.URL(r.URL.Path), d.ui.URL(all[i].Href)
	}
	return all
}

// worstKind is how the worst of the alarms that ask for somebody looks.
func worstKind(open []alarm.Alarm) webui.BadgeKind {
	for _, a := range asking(open) {
		if a.Severity == alarm.Critical {
			return webui.Bad
		}
	}
	return webui.Warn
}

// asking are the alarms that ask for somebody: not those of a drill, and not notices.
func asking(open []alarm.Alarm) (all []alarm.Alarm) {
	for _, a := range open {
		if !a.Drill && a.Severity != alarm.Notice {
			all = append(all, a)
		}
	}
	return all
}

// attention is what every page of the organisation says about its alarms.
func (d *Desk) attention(ctx context.Context) webui.Attention {
	v, err := d.host.Alarms.View(ctx, 0)
	if err != nil {
		return webui.Attention{Href: "/alarms", Kind: webui.Bad, Lost: true}
	}
	return webui.Attention{Href: "/alarms", Open: len(asking(v.Open)), Kind: worstKind(v.Open), Lost: v.Stale}
}
