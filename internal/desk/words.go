package desk

import (
	"regexp"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// identifiers are those of organisations of which there are many, where they stand for themselves: not within the number of a
// message or a case.
var identifiers = regexp.MustCompile(`(^|[^0-9A-Za-z./~-])((?:municipality|prefecture|verifier)-[0-9a-z]+)($|[^0-9A-Za-z./~-])`)

// withNames puts names where a sentence that another part of the program has made says identifiers.
func withNames(s plain.Sentence, now time.Time) plain.Sentence {
	in := func(text string, lang plain.Lang) string {
		return identifiers.ReplaceAllStringFunc(text, func(found string) string {
			part := identifiers.FindStringSubmatch(found)
			o, err := message.ParseOrg(part[2])
			if err != nil {
				return found
			}
			before, after := part[1], part[3]
			if lang == plain.JA { // no space beside a Japanese name
				before, after = strings.TrimSpace(before), strings.TrimSpace(after)
			}
			return before + webui.NameOf(o, now).In(lang) + after
		})
	}
	return plain.Sentence{JA: in(s.JA, plain.JA), EN: in(s.EN, plain.EN)}
}

// dayName is a day within a sentence, where the calendar of the other language does not stand beside it.
func dayName(d resident.Date) plain.Sentence {
	return plain.Sentence{JA: d.Wareki(), EN: d.Start().In(resident.JST).Format("2 January 2006")}
}

// keyName is what the keys of a book are to people.
func keyName(b message.Book) plain.Sentence {
	switch b {
	case message.Residents:
		return plain.Sentence{JA: "住民票コード", EN: "Resident record code"}
	case message.Certificates:
		return plain.Sentence{JA: "シリアル番号", EN: "Serial number"}
	case message.Invalidations:
		return plain.Sentence{JA: "住民票コードと記録の版", EN: "Record code and version"}
	case message.Statuses:
		return plain.Sentence{JA: "シリアル番号と状態", EN: "Serial number and state"}
	}
	return plain.Sentence{JA: "鍵", EN: "Key"}
}

func kindOf(k message.Kind) plain.Sentence {
	if s, ok := message.SpecOf(k); ok {
		return s.Name
	}
	return plain.Sentence{JA: string(k), EN: string(k)}
}

func badge(kind webui.BadgeKind, ja, en string) webui.Badge {
	return webui.Badge{Kind: kind, Text: plain.Sentence{JA: ja, EN: en}}
}

// stateOf is where a message stands, as this organisation sees it.
func stateOf(i exchange.Item) webui.Badge {
	switch i.State {
	case "ready":
		return badge(webui.Wait, "送信待ち", "to be sent")
	case "deferred":
		return badge(webui.Wait, "あとでもう一度", "again later")
	case "held":
		return badge(webui.Wait, "前の電文を待機", "waits for an earlier one")
	case "parked", "rejected":
		return badge(webui.Warn, "保留", "parked")
	case "gap":
		return badge(webui.Warn, "保留（前の電文の欠落）", "parked (one before it is missing)")
	case "applied":
		return badge(webui.OK, "適用", "applied")
	case "withdrawn":
		return badge(webui.Off, "取下げ", "withdrawn")
	}
	return badge(webui.Info, i.State, i.State)
}

var pairStates = map[exchange.PairState]webui.Badge{
	exchange.PairUnknown: badge(webui.Info, "まだ連絡していない", "not spoken to yet"),
	exchange.PairUp:      badge(webui.OK, "つながっている", "up"),
	exchange.PairDown:    badge(webui.Warn, "応答がない", "no answer"),
	exchange.PairRefused: badge(webui.Bad, "相手が拒んでいる", "refused by the peer"),
}

// way is a resolution as people choose it: its name, and what will happen.
type way struct {
	act  exchange.Act
	name plain.Sentence
	what plain.Sentence
	last bool // it cannot be taken back
}

var ways = []way{
	{exchange.Correct, plain.Sentence{JA: "訂正して再送", EN: "Send again, corrected"}, plain.Sentence{
		JA: "同じ番号のまま、いまの記録から作り直した内容をもう一度送ります。相手が適用すれば、この電文を待っている電文も続けて送ります。",
		EN: "The message goes again under the same number, made anew from today's record. When the other side applies it, the messages that wait for it go on."}, false},
	{exchange.Withdraw, plain.Sentence{JA: "取下げ", EN: "Withdraw"}, plain.Sentence{
		JA: "この電文は適用されないまま終わります。これを基にした後の電文は、この電文の前の状態を基にするよう作り直して送ります。元に戻せません。",
		EN: "The message ends without having been applied. Later messages that build on it are made to build on the state before it, and go on. This cannot be undone."}, true},
	{exchange.Accept, plain.Sentence{JA: "そのまま受入れ", EN: "Accept as it is"}, plain.Sentence{
		JA: "書き方の検査だけを省いて、この内容を記録に適用します。人の取り違えなど、人を守る検査は省きません。送信側に伝え、この電文を待っている電文が続きます。元に戻せません。",
		EN: "The content is applied to the records without the check of its form. Checks that protect a person, such as mistaken identity, are made all the same. The sender is told, and the messages that wait for it go on. This cannot be undone."}, true},
	{exchange.Discard, plain.Sentence{JA: "閉じる", EN: "Close"}, plain.Sentence{
		JA: "送信側は、データベースの復元でこの電文を失いました。適用されないまま閉じます。必要な内容は、改めて送ってもらってください。元に戻せません。",
		EN: "The sender lost this message when its database was restored. It is closed without having been applied: ask the sender to send anew what is needed. This cannot be undone."}, true},
}

// waysOf are the resolutions that this organisation can choose: the sender corrects or withdraws its own, the receiver
// accepts what it refused, and closes what its sender no longer knows. What protects a person says so before it is withdrawn.
func waysOf(i exchange.Item) (open []way) {
	spec, _ := message.SpecOf(i.Kind)
	for _, w := range ways {
		switch w.act {
		case exchange.Accept:
			if i.Out || i.Orphan() {
				continue
			}
		case exchange.Discard:
			if i.Out || !i.Orphan() {
				continue
			}
		default:
			if !i.Out {
				continue
			}
		}
		if w.act == exchange.Withdraw && spec.Safe {
			w.what.JA = "この電文は人を守るためのもので、取り下げると、知らせた失効などは行われません。" + w.what.JA
			w.what.EN = "This message protects a person: when it is withdrawn, the revocation it tells of does not happen. " + w.what.EN
		}
		open = append(open, w)
	}
	return open
}

func wayOf(i exchange.Item, act exchange.Act) (way, bool) {
	for _, w := range waysOf(i) {
		if w.act == act {
			return w, true
		}
	}
	return way{}, false
}

// noteActs are what people do about a message, as it stands in the timeline.
var noteActs = map[string]plain.Sentence{
	"inquiry":  {JA: "問合せ", EN: "Inquiry"},
	"answer":   {JA: "回答", EN: "Answer"},
	"accepted": {JA: "そのまま受入れ", EN: "Accepted as it is"},
	"correct":  {JA: "訂正して再送", EN: "Sent again, corrected"},
	"withdraw": {JA: "取下げ", EN: "Withdrawn"},
	"accept":   {JA: "そのまま受入れ", EN: "Accepted as it is"},
}

// moment is a time for a table: nil when there is none.
func moment(t time.Time) any {
	if !happened(t) {
		return nil
	}
	return t
}

// happened tells a time from none: an instant that was never written is kept as the zero of its column.
func happened(t time.Time) bool { return t.Unix() > 0 }
