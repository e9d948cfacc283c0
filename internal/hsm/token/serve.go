package token

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"sync"
)

// hashes are those that a call may name, by the names of crypto.Hash.
var hashes = map[string]crypto.Hash{crypto.SHA256.String(): crypto.SHA256, crypto.SHA384.String(): crypto.SHA384, crypto.SHA512.String(): crypto.SHA512}

// Serve answers calls until in ends, and then closes the device. At most sessions calls are at the device at once; what
// comes beyond waits its turn. It returns nil at the end of in, and an error when a line could not be read or written:
// the process is of no more use then.
func Serve(ctx context.Context, d Device, sessions int, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &server{device: d, lines: NewLines(in, out), turns: make(chan struct{}, sessions)}
	var calls sync.WaitGroup
	defer func() {
		cancel()
		calls.Wait()
		d.Close()
	}()
	for {
		var c Call
		err := s.lines.Read(&c)
		if errors.Is(err, io.EOF) {
			return s.failed()
		}
		if err != nil {
			return err
		}
		select {
		case s.turns <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		calls.Go(func() {
			defer func() { <-s.turns }()
			if err := s.write(s.answer(ctx, c)); err != nil {
				cancel()
			}
		})
	}
}

type server struct {
	device Device
	turns  chan struct{}
	lines  *Lines

	mu  sync.Mutex // guards what follows, and writing
	err error

	login sync.Mutex // guards what follows, and is held while somebody logs in
	pin   []byte     // of the last Open
	round int        // of logins
	no    error      // why the last login was refused
}

func (s *server) write(a Answer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.lines.Write(a); err != nil && s.err == nil {
		s.err = fmt.Errorf("couldn't answer: %w", err)
	}
	return s.err
}

func (s *server) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// answer does what a call asks. A panic of the device is an answer too: the process stays to say so.
func (s *server) answer(ctx context.Context, c Call) (a Answer) {
	a.ID = c.ID
	defer func() {
		if r := recover(); r != nil {
			a = Answer{ID: c.ID, Err: Fail(DeviceFailed, "the device panicked: %v", r)}
		}
	}()
	var err error
	switch c.Op {
	case OpOpen:
		err = s.open(ctx, Login{PIN: c.PIN, Despite: c.Despite})
	case OpKeys:
		err = s.again(ctx, func() (err error) { a.Keys, err = s.device.Keys(ctx); return err })
	case OpSign:
		hash, ok := hashes[c.Hash]
		if !ok || len(c.Digest) != hash.Size() {
			err = Fail(BadCall, "%d bytes are no digest of %q", len(c.Digest), c.Hash)
			break
		}
		err = s.again(ctx, func() (err error) {
			a.Signature, err = s.device.Sign(ctx, c.Key, hash, c.Digest)
			return err
		})
	case OpLogout:
		f, can := s.device.(Forgetter)
		if !can {
			err = Fail(BadCall, "this device cannot log out")
			break
		}
		err = f.Logout(ctx)
	default:
		err = Fail(BadCall, "unknown call %q", c.Op)
	}
	if err != nil {
		a = Answer{ID: c.ID, Err: &Error{Fault: FaultOf(err), Text: err.Error()}}
		var e *Error
		if errors.As(err, &e) {
			a.Err = e
		}
	}
	return a
}

// open logs in as the caller says.
func (s *server) open(ctx context.Context, l Login) error {
	s.login.Lock()
	defer s.login.Unlock()
	s.pin, s.no = l.PIN, nil
	return s.enter(ctx, l)
}

// enter logs in. A device counts the refusals and locks itself, so after one nobody tries again with the same PIN. The
// caller holds login.
func (s *server) enter(ctx context.Context, l Login) error {
	if s.no != nil {
		return s.no
	}
	s.round++
	err := s.device.Open(ctx, l)
	if err != nil && FaultOf(err) == LoginRefused {
		s.no = err
	}
	return err
}

// reenter logs in again, unless somebody has since the round in which the login was lost.
func (s *server) reenter(ctx context.Context, round int) error {
	s.login.Lock()
	defer s.login.Unlock()
	if round != s.round {
		return nil
	}
	return s.enter(ctx, Login{PIN: s.pin})
}

// again calls fn, and when the device has forgotten the login, logs in and calls it once more. Of several calls that find
// it forgotten at once, one logs in.
func (s *server) again(ctx context.Context, fn func() error) error {
	s.login.Lock()
	round := s.round
	s.login.Unlock()
	err := fn()
	if err == nil || FaultOf(err) != LoginLost {
		return err
	}
	if err := s.reenter(ctx, round); err != nil {
		return err
	}
	if err = fn(); err != nil && FaultOf(err) == LoginLost {
		return Fail(DeviceFailed, "the device forgets every login: %v", err)
	}
	return err
}
