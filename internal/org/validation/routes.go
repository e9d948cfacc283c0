package validation

import (
	"github.com/akashi-id/akashi/internal/exchange"
)

func (o *Validation) routes() []exchange.Route {
	return []exchange.Route{
		exchange.On(o.in, o.onCertStatus),
		exchange.On(o.in, o.onCertCRL),
		exchange.On(o.in, o.onResponderIssued),
		exchange.On(o.in, o.onVerifierRegistration),
		exchange.On(o.in, o.onImpactAcknowledgement),
	}
}
