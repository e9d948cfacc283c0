package issuing

import (
	"context"
	"embed"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditpage"
	"github.com/akashi-id/akashi/internal/desk"
	"github.com/akashi-id/akashi/internal/org/issuing/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/staffpage"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

//go:embed html
var files embed.FS

func say(ja, en string) plain.Sentence { return plain.Sentence{JA: ja, EN: en} }

// screens are what the server shows to those who run and inspect it: how fresh the copy is, how many it holds, where it differs, and how the
// requests stand. Nobody is named.
func (o *Issuing) screens(cfg Config) (http.Handler, error) {
	ui, err := webui.New(webui.Config{
		Base: "/" + string(cfg.Self), Org: cfg.Name, Role: cfg.Self.Role(), TestCountry: cfg.TestCountry, Portal: cfg.Portal,
		Nav: []webui.NavItem{{Path: "/", Name: say("写しの状況", "The copy")}, {Path: "/requests", Name: say("申請の状況", "Requests"), Act: access.ViewIssuing},
			{Path: "/halt", Name: say("停止と再開", "Stop and resume"), Act: access.ViewIssuing}, {Path: "/verify", Name: say("証明書の確認", "Verify")}, desk.Nav, auditpage.Nav, staffpage.Nav},
		Clock: cfg.Clock, Sessions: cfg.Sessions, MaxBody: maxVerify, Log: o.Log,
	})
	if err != nil {
		return nil, err
	}
	d, err := desk.New(o.Host, ui)
	if err != nil {
		return nil, err
	}
	home, err := ui.Page(files, "home")
	if err != nil {
		return nil, err
	}
	requests, err := ui.Page(files, "requests")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	d.Mount(mux)
	if err := auditpage.Mount(mux, o.Host, ui); err != nil {
		return nil, err
	}
	if err := staffpage.Mount(mux, o.Host, ui); err != nil {
		return nil, err
	}
	if err := o.mountVerify(mux, ui); err != nil {
		return nil, err
	}
	if err := o.mountHalt(mux, ui); err != nil {
		return nil, err
	}
	if err := o.mountTrace(mux, ui); err != nil {
		return nil, err
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		p, err := o.home(r.Context())
		if err != nil {
			ui.Fail(w, r, err)
			return
		}
		ui.Render(w, r, home, http.StatusOK, p)
	})
	mux.HandleFunc("GET /part/copy", func(w http.ResponseWriter, r *http.Request) {
		p, err := o.home(r.Context())
		if err != nil {
			ui.Fail(w, r, err)
			return
		}
		ui.RenderPart(w, r, home, "copy", p)
	})
	mux.Handle("GET /requests", ui.Only(access.ViewIssuing, func(w http.ResponseWriter, r *http.Request) {
		p, err := o.requestsPage(r.Context())
		if err != nil {
			ui.Fail(w, r, err)
			return
		}
		ui.Render(w, r, requests, http.StatusOK, p)
	}))
	return ui.Serve(mux), nil
}

// Freshness is how old the copy may be.
type Freshness struct {
	Residents, Households, Deleted int64
	Told, Applied                  time.Time // when the municipality wrote what came last, and when it was applied; zero: nothing has come
	Contact                        time.Time // last answer or call of the municipality; zero: none since the start
	Compared                       time.Time // the last comparison with the register that came to an end; zero: none
	Differences                    int64     // that nothing explains
	Held                           int64     // messages that stopped here
	Waiting                        int64     // requests that wait for the register
	WaitingSince                   time.Time
	Halted                         bool      // issuing is stopped
	Answered                       time.Time // as of when the register answered about a request last
}

