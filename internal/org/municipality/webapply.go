package municipality

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

type applyPage struct {
	*webui.Form
	Terms     []webui.Term
	Notices   []webui.Notice
	Profiles  []webui.Choice
	Documents []webui.Choice
	Two       bool // another person checks too
	Child     bool // a legal representative applies
	Action    string
	Back      string
}

var profileChoices = []webui.Choice{
	{Value: cert.Signature.String(), Name: cert.Signature.Name(), Note: both("電子申請の署名に使います。氏名・住所などが載り、転居すると失効します。15歳以上。", "For signing. It states name and address and ends with a move. From 15 years.")},
	{Value: cert.Authentication.String(), Name: cert.Authentication.Name(), Note: both("ログインやコンビニ交付に使います。個人の情報は載らず、転居しても残ります。", "For logging in. It states nothing about the person and survives a move.")},
}

func (w *screens) showApply(rw http.ResponseWriter, r *http.Request) {
	d, err := w.o.LookOpened(r.Context(), personOf(r), "application")
	if err == nil {
		err = open(d.Now, d.Now.Number)
	}
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	w.renderApply(rw, r, http.StatusOK, webui.NewForm(map[string]string{"base": d.Now.Number.String()}), d)
}

func (w *screens) renderApply(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form, d Dossier) {
	p := applyPage{Form: f, Terms: w.recordTerms(d.Now)[:6], Profiles: profileChoices, Documents: documentChoices(), Action: w.personURL(d.Now.Person, "/apply"), Back: w.personURL(d.Now.Person, ""),
		Child: tooYoung(d.Now.Record.Birth, resident.DateOf(w.o.Clock.Now()))}
	alone, err := w.o.checksAlone(r.Context(), access.IssueCertificate)
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if p.Two = !alone; p.Two {
		p.Notices = append(p.Notices, webui.Notice{Kind: webui.Info, Title: both("本人確認は二人の職員で行います", "Two of the staff check the applicant's identity"),
			Text: both("この市区町村の規則です。申請の後、もう一人の職員が本人確認をするまで、認証局へは送られません。申請者に待っていただいてください。", "That is the municipality's rule. Nothing goes to the CA until another person has checked: ask the applicant to wait.")})
	}
	p.Notices = append(p.Notices, substitutionNotices(d.Now.Record)...)
	for _, a := range d.Applications {
		if standing(a, d.Versions, w.o.Clock.Now()) == StandsAlive {
			from := resident.DateOf(cert.RenewableFrom(a.NotAfter)).AddDays(1)
			text := both("更新は"+from.Wareki()+"からできます。それまで、認証局は同じ種類を発行しません。", "It can be renewed from "+from.String()+" on. Until then the CA issues no other of the same kind.")
			if !resident.DateOf(w.o.Clock.Now()).Before(from) {
				text = both("更新できます。新しいものが発行されると、これは失効します。", "It can be renewed: when the new one is issued, this one is revoked.")
			}
			p.Notices = append(p.Notices, webui.Notice{Kind: webui.Info, Title: both("有効な"+a.Profile.Name().JA+"があります", "There is a valid "+a.Profile.Name().EN),
				Text: text,
				Link: &webui.Link{Href: w.ui.URL("/application/" + a.Request), Text: both("その電子証明書を見る", "Look at it")}})
		}
	}
	w.ui.Render(rw, r, w.apply, status, p)
}

