package hsm

import (
	"context"
	"io"
	"sync"

	"github.com/akashi-id/akashi/internal/hsm/token"
)

// insideDump is what a process of Inside says that it is doing.
const insideDump = "served in the program itself"

// Inside serves a device as a token's process does, in this program and so in virtual time too, until it is killed. That does not
// wait for the device: it hangs perhaps. Whoever can start a process starts one.
func Inside(d token.Device) func() (Process, error) {
	return func() (Process, error) {
		callsIn, callsOut := io.Pipe()
		answersIn, answersOut := io.Pipe()
		go func() {
			token.Serve(context.Background(), d, 4, callsIn, answersOut)
			answersOut.Close()
		}()
		return &inside{answersIn, callsOut, sync.OnceFunc(func() { callsOut.Close(); callsIn.Close(); answersOut.Close(); answersIn.Close() })}, nil
	}
}

type inside struct {
	io.Reader
	io.Writer
	kill func()
}

func (p *inside) Dump() string { return insideDump }
func (p *inside) End()         { p.kill() }
func (p *inside) Kill()        { p.kill() }
