package nationalcenter

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Undemanded is a certificate that an invalidation has killed and of which the CA was not told (求められなかった失効).
type Undemanded struct {
	Serial cert.Serial
	Since  time.Time // when the invalidation, or the certificate, was written down, whichever is later
}

// Undemanded looks through a page of the certificates, from after a cursor ("" for the beginning), for such that an
// invalidation kills and of which the CA was not told. next is "" at the end. No rule leaves one behind: each is
// somebody's hand in the tables, or a fault.
func (o *Center) Undemanded(ctx context.Context, tx *sqlstore.Tx, cursor string, limit int) (found []Undemanded, next string, err error) {
	all, next, err := o.in(tx).Undemanded(ctx, cursor, limit)
	for _, u := range all {
		found = append(found, Undemanded(u))
	}
	return found, next, err
}

// undemandedPage is how many certificates one look goes through, so that a look is short however many there are.
const undemandedPage = 500

// undemanded is the alarm about them. It goes round through all certificates, a page at each look.
type undemanded struct {
	o           *Center
	cursor      string
	round, last []Undemanded // of this round so far, and of the last whole one
}

func (s *undemanded) Name() string { return "undemanded revocations" }

func (s *undemanded) Signals(ctx context.Context, _ time.Time) ([]alarm.Signal, error) {
	var page []Undemanded
	var next string
	err := s.o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		page, next, err = s.o.Undemanded(ctx, tx, s.cursor, undemandedPage)
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
	signal := alarm.Signal{Code: alarm.RowChanged, Peer: theCA, About: "demands", Value: int64(len(found)), Since: found[0].Since,
		Href: "/reconcile",
		Detail: plain.Sentence{
			JA: fmt.Sprintf("異動で失効するはずなのに、認証局に失効を求めていない電子証明書があります（発行番号 %s ほか）。", found[0].Serial),
			EN: fmt.Sprintf("the CA was not told to revoke a certificate that a change has killed (serial %s, and any others)", found[0].Serial)}}
	for _, u := range found {
		if u.Since.Before(signal.Since) {
			signal.Since = u.Since
		}
	}
	return []alarm.Signal{signal}, nil
}