// substitutionNotices say how name and address stand in a signature certificate, whose set of characters is smaller than the
// register's (代替文字), before anybody applies for one. The CA decides by the same rule.
func substitutionNotices(r resident.Record) (ns []webui.Notice) {
	for _, item := range []struct {
		name plain.Sentence
		text string
	}{{both("氏名", "The name"), r.Name.Reveal()}, {both("住所", "The address"), r.Address.Reveal()}} {
		changed := jpki.Substitutions(item.text)
		if len(changed) == 0 {
			continue
		}
		shown, _ := jpki.Substitute(item.text)
		n := webui.Notice{Kind: webui.Info, Title: both(item.name.JA+"は、署名用電子証明書に「"+shown+"」と載ります", item.name.EN+" stands in a signature certificate as "+shown)}
		for _, c := range changed {
			at := strconv.Itoa(c.At)
			switch {
			case !c.None():
				n.Text.JA += at + "文字目の「" + c.From + "」は、載せられないので「" + string(c.To) + "」になります。"
				n.Text.EN += "Character " + at + ", " + c.From + ", becomes " + string(c.To) + ". "
			case len(c.Several) > 0:
				n.Kind = webui.Warn
				n.Text.JA += at + "文字目の「" + c.From + "」は、代わりの字が一つに決まらない（" + spread(c.Several, "・") + "）ので「●」になります。"
				n.Text.EN += "Character " + at + ", " + c.From + ", becomes ●, because several could stand for it (" + spread(c.Several, ", ") + "). "
			default:
				n.Kind = webui.Warn
				n.Text.JA += at + "文字目の「" + c.From + "」は、代わりの字がないので「●」になります。"
				n.Text.EN += "Character " + at + ", " + c.From + ", becomes ●, because nothing stands for it. "
			}
		}
		n.Text.JA += "証明書には、代替文字であることも載ります。本人に伝えてください。"
		n.Text.EN += "The certificate says that these are substitutes. Tell the applicant."
		ns = append(ns, n)
	}
	return ns
}

func spread(chars []rune, between string) string {
	all := make([]string, len(chars))
	for i, c := range chars {
		all[i] = string(c)
	}
	return strings.Join(all, between)
}

func (w *screens) doApply(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	d, err := w.o.LookOpened(r.Context(), personOf(r), "application")
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if relanguaged(f) {
		w.renderApply(rw, r, http.StatusOK, f, d)
		return
	}
	a := Application{Person: d.Now.Person, Base: entry(f, "base", versionEntry), PublicKey: []byte(f.Value(fieldKey)), Representative: ticked(f, fieldRepresentative), Evidence: needEvidence(f)}
	a.Profile = entry(f, "profile", func(_, s string) (cert.Profile, error) { return cert.ParseProfile(s) })
	if !a.Profile.Valid() && !has(f, "profile") {
		f.Bad("profile", "電子証明書の種類を選んでください。", "Choose the kind of certificate.")
	}
	if f.OK() {
		applied, err := w.o.Apply(r.Context(), a)
		if err == nil {
			http.Redirect(rw, r, w.ui.URL("/application/"+applied.Request), http.StatusSeeOther)
			return
		}
		if err = refused(f, err); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
	}
	for _, p := range f.Problems() {
		if p.Field == "base" {
			f.Set("base", d.Now.Number.String())
		}
	}
	w.renderApply(rw, r, http.StatusUnprocessableEntity, f, d)
}

// applicationPage shows an application and what came of it.
type applicationPage struct {
	*webui.Form
	Terms  []webui.Term
	Result resultPart
	Part   string
	// The offer of the key is a part of its own: one in which somebody has just pressed a button is not refreshed under their hands, and
	// the result must not wait for that.
	Offer   offerPart
	KeyPart string
	Revoke  string // address; empty: there is nothing to revoke
	Reasons []webui.Choice
	Person  string
}

// resultPart is the part that refreshes itself until the CA has answered. It shows nothing of the person.
type resultPart struct {
	Waiting  bool
	Notice   webui.Notice
	Beside   []webui.Notice
	Download string // address of the certificate; empty: there is none
}

// offerPart offers the private key while it may be handed over.
type offerPart struct {
	Key    string         // where it is handed over; empty: it is not, or not any more
	KeyFor plain.Sentence // until when it waits
}

// applicationOf reads an application with its person's versions; false when it has answered the request already.
func (w *screens) applicationOf(rw http.ResponseWriter, r *http.Request) (a store.Application, versions []store.Version, ok bool) {
	err := w.o.Store.View(r.Context(), func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		tx := w.o.in(raw)
		if a, ok, err = tx.Application(ctx, r.PathValue("request")); err != nil || !ok {
			return err
		}
		versions, err = tx.Versions(ctx, a.Person)
		return err
	})
	switch {
	case err != nil:
		w.ui.Fail(rw, r, err)
		return a, nil, false
	case !ok:
		w.ui.NotFound(rw, r)
	}
	return a, versions, ok
}

func (w *screens) showApplication(rw http.ResponseWriter, r *http.Request) {
	if a, versions, ok := w.applicationOf(rw, r); ok {
		w.renderApplication(rw, r, http.StatusOK, webui.NewForm(nil), a, versions)
	}
}

