package issuebench

import (
	"context"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/bench/issuebench/order"
	"github.com/akashi-id/akashi/internal/bench/pair"
	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/heapfloor"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/message"
)

// The organisations: the CA, and those with whom it speaks.
const (
	theCA      = message.Org("ca")
	validation = message.Org("validation")
	center     = message.Org("nationalcenter")
)

// office is what the CA's process is given.
type office struct {
	Seat pair.Seat `json:"seat"`
	Keys string    `json:"keys"`
}

// authority is the CA's process, with all that a CA has switched on.
type authority struct {
	end *pair.End
}

func openAuthority(ctx context.Context, o office) (peer.Worker, error) {
	heapfloor.Hold() // as akashi serve does
	cfg, err := o.Seat.Config()
	if err != nil {
		return nil, err
	}
	sessions, err := access.NewSessions(access.SessionConfig{Org: string(theCA), Base: "/" + string(theCA), Key: o.Seat.Secret, Clock: cfg.Clock, Personas: access.Personas()})
	if err != nil {
		return nil, err
	}
	c, err := ca.New(ctx, ca.Config{Config: cfg, Keys: keys.Dir(o.Keys), OCSPURL: "http://127.0.0.1:8600/validation/ocsp",
		Validation: validation, NationalCenter: center, Sessions: sessions})
	if err != nil {
		return nil, err
	}
	end, err := o.Seat.Start(ctx, c.Host, c.Tasks())
	if err != nil {
		return nil, err
	}
	return &authority{end}, nil
}

func (a *authority) Ready() any { return order.Ready{} }

func (a *authority) Do(_ context.Context, o peer.Order) (peer.Took, error) {
	if o.Do != order.DoCPU {
		return peer.Took{}, fmt.Errorf("the CA cannot %s", o.Do)
	}
	return peer.Took{Server: peer.CPUSeconds()}, nil
}

func (a *authority) Close() error {
	if a.end == nil {
		return errors.New("it is closed")
	}
	end := a.end
	a.end = nil
	return end.Close()
}
