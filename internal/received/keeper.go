package received

import (
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Keeps tells whether an organisation keeps the register of a municipality on a day: its own, or that of its ward.
func Keeps(o message.Org, m resident.MunicipalityCode, on resident.Date) bool {
	if o.Code() == m.String() {
		return true
	}
	code, err := resident.ParseMunicipalityCode("municipality", o.Code())
	if err != nil || code.Prefecture() != m.Prefecture() {
		return false
	}
	city, err := resident.Lookup("municipality", code, on)
	if err != nil {
		return false
	}
	ward, err := resident.Lookup("municipality", m, on)
	return err == nil && ward.City == city.Name
}
