package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"runtime/debug"
	"time"

	"github.com/smallstep/certificates/authority/config"
	"github.com/smallstep/certificates/ca"

	"github.com/akashi-id/akashi/internal/bench/issuebench/order"
	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/clock"
)

// office is what the server is given: the configuration's file.
type office struct {
	Config string `json:"config"`
}

// server is step-ca.
type server struct {
	ca      *ca.CA
	stopped chan error
}

func openServer(ctx context.Context, o office) (peer.Worker, error) {
	cfg, err := config.LoadConfiguration(o.Config)
	if err != nil {
		return nil, err
	}
	log.SetOutput(io.Discard)
	s := &server{stopped: make(chan error, 1)}
	if s.ca, err = ca.New(cfg, ca.WithConfigFile(o.Config), ca.WithQuiet(true)); err != nil {
		return nil, err
	}
	go func() { s.stopped <- s.ca.Run() }()
	clk := clock.System()
	for {
		if conn, err := net.Dial("tcp", cfg.Address); err == nil {
			conn.Close()
			return s, nil
		}
		select {
		case err := <-s.stopped:
			return nil, fmt.Errorf("step-ca did not start: %w", err)
		default:
		}
		if err := clk.Wait(ctx, clk.Now().Add(10*time.Millisecond), nil); err != nil {
			return nil, err
		}
	}
}

func (s *server) Ready() any { return order.Ready{Says: "step-ca " + version() + ", badgerv2"} }

// version is that of the module which was linked.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/smallstep/certificates" {
				return m.Version
			}
		}
	}
	return "of unknown version"
}

func (s *server) Do(_ context.Context, o peer.Order) (peer.Took, error) {
	if o.Do != order.DoCPU {
		return peer.Took{}, fmt.Errorf("the server cannot %s", o.Do)
	}
	return peer.Took{Server: peer.CPUSeconds()}, nil
}

func (s *server) Close() error {
	err := s.ca.Stop()
	<-s.stopped
	return err
}
