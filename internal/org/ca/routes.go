package ca

import (
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
)

func (o *CA) routes() []exchange.Route {
	return []exchange.Route{
		exchange.On(store.In, o.onCertRequest),
		exchange.On(store.In, o.onCertRevocation),
		exchange.On(store.In, o.onCertRevoke),
		exchange.On(store.In, o.onResponderRequest),
	}
}
