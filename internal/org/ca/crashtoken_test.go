package ca_test

import (
	"context"
	"crypto"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/hsm/filekey"
)

// recording is the device, with a record of its own of what it was asked and what it has signed. The record is no file of the
// CA's: it tells on the CA.
type recording struct {
	*filekey.Device
	dir string

	mu     sync.Mutex
	record *os.File
	probe  string // what it signs first, when its keys are tried
}

func runToken(dir string) error {
	record, err := os.OpenFile(filepath.Join(dir, "record"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	// Whoever gets the lock alone knows that no device is at work any more.
	if err := syscall.Flock(int(record.Fd()), syscall.LOCK_SH); err != nil {
		return err
	}
	return hsm.Child(context.Background(), &recording{Device: &filekey.Device{Dir: filepath.Join(dir, "token")}, dir: dir, record: record}, 4, nil)
}

func (d *recording) Sign(ctx context.Context, key string, hash crypto.Hash, digest []byte) ([]byte, error) {
	text := hex.EncodeToString(digest)
	d.mu.Lock()
	if d.probe == "" {
		d.probe = text
	}
	probe := d.probe == text
	d.mu.Unlock()
	if probe {
		return d.Device.Sign(ctx, key, hash, digest)
	}
	d.note("asked", text)
	if d.struck(signing) {
		syscall.Kill(os.Getppid(), syscall.SIGKILL)
	}
	if d.struck(signingBoth) { // the machine that both are in
		syscall.Kill(os.Getppid(), syscall.SIGKILL)
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	signature, err := d.Device.Sign(ctx, key, hash, digest)
	if err == nil {
		d.note("signed", text)
	}
	return signature, err
}

func (d *recording) note(what, digest string) {
	if _, err := fmt.Fprintln(d.record, what, digest); err != nil {
		panic(err) // a device that cannot keep its record does not sign
	}
}

// struck tells, once, whether the caller is to die here: the file's name counts down.
func (d *recording) struck(point string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	file := func(n int) string { return filepath.Join(d.dir, fmt.Sprint("at-", point, "-", n)) }
	if os.Remove(file(1)) == nil {
		return true
	}
	for n := 2; n <= 8; n++ {
		if os.Rename(file(n), file(n-1)) == nil {
			return false
		}
	}
	return false
}
