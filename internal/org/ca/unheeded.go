package ca

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Unheeded is a certificate that lives though a notice that was taken demanded its end (聞き流された異動等失効情報).
type Unheeded struct {
	Notice string // its key in the book of revocations
	Serial cert.Serial
	Since  time.Time // when the notice was taken
}

// Unheeded looks through a page of the notices that were taken, from after a cursor ("" for the beginning), for such whose
// certificate lives. next is "" at the end. No rule leaves one behind: each is somebody's hand in the tables, or a fault.
func (o *CA) Unheeded(ctx context.Context, tx *sqlstore.Tx, cursor string, limit int) (found []Unheeded, next string, err error) {
	all, next, err := o.in(tx).Unheeded(ctx, cursor, limit)
	for _, u := range all {
		found = append(found, Unheeded(u))
	}
	return found, next, err
}

// unheededPage is how many notices one look goes through, so that a look is short however many there are.
const unheededPage = 500

// unheeded is the alarm about them. It goes round through all notices, a page at each look.
type unheeded struct {
	o           *CA
	cursor      string
	round, last []Unheeded // of this round so far, and of the last whole one
}

func (s *unheeded) Name() string { return "unheeded notices" }

func (s *unheeded) Signals(ctx context.Context, _ time.Time) ([]alarm.Signal, error) {
	var page []Unheeded
	var next string
	err := s.o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		page, next, err = s.o.Unheeded(ctx, tx, s.cursor, unheededPage)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.cursor, s.round = next, append(s.round, page...)
	if next == "" {
		s.last, s.round = s.round, nil
	}
	found := s.last
	if len(s.round) > len(found) {
		found = s.round
	}
	if len(found) == 0 {
		return nil, nil
	}
	signal := alarm.Signal{Code: alarm.RowChanged, Peer: s.o.cfg.NationalCenter, About: "notices", Value: int64(len(found)), Since: found[0].Since,
		Href: "/certificates/" + found[0].Serial.String(),
		Detail: say(
			fmt.Sprintf("失効を求められて受けたのに、失効していない電子証明書があります（発行番号 %s ほか）。", found[0].Serial),
			fmt.Sprintf("a certificate whose revocation was demanded and taken is not revoked (serial %s, and any others)", found[0].Serial))}
	for _, u := range found {
		if u.Since.Before(signal.Since) {
			signal.Since = u.Since
		}
	}
	return []alarm.Signal{signal}, nil
}
