package publish

import (
	"strings"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/plain"
)

// Code names a kind of finding. It is stable: alarms and tests use it.
type Code string

// The findings.
const (
	Unreadable  Code = "unreadable"   // no revocation list
	Algorithm   Code = "algorithm"    // of another algorithm than the CA's key
	Signature   Code = "signature"    // not signed by the CA
	Issuer      Code = "issuer"       // another CA's name
	Key         Code = "key"          // another key's identifier
	Scope       Code = "scope"        // not of this partition, or not critically so
	Extension   Code = "extension"    // one that lists here do not have, or without one that they have
	Number      Code = "number"       // none, or not one of ours
	NumberBack  Code = "number-back"  // lower than the published one
	NumberTwice Code = "number-twice" // that of the published one, which is another list
	TimeBack    Code = "time-back"    // made before the published one
	TimeAhead   Code = "time-ahead"   // made later than now
	Life        Code = "life"         // without an end, or valid too long
	Stale       Code = "stale"        // no longer valid
	Order       Code = "order"        // not by serial, or a serial twice
	Serial      Code = "serial"       // one that no certificate may have
	Reason      Code = "reason"       // one that is not used, or an extension that is not used
	Later       Code = "later"        // revoked after the list was made

	Vanished Code = "vanished"       // a certificate became good again
	Date     Code = "date-later"     // revoked since later than published
	Earlier  Code = "date-earlier"   // revoked since earlier than published
	Changed  Code = "reason-changed" // another reason than published
	Foreign  Code = "foreign"        // a certificate of another partition

	DeltaOnly Code = "delta-differs" // full and delta list are not of one number and one time, or the full one is a delta
	BaseAfter Code = "base-after"    // the base is not before the delta
	BaseNone  Code = "base-unknown"  // the base was never published
	BaseLost  Code = "base-damaged"  // the base can no longer be read
	DeltaLess Code = "delta-less"    // it leaves out what came after its base
	DeltaMore Code = "delta-more"    // it has what the full list does not, or the base does

	DeltaLacks Code = "delta-lacks" // alone, it leaves out what is known to be revoked

	Damaged Code = "damaged" // the published list can no longer be read
)

// Codes lists all.
var Codes = []Code{Unreadable, Algorithm, Signature, Issuer, Key, Scope, Extension, Number, NumberBack, NumberTwice, TimeBack, TimeAhead, Life, Stale, Order, Serial, Reason,
	Later, Vanished, Date, Earlier, Changed, Foreign, DeltaOnly, BaseAfter, BaseNone, BaseLost, DeltaLess, DeltaMore, DeltaLacks, Damaged}

// Stops reports whether a list with such a finding stays unpublished.
func (c Code) Stops() bool {
	switch c {
	case Earlier, Changed, Foreign, Damaged, Stale, DeltaLacks:
		// The certificates stay revoked for everybody, and the others on the list must not wait. A list that came too late
		// says more than the one before it, and so does a delta list that lacks one of several.
		return false
	}
	return true
}

// Finding is one thing that is wrong.
type Finding struct {
	Code   Code
	Delta  bool        // in the delta list
	Serial cert.Serial // zero where it is not about one
	plain.Sentence
}

// maxFindings bounds what is told; a list of another CA would have as many as it has entries.
const maxFindings = 100

