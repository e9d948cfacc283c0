package ca

import (
	"context"
	"fmt"
	"net/http"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

func say(ja, en string) plain.Sentence { return plain.Sentence{JA: ja, EN: en} }

// figures is what the overview shows.
type figures struct {
	Alarms  []webui.Notice
	All     []webui.Term
	Places  webui.Table
	Pending webui.Table
}

func (s *screens) showOverview(w http.ResponseWriter, r *http.Request) {
	f, err := s.figures(r.Context())
	if err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	s.ui.Render(w, r, s.overview, http.StatusOK, f)
}

func (s *screens) showFigures(w http.ResponseWriter, r *http.Request) {
	part := r.PathValue("part")
	if part != "alarms" && part != "all" && part != "places" && part != "pending" {
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

// shownIntents is how many intents the overview names; the figure above counts all.
const shownIntents = 20

func (s *screens) figures(ctx context.Context) (f figures, err error) {
	var counts []store.Count
	var intents []store.Intent
	var queue due.Counts
	var masses []store.Mass
	err = s.o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if counts, err = s.o.in(tx).Counts(ctx); err != nil {
			return err
		}
		if intents, err = s.o.in(tx).Intents(ctx, shownIntents); err != nil {
			return err
		}
		if masses, err = s.o.in(tx).OpenMasses(ctx, shownMasses); err != nil {
			return err
		}
		queue, err = due.Count(ctx, tx)
		return err
	})
	if err != nil {
		return f, err
	}
	for _, m := range masses {
		state := massStates[string(m.State)]
		f.Alarms = append(f.Alarms, webui.Notice{Kind: state.kind, Title: say("一括失効 "+massRef(m.ID)+": "+state.name.JA, "Mass revocation "+massRef(m.ID)+": "+state.name.EN), Text: state.means,
			Link: &webui.Link{Href: s.ui.URL("/revocations/" + massRef(m.ID)), Text: say("開く", "Open it")}})
	}
	var all store.Count
	f.Places = webui.Table{
		Caption: say("市区町村ごと", "By municipality"),
		Columns: []webui.Column{
			{Name: say("市区町村", "Municipality")}, {Name: say("種別", "Kind")},
			{Name: say("発行", "Issued"), Right: true}, {Name: say("有効", "Valid"), Right: true}, {Name: say("失効", "Revoked"), Right: true},
		},
		Empty: webui.Empty{Text: say("まだ発行していません。市区町村の窓口で申請すると、ここに現れます。", "Nothing has been issued yet. An application at a municipality's counter will show here.")},
	}
	for _, c := range counts {
		all.Issued, all.Valid, all.Revoked, all.Intended = all.Issued+c.Issued, all.Valid+c.Valid, all.Revoked+c.Revoked, all.Intended+c.Intended
		f.Places.Rows = append(f.Places.Rows, []any{s.place(c.Municipality), c.Profile.Name(), c.Issued, c.Valid, c.Revoked})
	}
	f.All = []webui.Term{
		{Label: say("発行した電子証明書", "Certificates issued"), Value: all.Issued},
		{Label: say("うち有効", "Of these valid"), Value: all.Valid},
		{Label: say("うち失効", "Of these revoked"), Value: all.Revoked},
		{Label: say("署名を待つもの", "Waiting to be signed"), Value: all.Intended},
	}
	if queue.Parked > 0 {
		f.Alarms = append(f.Alarms, webui.Notice{Kind: webui.Bad, Title: say("署名できず、脇に置いたものがあります", "Something could not be signed and was set aside"),
			Text: say("鍵または装置の状態を確かめ、原因を取り除いてから、電文の状況の画面で再開してください。ほかの発行は続いています。",
				"Check the key or its device, remove the cause, and start it again on the message screen. All other issuance goes on."),
			Link: &webui.Link{Href: s.ui.URL("/messages"), Text: say("電文の状況を開く", "Open the messages")}})
	} else if queue.Failing > 0 {
		f.Alarms = append(f.Alarms, webui.Notice{Kind: webui.Warn, Title: say("署名を繰り返し試しています", "A signature is being tried again"),
			Text: say("鍵または装置が応答しないことがありました。自動で試し直しています。", "The key or its device has failed to answer. It is tried again by itself.")})
	}
	f.Pending = webui.Table{
		Caption: say("書き留めて、まだ署名していないもの", "Written down and not yet signed"),
		Columns: []webui.Column{{Name: say("対象", "What")}, {Name: say("種類", "Kind")}, {Name: say("書き留めた時刻", "Written down at")}},
		Empty:   webui.Empty{Text: say("すべて署名しました。", "Everything is signed.")},
	}
	for _, i := range intents {
		f.Pending.Rows = append(f.Pending.Rows, []any{s.subject(i), intentKinds[i.Kind], i.At})
	}
	return f, nil
}

var intentKinds = map[store.Kind]plain.Sentence{
	store.UserCertificate:      {JA: "電子証明書", EN: "certificate"},
	store.ResponderCertificate: {JA: "OCSP応答者の証明書", EN: "OCSP responder's certificate"},
	store.RevocationList:       {JA: "失効リスト", EN: "revocation list"},
	store.DeltaList:            {JA: "差分の失効リスト", EN: "delta revocation list"},
}

func (s *screens) subject(i store.Intent) any {
	if i.Kind.IsList() {
		if m, err := resident.ParseMunicipalityCode("municipality", i.Subject); err == nil {
			return s.place(m)
		}
	}
	return webui.Code(i.Subject)
}

// place names a municipality as it is called today, or as it was last called.
func (s *screens) place(code resident.MunicipalityCode) plain.Sentence {
	name := say(code.String(), code.String())
	if m, err := resident.Lookup("municipality", code, resident.DateOf(s.o.Clock.Now())); err == nil {
		name = say(m.FullName(), m.Romaji())
	}
	return name
}

func (s *screens) showLists(w http.ResponseWriter, r *http.Request) {
	var partitions []store.Partition
	err := s.o.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		partitions, err = s.o.in(tx).Partitions(ctx)
		return err
	})
	if err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	t := webui.Table{
		Caption: say("市区町村ごとの失効リスト", "Revocation lists by municipality"),
		Columns: []webui.Column{
			{Name: say("市区町村", "Municipality")}, {Name: say("認証局", "CA")}, {Name: say("番号", "Number"), Right: true},
			{Name: say("載せた数", "Entries"), Right: true}, {Name: say("作成", "Made")}, {Name: say("次回更新", "Next update")}, {Name: say("状態", "State")},
		},
		Empty: webui.Empty{Text: say("まだありません。最初の電子証明書とともに作ります。", "None yet. The first is made with the first certificate.")},
	}
	now := s.o.Clock.Now()
	for _, p := range partitions {
		ca := say("署名用", "for signatures")
		if p.Profile == cert.Authentication {
			ca = say("利用者証明用", "for authentication")
		}
		row := []any{s.place(p.Municipality), ca, p.Issued, p.Entries, nil, nil, webui.Badge{Kind: webui.Wait, Text: say("作成中", "being made")}}
		if p.Issued > 0 {
			row[4], row[5] = p.ThisUpdate, p.NextUpdate
			switch {
			case !p.NextUpdate.After(now):
				row[6] = webui.Badge{Kind: webui.Bad, Text: say("期限切れ", "out of date")}
			case max(p.Issued, p.Delta.Number) == p.Number:
				row[6] = webui.Badge{Kind: webui.OK, Text: say("最新", "up to date")}
			}
		}
		if p.Damaged > 0 {
			row[6] = webui.Badge{Kind: webui.Bad, Text: say(fmt.Sprintf("読めない記録が%d件。控えと比べてください", p.Damaged),
				fmt.Sprintf("%d records cannot be read: compare them with the backup", p.Damaged))}
		}
		t.Rows = append(t.Rows, row)
		if d := p.Delta; d.Number > 0 {
			state := any(webui.Badge{Kind: webui.OK, Text: say("最新", "up to date")})
			if !d.NextUpdate.After(now) {
				state = webui.Badge{Kind: webui.Bad, Text: say("期限切れ", "out of date")}
			}
			t.Rows = append(t.Rows, []any{say(fmt.Sprintf("%s 番号%dからの差分", s.place(p.Municipality).JA, d.Base), fmt.Sprintf("%s since number %d", s.place(p.Municipality).EN, d.Base)), ca, d.Number, d.Entries, d.ThisUpdate, d.NextUpdate, state})
		}
	}
	s.ui.Render(w, r, s.lists, http.StatusOK, t)
}
