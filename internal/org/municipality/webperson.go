package municipality

import (
	"net/http"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

type personPage struct {
	ID           PersonID
	Name         string
	Present      bool
	Notices      []webui.Notice
	Cancel       bool // a planned move can be cancelled
	Protected    bool // 支援措置中: a release opens the record
	Groups       []termGroup
	Acts         []actButton
	Certificates webui.Table
	Issues       bool // the municipality has an issuing server
	Papers       webui.Table
	Household    webui.Table
	Changes      webui.Table
	History      webui.Timeline
	Events       string // address of the list of events
}

type actButton struct {
	Href       string
	Name, Dies plain.Sentence
}

func (w *screens) showPerson(rw http.ResponseWriter, r *http.Request) {
	d, err := w.o.Look(r.Context(), personOf(r), "record")
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if d.Hidden {
		w.protect.showProtected(rw, r, http.StatusOK, webui.NewForm(nil), d)
		return
	}
	rec := d.Now.Record
	p := personPage{ID: d.Now.Person, Name: rec.Name.Reveal(), Present: d.Now.Present(), Groups: w.recordGroups(d),
		Certificates: w.certificates(d), Issues: w.o.issuing != "" && w.o.documents != nil, Papers: w.documents(d), Changes: w.changes(d.Versions), History: w.history(d), Events: w.personURL(d.Now.Person, "/events")}
	p.Household = *w.people(d.Household)
	p.Household.Caption = both("世帯の人", "Household")
	p.Household.Empty.Text = both("この世帯に、いま住民はいません。", "Nobody is present in this household.")
	if p.Protected = d.Protection.Held; p.Protected {
		open, err := w.openUntil(r, p.ID)
		if err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
		p.Notices = append(p.Notices, open)
	}
	if !p.Present {
		p.Notices = append(p.Notices, w.removedNotice(d.Now))
	}
	p.Notices = append(p.Notices, w.headlessNotices(d)...)
	if until := rec.Stay.Until; p.Present && until.Valid() && until.Before(resident.DateOf(w.o.Clock.Now())) {
		p.Notices = append(p.Notices, webui.Notice{Kind: webui.Warn, Title: both("在留期間は"+until.Wareki()+"に満了しています", "The stay ended on "+until.String()),
			Text: both("更新された在留カードがないか確かめてください。出入国在留管理庁の通知があれば、それに従って記載を直します。", "Ask for a renewed residence card. What the Immigration Services Agency has notified is entered.")})
	}
	if d.Plan != nil {
		p.Cancel = true
		p.Notices = append(p.Notices, webui.Notice{Kind: webui.Wait, Title: both(d.Plan.Day.Wareki()+"に転出する予定です", "Moves out on "+d.Plan.Day.String()),
			Text: both("その日に住民票が消除され、署名用電子証明書が失効します。それまでは住民です。", "On that day the record is deleted and the signature certificate is revoked. Until then the person is a resident.")})
	}
	if p.Present {
		for _, a := range counterActs {
			p.Acts = append(p.Acts, actButton{w.personURL(p.ID, "/change/"+a.key), a.name, a.dies})
		}
	}
	notices, terms, err := w.aboutCodes(r.Context(), p.ID)
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	p.Notices = append(p.Notices, notices...)
	p.Groups = withCodes(p.Groups, terms)
	w.ui.Render(rw, r, w.person, http.StatusOK, p)
}

// recordTerms is the record as the counter shows it.
func (w *screens) recordTerms(v store.Version) []webui.Term {
	r := v.Record
	terms := []webui.Term{
		{Label: both("氏名", "Name"), Value: webui.Spell(r.Name.Reveal())},
		{Label: both("振り仮名", "Reading"), Value: nameText(r.Kana.Reveal())},
		{Label: both("生年月日", "Date of birth"), Value: bornText(r.Birth)},
		{Label: both("性別", "Sex"), Value: sexName(r.Sex)},
		{Label: both("住所", "Address"), Value: webui.Spell(r.Address.Reveal())},
		{Label: both("住民票コード", "Record code"), Value: codeText(r.Code)},
		{Label: both("世帯番号・続柄", "Household and relation"), Value: webui.Name(string(r.Household) + "・" + r.Relation.Reveal())},
		{Label: both("住民となった日", "Resident since"), Value: day(r.BecameResident)},
	}
	if r.CommonName.Valid() {
		terms = append(terms, webui.Term{Label: both("通称", "Common name"), Value: webui.Spell(r.CommonName.Reveal())})
	}
	if r.Nationality.Valid() {
		terms = append(terms, webui.Term{Label: both("国籍・地域", "Nationality"), Value: webui.Name(r.Nationality.Reveal())})
	}
	return append(terms,
		webui.Term{Label: both("宛名番号", "Number in this register"), Value: webui.Code(v.Person.String())},
		webui.Term{Label: both("記録の版", "Record version"), Value: webui.Code(v.Number.String())})
}

// certificates are what was applied for, and how it stands as far as this municipality knows.
func (w *screens) certificates(d Dossier) webui.Table {
	t := webui.Table{
		Caption: both("電子証明書（この市区町村で申請したもの）", "Certificates applied for here"),
		Columns: []webui.Column{{Name: both("種類", "Kind")}, {Name: both("状態", "Status")}, {Name: both("番号", "Serial")}, {Name: both("証明する版", "Version certified"), Right: true},
			{Name: both("申請", "Applied")}, {Name: both("有効期限", "Valid until")}},
		Empty: webui.Empty{Text: both("まだ申請がありません。", "None has been applied for.")},
	}
	for _, a := range d.Applications {
		serial, until := any(nil), any(nil)
		if a.State == store.Issued {
			serial, until = webui.Code(shortSerial(a.Serial)), a.NotAfter
		}
		t.Rows = append(t.Rows, []any{webui.Link{Href: w.ui.URL("/application/" + a.Request), Text: a.Profile.Name()},
			standingBadge(standing(a, d.Versions, w.o.Clock.Now())), serial, uint64(a.Version), a.AppliedAt, until})
	}
	return t
}

// shortSerial is the beginning of a serial, enough to tell a person's certificates apart.
func shortSerial(s cert.Serial) string {
	text := s.String()
	return text[:min(len(text), 12)] + "…"
}

func standingBadge(s Standing) webui.Badge {
	switch s {
	case StandsChecking:
		return badge(webui.Wait, "本人確認中", "being checked")
	case StandsWaiting:
		return badge(webui.Wait, "認証局の回答待ち", "waiting for the CA")
	case StandsRefused:
		return badge(webui.Off, "発行されなかった", "not issued")
	case StandsChanged:
		return badge(webui.Bad, "異動により失効", "revoked by a change")
	case StandsRevoked:
		return badge(webui.Bad, "失効を申請済み", "revocation asked for")
	case StandsExpired:
		return badge(webui.Off, "期間満了", "expired")
	}
	return badge(webui.OK, "発行済み", "issued")
}

// deadWords names what an effect ends.
func deadWords(e resident.Effect) plain.Sentence {
	var s plain.Sentence
	add := func(dead bool, ja, en string) {
		if !dead {
			return
		}
		if s.JA != "" {
			ja, en = "・"+ja, ", "+en
		}
		s.JA, s.EN = s.JA+ja, s.EN+en
	}
	add(e.Signature, "署名用電子証明書", "signature certificate")
	add(e.Authentication, "利用者証明用電子証明書", "authentication certificate")
	add(e.Card, "個人番号カード", "card")
	return s
}

func (w *screens) cancelPlan(rw http.ResponseWriter, r *http.Request) {
	if _, ok := w.ui.ReadForm(rw, r); !ok {
		return
	}
	if err := w.o.CancelPlan(r.Context(), personOf(r)); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	http.Redirect(rw, r, w.personURL(personOf(r), ""), http.StatusSeeOther)
}
