package hsmtest

import (
	"context"
	"io"
	"sync"

	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/hsm/token"
)

// Dump is what a process of InProcess says that it is doing.
const Dump = "served in the program itself"

// InProcess serves a device as a token's process does, in this one and so in virtual time, until it is killed. That does not wait
// for the device: it hangs perhaps.
func InProcess(d token.Device) func() (hsm.Process, error) {
	return func() (hsm.Process, error) {
		callsIn, callsOut := io.Pipe()
		answersIn, answersOut := io.Pipe()
		go func() {
			token.Serve(context.Background(), d, 4, callsIn, answersOut)
			answersOut.Close()
		}()
		return &process{answersIn, callsOut, sync.OnceFunc(func() { callsOut.Close(); callsIn.Close(); answersOut.Close(); answersIn.Close() })}, nil
	}
}

type process struct {
	io.Reader
	io.Writer
	kill func()
}

func (p *process) Dump() string { return Dump }
func (p *process) End()         { p.kill() }
func (p *process) Kill()        { p.kill() }
