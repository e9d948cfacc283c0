package message

import "github.com/akashi-id/akashi/resident"

// Grounded is a payload with a full state that builds on the one before it. When its receiver never got that one, the
// payload can be made to build on what the receiver holds instead (欠落の補い): the state it leads to is the same.
type Grounded interface {
	Payload
	// BuildOn returns the payload as it would be on top of what the receiver holds, the zero Hash for nothing; ok is
	// false when it is so already.
	BuildOn(holds Hash) (on Payload, ok bool)
}

// BuildOn makes the change build on a state that the receiver holds.
func (n ResidentChange) BuildOn(holds Hash) (Payload, bool) {
	if Hash(n.Before) == holds {
		return nil, false
	}
	n.Before = resident.StateHash(holds)
	return n, true
}
