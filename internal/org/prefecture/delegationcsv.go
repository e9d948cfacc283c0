package prefecture

import (
	"context"
	"net/http"
	"strconv"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// sendCSV sends the report as of a day, a line for each municipality and profile. What leaves the house is written down, as elsewhere.
func (p *delegationPages) sendCSV(w http.ResponseWriter, r *http.Request) {
	form := webui.NewForm(map[string]string{"as-of": r.URL.Query().Get("as-of")})
	_, until := p.asOf(form)
	if !form.OK() {
		p.ui.Fail(w, r, form.Problems())
		return
	}
	var n message.CAReport
	err := p.o.Store.Update(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		stored, found, err := p.o.in(tx).LastReport(ctx, p.o.delegate(), until)
		if err != nil {
			return err
		}
		if !found {
			return plain.Bad("as-of", "この日までに届いた報告がありません。一覧から日を選んでください。", "No report had come by that day: choose a day of the list.")
		}
		if n, err = stored.Read(); err != nil {
			return err
		}
		auditlog.Write(tx, auditlog.Entry{Actor: access.From(ctx).ID, Act: auditlog.ActLook, Subject: "delegation.csv", Detail: n.Day().String()})
		return nil
	})
	if err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	webui.SendCSV(w, "delegation-"+n.Prefecture.String()+"-"+n.Day().String()+".csv", tableOf(n))
}

func tableOf(n message.CAReport) [][]string {
	head := []string{"現在 (as of)", "数の時点 (figures of)", "市区町村コード (municipality code)", "市区町村 (municipality)", "種別 (profile)", "枚数 (issued)",
		"この日の枚数 (issued on the day)", "有効 (valid)", "失効 (revoked)"}
	for _, reason := range cert.Reasons {
		head = append(head, "失効・"+reason.Name().JA+" (revoked: "+reason.Name().EN+")")
	}
	rows := [][]string{append(head, "不発行 (refused)", "この日の不発行 (refused on the day)")}
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	for _, place := range n.Places {
		name := place.Municipality.String()
		if m, err := resident.Lookup("municipality", place.Municipality, n.Day()); err == nil {
			name = m.City + m.Name
		}
		row := []string{n.Day().String(), n.Until.In(resident.JST).Format("2006-01-02T15:04:05-07:00"), place.Municipality.String(), name, place.Profile.Name().JA,
			number(place.Issued), number(place.Fresh), number(place.Valid), number(ever(place.Revoked))}
		for _, reason := range cert.Reasons {
			var revoked int64
			for _, c := range place.Revoked {
				if c.What == reason.String() {
					revoked = c.Ever
				}
			}
			row = append(row, number(revoked))
		}
		var fresh int64
		for _, c := range place.Refused {
			fresh += c.Fresh
		}
		rows = append(rows, append(row, number(ever(place.Refused)), number(fresh)))
	}
	return rows
}