// sentences say what is wrong and what to do. LIST becomes the list, SERIAL the serial.
var sentences = map[Code]plain.Sentence{
	Unreadable:  {JA: "LISTは失効リストとして読めません。認証局で作り直してください。", EN: "The LIST cannot be read as a revocation list: make it again at the CA."},
	Algorithm:   {JA: "LISTの署名方式が、認証局の鍵のものではありません。認証局の鍵と設定を確かめてください。", EN: "The LIST is of another algorithm than the CA's key: check the key and the settings of the CA."},
	Signature:   {JA: "LISTの署名が、認証局の鍵によるものではありません。どこから来たものか調べてください。", EN: "The LIST is not signed with the key of the CA: find out where it comes from."},
	Issuer:      {JA: "LISTの発行者名が、認証局の名前と違います。認証局で作り直してください。", EN: "The LIST names another issuer than the CA: make it again at the CA."},
	Key:         {JA: "LISTの鍵識別子が、認証局の鍵のものではありません。認証局の鍵の世代を確かめてください。", EN: "The LIST names another key than the CA's: check the generation of the CA's key."},
	Scope:       {JA: "LISTの対象が、この市区町村の電子証明書ではありません。認証局の市区町村の設定を確かめてください。", EN: "The LIST does not cover this municipality's certificates and only them: check the municipality's settings at the CA."},
	Extension:   {JA: "LISTの拡張領域に、余分なものか足りないものがあります。認証局の設定を確かめてください。", EN: "The LIST has an extension too many or too few: check the settings of the CA."},
	Number:      {JA: "LISTに番号がないか、使えない番号です。認証局で作り直してください。", EN: "The LIST has no number, or none that can be used: make it again at the CA."},
	NumberBack:  {JA: "LISTの番号が、公表中のものより小さくなっています。認証局が古い控えから戻されていないか確かめてください。", EN: "The LIST has a lower number than the published one: check whether the CA was restored from an old copy."},
	NumberTwice: {JA: "LISTの番号は公表中のものと同じですが、内容が違います。認証局が二重に動いていないか確かめてください。", EN: "The LIST has the number of the published one and is another: check whether the CA runs twice."},
	TimeBack:    {JA: "LISTの作成時刻が、公表中のものより前です。認証局の時計を確かめてください。", EN: "The LIST was made before the published one: check the clock of the CA."},
	TimeAhead:   {JA: "LISTの作成時刻が、今より先です。認証局とこちらの時計を確かめてください。", EN: "The LIST was made later than now: check the clocks of the CA and here."},
	Life:        {JA: "LISTの次回更新の時刻がないか、先すぎます。認証局の設定を確かめてください。", EN: "The LIST does not say when the next comes, or not before too long: check the settings of the CA."},
	Stale:       {JA: "LISTは、次回更新の時刻を過ぎてから届きました。公表しましたが、新しいリストが来ないわけを調べてください。", EN: "The LIST came after the time for which it is valid; it goes out, but find out why no newer one comes."},
	Order:       {JA: "LISTの発行番号 SERIAL が、順序どおりでないか二度あります。認証局で作り直してください。", EN: "In the LIST, SERIAL is out of order or there twice: make it again at the CA."},
	Serial:      {JA: "LISTに、電子証明書の番号になりえない番号があります。認証局で作り直してください。", EN: "The LIST has a serial that no certificate may have: make it again at the CA."},
	Reason:      {JA: "LISTの発行番号 SERIAL の失効理由か拡張領域が、使われないものです。認証局で作り直してください。", EN: "In the LIST, the reason or an extension of SERIAL is one that is not used: make it again at the CA."},
	Later:       {JA: "LISTの発行番号 SERIAL の失効日時が、リストの作成時刻より後です。認証局の時計を確かめてください。", EN: "In the LIST, SERIAL is revoked later than the list was made: check the clock of the CA."},
	Vanished:    {JA: "失効した発行番号 SERIAL が、有効期間の終わらないうちにLISTから消えています。このまま公表すると有効に戻ってしまいます。認証局の記録を調べてください。", EN: "The revoked certificate SERIAL is gone from the LIST before its term is over; published, it would be good again: examine the records of the CA."},
	Date:        {JA: "LISTの発行番号 SERIAL の失効日時が、公表中のものより後に変わっています。その間の署名が有効になってしまいます。認証局の記録を調べてください。", EN: "In the LIST, SERIAL is revoked since later than published; signatures made in between would be good: examine the records of the CA."},
	Earlier:     {JA: "LISTの発行番号 SERIAL の失効日時が、公表中のものより前に変わっています。公表しましたが、認証局の記録を調べてください。", EN: "In the LIST, SERIAL is revoked since earlier than published; it goes out, but examine the records of the CA."},
	Changed:     {JA: "LISTの発行番号 SERIAL の失効理由が、公表中のものと違います。公表しましたが、認証局の記録を調べてください。", EN: "In the LIST, SERIAL has another reason than published; it goes out, but examine the records of the CA."},
	Foreign:     {JA: "LISTに、別の市区町村の発行番号 SERIAL があります。公表しましたが、その市区町村のリストにあるか確かめてください。", EN: "The LIST names SERIAL, which is of another municipality; it goes out, but check that the list of that municipality names it."},
	DeltaOnly:   {JA: "全体のリストと差分リストが、同じ番号・同じ時刻の組になっていません。認証局で両方を作り直してください。", EN: "The full and the delta list are no pair of one number and one time: make both again at the CA."},
	BaseAfter:   {JA: "差分リストの基となる番号が、そのリスト自身の番号より前ではありません。認証局で作り直してください。", EN: "The base of the delta list is not before it: make it again at the CA."},
	BaseNone:    {JA: "差分リストの基となるリストは、公表されたことがありません。認証局で作り直してください。", EN: "The base of the delta list was never published: make it again at the CA, on one that was."},
	BaseLost:    {JA: "差分リストの基となる公表済みのリストが、今は読めません。別の基で作り直してください。", EN: "The published base of the delta list cannot be read any more: make the delta list again, on another base."},
	DeltaLess:   {JA: "差分リストに、基のリストの後に失効した発行番号 SERIAL がありません。認証局で作り直してください。", EN: "The delta list leaves out SERIAL, which was revoked after its base: make it again at the CA."},
	DeltaMore:   {JA: "差分リストの発行番号 SERIAL は、全体のリストと食い違うか、基のリストに既にあります。認証局で作り直してください。", EN: "SERIAL in the delta list contradicts the full list, or stands on the base already: make it again at the CA."},
	DeltaLacks:  {JA: "差分リストにも、その基のリストにも、失効した発行番号 SERIAL がありません。公表しましたが、認証局の記録を調べ、新しいリストを作らせてください。", EN: "Neither the delta list nor its base names SERIAL, which is revoked; it goes out, but examine the records of the CA and have a new list made."},
	Damaged:     {JA: "公表中のリストが、読めないか署名の合わないものになっています。新しいリストと置き換えます。保存場所を調べてください。", EN: "The published list cannot be read any more, or its signature is wrong; the new one takes its place. Examine where it was kept."},
}

func sentence(code Code, delta bool, serial cert.Serial) plain.Sentence {
	ja, en := "全体のリスト", "full list"
	if delta {
		ja, en = "差分リスト", "delta list"
	}
	s := sentences[code]
	return plain.Sentence{JA: strings.NewReplacer("LIST", ja, "SERIAL", serial.String()).Replace(s.JA), EN: strings.NewReplacer("LIST", en, "SERIAL", serial.String()).Replace(s.EN)}
}
