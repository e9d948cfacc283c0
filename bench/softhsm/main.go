//go:build cgo

// Command softhsm is SoftHSM's library in the process of whoever signs (比較の相手): what a signature costs where no process stands
// before the device, and what would take the caller along if it hung or crashed. Each caller has a session of his own, as is usual; nobody checks what
// comes back.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/miekg/pkcs11"

	"github.com/akashi-id/akashi/internal/bench/hsmbench/order"
	"github.com/akashi-id/akashi/internal/bench/peer"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := peer.Serve(ctx, os.Stdin, os.Stdout, open); err != nil {
		fmt.Fprintln(os.Stderr, "softhsm:", err)
		os.Exit(1)
	}
}

// device is the token, logged in.
type device struct {
	module   *pkcs11.Ctx
	version  string
	keys     map[string]pkcs11.ObjectHandle
	sessions chan pkcs11.SessionHandle
}

func open(_ context.Context, s order.Setup) (peer.Worker, error) {
	if err := os.Setenv("SOFTHSM2_CONF", s.Config); err != nil {
		return nil, err
	}
	d := &device{module: pkcs11.New(s.Module), keys: map[string]pkcs11.ObjectHandle{}, sessions: make(chan pkcs11.SessionHandle, order.MostCallers)}
	if d.module == nil {
		return nil, fmt.Errorf("%s cannot be loaded", s.Module)
	}
	if err := d.module.Initialize(); err != nil {
		return nil, err
	}
	info, err := d.module.GetInfo()
	if err != nil {
		return nil, err
	}
	d.version = fmt.Sprintf("%d.%d", info.LibraryVersion.Major, info.LibraryVersion.Minor)
	slots, err := d.module.GetSlotList(true)
	if err != nil {
		return nil, err
	}
	for _, slot := range slots {
		info, err := d.module.GetTokenInfo(slot)
		if err != nil {
			return nil, err
		}
		if strings.TrimRight(info.Label, " \x00") == s.Token {
			return d, d.enter(slot, s.PIN)
		}
	}
	return nil, fmt.Errorf("there is no token %s", s.Token)
}

// enter opens the sessions, logs in, and finds the keys.
func (d *device) enter(slot uint, pin string) error {
	for range order.MostCallers {
		s, err := d.module.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION)
		if err != nil {
			return err
		}
		d.sessions <- s
	}
	s := <-d.sessions
	defer func() { d.sessions <- s }()
	if err := d.module.Login(s, pkcs11.CKU_USER, pin); err != nil {
		return err
	}
	for _, name := range order.Keys {
		like := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY), pkcs11.NewAttribute(pkcs11.CKA_LABEL, name)}
		if err := d.module.FindObjectsInit(s, like); err != nil {
			return err
		}
		found, _, err := d.module.FindObjects(s, 1)
		if err != nil {
			return err
		}
		if err := d.module.FindObjectsFinal(s); err != nil {
			return err
		}
		if len(found) == 0 {
			return fmt.Errorf("the token has no key %s", name)
		}
		d.keys[name] = found[0]
	}
	return nil
}

func (d *device) Ready() any {
	return order.Ready{Says: "SoftHSM " + d.version + " in the caller's process"}
}

// digestInfo stands before a SHA-256 digest in a signature of PKCS #1 v1.5 (RFC 8017 9.2).
var digestInfo = []byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}

func (d *device) Do(_ context.Context, o peer.Order) (peer.Took, error) {
	if o.Do != order.DoSign {
		return peer.Took{}, fmt.Errorf("SoftHSM cannot %s", o.Do)
	}
	return order.Each(o, func(key string) error {
		_, digest := order.Digest(key)
		mechanism := uint(pkcs11.CKM_ECDSA)
		if key == order.RSA2048 {
			mechanism, digest = pkcs11.CKM_RSA_PKCS, append(digestInfo[:len(digestInfo):len(digestInfo)], digest...)
		}
		s := <-d.sessions
		defer func() { d.sessions <- s }()
		if err := d.module.SignInit(s, []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, nil)}, d.keys[key]); err != nil {
			return err
		}
		_, err := d.module.Sign(s, digest)
		return err
	})
}

func (d *device) Close() error { return d.module.Finalize() }
