// Command jetstream does the exchange's work over NATS JetStream (比較の相手), as one would build it on a broker: a
// producer that writes a business row and publishes, and a consumer that applies what comes in a transaction and
// acknowledges it. The program is the producer, with the server in it; it starts itself again as the consumer.
//
// Where there was a choice it is the one that makes JetStream faster: the producer speaks to the server within the
// process, without TLS; no message carries an id against duplicates; one acknowledgement does for a batch; nothing is
// deleted. What it must not give up is durability: SyncAlways, a file store, no acknowledgement before the commit.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/akashi-id/akashi/internal/bench/peer"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if len(os.Args) > 1 && os.Args[1] == asConsumer {
		err = peer.Serve(ctx, os.Stdin, os.Stdout, openConsumer)
	} else {
		err = peer.Serve(ctx, os.Stdin, os.Stdout, openProducer)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "jetstream:", err)
		os.Exit(1)
	}
}