// Freshness says how fresh the copy is.
func (o *Issuing) Freshness(ctx context.Context) (f Freshness, err error) {
	pairs, err := o.Exchange.Pairs(ctx)
	if err != nil {
		return f, err
	}
	for _, p := range pairs {
		if p.Peer == o.municipality {
			f.Contact, f.Held = p.Contact, p.InParked
		}
	}
	err = o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		tx := o.in(raw)
		c, err := tx.Count(ctx)
		if err != nil {
			return err
		}
		f.Residents, f.Households, f.Deleted, f.Told, f.Applied = c.Residents, c.Households, c.Deleted, c.Told, c.Applied
		if f.Waiting, f.WaitingSince, err = tx.Waiting(ctx); err != nil {
			return err
		}
		if f.Answered, err = tx.Answered(ctx); err != nil {
			return err
		}
		if _, f.Halted, err = tx.Halted(ctx); err != nil {
			return err
		}
		standings, err := o.Books.StandingsIn(ctx, raw)
		for _, s := range standings {
			if s.Book == message.IssuingRecords {
				f.Compared, f.Differences = s.Heard, s.Differences
				if s.Outcome == reconcile.Failed {
					f.Compared = time.Time{}
				}
			}
		}
		return err
	})
	return f, err
}

// late is from when on a copy that was not compared is said to be old.
const late = 5 * time.Minute

type homePage struct {
	Notice webui.Notice
	Fresh  []webui.Term
	Counts []webui.Term
}

func (o *Issuing) home(ctx context.Context) (p homePage, err error) {
	f, err := o.Freshness(ctx)
	if err != nil {
		return p, err
	}
	p.Notice = notice(f, o.Clock.Now())
	at := func(t time.Time) any {
		if t.IsZero() {
			return say("まだない", "not yet")
		}
		return t
	}
	p.Fresh = []webui.Term{
		{Label: say("住民記録との最後の突合", "Last compared with the register"), Value: at(f.Compared)},
		{Label: say("住民記録との違い", "Differences from the register"), Value: f.Differences},
		{Label: say("最後に反映した変更（住民記録での時刻）", "Change applied last, as written in the register"), Value: at(f.Told)},
		{Label: say("最後に反映した時刻", "Applied here"), Value: at(f.Applied)},
		{Label: say("市区町村との最後の連絡", "Last contact with the municipality"), Value: at(f.Contact)},
		{Label: say("止まっている電文", "Messages that stopped"), Value: f.Held},
	}
	p.Counts = []webui.Term{
		{Label: say("住民", "Residents"), Value: f.Residents}, {Label: say("世帯", "Households"), Value: f.Households},
		{Label: say("消除された記録（氏名などは持たない）", "Deleted records (without any item)"), Value: f.Deleted},
		{Label: say("住民記録の回答を待つ申請", "Requests that wait for the register"), Value: f.Waiting},
	}
	return p, nil
}

// notice says in one sentence whether the copy can be relied on.
func notice(f Freshness, now time.Time) webui.Notice {
	switch {
	case f.Halted:
		return webui.Notice{Kind: webui.Bad, Title: say("発行を止めています", "Issuing is stopped"),
			Text: say("どの証明書も発行されません。理由と再開は「停止と再開」にあります。", "Nothing is issued. Why, and how it is resumed, stands under Stop and resume.")}
	case f.Differences > 0 || f.Held > 0:
		return webui.Notice{Kind: webui.Bad, Title: say("写しが住民記録と違います", "The copy differs from the register"),
			Text: say("違う方の証明書は発行されません。「電文の状況」の突合で件を開き、いまの状態を送り直すよう市区町村に頼んでください。",
				"Nothing is issued of whoever differs. Open the case under Messages, and ask the municipality to send the present state.")}
	case f.Compared.IsZero():
		return webui.Notice{Kind: webui.Wait, Title: say("まだ住民記録と突合していません", "Not compared with the register yet"),
			Text: say("1分以内に行われます。その前でも、申請ごとに住民記録に確かめてから発行します。", "That happens within a minute. Before it, too, the register is asked about each request.")}
	case now.Sub(f.Compared) > late:
		return webui.Notice{Kind: webui.Warn, Title: say("5分以上、住民記録と突合できていません", "Not compared with the register for more than five minutes"),
			Text: say("市区町村のサーバと通信できるかを確かめてください。住民記録が答えない間は、何も発行されません。", "See whether the municipality's server can be reached. As long as the register does not answer, nothing is issued.")}
	}
	return webui.Notice{Kind: webui.OK, Title: say("写しは住民記録と同じです", "The copy is the same as the register"),
		Text: say("申請ごとに、載る方全員の版を住民記録に確かめます。", "For each request the register is asked about everybody on the page.")}
}

