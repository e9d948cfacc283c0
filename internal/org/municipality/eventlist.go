package municipality

import (
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// Grounds that many events have.
var (
	groundsOfFamily    = []string{"family-notice"}
	groundsOfOffice    = []string{"order-12", "found-wrong"}
	groundsOfRequest   = []string{"order-12", "family-notice", "found-wrong"}
	groundsOfHousehold = []string{"law-25", "order-12"}
)

// Items that many events may change.
const (
	itemsOfFamily = itemsOfName | itemCommonName | itemOther
	itemsOfMove   = itemAddress | itemWard | itemHousehold | itemRelation | itemOther
	itemsAmended  = itemsOfName | itemBirth | itemSex | itemAddress | itemWard | itemCommonName | itemNationality | itemOther
)

// events is the whole list. What 規則11条 and the Act name is from them; the finer words, and which of the eleven reasons
// each has, are as municipal systems keep them, from memory (Memory).
//
// 婚姻 and its like are filed here as far as they change an item that is notified. What they change of the relations in the
// household is 続柄の変更, which stays here. 改製 is not in the list: a register that is kept in versions has no sheet that is
// full.
var events = []Event{
	// 引っ越し
	{Key: "move-in", Name: ev("転入", "Move in"), Yomi: "てんにゅう", Group: GroupMove, Form: "register", Reason: resident.MoveIn, Grounds: []string{"law-22"}, May: itemsOfAll, By: filersOfNotice, Clock: Within14},
	{Key: "move-in-abroad", Name: ev("国外からの転入", "Move in from abroad"), Yomi: "こくがいからのてんにゅう", Group: GroupMove, Form: "register", Reason: resident.MoveIn, Grounds: []string{"law-22", "law-30-46"}, May: itemsOfAll, By: filersOfNotice, Clock: Within14, Memory: true},
	{Key: "move-within", Name: ev("転居", "Move within the municipality"), Yomi: "てんきょ", Group: GroupMove, Form: "move-within", Reason: resident.MoveWithin, Grounds: []string{"law-23"}, May: itemsOfMove, Must: itemAddress, By: filersOfNotice, Clock: Within14},
	{Key: "move-out", Name: ev("転出", "Move out"), Yomi: "てんしゅつ", Group: GroupMove, Form: "move-out", Reason: resident.MoveOut, Grounds: []string{"law-24"}, May: itemOther, By: filersOfNotice, Clock: InAdvance},
	{Key: "move-abroad", Name: ev("国外転出", "Move abroad"), Yomi: "こくがいてんしゅつ", Group: GroupMove, Form: "move-out", Reason: resident.MoveOut, Grounds: []string{"law-24"}, May: itemOther, By: filersOfNotice, Clock: InAdvance, Memory: true},

	// 世帯: nothing of it is identification information, so nobody outside is told.
	{Key: "household-split", Name: ev("世帯分離", "Household divided"), Yomi: "せたいぶんり", Group: GroupHousehold, Form: "household", Grounds: groundsOfHousehold, May: itemHousehold | itemRelation, By: filersOfNotice | FilerOffice, Clock: Within14, Memory: true},
	{Key: "household-merge", Name: ev("世帯合併", "Households joined"), Yomi: "せたいがっぺい", Group: GroupHousehold, Form: "household", Grounds: groundsOfHousehold, May: itemHousehold | itemRelation, By: filersOfNotice | FilerOffice, Clock: Within14, Memory: true},
	{Key: "household-change", Name: ev("世帯変更", "Going over to another household"), Yomi: "せたいへんこう", Group: GroupHousehold, Form: "household", Grounds: groundsOfHousehold, May: itemHousehold | itemRelation, By: filersOfNotice | FilerOffice, Clock: Within14, Memory: true},
	{Key: "head-change", Name: ev("世帯主変更", "Another head of the household"), Yomi: "せたいぬしへんこう", Group: GroupHousehold, Form: "household", Grounds: groundsOfHousehold, May: itemRelation, By: filersOfNotice | FilerOffice, Clock: Within14, Memory: true},
	{Key: "relation-change", Name: ev("続柄の変更", "Another relation to the head"), Yomi: "つづきがらのへんこう", Group: GroupHousehold, Form: "household", Grounds: []string{"order-12", "family-notice", "found-wrong"}, May: itemRelation, By: filersOfNotice | FilerOffice | FilerFamily, Memory: true},

	// 戸籍の届出
	{Key: "marriage", Name: ev("婚姻", "Marriage"), Yomi: "こんいん けっこん", Group: GroupFamily, Form: "amendment", Reason: resident.AmendmentExOfficio, Grounds: groundsOfFamily, May: itemsOfFamily, By: FilerFamily | FilerOffice, Memory: true},
	{Key: "divorce", Name: ev("離婚", "Divorce"), Yomi: "りこん", Group: GroupFamily, Form: "amendment", Reason: resident.AmendmentExOfficio, Grounds: groundsOfFamily, May: itemsOfFamily, By: FilerFamily | FilerOffice, Memory: true},
	{Key: "divorce-name", Name: ev("婚氏の続称", "Keeping the name of the marriage"), Yomi: "こんしのぞくしょう", Group: GroupFamily, Form: "amendment", Reason: resident.AmendmentExOfficio, Grounds: groundsOfFamily, May: itemsOfFamily, Must: itemName, By: FilerFamily | FilerOffice, Memory: true},
	{Key: "adoption", Name: ev("養子縁組", "Adoption"), Yomi: "ようしえんぐみ", Group: GroupFamily, Form: "amendment", Reason: resident.AmendmentExOfficio, Grounds: groundsOfFamily, May: itemsOfFamily, By: FilerFamily | FilerOffice, Memory: true},
	{Key: "special-adoption", Name: ev("特別養子縁組", "Special adoption"), Yomi: "とくべつようしえんぐみ", Group: GroupFamily, Form: "amendment", Reason: resident.AmendmentExOfficio, Grounds: groundsOfFamily, May: itemsOfFamily, By: FilerFamily | FilerOffice, Memory: true},
	{Key: "adoption-ended", Name: ev("養子離縁", "End of an adoption"), Yomi: "ようしりえん", Group: GroupFamily, Form: "amendment", Reason: resident.AmendmentExOfficio, Grounds: groundsOfFamily, May: itemsOfFamily, By: FilerFamily | FilerOffice, Memory: true},
	{Key: "acknowledgement", Name: ev("認知", "Acknowledgement of a child"), Yomi: "にんち", Group: GroupFamily, Form: "amendment", Reason: resident.AmendmentExOfficio, Grounds: groundsOfFamily, May: itemsOfFamily, By: FilerFamily | FilerOffice, Memory: true},
	{Key: "entering-register", Name: ev("入籍", "Entry into a parent's family register"), Yomi: "にゅうせき", Group: GroupFamily, Form: "amendment", Reason: resident.AmendmentExOfficio, Grounds: groundsOfFamily, May: itemsOfFamily, By: FilerFamily | FilerOffice, Memory: true},

	// 名前と性別
	{Key: "surname-change", Name: ev("氏の変更", "Change of the family name"), Yomi: "うじのへんこう", Group: GroupName, Form: "amendment", Reason: resident.AmendmentExOfficio, Grounds: groundsOfFamily, May: itemsOfFamily, Must: itemName, By: FilerFamily | FilerOffice, Memory: true},
	{Key: "given-name-change", Name: ev("名の変更", "Change of the given name"), Yomi: "なのへんこう", Group: GroupName, Form: "amendment", Reason: resident.AmendmentExOfficio, Grounds: groundsOfFamily, May: itemsOfFamily, Must: itemName, By: FilerFamily | FilerOffice, Memory: true},
	{Key: "reading-entry", Name: ev("振り仮名の記載・変更", "Reading of the name"), Yomi: "ふりがな", Group: GroupName, Form: "amendment", Reason: resident.AmendmentExOfficio, Grounds: groundsOfRequest, May: itemKana | itemOther, By: filersOfNotice | FilerFamily | FilerOffice, Memory: true},
	{Key: "sex-change", Name: ev("性別の変更", "Change of sex"), Yomi: "せいべつのへんこう", Group: GroupName, Form: "amendment", Reason: resident.AmendmentExOfficio, Grounds: groundsOfFamily, May: itemsOfName | itemSex | itemOther, Must: itemSex, By: FilerFamily | FilerOffice, Memory: true},
	{Key: "common-name-entry", Name: ev("通称の記載・変更", "Common name entered or changed"), Yomi: "つうしょう", Group: GroupName, Form: "amendment", Reason: resident.AmendmentExOfficio, Grounds: []string{"order-12"}, May: itemCommonName | itemOther, Must: itemCommonName, By: filersOfNotice, Memory: true},
	{Key: "common-name-deletion", Name: ev("通称の削除", "Common name removed"), Yomi: "つうしょうのさくじょ", Group: GroupName, Form: "amendment", Reason: resident.AmendmentExOfficio, Grounds: []string{"order-12"}, May: itemCommonName | itemOther, Must: itemCommonName, By: filersOfNotice | FilerOffice, Memory: true},
	{Key: "former-name-entry", Name: ev("旧氏の記載", "Former family name entered"), Yomi: "きゅうし きゅうせい", Group: GroupName, Form: "amendment", Reason: resident.AmendmentExOfficio, Grounds: []string{"order-12"}, May: itemOther, Must: itemOther, By: filersOfNotice, Memory: true},
	{Key: "former-name-change", Name: ev("旧氏の変更", "Former family name changed"), Yomi: "きゅうしのへんこう", Group: GroupName, Form: "amendment", Reason: resident.AmendmentExOfficio, Grounds: []string{"order-12"}, May: itemOther, Must: itemOther, By: filersOfNotice, Memory: true},
	{Key: "former-name-deletion", Name: ev("旧氏の削除", "Former family name removed"), Yomi: "きゅうしのさくじょ", Group: GroupName, Form: "amendment", Reason: resident.AmendmentExOfficio, Grounds: []string{"order-12"}, May: itemOther, Must: itemOther, By: filersOfNotice | FilerOffice, Memory: true},

	// 国籍
	{Key: "naturalisation", Name: ev("帰化", "Naturalisation"), Yomi: "きか", Group: GroupNationality, Form: "amendment", Reason: resident.AmendmentExOfficio, Grounds: groundsOfFamily, May: itemsOfName | itemCommonName | itemNationality | itemOther, Must: itemNationality, By: FilerFamily | FilerOffice, Memory: true},
	{Key: "nationality-acquired", Name: ev("国籍取得", "Japanese nationality acquired"), Yomi: "こくせきしゅとく", Group: GroupNationality, Form: "amendment", Reason: resident.AmendmentExOfficio, Grounds: groundsOfFamily, May: itemsOfName | itemCommonName | itemNationality | itemOther, Must: itemNationality, By: FilerFamily | FilerOffice, Memory: true},
	{Key: "nationality-lost", Name: ev("国籍喪失", "Japanese nationality lost"), Yomi: "こくせきそうしつ", Group: GroupNationality, Form: "amendment", Reason: resident.AmendmentExOfficio, Grounds: groundsOfFamily, May: itemsOfName | itemNationality | itemOther, Must: itemNationality, By: FilerFamily | FilerOffice, Memory: true},
	{Key: "nationality-change", Name: ev("国籍・地域の変更", "Change of nationality or region"), Yomi: "こくせきちいきのへんこう", Group: GroupNationality, Form: "amendment", Reason: resident.AmendmentExOfficio, Grounds: groundsOfOffice, May: itemsOfName | itemNationality | itemOther, Must: itemNationality, By: FilerOffice, Memory: true},
	{Key: "became-covered", Name: ev("外国人住民となった届出", "Having become a foreign resident"), Yomi: "がいこくじんじゅうみん", Group: GroupNationality, Form: "register", Reason: resident.MoveIn, Grounds: []string{"law-30-47"}, May: itemsOfAll, By: filersOfNotice, Clock: Within14},

	// 出生・死亡
	{Key: "birth", Name: ev("出生", "Birth"), Yomi: "しゅっしょう しゅっせい", Group: GroupLife, Form: "register", Reason: resident.Birth, Grounds: []string{"family-49"}, May: itemsOfAll, By: FilerFamily | FilerOffice},
	{Key: "death", Name: ev("死亡", "Death"), Yomi: "しぼう", Group: GroupLife, Form: "death", Reason: resident.Death, Grounds: []string{"family-86"}, May: itemOther, By: FilerFamily | FilerOffice},
	{Key: "disappearance", Name: ev("失踪宣告", "Declaration of disappearance"), Yomi: "しっそうせんこく", Group: GroupLife, Form: "deletion", Reason: resident.DeletionExOfficio, Grounds: []string{"order-12"}, May: itemOther, By: FilerFamily | FilerOffice, Memory: true},

	// 職権
	{Key: "entry-ex-officio", Name: ev("職権記載", "Entry ex officio"), Yomi: "しょっけんきさい", Group: GroupOffice, Form: "register", Reason: resident.EntryExOfficio, Grounds: groundsOfOffice, May: itemsOfAll, By: FilerOffice},
	{Key: "amendment-ex-officio", Name: ev("職権修正", "Amendment ex officio"), Yomi: "しょっけんしゅうせい", Group: GroupOffice, Form: "amendment", Reason: resident.AmendmentExOfficio, Grounds: groundsOfRequest, May: itemsAmended, By: FilerOffice | FilerFamily},
	{Key: "deletion-ex-officio", Name: ev("職権消除", "Deletion ex officio"), Yomi: "しょっけんしょうじょ", Group: GroupOffice, Form: "deletion", Reason: resident.DeletionExOfficio, Grounds: groundsOfOffice, May: itemOther, By: FilerOffice},

	// 軽微な修正 (規則21条の2)
	{Key: "minor-plain", Name: ev("常用平易な文字への変更", "A character replaced by its plain form"), Yomi: "けいびなしゅうせい じょうようへいいなもじ", Group: GroupMinor, Form: "minor-amendment", Reason: resident.MinorAmendment, Grounds: []string{"rule-21-2-1"}, May: itemName | itemAddress | itemOther, By: filersOfNotice | FilerOffice},
	{Key: "minor-identified", Name: ev("文字の同定", "A character identified"), Yomi: "けいびなしゅうせい もじのどうてい", Group: GroupMinor, Form: "minor-amendment", Reason: resident.MinorAmendment, Grounds: []string{"rule-21-2-2"}, May: itemName | itemAddress | itemOther, By: FilerOffice},
	{Key: "minor-renamed", Name: ev("行政区画・町字の名称変更", "A district or town renamed"), Yomi: "けいびなしゅうせい ちょうめいへんこう", Group: GroupMinor, Form: "minor-amendment", Reason: resident.MinorAmendment, Grounds: []string{"rule-21-2-3"}, May: itemAddress | itemOther, Must: itemAddress, By: FilerOffice},
	{Key: "minor-lot", Name: ev("地番の変更", "A lot renumbered"), Yomi: "けいびなしゅうせい ちばん", Group: GroupMinor, Form: "minor-amendment", Reason: resident.MinorAmendment, Grounds: []string{"rule-21-2-4"}, May: itemAddress | itemOther, Must: itemAddress, By: FilerOffice},
	{Key: "minor-address", Name: ev("住居表示の実施・変更", "A new system of addresses"), Yomi: "けいびなしゅうせい じゅうきょひょうじ", Group: GroupMinor, Form: "minor-amendment", Reason: resident.MinorAmendment, Grounds: []string{"rule-21-2-5"}, May: itemAddress | itemOther, Must: itemAddress, By: FilerOffice},

	// 前の届出を直す
	{Key: "correction", Name: ev("訂正", "Correction"), Yomi: "ていせい", Group: GroupCorrection, Form: "correction", Reason: resident.AmendmentExOfficio, Grounds: groundsOfOffice, May: itemsAmended, By: FilerOffice},
	{Key: "cancellation", Name: ev("取消（修正・転居の取消）", "Cancellation of an amendment or a move"), Yomi: "とりけし てんきょのとりけし", Group: GroupCorrection, Form: "cancellation", Reason: resident.AmendmentExOfficio, Grounds: groundsOfOffice, May: itemsAmended | itemHousehold | itemRelation, By: FilerOffice, Memory: true},
	{Key: "entry-cancelled", Name: ev("記載の取消", "Cancellation of an entry"), Yomi: "きさいのとりけし てんにゅうとりけし", Group: GroupCorrection, Form: "entry-cancel", Reason: resident.DeletionExOfficio, Grounds: groundsOfOffice, May: itemOther, By: FilerOffice, Memory: true},
	{Key: "move-out-cancelled", Name: ev("転出の取消（消除の後）", "Cancellation of a move out after its day"), Yomi: "てんしゅつとりけし", Group: GroupCorrection, Form: "restoration", Reason: resident.EntryExOfficio, Grounds: groundsOfOffice, May: itemHousehold | itemRelation | itemOther, By: filersOfNotice | FilerOffice, Memory: true},
	{Key: "disappearance-cancelled", Name: ev("失踪宣告の取消", "Cancellation of a declaration of disappearance"), Yomi: "しっそうせんこくのとりけし", Group: GroupCorrection, Form: "restoration", Reason: resident.EntryExOfficio, Grounds: groundsOfOffice, May: itemHousehold | itemRelation | itemOther, By: FilerFamily | FilerOffice, Memory: true},
	{Key: "restoration", Name: ev("回復（消除の取消）", "Restoration of a deleted record"), Yomi: "かいふく しぼうのとりけし", Group: GroupCorrection, Form: "restoration", Reason: resident.EntryExOfficio, Grounds: groundsOfOffice, May: itemHousehold | itemRelation | itemOther, By: FilerOffice, Memory: true},

	// 住民票コード
	{Key: "code-change-requested", Name: ev("住民票コードの変更請求", "Another record code on request"), Yomi: "じゅうみんひょうこーどのへんこう", Group: GroupCode, Form: "code-change", Reason: resident.CodeChangeRequested, Grounds: []string{"law-30-3"}, May: itemCode | itemOther, By: filersOfNotice},
	{Key: "code-ex-officio", Name: ev("住民票コードの職権修正", "Another record code ex officio"), Yomi: "じゅうみんひょうこーどのしょっけんしゅうせい", Group: GroupCode, Form: "code-change", Reason: resident.CodeExOfficio, Grounds: []string{"found-wrong"}, May: itemCode | itemOther, By: FilerOffice},
}

func ev(ja, en string) plain.Sentence { return plain.Sentence{JA: ja, EN: en} }
