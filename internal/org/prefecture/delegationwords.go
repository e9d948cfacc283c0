package prefecture

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

// refusalWords are the codes under which a CA refuses to issue; one that is not here is shown as it is.
var refusalWords = map[string]plain.Sentence{
	"valid-certificate-exists": say("有効な電子証明書がある", "has a valid one"),
	"being-issued":             say("発行中", "one is being issued"),
	"under-15":                 say("15歳未満", "under 15"),
	"not-a-resident":           say("住民票が消除されている", "not a resident"),
	"not-your-resident":        say("ほかの市区町村の住民", "resident elsewhere"),
	"no-such-municipality":     say("市区町村がない", "no such municipality"),
	"record-changed":           say("申請の後に記載が変わった", "the record has changed"),
	"record-damaged":           say("認証局の記録が壊れている", "the CA's record is damaged"),
	"ended-before-issue":       say("発行前に失効", "ended before issue"),
	"key-in-use":               say("使用済みの鍵", "key in use"),
	"key-of-a-ca":              say("認証局の鍵", "a CA's own key"),
	"cannot-be-certified":      say("記載できない内容", "cannot be certified"),
	"bad-window":               say("窓口の番号の誤り", "wrong counter"),
}

func refusedFor(code string) any {
	if words, known := refusalWords[code]; known {
		return words
	}
	if strings.HasPrefix(code, "key-") {
		return say("証明できない鍵（"+code+"）", "a key that is not certified ("+code+")")
	}
	return webui.Code(code)
}

// revokedFor is a reason of a revocation in words.
func revokedFor(reason string) plain.Sentence {
	r, err := cert.ParseReason(reason)
	if err != nil {
		return say("失効（"+reason+"）", "revoked ("+reason+")")
	}
	return say("失効（"+r.Name().JA+"）", "revoked ("+r.Name().EN+")")
}

// statementBadges are the words of the closes.
var statementBadges = map[string]webui.Badge{
	string(message.Agreed):      {Kind: webui.OK, Text: say("一致", "agreed")},
	string(message.Explained):   {Kind: webui.Warn, Text: say("差があり、説明済み", "differs, explained")},
	string(message.Unexplained): {Kind: webui.Bad, Text: say("説明できない差", "unexplained difference")},
	"waiting":                   {Kind: webui.Wait, Text: say("そろっていない", "not complete")},
	"covered":                   {Kind: webui.Off, Text: say("後の締めに含めた", "part of a later one")},
}

func statementBadge(state string) webui.Badge {
	if b, known := statementBadges[state]; known {
		return b
	}
	return webui.Badge{Kind: webui.Info, Text: say(state, state)}
}

var pairBadges = map[exchange.PairState]webui.Badge{
	exchange.PairUnknown: {Kind: webui.Info, Text: say("まだ連絡していない", "not spoken to yet")},
	exchange.PairUp:      {Kind: webui.OK, Text: say("つながっている", "up")},
	exchange.PairDown:    {Kind: webui.Warn, Text: say("応答がない", "no answer")},
	exchange.PairRefused: {Kind: webui.Bad, Text: say("相手が拒んでいる", "refused by the peer")},
}

// alarmName is what an alarm is called; its code when this version does not know it.
func alarmName(code string) any {
	if d, known := alarm.DefinitionOf(alarm.Code(code)); known {
		return d.Name
	}
	return webui.Code(code)
}

// sortedFigures are the figures of either report, in one order.
func sortedFigures[V any](a, b map[contradiction]V) []contradiction {
	all := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.SortFunc(all, func(x, y contradiction) int {
		return cmp.Or(cmp.Compare(x.Municipality.String(), y.Municipality.String()), cmp.Compare(y.Profile.String(), x.Profile.String()), cmp.Compare(x.What.EN, y.What.EN))
	})
	return slices.Compact(all)
}
