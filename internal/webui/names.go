package webui

import (
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// NameOf is what people call an organisation, from its identifier alone: its peers are not asked.
func NameOf(o message.Org, at time.Time) plain.Sentence {
	role := Capital(o.Role().Name())
	switch o.Role() {
	case message.Municipality:
		if code, err := resident.ParseMunicipalityCode("municipality", o.Code()); err == nil {
			if m, err := resident.Lookup("municipality", code, resident.DateOf(at)); err == nil {
				return plain.Sentence{JA: m.City + m.Name, EN: m.Romaji()}
			}
		}
	case message.CA: // a prefecture's own
		if code, err := resident.ParsePrefectureCode("prefecture", o.Code()); err == nil {
			if p, ok := resident.PrefectureOf(code); ok {
				return plain.Sentence{JA: p.Name + role.JA, EN: role.EN + " of " + p.Romaji()}
			}
		}
	case message.Prefecture:
		if code, err := resident.ParsePrefectureCode("prefecture", o.Code()); err == nil {
			if p, ok := resident.PrefectureOf(code); ok {
				return plain.Sentence{JA: p.Name, EN: p.Romaji()}
			}
		}
	}
	if o.Code() == "" {
		return role
	}
	return plain.Sentence{JA: role.JA + " " + o.Code(), EN: role.EN + " " + o.Code()}
}

// Capital begins the English of a name with a capital letter, as what stands alone does.
func Capital(s plain.Sentence) plain.Sentence {
	first := min(1, len(s.EN))
	return plain.Sentence{JA: s.JA, EN: strings.ToUpper(s.EN[:first]) + s.EN[first:]}
}
