package nation

import (
	"embed"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

//go:embed html/*.html
var pages embed.FS

// portal is the country's front door: it shows the organisations and what runs between them, lets a visitor of the test
// country choose a persona, and leads to the organisations' own screens, which it serves or passes on below its address.
type portal struct {
	spec     *Spec
	members  []member
	clock    clock.Clock
	ui       *webui.UI
	home     *webui.Page
	trace    *webui.Page
	sessions *access.Sessions
}

func newPortal(spec *Spec, members []member, keys keys.Dir, clk clock.Clock, log *slog.Logger) (*portal, error) {
	key, err := sessionKey(keys)
	if err != nil {
		return nil, err
	}
	p := &portal{spec: spec, members: members, clock: clk}
	if p.sessions, err = access.NewSessions(access.SessionConfig{Org: "portal", Key: key, Clock: clk, Personas: access.Personas()}); err != nil {
		return nil, err
	}
	p.ui, err = webui.New(webui.Config{Org: plain.Sentence{JA: "試験国 Akashi", EN: "Test country Akashi"}, Role: webui.Portal, TestCountry: true,
		Clock: clk, Sessions: p.sessions, Log: log})
	if err != nil {
		return nil, err
	}
	if p.home, err = p.ui.Page(pages, "portal"); err != nil {
		return nil, err
	}
	p.trace, err = p.ui.Page(pages, "trace")
	return p, err
}

// handler serves the portal, and every organisation below its own path.
func (p *portal) handler() http.Handler {
	own := http.NewServeMux()
	own.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		p.ui.Render(w, r, p.home, http.StatusOK, p.view(r))
	})
	own.HandleFunc("GET /part", func(w http.ResponseWriter, r *http.Request) {
		p.ui.RenderPart(w, r, p.home, "part", p.view(r))
	})
	own.HandleFunc("POST /trace", p.takeTrace)
	own.HandleFunc("GET /trace", func(w http.ResponseWriter, r *http.Request) {
		p.ui.Render(w, r, p.trace, http.StatusOK, p.follow(r))
	})
	own.HandleFunc("GET /trace/part", func(w http.ResponseWriter, r *http.Request) {
		p.ui.RenderPart(w, r, p.trace, "part", p.follow(r))
	})
	mux := http.NewServeMux()
	mux.Handle("/", p.ui.Serve(own))
	for _, m := range p.members {
		base := "/" + string(m.entry.ID)
		mux.Handle(base+"/", m.web)
		mux.Handle("GET "+base, http.RedirectHandler(base+"/", http.StatusSeeOther))
	}
	return mux
}

// control is what the command line may ask of the running country.
func (p *portal) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /trace", func(w http.ResponseWriter, r *http.Request) {
		what := r.FormValue("what")
		if err := namesNobody(what); err != nil {
			answer(w, nil, err)
			return
		}
		answer(w, trace(r.Context(), p.members, what), nil)
	})
	mux.HandleFunc("GET /standing", func(w http.ResponseWriter, r *http.Request) {
		answer(w, standings(r.Context(), p.members), nil)
	})
	for _, m := range p.members {
		base := "/" + string(m.entry.ID)
		mux.Handle(base+"/", http.StripPrefix(base, m.control))
	}
	return mux
}

type portalView struct {
	Flow   webui.Flow
	Silent []webui.Notice
	Known  bool
	Choose webui.Notice
	Enter  []webui.Enter
	Form   *webui.Form
}

func (p *portal) view(r *http.Request) portalView {
	person := access.From(r.Context())
	v := portalView{Known: person.ID != "", Form: webui.NewForm(nil), Choose: webui.Notice{Kind: webui.Info,
		Title: plain.Sentence{JA: "はじめに担当者を選んでください", EN: "First choose who you are"},
		Text:  plain.Sentence{JA: "試験国には、窓口職員・運用員・監査人がいます。選んだ人として、各団体の画面に入ります。", EN: "The test country has clerks, operators and an auditor. You enter the organisations' screens as one of them."},
		Link:  &webui.Link{Href: p.ui.URL("/session"), Text: plain.Sentence{JA: "担当者を選ぶ", EN: "Choose a persona"}}}}
	all, silent := pairs(r.Context(), p.members)
	v.Flow = p.flow(all, silent)
	for _, m := range p.members {
		if err := silent[m.entry.ID]; err != nil {
			v.Silent = append(v.Silent, silence(m))
		}
		if v.Known {
			v.Enter = append(v.Enter, webui.Enter{Base: "/" + string(m.entry.ID), Persona: person.ID, Text: m.entry.Name.Sentence()})
		}
	}
	return v
}

