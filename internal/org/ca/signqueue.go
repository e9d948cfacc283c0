package ca

import (
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
)

// signQueue are the intents, each of which due work signs.
func signQueue() queue.Queue {
	return queue.Queue{
		Name:  "ca/sign",
		Shape: queue.Waiting,
		Items: plain.Sentence{JA: "署名を待つ電子証明書", EN: "certificates that wait to be signed"},
		Aside: plain.Sentence{JA: "概況の「保留中の仕事」", EN: "the overview, under work set aside"},
		Loops: []string{"internal/org/ca:CA.signRule", "internal/org/ca:CA.signListRule", "internal/org/ca/internal/store:Tx.IntentsBy", "internal/org/ca/internal/store:Tx.Certificates"},
		Bad:   []queue.Poison{queue.Undecodable, queue.Foreign, queue.Truncated},
		Never: map[queue.Poison]string{
			queue.Panic: "an intent brings no code along; a step of due work that panics is tried at due/list",
			queue.Hang:  "an intent brings no code along; a device that hangs is a step of due work, tried at due/list",
		},
		Settles: 2 * time.Hour, // as due/list
		// The rig is in internal/conform, with somebody who asks for certificates.
	}
}
