package desk

import (
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/alarm/trend"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

// valueOf is an alarm's value in its unit.
func valueOf(a alarm.Alarm) any {
	switch a.Unit {
	case alarm.Yes:
		return nil
	case alarm.Seconds:
		return time.Duration(a.Value) * time.Second
	case alarm.Milliseconds:
		return time.Duration(a.Value) * time.Millisecond
	}
	return webui.Count{N: a.Value, Of: a.Unit.Name()}
}

// subjectOf names what an alarm is about: the peer, and the kind, book or work.
func subjectOf(a alarm.Alarm, now time.Time) any {
	var ja, en []string
	add := func(s plain.Sentence) { ja, en = append(ja, s.JA), append(en, s.EN) }
	if a.Peer != "" {
		add(webui.NameOf(a.Peer, now))
	}
	if _, whole := things[a.What]; whole {
		add(things[a.What])
	} else {
		// "sent resident.change": the measure, and the kind that is counted.
		for _, word := range strings.Fields(a.What) {
			add(wordFor(word))
		}
	}
	if len(ja) == 0 {
		return nil
	}
	return plain.Sentence{JA: strings.Join(ja, "、"), EN: strings.Join(en, ", ")}
}

// wordFor is what people call a thing that an alarm names; the name itself where it is one, as a trace is.
func wordFor(name string) plain.Sentence {
	if said, known := things[name]; known {
		return said
	}
	if book := message.Book(name); book.Known() {
		return book.Name()
	}
	return kindOf(message.Kind(name))
}

// things are what alarms name beside peers, kinds and books: directions, measures, the parts of a drill, and the work of
// organisations that falls due.
var things = map[string]plain.Sentence{
	"others": {JA: "そのほか", EN: "others"},

	string(trend.Sent):     {JA: "送信", EN: "sent"},
	string(trend.Received): {JA: "受信", EN: "received"},
	string(trend.Wait):     {JA: "返事待ちの時間", EN: "time without a verdict"},

	"poison": {JA: "訓練の電文", EN: "the drill's message"},
	"loss":   {JA: "訓練の不一致", EN: "the drill's difference"},

	"municipality.refill":   {JA: "住民票コードの補充", EN: "more resident record codes"},
	"municipality.move-out": {JA: "転出の予定日の処理", EN: "the planned day of a move out"},
	"sign":                  {JA: "電子証明書への署名", EN: "signing of certificates"},
	"list":                  {JA: "失効リストの作成", EN: "revocation list"},
	"daily list":            {JA: "毎日の失効リストの作成", EN: "daily revocation lists"},
	"full list":             {JA: "全体の失効リストの作成", EN: "full revocation list"},
	"list again":            {JA: "求められた失効リストの作り直し", EN: "revocation list that was asked for"},
	"sign list":             {JA: "失効リストへの署名", EN: "signing of revocation lists"},
	"list parts":            {JA: "長い失効リストの続きの送信", EN: "sending the rest of a long revocation list"},
	"publish lists":         {JA: "届いた失効リストの公表", EN: "publication of revocation lists"},
	"mass count":            {JA: "一括失効の試行", EN: "dry run of a mass revocation"},
	"mass revoke":           {JA: "一括失効の実行", EN: "mass revocation"},
	"impact":                {JA: "遅れた失効の影響の調べ", EN: "impact of a late revocation"},
	"report":                {JA: "都道府県への日ごとの報告", EN: "daily report to prefectures"},
	"report asked":          {JA: "都道府県に求められた報告", EN: "report that a prefecture asked for"},
	"responder":             {JA: "応答者証明書の更新", EN: "the responder's certificate"},
	"still-valid":           {JA: "失効の確かめ", EN: "check of a revocation"},
	"statement.close":       {JA: "締めの計算書の作成", EN: "account of a close"},
	"statement.answer":      {JA: "締めの計算書への回答", EN: "answer to an account"},
	"alarm.webhook":         {JA: "警報の通知", EN: "notice of an alarm"},
}
