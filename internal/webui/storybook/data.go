package storybook

import (
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

func both(ja, en string) plain.Sentence { return plain.Sentence{JA: ja, EN: en} }

func badge(kind webui.BadgeKind, ja, en string) webui.Badge {
	return webui.Badge{Kind: kind, Text: both(ja, en)}
}

func day(y int, m time.Month, d int) webui.Day {
	return webui.Day(time.Date(y, m, d, 0, 0, 0, 0, japan))
}

type blocksPage struct {
	Badges         []webui.Badge
	Notices        []webui.Notice
	Steps          []webui.Step
	Terms          []webui.Term
	Table, Nothing webui.Table
	Enter          webui.Enter
}

func blocksData(u *webui.UI) blocksPage {
	valid, held := badge(webui.OK, "有効", "valid"), badge(webui.Wait, "後続の待ち", "held")
	parked, revoked := badge(webui.Warn, "保留", "parked"), badge(webui.Bad, "失効", "revoked")
	link := func(path, ja, en string) *webui.Link { return &webui.Link{Href: u.URL(path), Text: both(ja, en)} }
	row := func(code, name, address string, born webui.Day, messages int, b webui.Badge) []any {
		return []any{webui.Link{Href: u.URL("/trace"), Text: webui.Code(code)}, webui.Name(name), webui.Name(address), born, messages, b}
	}
	return blocksPage{
		Badges: []webui.Badge{valid, held, parked, revoked, badge(webui.Info, "照会中", "under inquiry"), badge(webui.Off, "期間満了", "expired")},
		Notices: []webui.Notice{
			{Kind: webui.OK, Title: both("転居を受け付けました", "The move was filed"), Text: both("署名用電子証明書は失効し、利用者証明用電子証明書は残ります。", "The signature certificate is revoked; the authentication certificate stays."), Link: link("/trace", "通知の行き先を見る", "See where the notice went")},
			{Kind: webui.Warn, Title: both("保留中の通知が1件あります", "One message is parked"), Text: both("全国センターが住所を読めませんでした。ほかの住民の通知は届いています。", "The national center could not read the address. Messages about other residents have arrived."), Link: link("/flow", "保留を見る", "Look at it")},
			{Kind: webui.Bad, Title: both("長野県とつながりません", "Nagano Prefecture cannot be reached"), Text: both("届出は受け付けられます。つながり次第、すべて送ります。", "You can go on filing; everything is sent once the connection is back.")},
			{Kind: webui.Info, Title: both("両側の記録は一致しています", "Both sides agree"), Text: both("最後の照合は16時50分、差は0件です。", "Last compared at 16:50; no difference.")},
		},
		Steps: []webui.Step{
			{Name: both("本人確認", "Check identity"), State: webui.Done}, {Name: both("届出の入力", "Enter the notice"), State: webui.Now},
			{Name: both("確認", "Confirm"), State: webui.Todo}, {Name: both("受付", "File"), State: webui.Todo},
		},
		Terms: []webui.Term{
			{Label: both("氏名", "Name"), Value: webui.Spell("髙𠮷 葛󠄂子")},
			{Label: both("住民票コード", "Resident record code"), Value: webui.Code("1234 5678 901")},
			{Label: both("生年月日", "Date of birth"), Value: day(1992, 2, 29)},
			{Label: both("署名用電子証明書", "Signature certificate"), Value: valid},
			{Label: both("旧氏", "Former family name"), Value: nil},
			{Label: both("最後の異動", "Last change"), Value: time.Date(2026, 11, 24, 16, 49, 12, 0, japan)},
		},
		Table: webui.Table{
			Caption: both("今日の受付", "Filed today"),
			Columns: []webui.Column{
				{Name: both("住民票コード", "Record code")}, {Name: both("氏名", "Name")}, {Name: both("住所", "Address")},
				{Name: both("生年月日", "Born")}, {Name: both("通知", "Messages"), Right: true}, {Name: both("署名用証明書", "Signature certificate")},
			},
			Rows: [][]any{
				row("1234 5678 901", "髙𠮷 葛󠄂子", "長野県松本市丸の内3番7号", day(1992, 2, 29), 2, revoked),
				row("2345 6789 012", "山﨑 一", "長野県松本市大手四丁目2番1号", day(2019, 5, 1), 1, valid),
				row("3456 7890 123", "辻󠄃 さくら", "長野県松本市大字島内1666番地", day(1958, 11, 3), 1204, parked),
				row("4567 8901 234", "NGUYEN THI AN（グエン）", "長野県松本市中央一丁目18番1号", day(2001, 7, 15), 3, held),
			},
			Pages: &webui.Pages{Path: u.URL("/"), At: 4, Last: 12},
		},
		Nothing: webui.Table{
			Caption: both("保留中の通知", "Parked messages"), Columns: []webui.Column{{Name: both("番号", "Number")}},
			Empty: webui.Empty{Text: both("保留中の通知はありません。", "No message is parked."), Link: link("/flow", "通知の流れを見る", "See the messages")},
		},
		Enter: webui.Enter{Base: Base, Next: "/form", Persona: "clerk-aoki", Text: both("松本市の窓口に入る", "Enter the counter of Matsumoto")},
	}
}

func flowData() webui.Flow {
	node := func(id, ja, en string, role message.Role, along, across float64) webui.Node {
		return webui.Node{ID: id, Name: both(ja, en), Role: role, Along: along, Across: across}
	}
	return webui.Flow{
		Caption: both("団体の間の通知", "Messages between the organisations"),
		Nodes: []webui.Node{
			node("municipality-202029", "松本市", "Matsumoto", message.Municipality, 0, 0),
			node("municipality-202053", "飯田市", "Iida", message.Municipality, 0, 1),
			node("municipality-131211", "足立区", "Adachi", message.Municipality, 0, 2),
			node("prefecture-20", "長野県", "Nagano", message.Prefecture, 1, 0.5),
			node("prefecture-13", "東京都", "Tokyo", message.Prefecture, 1, 2),
			node("nationalcenter", "全国センター", "National center", message.NationalCenter, 2, 1),
			node("ca", "認証局", "CA", message.CA, 3, 1),
			node("validation", "失効情報提供", "Validation", message.Validation, 4, 0.5),
			node("verifier-etax", "電子申告", "e-Tax", message.Verifier, 4, 1.75),
		},
		Lines: []webui.Line{
			{From: "municipality-202029", To: "prefecture-20", Sent: 1204},
			{From: "municipality-202053", To: "prefecture-20", Sent: 318, Parked: 1, Held: 2, Lag: 312 * time.Second},
			{From: "municipality-131211", To: "prefecture-13", Sent: 20481},
			{From: "municipality-202029", To: "ca", Sent: 61},
			{From: "prefecture-20", To: "nationalcenter", Sent: 1519, Outstanding: 3, Lag: 240 * time.Millisecond},
			{From: "prefecture-13", To: "nationalcenter", Sent: 20481, Outstanding: 88, Lag: 92 * time.Minute, Refused: true},
			{From: "nationalcenter", To: "ca", Sent: 57},
			{From: "ca", To: "nationalcenter", Sent: 482},
			{From: "ca", To: "validation", Sent: 539},
			{From: "verifier-etax", To: "validation", Sent: 7},
		},
	}
}

type tracePage struct {
	ID   string
	Path webui.Timeline
}

func traceData() tracePage {
	start := time.Date(2026, 11, 24, 16, 49, 12, 0, japan)
	applied := badge(webui.OK, "適用", "applied")
	stop := func(org plain.Sentence, role message.Role, ms int, what plain.Sentence, state webui.Badge, detail ...webui.Term) webui.Stop {
		after := time.Duration(ms) * time.Millisecond
		return webui.Stop{Org: org, Role: role, At: start.Add(after), After: after, What: what, State: state, Detail: detail}
	}
	return tracePage{"1234 5678 901", webui.Timeline{
		Caption: both("転居の届出から、失効が見えるまで", "From the notice of a move to the revocation"),
		Stops: []webui.Stop{
			stop(both("松本市", "Matsumoto City"), message.Municipality, 0, both("転居の届出を受け付けた", "A move within the city was filed"), badge(webui.OK, "記録", "recorded"),
				webui.Term{Label: both("受付", "Filed by"), Value: webui.Name("青木")},
				webui.Term{Label: both("通知", "Messages"), Value: webui.Code("resident.change 204, resident.invalidation 205")}),
			stop(both("長野県", "Nagano Prefecture"), message.Prefecture, 41, both("本人確認情報を更新した", "The identification information was updated"), applied,
				webui.Term{Label: both("通知", "Message"), Value: webui.Code("resident.change 204")}),
			stop(both("全国センター", "National center"), message.NationalCenter, 97, both("住所を読めず、変更を保留した。失効は先に進めた", "The address could not be read, and the change is parked. The revocation went on"), badge(webui.Warn, "保留", "parked"),
				webui.Term{Label: both("理由", "Reason"), Value: both("住所に使えない文字がある", "the address has a character outside the table")}),
			stop(both("認証局", "Certification authority"), message.CA, 133, both("署名用電子証明書を失効させた", "The signature certificate was revoked"), applied,
				webui.Term{Label: both("シリアル番号", "Serial"), Value: webui.Code("4a7f 09c2 11d8")}),
			{Org: both("失効情報提供", "Validation"), Role: message.Validation, What: both("失効を答える", "Answers that it is revoked"), State: badge(webui.Wait, "待っている", "awaited")},
		},
	}}
}
