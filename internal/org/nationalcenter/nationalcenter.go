package nationalcenter

import (
	"context"

	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
)

// Config is what the center is given by whoever starts it.
type Config struct {
	host.Config
}

// Center is the national center.
type Center struct {
	*host.Host
}

// New opens the center's database and joins its rules.
func New(ctx context.Context, cfg Config) (*Center, error) {
	o := &Center{}
	h, err := host.Open(ctx, cfg.Config, host.Rules{Schema: store.Schema, Routes: o.routes()})
	if err != nil {
		return nil, err
	}
	o.Host = h
	return o, nil
}
