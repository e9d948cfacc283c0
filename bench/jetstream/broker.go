package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/bench/work"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/pki"
)

const (
	stream  = "EXCHANGE"
	subject = "exchange.change" // consumed
	bare    = "exchange.bare"   // published and nothing else
	durable = "prefecture"

	// The two organisations, as their certificates name them.
	city       = "municipality-202029"
	prefecture = "prefecture-20"
)

// broker is the server in the producer's process.
type broker struct {
	server *server.Server
	nc     *nats.Conn
	js     jetstream.JetStream
	seat   seat // the consumer's
}

// seat is what the consumer's process needs.
type seat struct {
	URL, Store string
	Root       []byte
	TLS        []byte // certificate
	Key        []byte // PEM
}

// openBroker starts a server that syncs every write, with the exchange's own kind of mutual TLS at its port.
func openBroker(ctx context.Context, dir string) (b *broker, err error) {
	b = &broker{}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	clk := clock.System()
	ca, err := pki.NewInfrastructureCA(rand.Reader, clk.Now())
	if err != nil {
		return nil, err
	}
	trust, err := pki.NewTrust(ca.Certificate())
	if err != nil {
		return nil, err
	}
	own, err := issue(ca, city)
	if err != nil {
		return nil, err
	}
	others, err := issue(ca, prefecture)
	if err != nil {
		return nil, err
	}
	key, err := pki.EncodeKey(others.Key)
	if err != nil {
		return nil, err
	}
	if b.server, err = server.NewServer(&server.Options{
		ServerName: "bench", Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true,
		TLS: true, TLSVerify: true, TLSTimeout: 10, TLSConfig: pki.ServerTLS(own, trust, clk.Now),
		JetStream: true, StoreDir: filepath.Join(dir, "store"), SyncAlways: true, JetStreamMaxMemory: -1, JetStreamMaxStore: -1,
	}); err != nil {
		return nil, err
	}
	go b.server.Start()
	if !b.server.ReadyForConnections(20 * time.Second) {
		return nil, errors.New("the NATS server did not become ready")
	}
	b.seat = seat{URL: b.server.ClientURL(), Root: ca.Certificate(), TLS: others.Certificate, Key: key}
	if b.nc, err = nats.Connect("", nats.InProcessServer(b.server)); err != nil {
		return nil, fmt.Errorf("couldn't connect within the process: %w", err)
	}
	if b.js, err = jetstream.New(b.nc, jetstream.WithPublishAsyncMaxPending(work.Batch)); err != nil {
		return nil, err
	}
	if _, err = b.js.CreateStream(ctx, jetstream.StreamConfig{Name: stream, Subjects: []string{"exchange.>"},
		Storage: jetstream.FileStorage, Retention: jetstream.LimitsPolicy, AllowAtomicPublish: true}); err != nil {
		return nil, err
	}
	_, err = b.js.CreateConsumer(ctx, stream, jetstream.ConsumerConfig{Durable: durable, FilterSubject: subject, AckPolicy: jetstream.AckAllPolicy})
	return b, err
}

func issue(ca *pki.InfrastructureCA, org string) (pki.Identity, error) {
	key, err := pki.GenerateKey(rand.Reader, cert.P256SHA256)
	if err != nil {
		return pki.Identity{}, err
	}
	der, err := ca.IssueOrganisation(rand.Reader, clock.System().Now(), pki.Organisation{ID: org, Usage: pki.ForTLS, Public: key.Public()})
	return pki.Identity{Certificate: der, Key: key}, err
}

func (b *broker) close() {
	if b.nc != nil {
		b.nc.Close()
	}
	if b.server != nil {
		b.server.Shutdown()
		b.server.WaitForShutdown()
	}
}
