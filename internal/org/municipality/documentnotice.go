package municipality

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// noticeTo drafts the letter to somebody on documents that an inquiry found (本人への通知の案). It says what is known, by what the counter wrote down, and nothing
// that somebody has still to find out; who sends it fills in what stands in brackets. No address is on it: where it may be sent, a person decides.
func noticeTo(office, name string, q Inquiry, of []AffectedDocument) plain.Sentence {
	var ja, en strings.Builder
	fmt.Fprintf(&ja, "（案）\n%s 様\n\n%s\n\n証明書の取扱いについてのお知らせ\n\n", name, office)
	fmt.Fprintf(&ja, "あなたの記録が載った下の証明書は、次の出来事の調査の対象です。ご迷惑とご心配をおかけし、申し訳ありません。\n\n何が起きたか：%s\n調べた期間：%sから%sまで\n調査の番号：%s\n", q.Cause, japanTime(q.From), japanTime(q.Until), q.ID)
	fmt.Fprintf(&en, "(Draft)\nTo %s\n\n%s\n\nNotice about documents with your record\n\n", name, office)
	fmt.Fprintf(&en, "The documents below show your record, and are under inquiry because of the following. We apologise for the trouble and concern.\n\nWhat happened: %s\nTime looked into: %s to %s\nNumber of the inquiry: %s\n", q.Cause, japanTime(q.From), japanTime(q.Until), q.ID)
	number, code, seal := false, false, false
	for _, d := range of {
		var items plain.Sentence
		for i, s := range d.Shows {
			if i > 0 {
				items.JA, items.EN = items.JA+"、", items.EN+", "
			}
			items.JA, items.EN = items.JA+s.JA, items.EN+s.EN
		}
		kind := making.Kind(d.Kind)
		number, code, seal = number || d.MyNumber, code || kind != making.SealCertificate && slices.Contains(d.items, "code"), seal || kind == making.SealCertificate
		fmt.Fprintf(&ja, "\n・%s　文書番号 %s（%s発行）\n", kind.Name().JA, d.paper, japanTime(d.IssuedAt))
		fmt.Fprintf(&en, "\n- %s, number %s, issued %s\n", kind.Name().EN, d.paper, japanTime(d.IssuedAt))
		if d.Another() {
			ja.WriteString("　別の方の申請に対して、誤って印刷されました。別の方が見たおそれがあります。\n")
			en.WriteString("  It was printed by mistake for another person's application: somebody else may have seen it.\n")
		}
		fmt.Fprintf(&ja, "　紙がある所：%s\n　載っている項目（記録にないものを除く）：%s\n", whereabouts(d).JA, items.JA)
		fmt.Fprintf(&en, "  Where the paper is: %s\n  Items on it (those that the record has): %s\n", whereabouts(d).EN, items.EN)
	}
	ja.WriteString("\n")
	en.WriteString("\n")
	if number {
		ja.WriteString("個人番号（マイナンバー）が載っています。漏えいして不正に用いられるおそれがあるときは、個人番号の変更を請求できます（番号利用法第7条第2項）。\n")
		en.WriteString("The individual number (My Number) is on it. If it may be misused you can ask for another number (My Number Act, art. 7(2)).\n")
	} else {
		ja.WriteString("個人番号（マイナンバー）は載っていません。\n")
		en.WriteString("The individual number (My Number) is not on it.\n")
	}
	if code {
		ja.WriteString("住民票コードが載っています。変更を請求できます。理由は問いません。\n")
		en.WriteString("The record code is on it. You can ask for another one, without saying why.\n")
	}
	if seal {
		ja.WriteString("登録した印影が載っています。印鑑登録を廃止し、別の印鑑を登録できます。\n")
		en.WriteString("Your registered seal is on it. You can end its registration and register another one.\n")
	}
	ja.WriteString("\nこれまでに行ったこと：［書き入れる］\nお願いしたいこと：［書き入れる］\nお問い合わせ先：［担当課と電話番号を書き入れる］\n")
	en.WriteString("\nWhat we have done: [to be filled in]\nWhat we ask of you: [to be filled in]\nWhom to ask: [office and telephone number]\n")
	return plain.Sentence{JA: ja.String(), EN: en.String()}
}

// whereabouts is where the paper of a document is, with what nobody knows of its attempts to print.
func whereabouts(d AffectedDocument) plain.Sentence {
	s := d.Place.Name()
	if d.Another() && d.Place == PlaceCounter {
		s = both("分からない（窓口の記録では、渡しても廃棄してもいない）", "unknown: by the counter's record it was neither handed over nor destroyed")
	}
	if d.Another() && d.Place == PlaceCitizen {
		s = both("別の申請をした方に渡した", "with somebody who had applied for another")
	}
	if d.Open > 0 && d.Place != PlaceUnknown {
		s.JA, s.EN = s.JA+"。ほかに、どうなったか分からない印刷があります", s.EN+"; of another attempt to print it is not known what came out"
	}
	return s
}

// japanTime is a time as a letter has it.
func japanTime(t time.Time) string { return t.In(resident.JST).Format("2006-01-02 15:04") }
