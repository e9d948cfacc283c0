package faulty

import (
	"context"
	"crypto"
	"errors"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/hsm/filekey"
	"github.com/akashi-id/akashi/internal/hsm/token"
)

// Device is a device on a bus. What the fault of the bus does not spoil, it passes on.
type Device struct {
	token.Device
	Bus *Bus
}

var _ token.Forgetter = (*Device)(nil)

// late is how much later a late answer comes: less than any deadline.
const late = 300 * time.Millisecond

// Sign signs, or fails as the bus says.
func (d *Device) Sign(ctx context.Context, key string, hash crypto.Hash, digest []byte) ([]byte, error) {
	f := d.Bus.fault()
	switch f {
	case Stall:
		return nil, hang(ctx)
	case Crash:
		go panic("the module crashed") // which nobody catches: the process ends
		return nil, hang(ctx)
	case Late:
		clk := clock.System()
		if err := clk.Wait(ctx, clk.Now().Add(late), nil); err != nil {
			return nil, err
		}
	case Logout:
		return nil, errors.Join(token.Fail(token.LoginLost, "CKR_USER_NOT_LOGGED_IN"), d.Logout(ctx))
	case Timeout:
		if err := errors.Join(d.Bus.Set(None), d.Bus.add(failedAt)); err != nil {
			return nil, err
		}
		return nil, &token.Error{Fault: token.DeviceFailed, Code: "ETIMEDOUT", Text: "the operating system gave the call up"}
	}
	signature, err := d.Device.Sign(ctx, key, hash, digest)
	if f == Lose || f == Monitor && d.Bus.monitored() {
		if err := d.Bus.add(lostAt); err != nil {
			return nil, err
		}
		return nil, hang(ctx)
	}
	if f == Garbage {
		for i := range signature {
			signature[i] = 0x5a
		}
	}
	return signature, err
}

// hang does not come back as long as the program goes on.
func hang(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// Logout has the device forget the login.
func (d *Device) Logout(ctx context.Context) error {
	if f, can := d.Device.(token.Forgetter); can {
		return f.Logout(ctx)
	}
	return token.Fail(token.BadCall, "this device cannot log out")
}

// Serve is the process of a device whose keys are the encrypted files of a directory. Package hsm starts it.
func Serve(ctx context.Context, bus, dir string) error {
	b, err := OpenBus(bus)
	if err != nil {
		return err
	}
	defer b.Close()
	return hsm.Child(ctx, &Device{Device: &filekey.Device{Dir: dir}, Bus: b}, 4, nil)
}
