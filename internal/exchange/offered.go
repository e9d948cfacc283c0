package exchange

import (
	"slices"
	"sync"

	"github.com/akashi-id/akashi/message"
)

// offered is what a sender has handed over to a peer last, and which of it the peer has said since that its people
// accepted. Their note may overtake the verdict on the batch, which is from before.
type offered struct {
	mu   sync.Mutex
	ids  []message.ID
	took []message.ID
}

func (o *offered) set(envelopes []*message.Envelope) {
	ids := make([]message.ID, len(envelopes))
	for i, e := range envelopes {
		ids[i] = e.ID
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ids, o.took = ids, nil
}

func (o *offered) accept(id message.ID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if slices.Contains(o.ids, id) && !slices.Contains(o.took, id) {
		o.took = append(o.took, id)
	}
}

func (o *offered) accepted(id message.ID) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Contains(o.took, id)
}
