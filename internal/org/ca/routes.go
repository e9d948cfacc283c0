package ca

import (
	"github.com/akashi-id/akashi/internal/exchange"
)

func (o *CA) routes() []exchange.Route {
	return []exchange.Route{
		exchange.On(o.in, o.onCertRequest),
		exchange.On(o.in, o.onIdentityRule),
		exchange.On(o.in, o.onCertRevocation),
		exchange.On(o.in, o.onCertRevoke),
		exchange.On(o.in, o.onResponderRequest),
		exchange.On(o.in, o.onReportRequest),
	}
}
