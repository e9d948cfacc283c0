package municipality

import (
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
)

// routes are the kinds of messages that a municipality takes.
func (o *Municipality) routes() []exchange.Route {
	return []exchange.Route{
		exchange.On(store.In, o.onCodeAllotment),
		exchange.On(store.In, o.onCertIssued),
		exchange.On(store.In, o.onCertRefused),
	}
}

// dueRules are the kinds of things that fall due here.
func (o *Municipality) dueRules() []due.Rule {
	return []due.Rule{
		{Kind: dueRefill, Finish: o.refill},
		{Kind: dueMoveOut, Finish: o.plannedDay},
	}
}