// shownRequests is how many requests a page lists.
const shownRequests = 50

type requestsPage struct {
	Today []webui.Term
	Days  webui.Table
	List  webui.Table
}

var stateBadges = map[store.State]webui.Badge{
	store.Asked:   {Kind: webui.Wait, Text: say("住民記録の回答待ち", "waits for the register")},
	store.Ready:   {Kind: webui.Wait, Text: say("署名を待つ", "waits to be signed")},
	store.Issued:  {Kind: webui.OK, Text: say("窓口に送った", "sent to the counter")},
	store.Refused: {Kind: webui.Bad, Text: say("発行しない", "refused")},
}

// requestURL is the address of the page of a request.
func (o *Issuing) requestURL(id string) string {
	return "/" + string(o.Self) + "/requests/" + url.PathEscape(id)
}

func (o *Issuing) requestsPage(ctx context.Context) (p requestsPage, err error) {
	var all []store.Request
	var counts map[store.State]int64
	now := o.Clock.Now()
	err = o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		if all, err = o.in(raw).Requests(ctx, shownRequests); err != nil {
			return err
		}
		counts, err = o.in(raw).ByState(ctx, now.Add(-24*time.Hour))
		return err
	})
	if err != nil {
		return p, err
	}
	for _, s := range []store.State{store.Asked, store.Ready, store.Issued, store.Refused} {
		p.Today = append(p.Today, webui.Term{Label: stateBadges[s].Text, Value: counts[s]})
	}
	days, err := o.Days(ctx)
	if err != nil {
		return p, err
	}
	p.Days = webui.Table{Caption: say("窓口の日締め（新しい順）", "The counter's daily closes, the newest first"),
		Columns: []webui.Column{{Name: say("日", "Day")}, {Name: say("このサーバの記録と", "With our own records")}, {Name: say("申請", "Applied"), Right: true}, {Name: say("締めた時", "Closed")}, {Name: say("何回目か", "How often"), Right: true}},
		Empty:   webui.Empty{Text: say("窓口は、まだ日を締めていません。", "The counter has closed no day yet.")}}
	for _, d := range days {
		same := webui.Badge{Kind: webui.OK, Text: say("同じ", "the same")}
		if d.Differences > 0 {
			n := strconv.Itoa(d.Differences)
			same = webui.Badge{Kind: webui.Bad, Text: say(n+"件違う（窓口の日締めに一覧）", n+" differ; the counter's close lists them")}
		}
		p.Days.Rows = append(p.Days.Rows, []any{say(d.Day.Wareki(), d.Day.String()), same, int64(d.Lines), d.At, int64(d.Version)})
	}
	p.List = webui.Table{Caption: say("最近の申請", "Last requests"),
		Columns: []webui.Column{{Name: say("番号", "Number")}, {Name: say("証明書", "Document")}, {Name: say("申請", "Asked")}, {Name: say("状態", "State")}, {Name: say("発行しない理由", "Why refused")}, {Name: say("住民記録の時点", "Register as of")}},
		Empty:   webui.Empty{Text: say("まだ申請がありません。", "Nobody has asked for anything yet.")}}
	for _, r := range all {
		badge, known := stateBadges[r.State]
		if !known {
			badge = webui.Badge{Kind: webui.Info, Text: plain.Sentence{JA: string(r.State), EN: string(r.State)}}
		}
		var why, as any
		if len(r.Reasons) > 0 {
			why = reasonNames(r.Reasons)
		}
		if !r.RegisterAt.IsZero() {
			as = r.RegisterAt
		}
		p.List.Rows = append(p.List.Rows, []any{webui.Link{Href: o.requestURL(r.ID), Text: webui.Code(r.ID)}, Kind(r.Kind).Name(), r.AskedAt, badge, why, as})
	}
	return p, nil
}
