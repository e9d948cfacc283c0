package verifier

import (
	"embed"
	"net/http"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditpage"
	"github.com/akashi-id/akashi/internal/desk"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/staffpage"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/verify"
)

//go:embed html
var files embed.FS

// screens are the verifier's pages: the desk, open to everybody, and the records, for those who run and those who
// inspect it.
//
// The records ask for access.ViewMessages, which operators and auditors have here, and not for access.ViewAudit, which
// only auditors have: an operator must see that the validation authority does not answer, and the list names nobody.
type screens struct {
	o                     *Verifier
	ui                    *webui.UI
	desk, result, records *webui.Page
}

func (o *Verifier) newScreens() (http.Handler, error) {
	ui, err := webui.New(webui.Config{
		Base: o.base(), Org: o.Name, Role: o.Self.Role(), TestCountry: o.cfg.TestCountry, Portal: o.cfg.Portal,
		Clock: o.Clock, Sessions: o.cfg.Sessions, MaxBody: maxUpload, Log: o.Log,
		Nav: slices.Concat([]webui.NavItem{
			{Path: "/", Name: say("署名の検証", "Check a signature")},
			{Path: "/records", Name: say("検証の記録", "Records"), Act: access.ViewMessages},
		}, dutiesNav, []webui.NavItem{desk.Nav, auditpage.Nav, staffpage.Nav}),
	})
	if err != nil {
		return nil, err
	}
	s := &screens{o: o, ui: ui}
	for name, page := range map[string]**webui.Page{"desk": &s.desk, "result": &s.result, "records": &s.records} {
		if *page, err = ui.Page(files, name); err != nil {
			return nil, err
		}
	}
	messages, err := desk.New(o.Host, ui)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", ui.Only(access.VerifySignature, s.showDesk))
	mux.Handle("GET /verify", http.RedirectHandler(ui.URL("/"), http.StatusSeeOther)) // a page that answered a POST, opened again
	mux.Handle("POST /verify", ui.Only(access.VerifySignature, s.take))
	mux.Handle("GET /results/{token}", ui.Only(access.VerifySignature, s.showResult))
	mux.Handle("GET /records", ui.Only(access.ViewMessages, s.showRecords))
	mux.Handle("GET /records/{id}", ui.Only(access.ViewMessages, s.showRecord))
	mux.Handle("GET /records/{id}/answer", ui.Only(access.ViewMessages, s.sendAnswer))
	mux.HandleFunc("GET /verdict.css", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, "html/verdict.css") })
	mux.HandleFunc("POST "+pathAPI, o.serveAPI)
	mux.HandleFunc("GET "+pathAPI, o.tellHow)
	messages.Mount(mux)
	if err := o.mountDuties(mux, ui); err != nil {
		return nil, err
	}
	if err := auditpage.Mount(mux, o.Host, ui); err != nil {
		return nil, err
	}
	if err := staffpage.Mount(mux, o.Host, ui); err != nil {
		return nil, err
	}
	return o.guardAPI(ui.Serve(mux)), nil
}

func (o *Verifier) base() string { return "/" + string(o.Self) }

// address is where a program finds a path of this organisation, from outside when the portal is known by its whole
// address.
func (o *Verifier) address(path string) string {
	return strings.TrimSuffix(o.cfg.Portal, "/") + o.base() + path
}

func say(ja, en string) plain.Sentence { return plain.Sentence{JA: ja, EN: en} }

// shown is how a verdict is told.
type shown struct {
	kind webui.BadgeKind
	name plain.Sentence
	todo plain.Sentence // for whoever received the document
}

func tell(v verify.Verdict) shown {
	switch v {
	case verify.Valid:
		return shown{webui.OK, say("有効", "Valid"), say("この署名は信頼できます。", "This signature can be relied on.")}
	case verify.Revoked:
		return shown{webui.Bad, say("失効", "Revoked"), say("受け付けないでください。署名者は、新しい電子証明書の発行を受けて署名し直す必要があります。",
			"Do not accept it. The signer needs a new certificate, and has to sign again.")}
	case verify.Expired:
		return shown{webui.Bad, say("有効期間満了", "Expired"), say("受け付けないでください。署名者は、電子証明書を更新して署名し直す必要があります。",
			"Do not accept it. The signer has to renew the certificate, and to sign again.")}
	case verify.Unknown:
		return shown{webui.Bad, say("発行の記録なし", "Unknown"), say("受け付けないでください。認証局が知らない電子証明書です。認証局に知らせてください。",
			"Do not accept it. The CA does not know this certificate: tell the CA.")}
	case verify.Invalid:
		return shown{webui.Bad, say("署名が不正", "Invalid"), say("受け付けないでください。", "Do not accept it.")}
	}
	return shown{webui.Wait, say("確認できない", "Indeterminate"), say("まだ受け付けも拒みもしないでください。数分後に、同じファイルをもう一度検証してください。この結果は使い回されません。",
		"Neither accept nor refuse it yet. Check the same files again in a few minutes; this outcome is not used again.")}
}

func badge(v verify.Verdict) webui.Badge { return webui.Badge{Kind: tell(v).kind, Text: tell(v).name} }
