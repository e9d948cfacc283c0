package tokendesk

import (
	"context"
	"embed"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

//go:embed html
var files embed.FS

// Nav is the page's entry in an organisation's menu.
var Nav = webui.NavItem{Path: "/tokens", Name: plain.Sentence{JA: "鍵の装置", EN: "Key devices"}, Act: access.LookAtTokens}

// Desk is the tokens of one organisation.
type Desk struct {
	Tokens   []*hsm.Token
	Evidence string // the directory in which hsm.KeepIn keeps it
}

// shownEvidence is how many records of evidence are listed; all of them are in the directory.
const shownEvidence = 20

type page struct {
	None   *webui.Notice // when none can sign
	Cards  []card
	Past   webui.Table // of evidence, the newest first
	Retry  bool        // may this person
	Unread string      // why the evidence cannot be listed
}

// card is one token.
type card struct {
	Name  string
	State webui.Badge
	Terms []webui.Term
	Again string // where a retry is posted; empty: there is none to be had
}

type screens struct {
	*Desk
	host          *host.Host
	ui            *webui.UI
	all, evidence *webui.Page
	glimpses      glimpses
}

// Mount adds the pages to an organisation's, which webui.UI.Serve serves. Its errors are mistakes of the program.
func (d *Desk) Mount(mux *http.ServeMux, h *host.Host, ui *webui.UI) (err error) {
	s := &screens{Desk: d, host: h, ui: ui, glimpses: glimpses{read: hsm.ReadEvidence}}
	if s.all, err = ui.Page(files, "tokens"); err != nil {
		return err
	}
	if s.evidence, err = ui.Page(files, "evidence"); err != nil {
		return err
	}
	mux.Handle("GET /tokens", ui.Only(access.LookAtTokens, func(w http.ResponseWriter, r *http.Request) {
		ui.Render(w, r, s.all, http.StatusOK, s.look(r))
	}))
	mux.Handle("GET /tokens/part/all", ui.Only(access.LookAtTokens, func(w http.ResponseWriter, r *http.Request) {
		ui.RenderPart(w, r, s.all, "all", s.look(r))
	}))
	mux.Handle("GET /tokens/evidence/{name}", ui.Only(access.LookAtTokens, s.showEvidence))
	mux.Handle("POST /tokens/retry/{token}", ui.Only(access.RetryToken, s.retry))
	return nil
}

func say(ja, en string) plain.Sentence { return plain.Sentence{JA: ja, EN: en} }

// states are what a token's states are called.
var states = map[hsm.State]webui.Badge{
	hsm.Ready:    {Kind: webui.OK, Text: plain.Sentence{JA: "使用中", EN: "in use"}},
	hsm.Starting: {Kind: webui.Wait, Text: plain.Sentence{JA: "試している", EN: "being tried"}},
	hsm.Fenced:   {Kind: webui.Warn, Text: plain.Sentence{JA: "切り離し中（自動で試し直す）", EN: "fenced, tried again by itself"}},
	hsm.Out:      {Kind: webui.Bad, Text: plain.Sentence{JA: "使わない（人の確認を待つ）", EN: "out of use, waits for a person"}},
}

func (s *screens) look(r *http.Request) (p page) {
	p.Retry = access.May(access.From(r.Context()), access.RetryToken, s.host.Self.Role()) == nil
	names, err := hsm.EvidenceIn(s.Evidence, shownEvidence)
	if err != nil {
		p.Unread = err.Error()
	}
	last := map[string]webui.Link{} // by token, the newest
	p.Past = webui.Table{
		Caption: say("異常の証跡（新しい順）", "Evidence of anomalies, newest first"),
		Columns: []webui.Column{{Name: say("時刻", "When")}, {Name: say("装置", "Device")}, {Name: say("何が起きたか", "What happened")}, {Name: say("答えのない呼び出し", "Calls without an answer"), Right: true}, {Name: say("証跡", "Evidence")}},
		Empty:   webui.Empty{Text: say("異常の記録はありません。", "There is no record of an anomaly.")},
	}
	seen := s.glimpses.of(s.Evidence, names)
	for i, name := range names {
		link := webui.Link{Href: s.ui.URL("/tokens/evidence/" + name), Text: say("証跡を読む", "Read the evidence")}
		e := seen[i]
		if e.err != nil {
			p.Past.Rows = append(p.Past.Rows, []any{nil, webui.Code(name), say("この証跡は読めません。ファイルを確かめてください。", "This evidence cannot be read: look at the file."), nil, nil})
			continue
		}
		if _, has := last[e.token]; !has {
			last[e.token] = webui.Link{Href: link.Href, Text: e.what.Sentence()}
		}
		p.Past.Rows = append(p.Past.Rows, []any{e.at, webui.Code(e.token), e.what.Sentence(), e.open, link})
	}
	var stands []hsm.Stand
	ready := 0
	for _, t := range s.Tokens {
		is := t.Stand()
		stands = append(stands, is)
		if is.State == hsm.Ready {
			ready++
		}
	}
	for _, is := range stands {
		c := card{Name: is.Name, State: states[is.State], Terms: s.terms(is, stands, last[is.Name])}
		if is.State == hsm.Fenced || is.State == hsm.Out {
			c.Again = s.ui.URL("/tokens/retry/" + is.Name)
		}
		p.Cards = append(p.Cards, c)
	}
	if ready == 0 {
		p.None = &webui.Notice{Kind: webui.Bad, Title: say("署名できる装置がありません", "No device can sign"),
			Text: say("署名される内容は書き留められていて、失われません。原因を取り除くと、待っている署名が1分以内に続きます。",
				"What is to be signed is written down and not lost. Remove the cause; what waits goes on within a minute."),
			Link: &webui.Link{Href: s.ui.URL("/alarms"), Text: say("警報を開く", "Open the alarms")}}
	}
	return p
}

// terms is what is said of one token.
func (s *screens) terms(is hsm.Stand, all []hsm.Stand, last webui.Link) []webui.Term {
	t := []webui.Term{{Label: say("この状態になった時刻", "So since"), Value: is.Since}}
	if is.Why != "" {
		t = append(t, webui.Term{Label: say("理由", "Why"), Value: is.What.Sentence()}, webui.Term{Label: say("装置の言葉", "In its words"), Value: is.Why})
	}
	var evidence any
	if last.Href != "" {
		evidence = last
	}
	t = append(t, webui.Term{Label: say("最後の異常", "Last anomaly"), Value: evidence},
		webui.Term{Label: say("1時間の異常", "Anomalies within the hour"), Value: is.Failures},
		webui.Term{Label: say("署名（この1分、毎秒）", "Signatures a second, this minute"), Value: fmt.Sprintf("%.1f", is.Pace.PerSecond)})
	var p99 any
	if is.Pace.P99 > 0 {
		p99 = is.Pace.P99
	}
	t = append(t, webui.Term{Label: say("署名にかかる時間（99%）", "Time for a signature, p99"), Value: p99},
		webui.Term{Label: say("進行中の呼び出し", "Calls under way"), Value: is.Load})
	return append(t, webui.Term{Label: say("代わりに署名する装置", "Signs in its place"), Value: others(is, all)})
}

// others are the devices that sign when this one does not. Each holds the same keys, or has not said yet which it holds.
func others(is hsm.Stand, all []hsm.Stand) any {
	var names []string
	for _, o := range all {
		if o.Name != is.Name && o.State == hsm.Ready {
			names = append(names, o.Name)
		}
	}
	switch {
	case len(names) > 0:
		return webui.Code(strings.Join(names, ", "))
	case len(all) == 1:
		return say("ありません（装置は一つです）", "none: there is one device")
	}
	return webui.Badge{Kind: webui.Warn, Text: say("いま使えるものはありません", "none is ready now")}
}

var errNotAway = plain.Bad("token",
	"この装置は、試し直すのを待っていません。もう使われているか、試されているところです。一覧を開き直してください。",
	"This device does not wait for a retry: it is in use again, or is being tried. Reload the list.")

// retry lets a token be tried again, because a person has removed the cause. The act is on record before anything is tried.
func (s *screens) retry(w http.ResponseWriter, r *http.Request) {
	for _, t := range s.Tokens {
		is := t.Stand()
		if is.Name != r.PathValue("token") {
			continue
		}
		if is.State != hsm.Fenced && is.State != hsm.Out {
			s.ui.Fail(w, r, errNotAway)
			return
		}
		err := s.host.Store.Update(r.Context(), func(_ context.Context, tx *sqlstore.Tx) error {
			auditlog.Write(tx, auditlog.Entry{Actor: access.From(r.Context()).ID, Act: "token.retry", Subject: is.Name, Detail: string(is.State) + " " + string(is.What)})
			return nil
		})
		if err != nil {
			s.ui.Fail(w, r, err)
			return
		}
		t.Retry()
		http.Redirect(w, r, s.ui.URL("/tokens"), http.StatusSeeOther)
		return
	}
	s.ui.NotFound(w, r)
}

// evidencePage is one record of evidence.
type evidencePage struct {
	What       webui.Badge
	Terms      []webui.Term
	Open, Past webui.Table
}

func (s *screens) showEvidence(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	e, err := hsm.ReadEvidence(s.Evidence, name)
	if err != nil {
		s.ui.Fail(w, r, plain.Bad("evidence", "この証跡は読めません。装置の一覧から選び直してください。読めないファイルは、消さずに、"+s.Evidence+" で確かめてください。",
			"This evidence cannot be read: choose from the list of devices. If a file is damaged, keep it, and look at it in "+s.Evidence+"."))
		return
	}
	p := evidencePage{What: webui.Badge{Kind: webui.Bad, Text: e.What.Sentence()}, Terms: []webui.Term{
		{Label: say("装置", "Device"), Value: webui.Code(e.Token)},
		{Label: say("時刻", "When"), Value: e.At},
		{Label: say("装置の言葉", "In its words"), Value: e.Says},
		{Label: say("プロセスの起動", "Starts of its process"), Value: e.Started},
		{Label: say("ファイル（この団体のディレクトリの中）", "File, in the organisation's directory"), Value: webui.Code(filepath.Join("hsm", filepath.Base(s.Evidence), name))},
	}}
	p.Open = calls(say("答えのなかった呼び出し", "Calls without an answer"), say("答えのない呼び出しはありませんでした。", "Every call had its answer."), e.Open)
	p.Past = calls(say("その前に終わった呼び出し（新しい順、10件まで）", "Calls that had ended before, newest first, up to ten"), say("その前の呼び出しはありません。", "There was none before."), newest(e.Past))
	s.ui.Render(w, r, s.evidence, http.StatusOK, p)
}

func newest(past []hsm.Past) (few []hsm.Past) {
	for i := len(past) - 1; i >= 0 && len(few) < 10; i-- {
		few = append(few, past[i])
	}
	return few
}

func calls(caption, none plain.Sentence, some []hsm.Past) webui.Table {
	t := webui.Table{Caption: caption, Empty: webui.Empty{Text: none}, Columns: []webui.Column{{Name: say("番号", "Number"), Right: true}, {Name: say("呼び出し", "Call")},
		{Name: say("鍵", "Key")}, {Name: say("開始", "Begun")}, {Name: say("かかった時間", "Took")}, {Name: say("結果", "Result")}}}
	for _, p := range some {
		var took, key any
		if p.Took > 0 {
			took = p.Took
		}
		if p.Key != "" {
			key = webui.Code(p.Key)
		}
		var result any = p.Error
		switch {
		case p.Late:
			result = say("遅すぎた答え", "answered too late")
		case p.Took == 0:
			result = say("答えなし", "no answer")
		case p.Error == "":
			result = say("成功", "done")
		}
		t.Rows = append(t.Rows, []any{p.ID, webui.Code(string(p.Op)), key, p.Begun, took, result})
	}
	return t
}