func (w *screens) renderApplication(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form, a store.Application, versions []store.Version) {
	base := w.ui.URL("/application/" + a.Request)
	p := applicationPage{Form: f, Result: w.result(a, versions), Part: base + "/part", Offer: w.offer(a), KeyPart: base + "/key-part", Person: w.personURL(a.Person, ""), Terms: []webui.Term{
		{Label: both("申請番号", "Application"), Value: webui.Code(a.Request)},
		{Label: both("種類", "Kind"), Value: a.Profile.Name()},
		{Label: both("証明する記録の版", "Record version certified"), Value: webui.Code(a.Version.String())},
		{Label: both("申請した時", "Applied"), Value: a.AppliedAt},
		{Label: both("受け付けた人", "Taken by"), Value: webui.Code(a.AppliedBy)},
		{Label: both("公開鍵（SHA-256）", "Public key (SHA-256)"), Value: webui.Code(keyText(a.PublicKey))},
		{Label: both("追跡番号", "Trace"), Value: w.traceLink(a.Trace)},
	}}
	done, err := w.o.checksOf(r.Context(), a.Request)
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	p.Terms = append(p.Terms, checkTerms(done)...)
	if a.State == store.Issued {
		p.Terms = append(p.Terms, webui.Term{Label: both("発行番号", "Serial"), Value: webui.Code(a.Serial.String())},
			webui.Term{Label: both("有効期限", "Valid until"), Value: a.NotAfter})
	}
	held := a.State == store.Refused && !a.Held.Serial.IsZero()
	if held {
		p.Terms = append(p.Terms, webui.Term{Label: both("認証局で有効な発行番号", "Serial that is valid at the CA"), Value: webui.Code(a.Held.Serial.String())},
			webui.Term{Label: both("その有効期限", "Valid until"), Value: a.Held.Until})
	}
	if standing(a, versions, w.o.Clock.Now()) == StandsAlive || held && !a.RevokeReason.Valid() {
		p.Revoke, p.Reasons = base+"/revoke", groundChoices(groundsFor(a, versions))
	}
	w.ui.Render(rw, r, w.application, status, p)
}

func (w *screens) showApplicationPart(rw http.ResponseWriter, r *http.Request) {
	if a, versions, ok := w.applicationOf(rw, r); ok {
		w.ui.RenderPart(rw, r, w.application, "result", w.result(a, versions))
	}
}

func (w *screens) showKeyPart(rw http.ResponseWriter, r *http.Request) {
	if a, _, ok := w.applicationOf(rw, r); ok {
		w.ui.RenderPart(rw, r, w.application, "key", w.offer(a))
	}
}

func (w *screens) offer(a store.Application) (p offerPart) {
	if until := w.o.shelf.until(a.Request); !until.IsZero() && a.State != store.Refused {
		at := until.In(cert.JST).Format("15:04:05")
		p.KeyFor, p.Key = both(at+"まで", "until "+at), w.ui.URL("/application/"+a.Request+"/key")
	}
	return p
}

// keyText names a public key; one that is made when the application goes to the CA has no name yet.
func keyText(spki []byte) string {
	if len(spki) == 0 {
		return "—"
	}
	return fingerprint(spki)[:32] + "…"
}

