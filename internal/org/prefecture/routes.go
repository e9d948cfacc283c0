package prefecture

import (
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/prefecture/internal/store"
)

func (o *Prefecture) routes() []exchange.Route {
	return []exchange.Route{
		exchange.On(store.In, o.onResidentChange),
		exchange.On(store.In, o.onResidentInvalidation),
	}
}
