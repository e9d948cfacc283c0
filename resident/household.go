package resident

import (
	"fmt"
	"log/slog"

	"github.com/akashi-id/akashi/internal/plain"
)

// HouseholdID names a household (世帯) inside its municipality's register: 1 to 20
// ASCII letters, digits or hyphens. The zero value is no household.
type HouseholdID string

// ParseHouseholdID checks a household id. The error is a *plain.Problem for field.
func ParseHouseholdID(field, s string) (HouseholdID, error) {
	ok := len(s) >= 1 && len(s) <= 20
	for i := range len(s) {
		c := s[i]
		ok = ok && (c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '-')
	}
	if !ok {
		return "", plain.Bad(field,
			"世帯番号は英数字とハイフンで1文字から20文字までです。",
			"A household id is 1 to 20 letters, digits or hyphens.")
	}
	return HouseholdID(s), nil
}

// Relation is the relation to the head of the household (世帯主との続柄): 世帯主, 妻, 夫,
// 子, 妻の子, 同居人 …, up to 20 characters. The zero value is no relation.
type Relation struct{ text sealed }

const (
	relationWhat = "続柄"
	maxRelation  = 20
)

// Head is the relation of the head of the household (世帯主) itself.
var Head = Relation{seal("世帯主")}

// ParseRelation checks a relation. The error is a *plain.Problem for field.
func ParseRelation(field, s string) (Relation, error) {
	if why := checkText(s, maxRelation); why != nil {
		return Relation{}, &plain.Problem{Field: field, Sentence: *why}
	}
	return Relation{seal(s)}, nil
}

// Valid reports whether r holds a relation at all.
func (r Relation) Valid() bool { return !r.text.empty() }

// Reveal gives the relation, or "". Never log it.
func (r Relation) Reveal() string { return r.text.open() }

// String is redacted; so are Format and LogValue.
func (r Relation) String() string { return redacted(relationWhat) }

// Format redacts under every verb.
func (r Relation) Format(f fmt.State, _ rune) { formatRedacted(f, relationWhat) }

// LogValue redacts.
func (r Relation) LogValue() slog.Value { return logRedacted(relationWhat) }

// MarshalText always refuses, so that no encoder writes the relation unasked.
func (r Relation) MarshalText() ([]byte, error) { return nil, errSealed }

// Nationality is the nationality or region (国籍・地域) of a foreign resident, up to 40
// characters. The zero value stands on the record of a Japanese national.
type Nationality struct{ text sealed }

const (
	nationalityWhat = "国籍・地域"
	maxNationality  = 40
)

// ParseNationality checks a nationality or region. The error is a *plain.Problem for field.
func ParseNationality(field, s string) (Nationality, error) {
	if why := checkText(s, maxNationality); why != nil {
		return Nationality{}, &plain.Problem{Field: field, Sentence: *why}
	}
	return Nationality{seal(s)}, nil
}

// Valid reports whether n names a nationality, that is, whether the resident is a foreigner.
func (n Nationality) Valid() bool { return !n.text.empty() }

// Reveal gives the nationality, or "". Never log it.
func (n Nationality) Reveal() string { return n.text.open() }

// String is redacted; so are Format and LogValue.
func (n Nationality) String() string { return redacted(nationalityWhat) }

// Format redacts under every verb.
func (n Nationality) Format(f fmt.State, _ rune) { formatRedacted(f, nationalityWhat) }

// LogValue redacts.
func (n Nationality) LogValue() slog.Value { return logRedacted(nationalityWhat) }

// MarshalText always refuses, so that no encoder writes the nationality unasked.
func (n Nationality) MarshalText() ([]byte, error) { return nil, errSealed }
