package nationalcenter

import (
	"github.com/akashi-id/akashi/internal/exchange"
)

func (o *Center) routes() []exchange.Route {
	return append([]exchange.Route{
		exchange.On(o.in, o.onResidentChange),
		exchange.On(o.in, o.onResidentInvalidation),
		exchange.On(o.in, o.onResidentProtection),
		exchange.On(o.in, o.onResidentProtectionEnd),
		exchange.On(o.in, o.onCertIssuance).WhenWaiting(o.onUnreadIssuance),
		exchange.On(o.in, o.onCertRevoke),
		exchange.On(o.in, o.onCodeRequest),
		exchange.On(o.in, o.onNumberRequest),
		exchange.On(o.in, o.onIssuingProgram),
	}, o.Errors.Routes()...)
}
