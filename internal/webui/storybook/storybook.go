// Package storybook shows every component of webui with canned data (見本帳, the storybook): for those who write screens,
// and for the tests that look at them in a browser. Its people and messages are invented and its clock stands still.
//
// It is built as an organisation builds its web, so it is also the example to begin with.
package storybook

import (
	"embed"
	"net/http"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

//go:embed html
var files embed.FS

// Base is where the storybook is to be mounted.
const Base = "/storybook-202029"

var japan = time.FixedZone("JST", 9*60*60)

type book struct {
	ui                                 *webui.UI
	blocks, form, confirm, flow, trace *webui.Page
	country                            *webui.Page
}

// Handler returns the storybook, to be mounted at Base with a slash after it.
func Handler() (http.Handler, error) {
	still := clock.NewVirtual(time.Date(2026, 11, 24, 16, 50, 3, 0, japan))
	sessions, err := access.NewSessions(access.SessionConfig{
		Org: "municipality-202029", Base: Base, Clock: still, Personas: access.Personas(),
		Key: []byte("a key of a book that holds no secret"),
	})
	if err != nil {
		return nil, err
	}
	ui, err := webui.New(webui.Config{
		Base: Base, Org: both("松本市", "Matsumoto City"), Role: message.Municipality, TestCountry: true,
		Portal: "/", Clock: still, Sessions: sessions,
		Nav: []webui.NavItem{
			{Path: "/", Name: both("部品", "Components")},
			{Path: "/form", Name: both("住民の登録", "Register"), Act: access.Register},
			{Path: "/flow", Name: both("通知の流れ", "Messages"), Act: access.ViewMessages},
			{Path: "/trace", Name: both("異動のたどり", "Trace"), Act: access.ViewMessages},
		},
	})
	if err != nil {
		return nil, err
	}
	b := &book{ui: ui}
	for name, page := range map[string]**webui.Page{
		"blocks": &b.blocks, "form": &b.form, "confirm": &b.confirm, "flow": &b.flow, "trace": &b.trace, "map": &b.country,
	} {
		if *page, err = ui.Page(files, name); err != nil {
			return nil, err
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.show(b.blocks, blocksData(ui)))
	mux.Handle("GET /form", ui.Only(access.Register, b.showForm))
	mux.Handle("POST /form", ui.Only(access.Register, b.postForm))
	mux.Handle("POST /filed", ui.Only(access.Register, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, ui.URL("/"), http.StatusSeeOther)
	}))
	mux.Handle("GET /flow", ui.Only(access.ViewMessages, b.show(b.flow, flowData())))
	mux.Handle("GET /flow/part", ui.Only(access.ViewMessages, func(w http.ResponseWriter, r *http.Request) {
		ui.RenderPart(w, r, b.flow, "part", flowData())
	}))
	mux.Handle("GET /trace", ui.Only(access.ViewMessages, b.show(b.trace, traceData())))
	mux.HandleFunc("GET /map", b.show(b.country, mapData()))
	mux.Handle("GET /audit", ui.Only(access.ViewAudit, ui.NotFound)) // for the refusal of everybody else
	return ui.Serve(mux), nil
}

func (b *book) show(page *webui.Page, data any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { b.ui.Render(w, r, page, http.StatusOK, data) }
}

// registerPage is the data of the form: the entries, and what the choices offer.
type registerPage struct {
	*webui.Form
	Reasons, Towns []webui.Choice
}

func (b *book) showForm(w http.ResponseWriter, r *http.Request) {
	b.ui.Render(w, r, b.form, http.StatusOK, registerPage{webui.NewForm(nil), reasons, towns})
}

func (b *book) postForm(w http.ResponseWriter, r *http.Request) {
	f, ok := b.ui.ReadForm(w, r)
	if !ok {
		return
	}
	f.Need("family", both("氏", "the family name"))
	if f.Need("birth", both("生年月日", "the date of birth")) == "2023-02-29" {
		f.Bad("birth", "2023年2月29日はありません。暦にある日付を入力してください。", "2023-02-29 does not exist: enter a date of the calendar.")
	}
	f.NeedChoice("town", both("町名", "the town"))
	f.NeedChoice("reason", both("登録の理由", "the reason"))
	if f.Value("seen") == "" {
		f.Bad("seen", "本人確認書類を見てから、印を付けてください。", "Look at the proof of identity, then tick the box.")
	}
	if !f.OK() {
		b.ui.Render(w, r, b.form, http.StatusUnprocessableEntity, registerPage{f, reasons, towns})
		return
	}
	b.ui.Render(w, r, b.confirm, http.StatusOK, webui.Confirm{
		Action: b.ui.URL("/filed"), Values: f.All(), Back: b.ui.URL("/form"),
		Yes: both("登録する", "Register"), No: both("入力に戻る", "Back to the form"),
		Items: []webui.Term{
			{Label: both("氏", "Family name"), Value: webui.Name(f.Value("family"))},
			{Label: both("生年月日", "Date of birth"), Value: f.Value("birth")},
		},
	})
}

var towns = []webui.Choice{
	{Value: "marunouchi", Name: both("丸の内", "Marunouchi")}, {Value: "ote", Name: both("大手", "Ote")}, {Value: "chuo", Name: both("中央", "Chuo")},
}

var reasons = []webui.Choice{
	{Value: "birth", Name: both("出生", "Birth")},
	{Value: "movein", Name: both("転入", "Moving in"), Note: both("転出証明書が要ります。", "Needs the certificate of moving out.")},
	{Value: "other", Name: both("そのほか", "Other"), Note: both("職権による記載など。", "For example an entry by the office itself.")},
}
