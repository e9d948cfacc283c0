//go:build cgo

package main

import (
	"fmt"
	"time"

	"github.com/miekg/pkcs11"
)

// between is the pause between two looks. The monitors of 2016 looked every few seconds, and met a signature a few times a week;
// a trial has minutes.
const between = 5 * time.Millisecond

// look looks at the device until the process is killed: its slots, and what each token says of itself. It logs in to nothing. A
// look that fails is no end, as it is none for a monitor.
func (d *device) look() error {
	ctx := pkcs11.New(d.module)
	if ctx == nil {
		return fmt.Errorf("the module %s could not be loaded", d.module)
	}
	if err := ctx.Initialize(); err != nil {
		return fmt.Errorf("C_Initialize: %w", err)
	}
	for ; ; time.Sleep(between) {
		slots, err := ctx.GetSlotList(true)
		if err != nil {
			continue
		}
		for _, s := range slots {
			ctx.GetSlotInfo(s)
			ctx.GetTokenInfo(s)
		}
	}
}
