package pairs

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/alarm/trend"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/message"
)

// Feed gives the histories what an exchange sends, by peer and kind, what it receives, by peer, and how long what waits
// for a verdict has waited. It is to be asked after the source, in the same evaluation: both then read the rows once.
func (s *Source) Feed() trend.Feed {
	var flows exchange.Flows
	received := map[message.Org]int64{}
	return func(ctx context.Context, now time.Time) ([]trend.Sample, error) {
		pairs, backlogs, err := s.read(ctx, now)
		if err != nil {
			return nil, err
		}
		sent, err := flows.Next(ctx, s.x) // last: what it has counted it does not count again
		if err != nil {
			return nil, err
		}
		var samples []trend.Sample
		for _, f := range sent {
			if f.Kind != message.KindExchangeDrill { // a drill is not what is usual
				samples = append(samples, trend.Sample{Measure: trend.Sent, Peer: f.Peer, Kind: f.Kind, Value: f.N})
			}
		}
		for _, b := range backlogs {
			if b.Out && !b.Parked && b.Kind != message.KindExchangeDrill {
				samples = append(samples, trend.Sample{Measure: trend.Wait, Peer: b.Peer, Kind: b.Kind, Value: now.Sub(b.Oldest).Milliseconds()})
			}
		}
		for _, p := range pairs {
			if before, known := received[p.Peer]; known {
				samples = append(samples, trend.Sample{Measure: trend.Received, Peer: p.Peer, Value: max(0, p.Received-before)})
			}
			received[p.Peer] = p.Received
		}
		return samples, nil
	}
}
