package nation

import (
	"context"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// Standing is whether an organisation of a country runs, as whoever started the country knows.
type Standing struct {
	Organisation message.Org     `json:"organisation"`
	Name         plain.Sentence  `json:"name"`
	State        string          `json:"state"`         // runs, silent (it runs and does not answer), down (it could not be started)
	Why          *plain.Sentence `json:"why,omitempty"` // what to do, when it is down
}

// The states of a Standing.
const (
	Runs   = "runs"
	Silent = "silent"
	Down   = "down"
)

// standings asks every organisation whether it answers.
func standings(ctx context.Context, members []member) []Standing {
	_, silent := pairs(ctx, members)
	all := make([]Standing, len(members))
	for i, m := range members {
		all[i] = Standing{Organisation: m.entry.ID, Name: m.entry.Name.Sentence(), State: Runs, Why: m.down()}
		switch {
		case all[i].Why != nil:
			all[i].State = Down
		case silent[m.entry.ID] != nil:
			all[i].State = Silent
		}
	}
	return all
}
