package ca

import (
	"context"
	"sync"
	"time"

	"github.com/akashi-id/akashi/resident"
)

const (
	// keepCount is how long a count of the public statistics is shown again. A count goes through every certificate, and anybody may ask.
	keepCount = time.Minute
	// keptDays is how many days' counts are kept at once.
	keptDays = 32
)

// keptCounts are the counts of the public statistics, by day: however many ask, and for however many days, one count is made at a time.
// Make it with keepCounts.
type keptCounts struct {
	count func(ctx context.Context, day resident.Date) (rows []IssuanceRow, total IssuanceRow, err error)
	now   func() time.Time
	turn  chan struct{} // held by who counts

	mu   sync.Mutex
	kept map[resident.Date]issuanceCount
}

// issuanceCount is what was counted as of a day, and when.
type issuanceCount struct {
	at    time.Time
	rows  []IssuanceRow
	total IssuanceRow
}

func keepCounts(now func() time.Time, count func(context.Context, resident.Date) ([]IssuanceRow, IssuanceRow, error)) *keptCounts {
	return &keptCounts{count: count, now: now, turn: make(chan struct{}, 1), kept: map[resident.Date]issuanceCount{}}
}

// of is the count as of a day, no older than keepCount. A reader who goes away does not count, and waits for nobody.
func (k *keptCounts) of(ctx context.Context, day resident.Date) (issuanceCount, error) {
	if c, ok := k.fresh(day); ok {
		return c, nil
	}
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return issuanceCount{}, ctx.Err()
	}
	if c, ok := k.fresh(day); ok { // who had the turn before has counted it
		return c, nil
	}
	c := issuanceCount{at: k.now()}
	var err error
	if c.rows, c.total, err = k.count(ctx, day); err != nil {
		return c, err
	}
	k.keep(day, c)
	return c, nil
}

func (k *keptCounts) fresh(day resident.Date) (issuanceCount, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c, ok := k.kept[day]
	age := k.now().Sub(c.at)
	return c, ok && 0 <= age && age < keepCount
}

func (k *keptCounts) keep(day resident.Date, c issuanceCount) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.kept) >= keptDays {
		oldest := day
		for d, other := range k.kept {
			if o, ok := k.kept[oldest]; !ok || other.at.Before(o.at) {
				oldest = d
			}
		}
		delete(k.kept, oldest)
	}
	k.kept[day] = c
}
