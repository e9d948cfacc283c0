package conform

import (
	"slices"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/alarm/drill"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/org/validation"
	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/statement"
)

// declared are the functions that declare the program's queues, one of each package that has some.
var declared = []func() []queue.Queue{
	alarm.Queues,
	drill.Queues,
	due.Queues,
	exchange.Queues,
	inspection.Queues,
	reconcile.Queues,
	sqlstore.Queues,
	nation.Queues,
	statement.Queues,
	municipality.Queues,
	ca.Queues,
	validation.Queues,
}

// Queues are all queues of the program, with their rigs.
func Queues() []queue.Queue {
	var all []queue.Queue
	for _, of := range declared {
		all = slices.Concat(all, of())
	}
	for i := range all {
		if all[i].Open == nil {
			all[i].Open = rigs[all[i].Name]
		}
	}
	return all
}
