package municipality

import (
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// formRestoration is the form of the events that can be filed for a 除票, and of no other ones.
const formRestoration = "restoration"

// correctingActs are the notices that put an earlier entry right. They are reached by the list of events.
var correctingActs = []counterAct{
	{key: "correction", corrects: true, name: both("訂正", "Correction"), says: both("誤って入力された項目を正しく直します。前の版はそのまま残り、どの版の誤りかを記録します。", "What was entered wrongly is entered rightly. The old version stays, and the new one names it."),
		dies: both("氏名・生年月日・性別・住所のどれかが変わると、署名用電子証明書が失効します。", "When name, birth, sex or address changes, the signature certificate is revoked."),
		day:  both("誤りを確かめた日", "Day on which the error was found"), yes: both("訂正を届け出る", "File the correction"), reasons: []resident.ChangeReason{resident.AmendmentExOfficio},
		fill: func(f *webui.Form, now store.Version, start string) {
			fillAmendment(f, now, start)
			f.Set("basis", "found-wrong")
		},
		read: func(f *webui.Form, filing Filing) Change {
			return Correction{Amendment: readAmendment(f, filing), Corrects: entry(f, "corrects", versionEntry)}
		}},
	{key: "cancellation", corrects: true, name: both("取消", "Cancellation"), says: both("なかったはずの転居や修正を取り消し、その前の記録に戻します。", "A move or an amendment that never was is taken back: the record is again as it was before."),
		dies: both("氏名・生年月日・性別・住所のどれかが戻ると、署名用電子証明書が失効します。", "When name, birth, sex or address is put back, the signature certificate is revoked."),
		day:  both("誤りを確かめた日", "Day on which the error was found"), yes: both("取消を届け出る", "File the cancellation"), reasons: []resident.ChangeReason{resident.AmendmentExOfficio},
		fill: func(f *webui.Form, _ store.Version, _ string) { f.Set("basis", "found-wrong") },
		read: func(f *webui.Form, filing Filing) Change {
			return Cancellation{Filing: filing, Corrects: entry(f, "corrects", versionEntry), Relation: entry(f, "relation", resident.ParseRelation)}
		}},
	{key: "entry-cancel", corrects: true, name: both("記載の取消", "Cancellation of an entry"), says: both("記載されるはずのなかった住民票を消除し、どの記載の取消かを記録します。", "A record that should not have been entered is deleted, and the deletion names the entry."),
		dies: diesAll, day: both("誤りを確かめた日", "Day on which the error was found"), yes: both("住民票を消除する", "Delete the record"), danger: true, reasons: []resident.ChangeReason{resident.DeletionExOfficio},
		fill: func(f *webui.Form, _ store.Version, _ string) { f.Set("basis", "found-wrong") },
		read: func(f *webui.Form, filing Filing) Change {
			return EntryCancelled{Removal: Removal{filing}, Corrects: entry(f, "corrects", versionEntry)}
		}},
	{key: formRestoration, name: both("回復", "Restoration"), says: both("誤って消除された住民票を、消除の前のとおりに記載し直します。", "A record that was deleted wrongly is entered again as it stood."),
		dies: both("失効した電子証明書と個人番号カードは、回復しても戻りません。改めて申請が必要です。", "Certificates and the card that have ended stay dead: they have to be applied for again."),
		day:  both("誤りを確かめた日", "Day on which the error was found"), yes: both("住民票を回復する", "Restore the record"), reasons: []resident.ChangeReason{resident.EntryExOfficio},
		fill: func(f *webui.Form, now store.Version, _ string) {
			f.Set("basis", "found-wrong")
			f.Set("corrects", now.Number.String())
		},
		read: func(f *webui.Form, filing Filing) Change {
			return Restoration{Filing: filing, Corrects: entry(f, "corrects", versionEntry), Relation: entry(f, "relation", resident.ParseRelation)}
		}},
}

var errNothingToCorrect = plain.Bad("corrects",
	"この方の記録に、この届出で直せる版はありません。履歴を見て、ほかの異動事由を選んでください。",
	"This record has no version that this notice could put right: look at the history, and choose another event.")

// correctable are the versions that a notice may put right, the newest first.
func correctable(act string, versions []store.Version) (cs []webui.Choice) {
	for _, v := range versions {
		kind := v.Change.Reason.Act()
		switch {
		case act == "cancellation" && (kind != resident.Amendment || v.Change.Reason == resident.MinorAmendment || v.Corrects != 0):
		case act == "entry-cancel" && kind != resident.Entry:
		default:
			name, n := eventName(v.Event, v.Change.Reason), v.Number.String()
			cs = append(cs, choice(n, "第"+n+"版 "+name.JA+"（"+v.Change.Arose.Wareki()+"）", "Version "+n+", "+name.EN+" ("+v.Change.Arose.String()+")"))
		}
	}
	return cs
}

// retention is how long a 除票 is kept: 5 years under the law of 2004, 150 today (from memory).
const (
	retention2004 = 5
	retentionNow  = 150
)

// keptUntil is the last day on which a 除票 of a day is kept: the day of the deletion is not counted, and where that year has
// no 29 February the term ends with the month (民法140条, 143条).
func keptUntil(deleted resident.Date, years int) resident.Date {
	last, err := resident.NewDate(deleted.Year()+years, deleted.Month(), deleted.Day())
	if err != nil {
		return resident.MustDate(deleted.Year()+years, 2, 28)
	}
	return last
}

// deletedOn is the day from which a 除票 is kept (令34条): that on which the record was deleted, not that of the death or the move, which may be
// long before.
func deletedOn(now store.Version) resident.Date { return resident.DateOf(now.EnteredAt) }

// removedNotice says that what is shown is a 除票, since when and why, how long it is kept, and what can be done with it.
func (w *screens) removedNotice(now store.Version) webui.Notice {
	name, on := eventName(now.Event, now.Change.Reason), now.Change.Arose
	deleted := deletedOn(now)
	return webui.Notice{Kind: webui.Off, Title: both("除票: この方の住民票は消除されています（"+name.JA+"、"+on.Wareki()+"）", "Deleted record: "+name.EN+", "+on.String()),
		Text: both("入力した日は"+deleted.Wareki()+"です。異動は届け出られません。消除が誤りだったときだけ、回復できます。保存期間は、平成16年の法で5年（"+keptUntil(deleted, retention2004).Wareki()+"まで）、今は150年（"+keptUntil(deleted, retentionNow).Wareki()+"まで。条文で要確認）です。転出証明書情報の「記録の版」は"+now.Number.String()+"です。",
			"It was entered on "+deleted.String()+". No change can be filed; only a deletion that was wrong can be taken back. It is kept for 5 years under the law of 2004 (until "+keptUntil(deleted, retention2004).String()+"), and for 150 now (until "+keptUntil(deleted, retentionNow).String()+"; to be confirmed in the text of the law). The record version for the moving-out certificate is "+now.Number.String()+"."),
		Link: &webui.Link{Href: w.personURL(now.Person, "/events"), Text: both("消除の誤りを直す（回復）", "Take the deletion back")}}
}
