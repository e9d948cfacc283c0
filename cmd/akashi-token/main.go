//go:build cgo

// Command akashi-token is the process that stands before one PKCS #11 token (トークンの窓口となるプロセス). Package hsm starts one
// for each token, and kills it when its module hangs. It is the only program here that loads a native module, and the only
// one that needs a C compiler to be built.
//
// With --look it is something else: a monitor (監視) that looks at the device all the time, as the one of 2016 did, for
// `akashi conform hsm` to try a module with.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/hsm/token"
)

// Exit statuses, beside 0.
const (
	failed   = 1
	misused  = 2
	unwaited = 3 // a call hung at the device, and whoever had made it was gone
)

func main() {
	d := &device{}
	var look bool
	flag.StringVar(&d.module, "module", "", "the PKCS #11 library")
	flag.StringVar(&d.label, "token", "", "the label of the token")
	flag.Func("slot", "the slot of the token, instead of its label", func(text string) error {
		d.slot = new(uint)
		_, err := fmt.Sscan(text, d.slot)
		return err
	})
	flag.IntVar(&d.sessions, "sessions", 4, "calls that may be at the device at once")
	flag.BoolVar(&look, "look", false, "look at the device all the time, as a monitor does")
	flag.Parse()
	if d.module == "" || (d.label == "") == (d.slot == nil) || d.sessions < 1 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "akashi-token: --module と、--token か --slot の一方を指定してください。 / give --module, and either --token or --slot")
		os.Exit(misused)
	}
	if err := run(d, look); err != nil {
		fmt.Fprintln(os.Stderr, "akashi-token:", err)
		os.Exit(failed)
	}
}

func run(d *device, look bool) error {
	if look {
		return errors.Join(token.NoCore(), d.look())
	}
	return hsm.Child(context.Background(), d, d.sessions, func() {
		// A call that hangs in the module would keep the process for ever.
		time.AfterFunc(grace, func() {
			fmt.Fprintln(os.Stderr, "akashi-token: a call hangs at the device, and nobody waits for it")
			os.Exit(unwaited)
		})
	})
}

// grace is how long calls that are at the device may take once nobody waits for their answers.
const grace = 2 * time.Second
