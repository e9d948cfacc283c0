package municipality

import (
	"net/http"
	"strings"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

// filedPage is what became of a notice.
type filedPage struct {
	Notice   webui.Notice
	Kills    []webui.Notice
	Steps    []webui.Step
	Terms    []webui.Term
	Messages webui.Table
	Part     string // address of the part that refreshes itself
	Person   string
	Apply    string
}

func (w *screens) showFiled(rw http.ResponseWriter, r *http.Request) {
	trace := r.PathValue("trace")
	if !strings.HasPrefix(trace, aTrace) {
		w.ui.NotFound(rw, r)
		return
	}
	d, err := w.o.LookOpened(r.Context(), personOf(r), "result") // the messages name the other municipality
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	p := filedPage{Steps: steps(3), Person: w.personURL(d.Now.Person, ""), Part: w.personURL(d.Now.Person, "/filed/"+trace+"/part")}
	if d.Now.Present() {
		p.Apply = w.personURL(d.Now.Person, "/apply")
	}
	for _, v := range d.Versions {
		if v.Trace != trace {
			continue
		}
		name := eventName(v.Event, v.Change.Reason)
		p.Notice = webui.Notice{Kind: webui.OK, Title: both("「"+name.JA+"」を受け付けました", "Filed: "+name.EN), Text: both("記録は第"+v.Number.String()+"版になりました。都道府県への電文が届いたかは、下の表で分かります。", "The record is now version "+v.Number.String()+". The table below tells whether its messages have arrived.")}
		if !v.Kills.Nothing() {
			p.Kills = []webui.Notice{{Kind: webui.Bad, Title: both("失効します: "+deadWords(v.Kills).JA, "Revoked: "+deadWords(v.Kills).EN), Text: both("失効の通知は、ほかの電文を待たずに届きます。", "The notice of this waits for no other message.")}}
		}
		p.Terms = []webui.Term{{Label: both("氏名", "Name"), Value: webui.Name(v.Record.Name.Reveal())}, {Label: both("住民票コード", "Record code"), Value: codeText(v.Record.Code)},
			{Label: both("住所", "Address"), Value: webui.Name(v.Record.Address.Reveal())}, {Label: both("記録の版", "Record version"), Value: webui.Code(v.Number.String())}}
	}
	if d.Plan != nil && d.Plan.Trace == trace && len(p.Terms) == 0 {
		p.Notice = webui.Notice{Kind: webui.Wait, Title: both("転出の予定を受け付けました", "The planned move was filed"), Text: both(d.Plan.Day.Wareki()+"に、自動的に住民票を消除し、通知します。", "On "+d.Plan.Day.String()+" the record is deleted and the notices go out by themselves.")}
		p.Terms = []webui.Term{{Label: both("氏名", "Name"), Value: webui.Name(d.Now.Record.Name.Reveal())}, {Label: both("転出する日", "Day of the move"), Value: day(d.Plan.Day)}}
	}
	for _, place := range d.Places {
		if place.Trace == trace && len(p.Terms) == 0 {
			name := eventName(place.Event, 0)
			p.Notice = webui.Notice{Kind: webui.OK, Title: both("「"+name.JA+"」を受け付けました", "Filed: "+name.EN),
				Text: both("世帯だけの変更なので、外への電文はありません。記録は第"+place.Version.String()+"版のままです。", "Only the household has changed: there is no message, and the record stays version "+place.Version.String()+".")}
			p.Terms = []webui.Term{{Label: both("氏名", "Name"), Value: webui.Name(d.Now.Record.Name.Reveal())},
				{Label: both("世帯番号・続柄", "Household and relation"), Value: webui.Name(string(place.Household) + "・" + place.Relation.Reveal())}}
		}
	}
	if len(p.Terms) == 0 {
		w.ui.NotFound(rw, r)
		return
	}
	p.Terms = append(p.Terms, webui.Term{Label: both("追跡番号", "Trace"), Value: w.traceLink(trace)})
	if p.Messages, err = w.messages(r, trace); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	w.ui.Render(rw, r, w.filed, http.StatusOK, p)
}

func (w *screens) traceLink(trace string) any {
	if w.trace == "" {
		return webui.Code(trace)
	}
	return webui.Link{Href: w.trace + trace, Text: webui.Code(trace)}
}

func (w *screens) showFiledPart(rw http.ResponseWriter, r *http.Request) {
	trace := r.PathValue("trace")
	filed, err := w.o.follows(r.Context(), personOf(r), trace)
	if err == nil && !filed {
		w.ui.NotFound(rw, r)
		return
	}
	var t webui.Table
	if err == nil {
		t, err = w.messages(r, trace)
	}
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	w.ui.RenderPart(rw, r, w.filed, "messages", filedPage{Messages: t})
}

// messages are this municipality's messages of a trace, with how they fare. They say to whom a person's data went: whoever
// shows them has looked at the person.
func (w *screens) messages(r *http.Request, trace string) (webui.Table, error) {
	t := webui.Table{
		Caption: both("この届出から出た電文", "Messages of this notice"),
		Columns: []webui.Column{{Name: both("電文", "Message")}, {Name: both("相手", "With")}, {Name: both("状態", "Status")}, {Name: both("時刻", "Time")}},
		Empty:   webui.Empty{Text: both("まだ電文はありません。", "There is no message yet.")},
	}
	items, err := w.o.Exchange.Traced(r.Context(), trace)
	if err != nil {
		return t, err
	}
	for _, i := range items {
		with, at := i.Sender, i.DecidedAt
		if i.Out {
			with = i.Receiver
		}
		if at.Year() < 1971 {
			at = i.CreatedAt
		}
		t.Rows = append(t.Rows, []any{webui.Link{Href: w.ui.URL("/messages/" + i.ID.String()), Text: kindName(i)}, webui.Code(with), stateBadge(i), at})
	}
	return t, nil
}

func stateBadge(i exchange.Item) webui.Badge {
	switch {
	case i.Parked():
		return badge(webui.Warn, "保留（人の確認待ち）", "parked: waits for a person")
	case i.Stuck():
		return badge(webui.Wait, "前の電文を待っています", "waits for an earlier message")
	case i.State == "ready":
		return badge(webui.Wait, "送信中", "under way")
	case i.State == "withdrawn":
		return badge(webui.Off, "取下げ", "withdrawn")
	}
	return badge(webui.OK, "届いて反映された", "applied")
}

// kindName is a message's kind for people.
func kindName(i exchange.Item) plain.Sentence {
	if spec, known := message.SpecOf(i.Kind); known {
		return spec.Name
	}
	return both(string(i.Kind), string(i.Kind))
}
