package validation

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

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

func caName(p cert.Profile) plain.Sentence {
	if p == cert.Authentication {
		return say("利用者証明用", "for authentication")
	}
	return say("署名用", "for signatures")
}
