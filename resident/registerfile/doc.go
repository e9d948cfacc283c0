// Package registerfile reads and writes the file in which a register's residents are
// handed over (住民データの受渡しファイル): UTF-8 CSV, one resident a line, with a header
// line of column ids in Japanese or English, in any order.
//
//	Japanese            English           content
//	住民票コード          record_code       11 digits
//	氏名                 name              official characters, variation sequences kept
//	振り仮名              kana              the office's reading, katakana; optional
//	生年月日              birth             any form of resident.ParsePartialDate
//	性別                 sex               男, 女, 不明
//	住所                 address           from the prefecture on
//	市区町村コード         municipality      6 digits
//	世帯番号              household         letters, digits, hyphens
//	続柄                 relation          世帯主, 妻, 子 …
//	通称                 common_name       optional
//	国籍・地域            nationality       optional; foreign residents only
//	住民となった年月日     became_resident   any form of resident.ParseDate
//	個人番号              number            12 digits; optional
//
// The items of 法7条 and 30条の45 that follow are optional, so that registers made before them are read. A line that has any
// of them must have, in a file with both 本籍 (domicile) and 30条の45の区分 (stay_category), its 戸籍の表示, or of a foreign
// resident the stay.
//
//	氏名の振り仮名         furigana                     as the family register has it, katakana
//	旧氏                 former_name                  family name only
//	本籍, 筆頭者          domicile, domicile_head      official characters
//	戸籍の有無            domicile_state               本籍あり (also when empty), 本籍不明, 無籍
//	住所を定めた年月日     address_since                days as above
//	届出年月日            notified
//	従前の住所            earlier_address              of somebody from abroad the country
//	選挙人名簿            voter                        登録, or empty
//	…の取得, …の喪失      health_, elderly_, care_, pension_ with since and until
//	国民年金の種別        pension_kind                 第1号被保険者, 任意加入被保険者
//	国民年金の種別変更     pension_kind_since
//	基礎年金番号          pension_number               10 digits
//	児童手当の開始, 終了   allowance_since, allowance_until   months: 2024-06
//	30条の45の区分        stay_category                中長期在留者 …
//	在留資格, 在留期間     stay_status, stay_period     留学; 4年3月, 無期限
//	在留期間の満了の日     stay_until
//	在留カード等の番号     stay_card                    AB12345678CD
//	外国人住民となった年月日 foreign_since
//
// Lines starting with # before the header are comments. A byte order mark and CRLF are
// accepted. Fields may be quoted as in RFC 4180, but a field has no line break: a line
// is a resident, so that one broken quote cannot swallow the residents behind it.
//
// It refuses a file whose header it cannot understand, as a whole; a bad line is
// returned with its problems, each with line, column and what to do, and reading goes on.
package registerfile

// MaxLine is the longest line that is read, in bytes with its line break. A longer one
// is reported and skipped without being held in memory.
const MaxLine = 64 << 10
