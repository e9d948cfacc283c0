package token

import (
	"fmt"
	"syscall"
)

// NoCore keeps the kernel from writing this process's memory, and the keys and the PIN in it, into a core file when it
// crashes. The limit is one byte: zero would not hold where cores go to a program (core(5)).
func NoCore() error {
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{Cur: 1, Max: 1}); err != nil {
		return fmt.Errorf("couldn't forbid core files: %w", err)
	}
	return nil
}