func silence(m member) webui.Notice {
	if why := m.down(); why != nil {
		return webui.Notice{Kind: webui.Bad,
			Title: plain.Sentence{JA: m.entry.Name.JA + " を起動できませんでした", EN: m.entry.Name.EN + " could not be started"},
			Text:  plain.Sentence{JA: why.JA + " ほかの団体は動いています。", EN: why.EN + " The others go on."}}
	}
	return webui.Notice{Kind: webui.Bad,
		Title: plain.Sentence{JA: m.entry.Name.JA + " が応答しません", EN: m.entry.Name.EN + " does not answer"},
		Text:  plain.Sentence{JA: "この団体の数字は出ていません。ほかの団体は動いています。", EN: "Its figures are missing here. The others go on."}}
}

// steps places the roles along the way from the counter to the verifier, and before it the issuing server, whom its municipality alone tells.
var steps = map[message.Role]float64{
	message.Issuing: 0, message.Municipality: 1, message.Prefecture: 2, message.NationalCenter: 3, message.CA: 4, message.Validation: 5, message.Verifier: 6,
}

// onTheWay tells whether a line is in the picture: the way back, and what goes beside the two rivers, stands in the table only.
func onTheWay(from, to message.Role) bool {
	return steps[to] == steps[from]+1 && from != message.Issuing || to == message.Issuing
}

func (p *portal) flow(all map[message.Org][]exchange.Pair, silent map[message.Org]error) webui.Flow {
	f := webui.Flow{Caption: plain.Sentence{JA: "団体と電文の流れ", EN: "Organisations and messages"}}
	beside := map[message.Role]float64{}
	most, first := 0.0, math.Inf(1)
	for _, m := range p.members {
		role := m.entry.ID.Role()
		beside[role]++
		most, first = max(most, beside[role]), min(first, steps[role])
	}
	placed, counter := map[message.Role]float64{}, map[string]float64{}
	for _, m := range p.members {
		role := m.entry.ID.Role()
		n := webui.Node{ID: string(m.entry.ID), Name: m.entry.Name.Sentence(), Role: role, Href: "/" + string(m.entry.ID) + "/",
			Along: steps[role] - first, Across: placed[role] + (most-beside[role])/2}
		placed[role]++
		if role == message.Municipality {
			counter[m.entry.ID.Code()] = n.Across
		}
		f.Nodes = append(f.Nodes, n)
	}
	for i, n := range f.Nodes {
		if n.Role == message.Issuing { // at the height of its municipality
			f.Nodes[i].Across = counter[message.Org(n.ID).Code()]
		}
	}
	now := p.clock.Now()
	for _, m := range p.members {
		for _, x := range all[m.entry.ID] {
			l := webui.Line{From: string(x.Self), To: string(x.Peer), Sent: x.Sent, Outstanding: x.Waiting, Parked: x.Parked, Held: x.Held,
				Refused: x.State == exchange.PairDown || x.State == exchange.PairRefused, TableOnly: !onTheWay(x.Self.Role(), x.Peer.Role())}
			if !x.Oldest.IsZero() {
				l.Lag = now.Sub(x.Oldest)
			}
			if l.TableOnly && l.Sent == 0 && !l.Refused {
				continue // such a row says nothing, and there are so many that those which do would be overlooked
			}
			f.Lines = append(f.Lines, l)
		}
	}
	return f
}

type traceView struct {
	Timeline webui.Timeline
	Nothing  webui.Empty
	Silent   []webui.Notice
	Refresh  string
}

// takeTrace takes what somebody wants to follow, and leads to its path.
func (p *portal) takeTrace(w http.ResponseWriter, r *http.Request) {
	form, ok := p.ui.ReadForm(w, r)
	if !ok {
		return
	}
	what := strings.TrimSpace(form.Value("what"))
	if err := form.Take(namesNobody(what)); err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	if !form.OK() {
		v := p.view(r)
		v.Form = form
		p.ui.Render(w, r, p.home, http.StatusUnprocessableEntity, v)
		return
	}
	http.Redirect(w, r, p.ui.URL("/trace?"+url.Values{"what": {what}}.Encode()), http.StatusSeeOther)
}

