package prefecture

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/prefecture/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// reportView is one report as the page shows it.
type reportView struct {
	CSV         string
	Facts       []webui.Term
	Map         webui.TileMap
	Prefectures webui.Table
	Places      webui.Table
	Revoked     webui.Table
	Refused     webui.Table
	Lag         []webui.Term
	Statements  webui.Table
	Incidents   webui.Table
}

// placeRow is what a municipality has of both profiles: a line of the table 電子証明書の発行状況 of the sources, and what we add to it.
type placeRow struct {
	municipality              resident.MunicipalityCode
	signature, authentication int64
	fresh, valid, revoked     int64
	refused                   int64
}

func (r placeRow) issued() int64 { return r.signature + r.authentication }

func placeRows(n message.CAReport) (rows []placeRow, total placeRow) {
	for _, p := range n.Places {
		if len(rows) == 0 || rows[len(rows)-1].municipality != p.Municipality {
			rows = append(rows, placeRow{municipality: p.Municipality})
		}
		for _, r := range []*placeRow{&rows[len(rows)-1], &total} {
			if p.Profile == cert.Signature {
				r.signature += p.Issued
			} else {
				r.authentication += p.Issued
			}
			r.fresh, r.valid = r.fresh+p.Fresh, r.valid+p.Valid
			r.revoked, r.refused = r.revoked+ever(p.Revoked), r.refused+ever(p.Refused)
		}
	}
	// 枚数の多い順: as the sources print it.
	slices.SortStableFunc(rows, func(a, b placeRow) int { return cmp.Compare(b.issued(), a.issued()) })
	return rows, total
}

func ever(counts []message.ReportCount) (n int64) {
	for _, c := range counts {
		n += c.Ever
	}
	return n
}

func (p *delegationPages) view(r store.Report, n message.CAReport) *reportView {
	v := &reportView{CSV: p.ui.URL("/delegation.csv") + "?as-of=" + n.Day().String()}
	rows, total := placeRows(n)
	v.Places = p.places(rows, total)
	var country int64
	v.Map = webui.TileMap{Caption: say("この認証局が発行した枚数の地図", "Map of what the CA has issued"), Unit: say("枚", "certificates"),
		Figures: map[resident.PrefectureCode]int64{}, Own: n.Prefecture}
	v.Prefectures = webui.Table{Caption: say("都道府県ごと", "By prefecture"),
		Columns: []webui.Column{{Name: say("都道府県", "Prefecture")}, {Name: say("枚数", "Issued"), Right: true}, {Name: say("有効", "Valid"), Right: true}},
		Empty:   webui.Empty{Text: say("まだ発行していません。", "Nothing has been issued yet.")}}
	for _, x := range n.Prefectures {
		country += x.Issued
		v.Map.Figures[x.Prefecture] = x.Issued
		pref, _ := resident.PrefectureOf(x.Prefecture)
		v.Prefectures.Rows = append(v.Prefectures.Rows, []any{say(pref.Name, pref.Code.String()+" "+pref.Romaji()), x.Issued, x.Valid})
	}
	if _, known := v.Map.Figures[n.Prefecture]; !known {
		v.Map.Figures[n.Prefecture] = 0 // the report is about it: nothing is a figure too
	}
	v.Facts = []webui.Term{
		{Label: say("委任先", "Delegated to"), Value: webui.NameOf(r.CA, p.o.Clock.Now())},
		{Label: say("数の時点", "Figures of"), Value: n.Until},
		{Label: say("状況を読んだ時刻", "The rest was read at"), Value: n.At},
		{Label: say("県内で発行した枚数", "Issued in the prefecture"), Value: total.issued()},
		{Label: say("この認証局が発行した枚数", "Issued by the CA in all"), Value: country},
		{Label: say("この日に発行した枚数", "Issued on that day"), Value: total.fresh},
		{Label: say("有効な枚数", "Valid"), Value: total.valid},
		{Label: say("失効した枚数", "Revoked"), Value: total.revoked},
	}
	if n.Unreadable > 0 {
		v.Facts = append(v.Facts, webui.Term{Label: say("認証局で読めない記録", "Records that the CA cannot read"),
			Value: webui.Badge{Kind: webui.Bad, Text: counted(n.Unreadable)}})
	}
	v.Revoked = p.reasons(n, say("失効の事由", "Revocations by reason"), say("この日までの失効はありません。", "Nothing had been revoked by that day."),
		func(x message.ReportPlace) []message.ReportCount { return x.Revoked }, func(what string) any {
			if r, err := cert.ParseReason(what); err == nil {
				return r.Name()
			}
			return webui.Code(what)
		})
	v.Refused = p.reasons(n, say("発行しなかった理由", "Refusals by reason"), say("この日までに断った申請はありません。", "No application had been refused by that day."),
		func(x message.ReportPlace) []message.ReportCount { return x.Refused }, refusedFor)
	v.Lag = []webui.Term{
		{Label: say("回答していない申請（県内）", "Applications without an answer, here"), Value: waits(n.Applications, n.At)},
		{Label: say("署名していない失効リスト（県内）", "Revocation lists not signed, here"), Value: waits(n.Lists, n.At)},
		{Label: say("失効情報提供センターに伝わっていない発行と失効（全体）", "Issues and revocations not confirmed by validation, in all"), Value: waits(n.Revocations, n.At)},
		{Label: say("人の処理を待つ電文（全体）", "Messages that wait for people, in all"), Value: aside(n.Parked)},
		{Label: say("脇に置いた仕事（全体）", "Work that was set aside, in all"), Value: aside(n.Aside)},
	}
	v.Statements, v.Incidents = p.statements(n), p.incidents(n)
	return v
}

