package validation

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditpage"
	"github.com/akashi-id/akashi/internal/desk"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/inspection/checkpage"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/staffpage"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

//go:embed html
var files embed.FS

// screens are the validation authority's pages.
type screens struct {
	o                        *Validation
	ui                       *webui.UI
	overview, answers, lists *webui.Page
}

func (o *Validation) newScreens() (http.Handler, error) {
	ui, err := webui.New(webui.Config{
		Base: "/" + string(o.Self), Org: o.Name, Role: o.Self.Role(), TestCountry: o.cfg.TestCountry, Portal: o.cfg.Portal,
		Clock: o.Clock, Sessions: o.cfg.Sessions, Log: o.Log,
		Nav: slices.Concat([]webui.NavItem{
			{Path: "/", Name: say("失効情報の状況", "Statuses")},
			{Path: "/answers", Name: say("回答の記録", "Answers"), Act: access.LookAtCertificate},
			{Path: "/lists", Name: say("失効リスト", "Revocation lists")},
		}, verifierNav, []webui.NavItem{checkpage.Nav, desk.Nav, auditpage.Nav, staffpage.Nav}),
	})
	if err != nil {
		return nil, err
	}
	s := &screens{o: o, ui: ui}
	for name, page := range map[string]**webui.Page{"overview": &s.overview, "answers": &s.answers, "lists": &s.lists} {
		if *page, err = ui.Page(files, name); err != nil {
			return nil, err
		}
	}
	messages, err := desk.New(o.Host, ui)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.showOverview)
	mux.HandleFunc("GET /part/{part}", s.showPart)
	mux.HandleFunc("GET /lists", s.showLists)
	mux.Handle("GET /answers", ui.Only(access.LookAtCertificate, s.showAnswers))
	messages.Mount(mux)
	if err := checkpage.Mount(mux, o.Host, o.checks.Inspection, ui); err != nil {
		return nil, err
	}
	if err := o.mountVerifiers(mux, ui); err != nil {
		return nil, err
	}
	if err := auditpage.Mount(mux, o.Host, ui); err != nil {
		return nil, err
	}
	if err := staffpage.Mount(mux, o.Host, ui); err != nil {
		return nil, err
	}
	return ui.Serve(mux), nil
}

func say(ja, en string) plain.Sentence { return plain.Sentence{JA: ja, EN: en} }

// figures is what the overview shows.
type figures struct {
	Fresh  []webui.Notice // of each CA
	Lost   []webui.Notice
	Ready  []webui.Term
	Counts webui.Table
	Keys   webui.Table
	Kept   []webui.Term
	Roots  []rootAddress
}

// rootAddress is where the certificates of a CA that is not the first are.
type rootAddress struct {
	Name plain.Sentence
	Path string
}

func (s *screens) showOverview(w http.ResponseWriter, r *http.Request) {
	f, err := s.figures(r.Context())
	status := http.StatusOK
	if err != nil && len(f.Lost) > 0 { // what the page is for stands in memory
		s.o.Log.ErrorContext(r.Context(), "the figures of the overview cannot be read", "error", err)
		f.Fresh, status, err = []webui.Notice{unread}, http.StatusServiceUnavailable, nil
	}
	if err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	s.ui.Render(w, r, s.overview, status, f)
}

func (s *screens) showPart(w http.ResponseWriter, r *http.Request) {
	part := r.PathValue("part")
	if part != "fresh" && part != "counts" && part != "ready" && part != "kept" {
		s.ui.NotFound(w, r)
		return
	}
	f, err := s.figures(r.Context())
	if err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	s.ui.RenderPart(w, r, s.overview, part, f)
}

