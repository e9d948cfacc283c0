package hsmtest

import (
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/hsm/token"
)

// Dump is what a process of InProcess says that it is doing.
const Dump = "served in the program itself"

// InProcess serves a device as a token's process does, in this one and so in virtual time.
func InProcess(d token.Device) func() (hsm.Process, error) { return hsm.Inside(d) }
