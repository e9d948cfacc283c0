// Package faulty is a device that fails as devices have been seen to fail (故障する装置), and a monitor that looks at it: what a
// replay on the command line has in the place of SoftHSM2 and the library that spoils it, without a C compiler.
//
// Whoever talks to the device shares a Bus with it, which is a file: so the monitor can be a program of its own, as in 2016,
// and the device serves in the process of package token or in the caller's own.
package faulty

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"sync"
	"syscall"
)

// The bus, as the library of the tests (hsmtest) has it: byte 0 is locked by whoever is inside a monitor's look, behind it
// stands the fault of the signatures. The counters are the device's.
const (
	busSize    = 64
	faultAt    = 1
	faultSize  = 31
	lostAt     = 32
	failedAt   = 40
	monitorsAt = 48
)

// Bus is the file that all share who talk to a device.
type Bus struct {
	file *os.File
	mu   sync.Mutex // guards the counters
}

// MakeBus makes the bus of a device that is well.
func MakeBus(path string) (*Bus, error) {
	if err := os.WriteFile(path, make([]byte, busSize), 0o600); err != nil {
		return nil, fmt.Errorf("couldn't make the bus: %w", err)
	}
	return OpenBus(path)
}

// OpenBus takes part in a bus.
func OpenBus(path string) (*Bus, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("couldn't open the bus: %w", err)
	}
	return &Bus{file: file}, nil
}

// Close leaves the bus.
func (b *Bus) Close() error { return b.file.Close() }

// Fault is a way in which signatures fail.
type Fault string

const (
	None    Fault = ""
	Stall   Fault = "stall"   // nothing is done, and no answer comes
	Late    Fault = "late"    // the answer comes 300 ms later
	Lose    Fault = "lose"    // it is done, and no answer comes
	Crash   Fault = "crash"   // the process ends
	Logout  Fault = "logout"  // the device forgets the login each time
	Garbage Fault = "garbage" // the answer is no signature
	Timeout Fault = "timeout" // the device says, once, that the operating system gave it up
	// Monitor is 2016 (source 002): what is asked for while a monitor is inside is done, and its completion never comes.
	Monitor Fault = "monitor"
)

// Faults are all of them.
var Faults = []Fault{Stall, Late, Lose, Crash, Logout, Garbage, Timeout, Monitor}

// Set has the device fail from now on; None ends it.
func (b *Bus) Set(f Fault) error {
	text := make([]byte, faultSize)
	copy(text, f)
	_, err := b.file.WriteAt(text, faultAt)
	return err
}

func (b *Bus) fault() Fault {
	text := make([]byte, faultSize)
	if _, err := b.file.ReadAt(text, faultAt); err != nil {
		return None
	}
	name, _, _ := bytes.Cut(text, []byte{0})
	return Fault(name)
}

// Lost is how many signatures the device made whose completion never came.
func (b *Bus) Lost() uint64 { return b.counter(lostAt) }

// Failed is how often the device said that it was given up.
func (b *Bus) Failed() uint64 { return b.counter(failedAt) }

// Looks is how often a monitor looked.
func (b *Bus) Looks() uint64 { return b.counter(monitorsAt) }

func (b *Bus) counter(at int64) uint64 {
	var n [8]byte
	if _, err := b.file.ReadAt(n[:], at); err != nil {
		return 0
	}
	return binary.LittleEndian.Uint64(n[:])
}

// add counts; only one process counts each.
func (b *Bus) add(at int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, err := b.file.WriteAt(binary.LittleEndian.AppendUint64(nil, b.counter(at)+1), at)
	return err
}

// monitored tells whether another process is inside a monitor's look.
func (b *Bus) monitored() bool {
	l := syscall.Flock_t{Type: syscall.F_WRLCK, Len: 1}
	return syscall.FcntlFlock(b.file.Fd(), syscall.F_GETLK, &l) == nil && l.Type != syscall.F_UNLCK
}

// enter and leave are the two ends of a monitor's look. What is locked ends with its process.
func (b *Bus) enter() error {
	if err := syscall.FcntlFlock(b.file.Fd(), syscall.F_SETLKW, &syscall.Flock_t{Type: syscall.F_RDLCK, Len: 1}); err != nil {
		return fmt.Errorf("couldn't look at the device: %w", err)
	}
	return b.add(monitorsAt)
}

func (b *Bus) leave() error {
	return syscall.FcntlFlock(b.file.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_UNLCK, Len: 1})
}
