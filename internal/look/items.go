package look

import (
	"math/bits"

	"github.com/akashi-id/akashi/internal/plain"
)

// Items is a set of what a look showed of a person, in the words in which the person is told of it.
type Items uint32

// The items. A bit is never given a second meaning: rows are kept for years.
const (
	Four         Items = 1 << iota // 氏名・生年月日・性別・住所
	Kana                           // 氏名の振り仮名
	Code                           // 住民票コード
	Number                         // 個人番号
	Origin                         // 本籍・筆頭者
	Household                      // 世帯・続柄
	CommonName                     // 旧氏・通称
	Foreign                        // 国籍・在留資格など
	History                        // 異動の履歴
	Certificates                   // 電子証明書の状態
	Moves                          // 転出先・前住所
	Seal                           // 印鑑登録
	Insurance                      // 選挙・国保・年金などの資格
	Looks                          // 閲覧の記録そのもの
	Signed                         // 署名した文書や、その検証の結果
)

const all = Signed<<1 - 1

var itemNames = []plain.Sentence{
	{JA: "氏名・生年月日・性別・住所", EN: "name, date of birth, sex, address"},
	{JA: "振り仮名", EN: "reading"},
	{JA: "住民票コード", EN: "record code"},
	{JA: "個人番号", EN: "individual number"},
	{JA: "本籍・筆頭者", EN: "family register"},
	{JA: "世帯・続柄", EN: "household and relation"},
	{JA: "旧氏・通称", EN: "former or common name"},
	{JA: "国籍・在留資格など", EN: "nationality and status of residence"},
	{JA: "異動の履歴", EN: "history of the record"},
	{JA: "電子証明書", EN: "certificates"},
	{JA: "転出先・前住所", EN: "where from and where to"},
	{JA: "印鑑登録", EN: "seal registration"},
	{JA: "選挙・保険・年金などの資格", EN: "voting, insurance and pension"},
	{JA: "閲覧の記録", EN: "looks at the record"},
	{JA: "署名と検証の結果", EN: "signatures and their checks"},
}

// Names are the items of the set, in the order of the table.
func (i Items) Names() (names []plain.Sentence) {
	for rest := uint32(i & all); rest != 0; rest &= rest - 1 {
		names = append(names, itemNames[bits.TrailingZeros32(rest)])
	}
	return names
}

// Name is the set in one sentence.
func (i Items) Name() (s plain.Sentence) {
	for _, n := range i.Names() {
		if s.JA != "" {
			s.JA, s.EN = s.JA+"、", s.EN+"; "
		}
		s.JA, s.EN = s.JA+n.JA, s.EN+n.EN
	}
	return s
}
