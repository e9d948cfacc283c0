package message

import (
	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/message/messagepb"
)

// ExchangeDrill is a message that its receiver always refuses: it proves that the alarms ring (警報の訓練).
type ExchangeDrill struct{ Drill string }

// Kind is exchange.drill.
func (ExchangeDrill) Kind() Kind { return KindExchangeDrill }

// Keys is the drill, so that nothing but itself waits behind it.
func (n ExchangeDrill) Keys() []string { return []string{"drill/" + n.Drill} }

func (n ExchangeDrill) wire() proto.Message { return &messagepb.ExchangeDrill{Drill: n.Drill} }

func drillFromWire(w *messagepb.ExchangeDrill) (ExchangeDrill, error) {
	var c check
	required(&c, "drill", w.Drill != "" && len(w.Drill) <= 64)
	return ExchangeDrill{w.Drill}, c.err()
}
