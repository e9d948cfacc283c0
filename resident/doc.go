// Package resident is the vocabulary of the resident registry (住民基本台帳): the
// codes, dates, names, addresses, records and changes that every organisation of
// the country speaks in, and the rules that the law attaches to them.
//
// A value of one of these types has been checked: the only way to one is a Parse
// or New function, which refuses bad input with a *plain.Problem, a sentence in
// Japanese and English that names the field, says what is wrong and what to do.
// Zero values stand for "absent" and are refused wherever something is required.
// An error returned by a Parse function is always a *plain.Problem.
//
// Values that say something about a person (RecordCode, IndividualNumber, Name,
// Address, Kana, Record …) print as "[非表示 …]" under every verb of fmt, in slog
// and in html/template, even from an unexported field of somebody else's struct;
// Reveal is the one way to their content, so that a reader can search for it.
//
// Names and addresses are UTF-8 with ideographic variation sequences and are kept
// byte for byte: NFC alone would alter 89 characters of the official set.
//
// Laws are cited as: 法 = 住民基本台帳法, 令 = its 施行令, 規則 = its 施行規則 (texts of
// 2013-11-26, with the chain of organisations of 2004), JPKI Act =
// 電子署名等に係る地方公共団体情報システム機構の認証業務に関する法律.
package resident
