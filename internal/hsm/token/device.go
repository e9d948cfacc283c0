// Package token is the process that stands before one device (トークン: HSM の区画). It takes calls on one pipe, answers them
// on another, and knows nothing else.
//
// A native module that hangs cannot be interrupted, and one that crashes takes its process along. So it gets a process of
// its own, which may be killed at any moment: package hsm does, and loses one call. The same process serves keys in files,
// and a device that fails on purpose.
package token

import (
	"context"
	"crypto"
	"errors"
	"fmt"
)

// Device is what a process serves. Its methods may be called by several goroutines at once; what they do not answer, their
// caller does not wait for. An error is of one of the kinds below (Fault), or is taken for DeviceFailed.
type Device interface {
	// Open logs in. It is called once before anything else, and again after LoginLost.
	Open(ctx context.Context, l Login) error

	// Keys lists the keys that can sign, with their public halves.
	Keys(ctx context.Context) ([]Key, error)

	// Sign signs a digest as crypto.Signer does: RSA with PKCS #1 v1.5, ECDSA as ASN.1 DER.
	Sign(ctx context.Context, key string, hash crypto.Hash, digest []byte) ([]byte, error)

	Close() error
}

// Forgetter is a device that can be told to lose its login, so that a trial can see how it is won back.
type Forgetter interface {
	Logout(ctx context.Context) error
}

// Login is how a device is opened.
type Login struct {
	PIN []byte

	// Despite lets the PIN be tried though a wrong one was given since the last login: a person has looked. Without it a
	// program that is started again and again with a wrong PIN would lock the device.
	Despite bool
}

// Key is a key pair of the device.
type Key struct {
	Label  string `json:"label"`
	Public []byte `json:"public,omitempty"` // SubjectPublicKeyInfo, DER; empty when the key cannot be used
	Why    string `json:"why,omitempty"`    // why it cannot
}

// Fault is the kind of a failure: what the caller can do about it.
type Fault string

const (
	// BadCall: the device is well and refuses this call. Another token may be asked; this one goes on.
	BadCall Fault = "bad-call"

	// NoSuchKey: the device does not have the key, or not any more.
	NoSuchKey Fault = "no-such-key"

	// LoginLost: the device has forgotten that we logged in, after a reset for example. The process logs in again, once.
	LoginLost Fault = "login-lost"

	// LoginRefused: the PIN is wrong, blocked, or not to be tried. Nothing tries again by itself: a device counts, and locks.
	LoginRefused Fault = "login-refused"

	// DeviceFailed: anything else. The token is fenced.
	DeviceFailed Fault = "device-failed"
)

// Error is an error with its kind. Code is what the device said (CKR_DEVICE_ERROR), Text for people.
type Error struct {
	Fault Fault  `json:"fault"`
	Code  string `json:"code,omitempty"`
	Text  string `json:"text"`
}

func (e *Error) Error() string {
	if e.Code == "" {
		return e.Text
	}
	return fmt.Sprintf("%s (%s)", e.Text, e.Code)
}

// Fail makes an error of a kind.
func Fail(f Fault, format string, args ...any) *Error {
	return &Error{Fault: f, Text: fmt.Sprintf(format, args...)}
}

// FaultOf is the kind of an error.
func FaultOf(err error) Fault {
	var e *Error
	if errors.As(err, &e) {
		return e.Fault
	}
	return DeviceFailed
}
