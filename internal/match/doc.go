// Package match compares what somebody is looked for by with what a register holds (照合), attribute by attribute: how far each agrees,
// and why, in a sentence.
//
// It never says that a record is the person. Two men of one name and date of birth were given one number (2016) because the only
// hit of a search was taken for the person; and what agrees by a replaced character (縮退, 異体字) agrees in less than it
// seems. Such a degree is told apart from agreement, and carries its flag wherever it goes.
//
// Texts are compared code point by code point. Unicode's normal forms are not used: NFC alone would alter 89 characters of the
// official set. Variation selectors are left out as a step of its own, characters are replaced by a table of the registers' own
// authorities (variants.txt) as another, and neither touches kana: キヨウコ and キョウコ are two names.
//
// The 本人確認情報 has no reading of a name, so none is compared here. Where readings are kept, in a municipality's register,
// that register's search compares them.
package match
