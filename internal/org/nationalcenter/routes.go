package nationalcenter

import (
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
)

func (o *Center) routes() []exchange.Route {
	return []exchange.Route{
		exchange.On(store.In, o.onResidentChange),
		exchange.On(store.In, o.onResidentInvalidation),
		exchange.On(store.In, o.onCertIssuance),
		exchange.On(store.In, o.onCodeRequest),
	}
}
