package making

import "github.com/akashi-id/akashi/internal/plain"

// Reason is why no document is made.
type Reason string

// The reasons. Those of a person stand before those of the page.
const (
	Unknown    Reason = "unknown"     // the copy or the register knows nobody under the code
	Damaged    Reason = "damaged"     // the copy's row was changed behind the program's back
	Dead       Reason = "dead"        // 死亡
	Moved      Reason = "moved"       // 転出
	Deleted    Reason = "deleted"     // 消除 of another kind
	Moving     Reason = "moving"      // a moving out is filed (転出予定)
	Protected  Reason = "protected"   // 支援措置
	Stale      Reason = "stale"       // copy and register hold different states
	UnderAge   Reason = "under-age"   // 15歳未満: no seal is certified
	NoSeal     Reason = "no-seal"     // no seal is registered, or its registration has ended
	Household  Reason = "household"   // others live in the household than the page shows
	TooMany    Reason = "too-many"    // more persons than one document takes
	NoAnswer   Reason = "no-answer"   // the register did not answer in time
	Unasked    Reason = "unasked"     // the register answered about others than it was asked about
	NotAllowed Reason = "not-allowed" // the law or the form does not let the document say what it would have to
	Glyph      Reason = "glyph"       // a character that none of the fonts has, or a text that no box holds
	Halted     Reason = "halted"      // issuing is stopped
	NoServer   Reason = "no-server"   // the issuing server did not answer the counter in time
	Late       Reason = "late"        // it could not be signed in time
	Gate       Reason = "gate"        // the finished file was not what had been decided on
)

var reasonNames = map[Reason]plain.Sentence{
	Unknown:    {JA: "住民票がない", EN: "nobody has the record code"},
	Damaged:    {JA: "写しの行が壊れている", EN: "the copy's row is damaged"},
	Dead:       {JA: "死亡", EN: "dead"},
	Moved:      {JA: "転出済み", EN: "moved away"},
	Deleted:    {JA: "消除済み", EN: "record deleted"},
	Moving:     {JA: "転出の届出がある", EN: "a moving out is filed"},
	Protected:  {JA: "支援措置", EN: "protected"},
	Stale:      {JA: "写しが住民記録と違う版", EN: "the copy is of another version than the register"},
	UnderAge:   {JA: "15歳未満", EN: "under 15"},
	NoSeal:     {JA: "印鑑登録がない、または廃止済み", EN: "no seal, or its registration has ended"},
	Household:  {JA: "世帯の人数が住民記録と違う", EN: "the household has others in it"},
	TooMany:    {JA: "一通に載る人数を超える", EN: "more persons than a document takes"},
	NoAnswer:   {JA: "住民記録から時間内に回答がない", EN: "the register did not answer in time"},
	Unasked:    {JA: "住民記録の回答が別の人のもの", EN: "the register answered about others"},
	NotAllowed: {JA: "この請求では載せられない項目や方がある", EN: "this request may not have an item or a person"},
	Glyph:      {JA: "印字できない文字、または枠に収まらない記載がある", EN: "a character cannot be printed, or a text does not fit"},
	Halted:     {JA: "発行が止められている", EN: "issuing is stopped"},
	NoServer:   {JA: "証明発行サーバから時間内に回答がない", EN: "the issuing server did not answer in time"},
	Late:       {JA: "時間内に署名できなかった", EN: "it could not be signed in time"},
	Gate:       {JA: "できあがった証明書が決定した内容と違う", EN: "the finished document was not what was decided on"},
}

// Name is the reason in words, for the staff; one of another program is shown as it is.
func (r Reason) Name() plain.Sentence {
	if n, known := reasonNames[r]; known {
		return n
	}
	return plain.Sentence{JA: string(r), EN: string(r)}
}
