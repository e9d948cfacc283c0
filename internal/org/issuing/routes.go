package issuing

import "github.com/akashi-id/akashi/internal/exchange"

// routes are the kinds of messages that an issuing server takes.
func (o *Issuing) routes() []exchange.Route {
	return []exchange.Route{
		exchange.On(o.in, o.onIssuingRecord),
		exchange.On(o.in, o.onIssuingApplication),
		exchange.On(o.in, o.onIssuingAnswer),
		exchange.On(o.in, o.onIssuingOutcome),
		exchange.On(o.in, o.onIssuingDay),
		exchange.On(o.in, o.onIssuingHalt),
	}
}
