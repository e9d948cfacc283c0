package prefecture

import (
	"context"

	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// asksFor tells whether a municipality may ask who looked at a person here: it keeps the person's register, and asks because
// the person has asked (住民基本台帳法30条の37).
func (o *Prefecture) asksFor(ctx context.Context, raw *sqlstore.Tx, from message.Org, code resident.RecordCode) (bool, error) {
	s, err := o.in(raw).Standing(ctx, code)
	if err != nil || s == nil {
		return false, err
	}
	return received.Keeps(from, s.Municipality, resident.DateOf(raw.Now())), nil
}
