package hsm

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/akashi-id/akashi/internal/hsm/token"
)

// ErrByHand means that a program that package hsm starts was started by somebody else.
var ErrByHand = errors.New("akashi が起動するプログラムです。 / it is started by akashi")

// Child serves a device in the process that Command has started, until whoever started it is gone. Gone (may be nil) is called then,
// and before what is under way at the device has ended, if it ever does.
func Child(ctx context.Context, d token.Device, sessions int, gone func()) error {
	calls, answers := os.NewFile(CallsFile, "calls"), os.NewFile(AnswersFile, "answers")
	if info, err := calls.Stat(); err != nil || info.Mode()&os.ModeNamedPipe == 0 { // the number may be anything's
		return ErrByHand
	}
	if err := token.NoCore(); err != nil {
		return err
	}
	return token.Serve(ctx, d, sessions, &untilGone{calls, gone}, answers)
}

type untilGone struct {
	in   io.Reader
	gone func()
}

func (u *untilGone) Read(b []byte) (int, error) {
	n, err := u.in.Read(b)
	if n == 0 && err != nil && u.gone != nil {
		u.gone()
	}
	return n, err
}
