package validation

import (
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
)

func (o *Validation) routes() []exchange.Route {
	return []exchange.Route{
		exchange.On(store.In, o.onCertStatus),
		exchange.On(store.In, o.onCertCRL),
		exchange.On(store.In, o.onResponderIssued),
	}
}
