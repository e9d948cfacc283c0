package conform

import (
	"context"

	"github.com/akashi-id/akashi/internal/queue"
)

// rigs hold the queues whose packages stand too low to build the world that they need.
var rigs = map[string]func(context.Context, queue.Ground) (*queue.Rig, error){
	"exchange/outbox": openOutbox,
	"exchange/inbox":  openInbox,
	"exchange/peers":  openPeers,
	"exchange/probes": openProbes,
	"exchange/door":   openDoor,
	"exchange/held":   openHeld,
	"exchange/asks":   openAsks,
	"exchange/expiry": openExpiry,

	"municipality/import": openImport,
	"ca/sign":             openSigning,
	"ca/list":             openList,
	"ca/check":            openChecked,
	"ca/mass":             openMass,
	"ca/report":           openReport,
	"validation/keys":     openKeys,
	"validation/lists":    openCame,
}
