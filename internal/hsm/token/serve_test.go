package token_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/akashi-id/akashi/internal/hsm/token"
)

// fake is a device whose answers a test gives.
type fake struct {
	open func(pin string) error
	sign func(key string) ([]byte, error)

	opened, closed atomic.Int32
}

func (f *fake) Open(_ context.Context, l token.Login) error {
	f.opened.Add(1)
	if f.open != nil {
		return f.open(string(l.PIN))
	}
	return nil
}
func (f *fake) Keys(context.Context) ([]token.Key, error) { return []token.Key{{Label: "a"}}, nil }
func (f *fake) Sign(_ context.Context, key string, _ crypto.Hash, _ []byte) ([]byte, error) {
	return f.sign(key)
}
func (f *fake) Close() error { f.closed.Add(1); return nil }

// served serves a device over pipes.
type served struct {
	t     *testing.T
	lines *token.Lines
	end   func() error
	id    uint64
}

func serve(t *testing.T, d token.Device, sessions int) *served {
	t.Helper()
	callsIn, callsOut := io.Pipe()
	answersIn, answersOut := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := token.Serve(t.Context(), d, sessions, callsIn, answersOut)
		answersOut.Close()
		callsIn.Close()
		ended <- err
	}()
	end := sync.OnceValue(func() error { callsOut.Close(); return <-ended })
	t.Cleanup(func() { end() })
	return &served{t: t, lines: token.NewLines(answersIn, callsOut), end: end}
}

func (s *served) call(c token.Call) token.Answer {
	s.t.Helper()
	s.id++
	c.ID = s.id
	if err := s.lines.Write(c); err != nil {
		s.t.Fatal(err)
	}
	var a token.Answer
	if err := s.lines.Read(&a); err != nil {
		s.t.Fatal(err)
	}
	return a
}

func (s *served) open(pin string) token.Answer {
	return s.call(token.Call{Op: token.OpOpen, PIN: []byte(pin)})
}

func (s *served) sign() token.Answer {
	digest := sha256.Sum256(nil)
	return s.call(token.Call{Op: token.OpSign, Key: "a", Hash: "SHA-256", Digest: digest[:]})
}

// A device that forgets the login is logged in to again, once for each time.
func TestLoginLost(t *testing.T) {
	in := true
	d := &fake{}
	d.open = func(string) error { in = true; return nil }
	d.sign = func(string) ([]byte, error) {
		if !in {
			return nil, token.Fail(token.LoginLost, "not logged in")
		}
		return []byte("signed"), nil
	}
	s := serve(t, d, 1)
	s.open("1234")
	for n := range 3 {
		if a := s.sign(); a.Err != nil || string(a.Signature) != "signed" || d.opened.Load() != int32(1+n) {
			t.Fatalf("%d: %+v after %d logins", n, a, d.opened.Load())
		}
		in = false
	}
}

// A PIN that is refused is tried once: a device counts and locks itself. A person's new PIN is tried again.
func TestRefusedPINIsNotTriedAgain(t *testing.T) {
	right := "1234"
	d := &fake{sign: func(string) ([]byte, error) { return nil, token.Fail(token.LoginLost, "not logged in") }}
	d.open = func(pin string) error {
		if pin != right {
			return token.Fail(token.LoginRefused, "wrong PIN")
		}
		return nil
	}
	s := serve(t, d, 1)
	s.open("1234")
	right = "other" // changed by somebody else
	for range 5 {
		if a := s.sign(); a.Err == nil || a.Err.Fault != token.LoginRefused {
			t.Fatalf("answer %+v", a)
		}
	}
	if n := d.opened.Load(); n != 2 {
		t.Errorf("the PIN was tried %d times, want 2", n)
	}
	if a := s.open("other"); a.Err != nil {
		t.Errorf("a new PIN: %v", a.Err)
	}
}

// A device that forgets every login is broken; nobody goes on logging in.
func TestLoginThatDoesNotLast(t *testing.T) {
	d := &fake{sign: func(string) ([]byte, error) { return nil, token.Fail(token.LoginLost, "not logged in") }}
	s := serve(t, d, 1)
	s.open("1234")
	if a := s.sign(); a.Err == nil || a.Err.Fault != token.DeviceFailed || d.opened.Load() != 2 {
		t.Errorf("answer %+v after %d logins", a, d.opened.Load())
	}
}

func TestAnswers(t *testing.T) {
	digest := sha256.Sum256(nil)
	d := &fake{}
	s := serve(t, d, 2)
	for name, c := range map[string]struct {
		sign func(string) ([]byte, error)
		call token.Call
		want token.Fault
	}{
		"panic":         {func(string) ([]byte, error) { panic("broken") }, token.Call{Op: token.OpSign, Hash: "SHA-256", Digest: digest[:]}, token.DeviceFailed},
		"plain error":   {func(string) ([]byte, error) { return nil, errors.New("no") }, token.Call{Op: token.OpSign, Hash: "SHA-256", Digest: digest[:]}, token.DeviceFailed},
		"no such key":   {func(string) ([]byte, error) { return nil, token.Fail(token.NoSuchKey, "no") }, token.Call{Op: token.OpSign, Hash: "SHA-256", Digest: digest[:]}, token.NoSuchKey},
		"short digest":  {nil, token.Call{Op: token.OpSign, Hash: "SHA-256", Digest: digest[:31]}, token.BadCall},
		"unknown hash":  {nil, token.Call{Op: token.OpSign, Hash: "MD5", Digest: digest[:16]}, token.BadCall},
		"unknown call":  {nil, token.Call{Op: "erase"}, token.BadCall},
		"nothing asked": {nil, token.Call{}, token.BadCall},
		"no logout":     {nil, token.Call{Op: token.OpLogout}, token.BadCall},
	} {
		d.sign = c.sign
		if a := s.call(c.call); a.Err == nil || a.Err.Fault != c.want {
			t.Errorf("%s: %+v, want %s", name, a.Err, c.want)
		}
	}
	if a := s.call(token.Call{Op: token.OpKeys}); a.Err != nil || len(a.Keys) != 1 {
		t.Errorf("keys: %+v", a)
	}
	if err := s.end(); err != nil || d.closed.Load() != 1 {
		t.Errorf("at the end: %v, closed %d times", err, d.closed.Load())
	}
}

// A call that does not come back keeps one session; the others go on.
func TestOneCallHangs(t *testing.T) {
	release := make(chan struct{})
	d := &fake{sign: func(key string) ([]byte, error) {
		if key == "stuck" {
			<-release
		}
		return []byte(key), nil
	}}
	s := serve(t, d, 2)
	digest := sha256.Sum256(nil)
	if err := s.lines.Write(token.Call{ID: 99, Op: token.OpSign, Key: "stuck", Hash: "SHA-256", Digest: digest[:]}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if a := s.sign(); string(a.Signature) != "a" {
			t.Fatalf("answer %+v", a)
		}
	}
	close(release)
	var a token.Answer
	if err := s.lines.Read(&a); err != nil || a.ID != 99 {
		t.Errorf("the last answer is %+v, %v", a, err)
	}
}

func TestGarbageEndsTheProcess(t *testing.T) {
	for name, in := range map[string]string{"no JSON": "hello\n", "too long": strings.Repeat("x", 2<<20)} {
		d := &fake{}
		if err := token.Serve(t.Context(), d, 1, strings.NewReader(in), io.Discard); !errors.Is(err, token.ErrGarbage) || d.closed.Load() != 1 {
			t.Errorf("%s: %v, closed %d times", name, err, d.closed.Load())
		}
	}
}
