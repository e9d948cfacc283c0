// Package moji is the list of characters of Japan's registers (文字情報基盤, MJ): the shapes in which names and addresses are
// written, what each is called in the registers' code tables, and by which character a smaller set replaces it (縮退).
//
// A text of a register is UTF-8 with variation selectors of the collection Moji_Joho; nothing here normalises it. A character
// with a selector names one shape (文字図形) of the list. A character alone has the shape that the list says is implemented
// under its code point (実装したUCS); another collection's selector (Adobe-Japan1) names nothing here.
//
// What a replacement is worth the table says by its kinds. Some say that two characters are one (Kind.One); the others that
// they are related, or look or read alike. None makes a text the text of the register: who replaces must say so, character by
// character, and where several replacements are equally near there is none.
//
// The data are a table of others under a licence of its own: NOTICE.md.
package moji
