package prefecture

import (
	"context"

	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/org/prefecture/internal/store"
)

// Config is what a prefecture is given by whoever starts it.
type Config struct {
	host.Config
}

// Prefecture is one prefecture.
type Prefecture struct {
	*host.Host
}

// New opens the prefecture's database and joins its rules.
func New(ctx context.Context, cfg Config) (*Prefecture, error) {
	o := &Prefecture{}
	h, err := host.Open(ctx, cfg.Config, host.Rules{Schema: store.Schema, Routes: o.routes(), Rebuild: rebuild})
	if err != nil {
		return nil, err
	}
	o.Host = h
	return o, nil
}
