// Command stepca is step-ca doing what a CA of ours is asked in a measurement (比較の相手): it issues certificates to whoever shows a
// one-time token, over its own HTTPS API. The program asks; it starts itself again as the server, which is step-ca as its command runs it, with the
// configuration that `step ca init` writes: a root, an intermediate that signs, a JWK provisioner, and badger.
//
// Where there was a choice it is the one that is faster for step-ca: no line is logged for a request; the callers keep their connections, without
// HTTP/2; keys of the certificates are of P-256, whose requests are checked fastest; requests and tokens are made before the clock runs.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/akashi-id/akashi/internal/bench/peer"
)

const asServer = "serve"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if len(os.Args) > 1 && os.Args[1] == asServer {
		err = peer.Serve(ctx, os.Stdin, os.Stdout, openServer)
	} else {
		err = peer.Serve(ctx, os.Stdin, os.Stdout, openCaller)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "stepca:", err)
		os.Exit(1)
	}
}