func counted(n int64) plain.Sentence {
	c := webui.Count{N: n, Of: say("件", "items")}
	return say(c.In(plain.JA), c.In(plain.EN))
}

// late is how long something may wait at the CA before it is marked: as long as a message of the exchange.
const late = time.Minute

// waits says how many wait and how long the oldest has.
func waits(w message.ReportWait, at time.Time) webui.Badge {
	if w.Count == 0 {
		return webui.Badge{Kind: webui.OK, Text: say("なし", "none")}
	}
	kind, n := webui.Wait, counted(w.Count)
	age := at.Sub(w.Oldest).Truncate(time.Second)
	if age > late {
		kind = webui.Warn
	}
	since := w.Oldest.In(resident.JST).Format("2006-01-02 15:04:05")
	return webui.Badge{Kind: kind, Text: say(n.JA+"、最も古いものは "+since+"（"+ageJA(age)+"）", n.EN+", the oldest of "+since+" ("+age.String()+")")}
}

// ageJA is how long, within a sentence.
func ageJA(d time.Duration) string {
	switch {
	case d >= time.Hour:
		return fmt.Sprintf("%d時間%d分", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%d分%d秒", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%d秒", d/time.Second)
}

func aside(n int64) webui.Badge {
	if n == 0 {
		return webui.Badge{Kind: webui.OK, Text: say("なし", "none")}
	}
	return webui.Badge{Kind: webui.Warn, Text: counted(n)}
}

// places is the table of the sources, 市町村 and 枚数, with the columns that they lacked behind.
func (p *delegationPages) places(rows []placeRow, total placeRow) webui.Table {
	t := webui.Table{Caption: say("市区町村ごとの発行状況（枚数の多い順）", "By municipality, the most first"),
		Columns: []webui.Column{{Name: say("市区町村", "Municipality")}, {Name: say("枚数", "Issued"), Right: true}, {Name: say("署名用", "Signature"), Right: true},
			{Name: say("利用者証明用", "Authentication"), Right: true}, {Name: say("この日", "On the day"), Right: true}, {Name: say("有効", "Valid"), Right: true},
			{Name: say("失効", "Revoked"), Right: true}, {Name: say("不発行", "Refused"), Right: true}},
		Empty: webui.Empty{Text: say("県内では、まだ発行していません。", "Nothing has been issued here yet.")}}
	cells := func(name any, r placeRow) []any {
		return []any{name, r.issued(), r.signature, r.authentication, r.fresh, r.valid, r.revoked, r.refused}
	}
	for _, r := range rows {
		t.Rows = append(t.Rows, cells(p.place(r.municipality), r))
	}
	if len(rows) > 0 {
		t.Rows = append(t.Rows, cells(say("計", "Total"), total))
	}
	return t
}

// reasons adds up over the municipalities what the report counts by reason.
func (p *delegationPages) reasons(n message.CAReport, caption, empty plain.Sentence, of func(message.ReportPlace) []message.ReportCount, name func(string) any) webui.Table {
	t := webui.Table{Caption: caption, Empty: webui.Empty{Text: empty}, Columns: []webui.Column{{Name: say("事由", "Reason")},
		{Name: say("署名用", "Signature"), Right: true}, {Name: say("利用者証明用", "Authentication"), Right: true}, {Name: say("うちこの日", "Of these on the day"), Right: true}}}
	sums := map[string][3]int64{}
	for _, place := range n.Places {
		for _, c := range of(place) {
			s := sums[c.What]
			if place.Profile == cert.Signature {
				s[0] += c.Ever
			} else {
				s[1] += c.Ever
			}
			s[2] += c.Fresh
			sums[c.What] = s
		}
	}
	for _, what := range slices.Sorted(maps.Keys(sums)) {
		t.Rows = append(t.Rows, []any{name(what), sums[what][0], sums[what][1], sums[what][2]})
	}
	return t
}

// statements are the CA's last closes with those whom it tells: in 2004 nobody counted on two sides what it had told the center.
func (p *delegationPages) statements(n message.CAReport) webui.Table {
	t := webui.Table{Caption: say("認証局の締め", "The CA's statements"), Columns: []webui.Column{{Name: say("相手", "With")}, {Name: say("電文", "Messages")},
		{Name: say("締め", "Close")}, {Name: say("突合結果", "Result")}},
		Empty: webui.Empty{Text: say("認証局は、まだ締めていません。", "The CA has made no statement yet.")}}
	for _, s := range n.Statements {
		way := say("認証局が受けたもの", "received by the CA")
		if s.Sent {
			way = say("認証局が送ったもの", "sent by the CA")
		}
		t.Rows = append(t.Rows, []any{webui.NameOf(s.Peer, n.At), way, s.Until, statementBadge(s.State)})
	}
	return t
}

// incidents are the alarms of the CA.
func (p *delegationPages) incidents(n message.CAReport) webui.Table {
	t := webui.Table{Caption: say("認証局の異常（警報）", "Incidents at the CA (alarms)"), Columns: []webui.Column{{Name: say("警報", "Alarm")}, {Name: say("状態", "State")},
		{Name: say("相手", "About")}, {Name: say("発生", "Opened")}, {Name: say("収束", "Closed")}},
		Empty: webui.Empty{Text: say("この日、認証局に警報はありません。", "The CA had no alarm on that day.")}}
	for _, a := range n.Alarms {
		state, closed, about := webui.Badge{Kind: webui.Bad, Text: say("続いている", "open")}, any(nil), any(nil)
		if !a.Closed.IsZero() {
			state, closed = webui.Badge{Kind: webui.Off, Text: say("収束した", "closed")}, a.Closed
		}
		if a.Peer != "" {
			about = webui.NameOf(a.Peer, n.At)
		}
		t.Rows = append(t.Rows, []any{alarmName(a.Code), state, about, instantOrNone(a.Opened), closed})
	}
	return t
}