// follow shows a trace to who may view messages: each organisation's part as far as this person may at its role.
func (p *portal) follow(r *http.Request) traceView {
	what := strings.TrimSpace(r.URL.Query().Get("what"))
	if ps, no := plain.AsProblems(namesNobody(what)); no {
		return traceView{Refresh: p.ui.URL("/trace/part?what="), Nothing: webui.Empty{Text: ps[0].Sentence, Link: &webui.Link{Href: p.ui.URL("/"), Text: plain.Sentence{JA: "案内へ", EN: "To the portal"}}}}
	}
	v := traceView{Refresh: p.ui.URL("/trace/part?" + r.URL.RawQuery),
		Nothing:  webui.Empty{Text: plain.Sentence{JA: "この番号の電文は見つかりませんでした。番号を確かめてください。", EN: "No message was found under this number: check it."}},
		Timeline: webui.Timeline{Caption: plain.Sentence{JA: "「" + what + "」の経路", EN: "The path of “" + what + "”"}}}
	person := access.From(r.Context())
	who := plain.Sentence{JA: "経路を見るには、運用員か監査人を選んでください。", EN: "Choose an operator or the auditor to see the path."}
	var may []member
	for _, m := range p.members {
		if access.May(person, access.ViewMessages, m.entry.ID.Role()) == nil {
			may = append(may, m)
		}
	}
	if len(may) == 0 {
		v.Nothing.Text = who
		v.Nothing.Link = &webui.Link{Href: p.ui.URL("/session"), Text: plain.Sentence{JA: "担当者を選ぶ", EN: "Choose a persona"}}
		return v
	}
	if len(may) < len(p.members) {
		v.Silent = append(v.Silent, webui.Notice{Kind: webui.Info,
			Title: plain.Sentence{JA: "選んだ担当者が見られる団体の分だけを出しています", EN: "Only what the chosen persona may see is shown"},
			Text:  plain.Sentence{JA: "ほかの団体の分は空いています。届いていないという意味ではありません。経路の全体は、運用員か監査人を選ぶと見られます。", EN: "The part of other organisations is left out, which does not mean that nothing arrived. Choose an operator or the auditor to see the whole path."},
			Link:  &webui.Link{Href: p.ui.URL("/session?" + url.Values{"next": {"/trace?" + url.Values{"what": {what}}.Encode()}}.Encode()), Text: plain.Sentence{JA: "担当者を選ぶ", EN: "Choose a persona"}}})
	}
	t := trace(r.Context(), may, what)
	var first time.Time
	for _, h := range t.Hops {
		if first.IsZero() {
			first = h.SentAt
			v.Timeline.Stops = append(v.Timeline.Stops, p.start(h))
		}
		v.Timeline.Stops = append(v.Timeline.Stops, p.stop(h, first))
	}
	for _, s := range t.Silent {
		for _, m := range p.members {
			if m.entry.ID == s.Organisation {
				v.Silent = append(v.Silent, silence(m))
			}
		}
	}
	return v
}

// start is where the path begins: the act that the first message tells of.
func (p *portal) start(h Hop) webui.Stop {
	from, _ := p.spec.Entry(h.From)
	return webui.Stop{Org: from.Name.Sentence(), Role: h.From.Role(), At: h.SentAt,
		What:  plain.Sentence{JA: "記録し、同時に電文を送信箱に入れた", EN: "recorded, and its messages put into the outbox with it"},
		State: webui.Badge{Kind: webui.Info, Text: plain.Sentence{JA: "はじまり", EN: "start"}}}
}

func (p *portal) stop(h Hop, first time.Time) webui.Stop {
	to, _ := p.spec.Entry(h.To)
	from, _ := p.spec.Entry(h.From)
	s := webui.Stop{Org: to.Name.Sentence(), Role: h.To.Role(),
		What:  plain.Sentence{JA: from.Name.JA + " から: " + h.Name.JA, EN: "from " + from.Name.EN + ": " + h.Name.EN},
		State: badge(h),
		Detail: []webui.Term{
			{Label: plain.Sentence{JA: "電文番号", EN: "Message"}, Value: webui.Code(h.Message)},
			{Label: plain.Sentence{JA: "送った時刻", EN: "Sent"}, Value: h.SentAt},
		}}
	if h.Arrived != nil {
		s.At, s.After = *h.Arrived, h.Arrived.Sub(first)
		s.Detail = append(s.Detail, webui.Term{Label: plain.Sentence{JA: "届くまで", EN: "Lag"}, Value: h.Arrived.Sub(h.SentAt)})
	}
	if h.Code != "" {
		s.Detail = append(s.Detail, webui.Term{Label: plain.Sentence{JA: "理由", EN: "Reason"}, Value: h.Reason})
	}
	return s
}

func badge(h Hop) webui.Badge {
	state := h.Receiver
	if state == "" {
		state = h.Sender
	}
	switch state {
	case "applied":
		return webui.Badge{Kind: webui.OK, Text: plain.Sentence{JA: "適用", EN: "applied"}}
	case "withdrawn":
		return webui.Badge{Kind: webui.Off, Text: plain.Sentence{JA: "取下げ", EN: "withdrawn"}}
	case "rejected", "gap", "parked":
		return webui.Badge{Kind: webui.Warn, Text: plain.Sentence{JA: "保留", EN: "parked"}}
	case "held":
		return webui.Badge{Kind: webui.Wait, Text: plain.Sentence{JA: "待機", EN: "held"}}
	}
	return webui.Badge{Kind: webui.Wait, Text: plain.Sentence{JA: "送信中", EN: "under way"}}
}
