package nationalcenter

import (
	"strings"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/resident"
)

// checkAddress refuses an address that the center cannot place: it must begin with the names of the prefecture and the
// municipality in whose register it stands, as they were on the day. It protects form, so two persons may accept it.
func checkAddress(d exchange.Delivery, i resident.IdentificationInfo) error {
	if d.Accepted {
		return nil
	}
	// A state is told with the names of the day on which it is told; those of the day of the change are as good.
	for _, day := range []resident.Date{resident.DateOf(d.CreatedAt), i.Change.Arose} {
		if m, err := resident.Lookup("municipality", i.Municipality, day); err == nil && lies(i.Address.Reveal(), m) {
			return nil
		}
	}
	name := i.Municipality.String()
	if m, err := resident.Lookup("municipality", i.Municipality, resident.DateOf(d.CreatedAt)); err == nil {
		name = m.FullName()
	}
	return exchange.Reject("unreadable-address",
		"住所を読み取れません。「"+name+"」で始まる住所に直して再送するか、正しければ「そのまま受入れ」で受け入れてください。",
		"the address cannot be read: it must begin with "+name+"; correct it and send it again, or accept it as it is when it is right")
}

// lies tells whether an address begins with the municipality's name, from the prefecture on. Towns and villages are
// written with their county (郡), which the table of municipalities does not have.
func lies(address string, m resident.Municipality) bool {
	if strings.HasPrefix(address, m.FullName()) {
		return true
	}
	p, _ := resident.PrefectureOf(m.Code.Prefecture())
	rest, ok := strings.CutPrefix(address, p.Name)
	if !ok || !strings.HasSuffix(m.Name, "町") && !strings.HasSuffix(m.Name, "村") {
		return false
	}
	county, rest, ok := strings.Cut(rest, "郡")
	const longestCounty = 5 // 東諸県, 北諸県: three; room for one that is not known here
	return ok && county != "" && len([]rune(county)) <= longestCounty && strings.HasPrefix(rest, m.Name)
}
