package prefecture

import (
	"github.com/akashi-id/akashi/internal/exchange"
)

func (o *Prefecture) routes() []exchange.Route {
	return append([]exchange.Route{
		exchange.On(o.in, o.onResidentChange),
		exchange.On(o.in, o.onResidentInvalidation),
		exchange.On(o.in, o.onResidentProtection),
		exchange.On(o.in, o.onResidentProtectionEnd),
		exchange.On(o.in, o.onVerifierFiling),
		exchange.On(o.in, o.onCAReport),
	}, o.Errors.Routes()...)
}
