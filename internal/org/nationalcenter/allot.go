package nationalcenter

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// draws is how often codes are drawn for those that turned out to be taken. Of ten thousand million codes one in eighty
// is in use in a country of our size, so that a fifth draw for a thousand codes is a sign of a broken source of
// randomness and not of bad luck.
const draws = 5

// onCodeRequest allots record codes to a municipality (住民基本台帳法30条の7, 規則14条): at random, and none that somebody
// has, had or was allotted. The same request again is answered with the same codes.
func (o *Center) onCodeRequest(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.CodeRequest) ([]message.Out, error) {
	codes, err := tx.Allotment(ctx, d.Sender, n.Request)
	if err != nil {
		return nil, err
	}
	if len(codes) == 0 {
		if codes, err = o.drawCodes(ctx, tx, int(n.Count)); err != nil {
			return nil, err
		}
		tx.Allot(d.Sender, n.Request, codes)
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "code.allotment", Case: d.ID.String(),
			Detail: fmt.Sprintf("%d codes for request %s", len(codes), n.Request)})
	}
	return []message.Out{{To: d.Sender, Body: message.CodeAllotment{Request: n.Request, Codes: codes}}}, nil
}

func (o *Center) drawCodes(ctx context.Context, tx *store.Tx, count int) ([]resident.RecordCode, error) {
	free := make([]resident.RecordCode, 0, count)
	chosen := map[resident.RecordCode]bool{}
	for range draws {
		var drawn []resident.RecordCode
		for range count - len(free) {
			c, err := resident.NewRecordCode(o.Rand)
			if err != nil {
				return nil, err
			}
			if !chosen[c] {
				chosen[c] = true
				drawn = append(drawn, c)
			}
		}
		taken, err := tx.Taken(ctx, drawn)
		if err != nil {
			return nil, err
		}
		for _, c := range drawn {
			if !taken[c] {
				free = append(free, c)
			}
		}
		if len(free) == count {
			return free, nil
		}
	}
	return nil, fmt.Errorf("%d of %d codes were found free in %d draws: the source of randomness is broken, or the pool is used up", len(free), count, draws)
}