// result says how an application stands.
func (w *screens) result(a store.Application, versions []store.Version) resultPart {
	base := w.ui.URL("/application/" + a.Request)
	p := resultPart{}
	switch standing(a, versions, w.o.Clock.Now()) {
	case StandsChecking:
		p.Notice = webui.Notice{Kind: webui.Wait, Title: both("もう一人の職員の本人確認を待っています", "It waits for another person's check"),
			Text: both("確認が終わるまで、認証局へは送られません。1時間で期限切れになります。", "Nothing goes to the CA before that. It lapses after an hour."),
			Link: &webui.Link{Href: base + "/check", Text: both("本人確認の画面を開く", "Open the page of the check")}}
		return p
	case StandsWaiting:
		p.Waiting = true
		p.Notice = webui.Notice{Kind: webui.Wait, Title: both("認証局の回答を待っています", "Waiting for the CA"), Text: both("ふつうは数秒で届きます。この画面は自動的に新しくなります。", "It usually takes seconds. This page refreshes itself."),
			Link: &webui.Link{Href: base, Text: both("今すぐ表示を新しくする", "Refresh now")}}
		return p
	case StandsRefused:
		p.Notice = webui.Notice{Kind: webui.Warn, Title: both("発行されませんでした", "It was not issued"), Text: a.Reason}
		switch {
		case a.RevokeReason.Valid():
			p.Beside = append(p.Beside, w.asked(a))
		case a.Finding == store.Disagrees:
			// First, because the CA's answer says when a certificate can be renewed that should not be there.
			p.Beside = append(p.Beside, p.Notice)
			p.Notice = webui.Notice{Kind: webui.Bad, Title: both("住民票と認証局が食い違っています", "The register and the CA disagree"), Text: a.Found}
		case a.Finding == store.Agrees:
			p.Beside = append(p.Beside, webui.Notice{Kind: webui.Info, Title: both("住民票と比べました", "Compared with the register"), Text: a.Found})
		}
		return p
	case StandsAlive:
		p.Notice = webui.Notice{Kind: webui.OK, Title: both("電子証明書が発行されました", "The certificate was issued"), Text: both("本人に渡してください。", "Hand it to its holder.")}
	case StandsChanged:
		p.Notice = webui.Notice{Kind: webui.Bad, Title: both("その後の異動により、失効しました", "A later change has ended it"), Text: both("必要なときは、新しく申請してください。", "Apply for a new one if it is needed.")}
	case StandsRevoked:
		p.Notice = w.asked(a)
	case StandsExpired:
		p.Notice = webui.Notice{Kind: webui.Off, Title: both("有効期間が満了しました", "It has expired"), Text: both("必要なときは、新しく申請してください。", "Apply for a new one if it is needed.")}
	}
	p.Download = base + "/certificate.pem"
	return p
}

// asked says that the holder has asked for a revocation, and why.
func (w *screens) asked(a store.Application) webui.Notice {
	name, meaning := a.RevokeReason.Name(), a.RevokeReason.Meaning()
	if a.RevokeGround.Valid() {
		name, meaning = a.RevokeGround.Name(), a.RevokeGround.Meaning()
	}
	if a.RevokeGround == cert.Renewed {
		return webui.Notice{Kind: webui.Off, Title: both("更新により失効しました", "Renewed, and so revoked"), Text: meaning}
	}
	return webui.Notice{Kind: webui.Bad, Title: both("失効を申請しました（"+name.JA+"）", "Its revocation was asked for ("+name.EN+")"), Text: meaning}
}

func (w *screens) giveCertificate(rw http.ResponseWriter, r *http.Request) {
	a, _, ok := w.applicationOf(rw, r)
	if !ok {
		return
	}
	if a.State != store.Issued {
		w.ui.NotFound(rw, r)
		return
	}
	der, err := w.o.HolderCertificate(r.Context(), a.Request)
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	attach(rw, a.Profile.String()+"-"+a.Request+".crt.pem", pki.EncodeCertificates(der))
}

// giveKey hands the private key over, which ends its stay here. It is a POST, so that nothing fetches it ahead.
func (w *screens) giveKey(rw http.ResponseWriter, r *http.Request) {
	if _, ok := w.ui.ReadForm(rw, r); !ok {
		return
	}
	a, _, ok := w.applicationOf(rw, r)
	if !ok {
		return
	}
	key, err := w.o.HolderKey(r.Context(), a.Request)
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	attach(rw, a.Profile.String()+"-"+a.Request+".key.pem", key)
}

func attach(rw http.ResponseWriter, name string, content []byte) {
	rw.Header().Set("Content-Type", "application/x-pem-file")
	rw.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	rw.Write(content)
}

func (w *screens) doRevoke(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	a, versions, ok := w.applicationOf(rw, r)
	if !ok {
		return
	}
	ground := groundOf(f)
	if f.OK() {
		_, err := w.o.Revoke(r.Context(), Revocation{a.Request, ground})
		if err == nil {
			http.Redirect(rw, r, w.ui.URL("/application/"+a.Request), http.StatusSeeOther)
			return
		}
		if err = refused(f, err); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
	}
	status := http.StatusUnprocessableEntity
	if relanguaged(f) {
		status = http.StatusOK
	}
	w.renderApplication(rw, r, status, f, a, versions)
}
