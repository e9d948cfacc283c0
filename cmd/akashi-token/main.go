//go:build cgo

// Akashi-token is the process that stands before one PKCS #11 token (トークンの窓口となるプロセス). Package hsm starts one for each
// token, and kills it when its module hangs: whoever runs it by hand waits for calls that never come.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/hsm/token"
)

func main() {
	module := flag.String("module", "", "the PKCS #11 library")
	label := flag.String("token", "", "the label of the token")
	sessions := flag.Int("sessions", 4, "calls that may be at the device at once")
	flag.Parse()
	if *module == "" || *label == "" || *sessions < 1 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "akashi-token: --module と --token を指定してください。 / give --module and --token")
		os.Exit(2)
	}
	calls, answers := os.NewFile(hsm.CallsFile, "calls"), os.NewFile(hsm.AnswersFile, "answers")
	if calls == nil || answers == nil {
		fmt.Fprintln(os.Stderr, "akashi-token: akashi が起動するプログラムです。 / it is started by akashi")
		os.Exit(2)
	}
	d := &device{module: *module, label: *label, sessions: *sessions}
	err := token.Serve(context.Background(), d, *sessions, &atEnd{calls}, answers)
	if err != nil {
		fmt.Fprintln(os.Stderr, "akashi-token:", err)
		os.Exit(1)
	}
}

// grace is how long calls that are at the device may take once nobody waits for their answers.
const grace = 2 * time.Second

// atEnd ends the process soon after whoever calls is gone, though a call hangs in the module.
type atEnd struct{ *os.File }

func (e *atEnd) Read(b []byte) (int, error) {
	n, err := e.File.Read(b)
	if n == 0 && err != nil {
		time.AfterFunc(grace, func() {
			fmt.Fprintln(os.Stderr, "akashi-token: a call hangs at the device, and nobody waits for it")
			os.Exit(3)
		})
	}
	return n, err
}
