// Package registerfile reads and writes the file in which a register's residents are
// handed over (住民データの受渡しファイル): UTF-8 CSV, one resident a line, with a header
// line of column ids in Japanese or English, in any order.
//
//	Japanese            English           content
//	住民票コード          record_code       11 digits
//	氏名                 name              official characters, variation sequences kept
//	振り仮名              kana              katakana; optional
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