func (s *screens) figures(ctx context.Context) (f figures, err error) {
	f.Lost, f.Ready, f.Kept, f.Roots = s.o.notices(), s.ready(), s.kept(), s.roots()
	pairs, err := s.o.Exchange.Pairs(ctx)
	if err != nil {
		return f, err
	}
	now := s.o.Clock.Now()
	for _, a := range s.o.cas {
		for _, p := range pairs {
			if p.Peer == a.org {
				n := freshness(p, now, s.o.cfg.Bound)
				n.Title = s.o.of(a, n.Title)
				f.Fresh = append(f.Fresh, n)
			}
		}
	}
	var counts []store.Count
	responders := map[string][]store.Responder{}
	err = s.o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if counts, err = s.o.in(tx).Counts(ctx); err != nil {
			return err
		}
		for _, r := range s.o.roots {
			if responders[r.id], err = s.o.in(tx).LastResponder(ctx, r.id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return f, err
	}
	f.Counts = s.countTable(counts)
	f.Keys = s.keys(responders, now)
	return f, nil
}

// countTable is how many certificates are in which state, of each CA for each profile.
func (s *screens) countTable(counts []store.Count) webui.Table {
	t := webui.Table{
		Caption: say("電子証明書の状態", "States of the certificates"),
		Columns: []webui.Column{{Name: say("種別", "Kind")}, {Name: say("有効", "Valid"), Right: true},
			{Name: say("有効期間満了", "Expired"), Right: true}, {Name: say("失効", "Revoked"), Right: true}},
		Empty: webui.Empty{Text: say("まだ、何も知らされていません。", "Nothing has been told yet.")},
	}
	several := len(s.o.cas) > 1
	if several {
		t.Columns = slices.Insert(t.Columns, 0, webui.Column{Name: say("認証局", "CA")})
	}
	for _, a := range s.o.cas {
		var sums []store.Count // of the CA's keys for a profile
		for _, c := range counts {
			switch owner := s.o.owners[c.Issuer]; {
			case owner != a.org && (owner != "" || a.place > 0): // what is nobody's is counted with the first, as its book has it
			case len(sums) > 0 && sums[len(sums)-1].Profile == c.Profile:
				last := &sums[len(sums)-1]
				last.Good, last.Expired, last.Revoked = last.Good+c.Good, last.Expired+c.Expired, last.Revoked+c.Revoked
			default:
				sums = append(sums, c)
			}
		}
		for _, c := range sums {
			row := []any{c.Profile.Name(), c.Good, c.Expired, c.Revoked}
			if several {
				row = slices.Insert(row, 0, any(a.name(s.o)))
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

// roots are the addresses of the certificates of the CAs beside the first.
func (s *screens) roots() (all []rootAddress) {
	for _, r := range s.o.roots {
		a := rootAddress{s.o.nameOf(r), "/ca/" + r.path() + ".pem"}
		if r.ca.place > 0 && !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	return all
}

var unread = webui.Notice{Kind: webui.Bad, Title: say("データベースを読めません", "The database cannot be read"),
	Text: say("下の件数と鍵の状態は、読めるようになるまで出ません。", "The counts and keys below are not shown until it can be.")}

// kept is how the record of the answers stands.
func (s *screens) kept() []webui.Term {
	return []webui.Term{
		{Label: say("書き留めを待つ回答", "Answers waiting to be written down"), Value: len(s.o.recorder.queue)},
		{Label: say("書き留められなかった回答（起動以後）", "Answers that could not be written down, since the start"), Value: s.o.recorder.lost.Load()},
	}
}

// ready is how the answers stand.
func (s *screens) ready() []webui.Term {
	var known, signed, unreadable int64
	for _, r := range s.o.roots {
		known, signed, unreadable = known+r.shelf.known.Load(), signed+r.shelf.signed.Load(), unreadable+r.shelf.unreadable.Load()
	}
	terms := []webui.Term{
		{Label: say("状態を控えている電子証明書", "Certificates whose state is at hand"), Value: known},
		{Label: say("署名済みの回答（1枚につき2通）", "Answers that are signed already, two for each"), Value: signed},
		{Label: say("状態を読めない電子証明書", "Certificates whose state cannot be read"), Value: unreadable},
	}
	for _, a := range s.o.cas {
		if at := s.o.standing.Load().cas[a.place].known; !at.IsZero() {
			terms = append(terms, webui.Term{Label: s.o.of(a, say("いつの状態を答えているか", "The answers are as of")), Value: at})
		}
	}
	return append(terms,
		webui.Term{Label: say("混んでいて「あとで」と答えた問合せ（起動以後）", "Questions told to try later because too much was asked, since the start"),
			Value: s.o.reads.turned.Load() + s.o.missing.turned.Load() + s.o.asked.turned.Load()},
		webui.Term{Label: say("問合せの形になっておらず、断ったもの（起動以後）", "Questions that were none and were refused, since the start"), Value: s.o.refusals.count()})
}

// keys is the table of the keys that sign the answers, the newest of each CA.
func (s *screens) keys(responders map[string][]store.Responder, now time.Time) webui.Table {
	t := webui.Table{
		Caption: say("回答に署名する鍵", "Keys that sign the answers"),
		Columns: []webui.Column{{Name: say("認証局", "CA")}, {Name: say("状態", "State")}, {Name: say("使える期限", "Usable until")}},
	}
	for _, r := range s.o.roots {
		row := []any{s.o.nameOf(r), webui.Badge{Kind: webui.Wait, Text: say("認証局の証明待ち", "waiting for the CA's certificate")}, nil}
		damaged := s.o.damagedOf(r.id)
		if has := responders[r.id]; len(has) > 0 && len(has[0].DER) > 0 {
			row[1], row[2] = webui.Badge{Kind: webui.OK, Text: say("使用中", "in use")}, has[0].NotAfter
			if !now.Before(has[0].NotAfter) {
				row[1] = webui.Badge{Kind: webui.Bad, Text: say("期限切れ", "run out")}
			}
		}
		if damaged > 0 {
			row[1] = webui.Badge{Kind: webui.Bad, Text: say(fmt.Sprintf("使えない鍵が%d件。控えから戻してください", damaged),
				fmt.Sprintf("%d keys cannot be used: restore them from the backup", damaged))}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func caName(p cert.Profile) plain.Sentence {
	if p == cert.Authentication {
		return say("利用者証明用", "for authentication")
	}
	return say("署名用", "for signatures")
}

// silence is for how long nothing may come of the CA: it makes a list every day.
const silence = 26 * time.Hour

// freshness says how old the answers may be: as old as the last word of the CA.
func freshness(p exchange.Pair, now time.Time, bound time.Duration) webui.Notice {
	last := p.LastReceived
	if last.IsZero() {
		return webui.Notice{Kind: webui.Warn, Title: say("認証局から、まだ何も届いていません", "Nothing has come of the CA yet"),
			Text: say("届くまでは、どの電子証明書についても「あとで」と答えます。", "Until something comes, whoever asks is told to try later.")}
	}
	at := last.In(cert.JST)
	when := say("認証局から最後に届いたのは"+at.Format("2006年1月2日 15:04:05")+" です。", "The CA was last heard of at "+at.Format("2006-01-02 15:04:05")+" (JST).")
	n := webui.Notice{Kind: webui.OK, Title: say("認証局とつながっています", "The CA is connected"),
		Text: say(when.JA+"失効は、届いた時から回答に現れます。", when.EN+" A revocation shows in the answers from the moment at which it arrives.")}
	older := say(when.JA+"知っている状態で回答していますが、それより後の失効はまだ回答に現れません。",
		when.EN+" The answers are given from what is known: revocations after that do not show yet.")
	if now.Sub(last) >= bound { // what follows from it stands above
		older = when
	}
	switch {
	case p.State == exchange.PairRefused:
		n = webui.Notice{Kind: webui.Bad, Title: say("認証局が、この団体を拒んでいます", "The CA refuses this organisation"), Text: older}
	case p.State == exchange.PairDown:
		n = webui.Notice{Kind: webui.Warn, Title: say("認証局とつながりません", "The CA cannot be reached"), Text: older}
	case now.Sub(last) > silence:
		n = webui.Notice{Kind: webui.Bad, Title: say("認証局から1日以上、何も届いていません", "Nothing has come of the CA for more than a day"), Text: older}
	}
	return n
}

func (s *screens) showAnswers(w http.ResponseWriter, r *http.Request) {
	form := webui.NewForm(map[string]string{"serial": r.URL.Query().Get("serial")})
	status := http.StatusOK
	var only cert.Serial
	if text := form.Value("serial"); text != "" {
		var err error
		if only, err = cert.ParseSerial(text); err != nil {
			_ = form.Take(err) // what it refuses is a plain.Problem
			status = http.StatusUnprocessableEntity
		}
	}
	const shown = 100
	var answers []store.Answer
	err := s.o.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if only.IsZero() {
			answers, err = s.o.in(tx).Answers(ctx, shown)
		} else {
			answers, err = s.o.in(tx).AnswersOf(ctx, only, shown)
		}
		return err
	})
	if err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	t := webui.Table{
		Caption: say("新しい順に100件まで", "The newest, up to 100"),
		Columns: []webui.Column{{Name: say("時刻", "Time")}, {Name: say("発行番号", "Serial")}, {Name: say("回答", "Answer")},
			{Name: say("署名", "Signed")}, {Name: say("問い合わせた者", "Asked by")}, {Name: say("根拠の時刻", "State known since")}},
		Empty: webui.Empty{Text: say("問合せはありません。", "Nobody has asked.")},
	}
	for _, a := range answers {
		signed := say("先に署名したもの", "before")
		if a.Fresh {
			signed = say("その場で", "for this question")
		}
		t.Rows = append(t.Rows, []any{a.AskedAt, webui.Code(a.Serial.String()), answerBadges[a.Answer], signed, webui.Code(a.Requester), instantOrNone(a.BasedAt)})
	}
	s.ui.Render(w, r, s.answers, status, answersPage{form, t})
}

type answersPage struct {
	*webui.Form
	Table webui.Table
}

var answerBadges = map[string]webui.Badge{
	"good":    {Kind: webui.OK, Text: plain.Sentence{JA: "失効していない", EN: "good"}},
	"revoked": {Kind: webui.Bad, Text: plain.Sentence{JA: "失効", EN: "revoked"}},
	"unknown": {Kind: webui.Info, Text: plain.Sentence{JA: "発行されていない番号", EN: "unknown"}},
}

func (s *screens) showLists(w http.ResponseWriter, r *http.Request) {
	var lists, deltas []store.List
	var came []store.Offer
	var open int64
	const shown = 100
	err := s.o.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if lists, err = s.o.in(tx).Lists(ctx); err != nil {
			return err
		}
		if deltas, err = s.o.in(tx).Deltas(ctx); err != nil {
			return err
		}
		if open, err = s.o.in(tx).OpenOffers(ctx); err != nil {
			return err
		}
		came, err = s.o.in(tx).OpenOffersAfter(ctx, "", "", []byte{}, shown)
		return err
	})
	if err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	t := webui.Table{
		Caption: say("公表中の失効リスト", "Published revocation lists"),
		Columns: []webui.Column{{Name: say("市区町村", "Municipality")}, {Name: say("認証局", "CA")}, {Name: say("番号", "Number"), Right: true},
			{Name: say("載せた数", "Entries"), Right: true}, {Name: say("作成", "Made")}, {Name: say("次回更新", "Next update")}, {Name: say("ファイル", "File")}},
		Empty: webui.Empty{Text: say("まだ、公表していません。", "None has been published yet.")},
	}
	now := s.o.Clock.Now()
	place := func(l store.List) int { // of a key that nobody has, before all
		if r := s.o.byID[l.Issuer]; r != nil {
			return r.ca.place
		}
		return -1
	}
	slices.SortStableFunc(lists, func(a, b store.List) int {
		return cmp.Or(cmp.Compare(a.Municipality.String(), b.Municipality.String()), cmp.Compare(place(a), place(b)))
	})
	of := func(l store.List) (ca plain.Sentence, path string) {
		if r := s.o.byID[l.Issuer]; r != nil {
			return s.o.nameOf(r), r.path()
		}
		return caName(l.Profile), l.Profile.String()
	}
	file := func(l store.List, ending string) webui.Link {
		_, path := of(l)
		return webui.Link{Href: s.ui.URL("/crl/" + path + "/" + l.Municipality.String() + ending), Text: webui.Code(l.Municipality.String() + ending)}
	}
	for _, l := range lists {
		ca, _ := of(l)
		row := []any{placeName(l.Municipality, now), ca, l.Number, l.Entries, l.ThisUpdate, l.NextUpdate, file(l, ".crl")}
		t.Rows = append(t.Rows, row)
		for _, d := range deltas {
			if d.Issuer == l.Issuer && d.Municipality == l.Municipality {
				t.Rows = append(t.Rows, []any{say(fmt.Sprintf("%s 番号%dからの差分", row[0].(plain.Sentence).JA, d.Base), fmt.Sprintf("%s since number %d", row[0].(plain.Sentence).EN, d.Base)), ca, d.Number, d.Entries, d.ThisUpdate, d.NextUpdate, file(d, ".delta.crl")})
			}
		}
	}
	s.ui.Render(w, r, s.lists, http.StatusOK, listsPage{t, s.came(came, open, now)})
}

type listsPage struct{ Published, Came webui.Table }

func placeName(code resident.MunicipalityCode, now time.Time) plain.Sentence {
	if m, err := resident.Lookup("municipality", code, resident.DateOf(now)); err == nil {
		return say(m.FullName(), m.Romaji())
	}
	return say(code.String(), code.String())
}

// came is the table of the lists that came and are not published.
func (s *screens) came(offers []store.Offer, open int64, now time.Time) webui.Table {
	t := webui.Table{
		Caption: say(fmt.Sprintf("届いて、まだ公表していない失効リスト（%d件）", open), fmt.Sprintf("Lists that came and are not published (%d)", open)),
		Columns: []webui.Column{{Name: say("市区町村", "Municipality")}, {Name: say("番号", "Number"), Right: true}, {Name: say("届いた部分", "Parts that came"), Right: true},
			{Name: say("最初に届いた時刻", "First came at")}, {Name: say("状態", "State")}},
		Empty: webui.Empty{Text: say("ありません。届いたリストはすべて公表しました。", "None: every list that came is published.")},
	}
	for _, of := range offers {
		number := say(fmt.Sprint(of.Number), fmt.Sprint(of.Number))
		if of.Delta {
			number = say(fmt.Sprintf("%d（%dからの差分）", of.Number, of.Base), fmt.Sprintf("%d (since %d)", of.Number, of.Base))
		}
		state := any(webui.Badge{Kind: webui.Wait, Text: say("待っています", "waiting")})
		if of.State == store.Refused {
			state = webui.Badge{Kind: webui.Bad, Text: say("公表しません: "+of.Reason.JA, "not published: "+of.Reason.EN)}
		} else if rule, says := s.o.listStands(of, offers, of.Base, now); rule != "" {
			state = webui.Badge{Kind: webui.Warn, Text: says}
		}
		t.Rows = append(t.Rows, []any{placeName(of.Municipality, now), number, fmt.Sprintf("%d / %d", of.Have, of.Parts), of.First, state})
	}
	return t
}
