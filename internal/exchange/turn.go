package exchange

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Several nodes of an organisation share an outbox, whose messages go out in order, under numbers by which a peer finds a restored database. So one of them
// sends at a time (送信の当番), and all of them receive. The one that sends counts a beat in the database. Another one that has not seen it count for
// turnLapses, by its own clock, takes over; no two clocks are compared. What a node does that was overtaken without knowing it, settles nothing.

const (
	turnBeats  = 2 * time.Second
	turnStops  = 8 * time.Second  // without a beat that was written, a node sends no more
	turnLapses = 10 * time.Second // and others take over
	turnLooks  = 250 * time.Millisecond
	turnRounds = 5 * time.Second // in which the one that sends looks at every peer
)

// turn is what a node knows of whose turn it is.
type turn struct {
	mu    sync.Mutex
	node  int64 // this one
	began int64 // the turn when this node started
	mine  int64 // the turn that this node has; 0: none

	seen   [2]int64  // turn and beat, as they were read last
	since  time.Time // when they changed last; of ours: when it was last written
	round  time.Time // the last look at every peer
	passed map[message.Org]int64
}

// sends tells whether it is this node's turn, and which; 0: there is one node.
func (x *Exchange) sends() (turn int64, is bool) {
	if !x.cfg.Several {
		return 0, true
	}
	t := &x.turn
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.mine, t.mine > 0 && x.cfg.Clock.Now().Before(t.since.Add(turnStops))
}

// enter gives this node a number among those of its organisation.
func (t *turn) enter(ctx context.Context, tx *sqlstore.Tx) error {
	if _, err := tx.Exec(ctx, `INSERT INTO x_turn(one, turn, node, beat) VALUES (1, 1, 0, 0) ON CONFLICT DO NOTHING`); err != nil {
		return err
	}
	t.node = tx.Serial()
	return tx.QueryRow(ctx, `SELECT turn FROM x_turn`).Scan(&t.began)
}

// turnTask keeps this node's turn, or takes that of another one that is gone.
func (x *Exchange) turnTask() clock.Task {
	return clock.Task{Name: string(x.cfg.Self) + " turn", Step: func(ctx context.Context) (time.Time, error) {
		t, now := &x.turn, x.cfg.Clock.Now()
		t.mu.Lock()
		mine, since, round := t.mine > 0, t.since, now.Sub(t.round) >= turnRounds
		t.mu.Unlock()
		if !mine || now.Sub(since) >= turnBeats {
			had := mine
			var err error
			if mine, err = x.beat(ctx, now); err != nil {
				return time.Time{}, fmt.Errorf("couldn't see whose turn it is to send: %w", err)
			}
			if !mine {
				return now.Add(turnBeats), nil
			}
			round = round || !had
		}
		if err := x.lookAround(ctx, now, round); err != nil {
			return time.Time{}, fmt.Errorf("couldn't look for what other nodes have to send: %w", err)
		}
		return now.Add(turnLooks), nil
	}}
}

// beat writes that this node lives, if it is its turn or the one whose turn it is does not.
func (x *Exchange) beat(ctx context.Context, now time.Time) (mine bool, err error) {
	t := &x.turn
	var turn, node, beat int64
	var lapsed bool
	err = x.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT turn, node, beat FROM x_turn`).Scan(&turn, &node, &beat); err != nil {
			return err
		}
		t.mu.Lock()
		lapsed = node == 0 || t.seen == [2]int64{turn, beat} && now.Sub(t.since) >= turnLapses
		t.mu.Unlock()
		switch {
		case node == t.node:
		case lapsed:
			turn, node = turn+1, t.node
		default:
			return nil
		}
		beat++
		_, err := tx.Exec(ctx, `UPDATE x_turn SET turn = $1, node = $2, beat = $3`, turn, node, beat)
		return err
	})
	if err != nil {
		return false, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if seen := [2]int64{turn, beat}; seen != t.seen {
		t.seen, t.since = seen, now
	}
	if node != t.node {
		t.mine = 0
		return false, nil
	}
	if t.mine != turn {
		t.mine = turn
		x.takeOver(turn == t.began+1)
	}
	return true, nil
}

// takeOver has this node greet every peer before it sends. first: no other node has sent since this one started, so that what was numbered since then was
// offered to nobody (peer.unoffered).
func (x *Exchange) takeOver(first bool) {
	x.cfg.Log.Info("this node sends from now on", "self", x.cfg.Self)
	for _, p := range x.peers {
		p.mu.Lock()
		p.greeted = false
		if !first {
			p.began = 0
		}
		p.mu.Unlock()
	}
}

// lookAround rings for the peers for which other nodes have put something into the outbox, and in a round for all.
func (x *Exchange) lookAround(ctx context.Context, now time.Time, round bool) error {
	type row struct {
		peer message.Org
		next int64
	}
	var rows []row
	err := x.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		rows, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, v *row) error { return r.Scan(&v.peer, &v.next) }, `SELECT peer, next_seq FROM x_peer`)
		return err
	})
	if err != nil {
		return err
	}
	t := &x.turn
	t.mu.Lock()
	defer t.mu.Unlock()
	if round {
		t.round = now
	}
	for _, v := range rows {
		p, was := x.peers[v.peer], t.passed[v.peer]
		if p == nil {
			continue
		}
		t.passed[v.peer] = v.next
		more := was != 0 && was != v.next
		if more {
			p.idle.Store(false)
		}
		if more || round {
			p.bell.Ring()
		}
	}
	return nil
}

// errOvertaken ends what a node does whose turn is over.
var errOvertaken = errors.New("another node of this organisation sends now")

// stillTurn fails where another node has taken over since this one offered in a turn what is to be settled.
func stillTurn(ctx context.Context, tx *sqlstore.Tx, turn int64) error {
	if turn == 0 {
		return nil
	}
	var now int64
	err := tx.QueryRow(ctx, `SELECT turn FROM x_turn`).Scan(&now)
	if err == nil && now != turn {
		err = errOvertaken
	}
	return err
}
