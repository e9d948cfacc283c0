package resident

import (
	"fmt"
	"log/slog"

	"github.com/akashi-id/akashi/internal/plain"
)

// DomicileState is what a record says of the person's family register (戸籍). The zero value is that it says nothing, which
// is right for a foreign resident only.
type DomicileState uint8

// What can be said of it (法7条5号).
const (
	DomicileKnown   DomicileState = 1 // 本籍 and 筆頭者 are stated
	DomicileUnknown DomicileState = 2 // 本籍の明らかでない者
	NoDomicile      DomicileState = 3 // 本籍のない者 (無籍)
)

var domicileStates = [...]struct {
	code string
	plain.Sentence
}{
	DomicileKnown:   {"known", plain.Sentence{JA: "本籍あり", EN: "domicile known"}},
	DomicileUnknown: {"unknown", plain.Sentence{JA: "本籍不明", EN: "domicile not known"}},
	NoDomicile:      {"none", plain.Sentence{JA: "無籍", EN: "no family register"}},
}

// ParseDomicileState reads the code or the Japanese words of a state. The error is a *plain.Problem for field.
func ParseDomicileState(field, s string) (DomicileState, error) {
	for d := DomicileKnown; d <= NoDomicile; d++ {
		if row := domicileStates[d]; s == row.code || s == row.JA {
			return d, nil
		}
	}
	return 0, plain.Bad(field,
		"戸籍の有無は「本籍あり」「本籍不明」「無籍」のいずれかを入力してください。",
		"Enter 本籍あり (domicile known), 本籍不明 (not known) or 無籍 (no family register).")
}

// Valid reports whether d says anything.
func (d DomicileState) Valid() bool { return DomicileKnown <= d && d <= NoDomicile }

// Code is the state's name in files, e.g. "known"; "" for the zero value.
func (d DomicileState) Code() string {
	if !d.Valid() {
		return ""
	}
	return domicileStates[d].code
}

// In is the state in a language; "" for the zero value.
func (d DomicileState) In(lang plain.Lang) string {
	if !d.Valid() {
		return ""
	}
	return domicileStates[d].In(lang)
}

// FamilyRegister tells where a Japanese national's family register is (戸籍の表示, 法7条5号): its place (本籍) and the person at its
// head (筆頭者); or that there is none, or that it is not known. The zero value says nothing.
type FamilyRegister struct {
	State    DomicileState
	Domicile Address // 本籍: a place on the map of lots, not an address where anybody need live; it may be outside our municipality
	Head     Name    // 筆頭者; may have died, the register keeps the name
}

// Given reports whether the record says anything of the family register.
func (f FamilyRegister) Given() bool { return f != FamilyRegister{} }

// Stated is f with the state that follows from a domicile and a head that are given.
func (f FamilyRegister) Stated() FamilyRegister {
	if f.State == 0 && f.Given() {
		f.State = DomicileKnown
	}
	return f
}

// Contradictions are what does not go together.
func (f FamilyRegister) Contradictions() (ps plain.Problems) {
	switch f.State {
	case DomicileUnknown, NoDomicile:
		if f.Domicile.Valid() || f.Head.Valid() {
			ps = append(ps, plain.Bad("domicile_state",
				"「"+f.State.In(plain.JA)+"」の方に、本籍や筆頭者は記載できません。どちらかを取り除いてください。",
				"Somebody marked “"+f.State.In(plain.EN)+"” has no domicile and no head of a family register: remove one or the other."))
		}
	default:
		if f.Given() {
			ps = require(ps, f.Domicile.Valid(), "domicile", "本籍", "domicile (本籍)")
			ps = require(ps, f.Head.Valid(), "domicile_head", "筆頭者", "head of the family register (筆頭者)")
		}
	}
	return ps
}

const familyRegisterWhat = "戸籍の表示"

// String is redacted; so are Format and LogValue.
func (f FamilyRegister) String() string { return redacted(familyRegisterWhat) }

// Format redacts under every verb.
func (f FamilyRegister) Format(s fmt.State, _ rune) { formatRedacted(s, familyRegisterWhat) }

// LogValue redacts.
func (f FamilyRegister) LogValue() slog.Value { return logRedacted(familyRegisterWhat) }
