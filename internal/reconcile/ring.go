package reconcile

import (
	"context"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message/messagepb"
)

// ringSource has the source compare, once the transaction is durable.
func (b *Books) ringSource(tx *sqlstore.Tx, p *pair) {
	tx.OnCommit(func() {
		if p.side == source {
			b.hurry(p)
			return
		}
		p.mu.Lock()
		p.auditing.ring = true
		p.mu.Unlock()
		b.cfg.Store.Bell(auditBell).Ring()
	})
}

// ringAsked asks the sources for a comparison where something has been found or mended. A source that does not answer
// compares in its own time.
func (b *Books) ringAsked(ctx context.Context) {
	for _, p := range b.order {
		p.mu.Lock()
		ring := p.auditing.ring
		p.auditing.ring = false
		p.mu.Unlock()
		if !ring {
			continue
		}
		body, err := proto.Marshal(&messagepb.BookRing{Book: string(p.book)})
		if err == nil {
			_, err = b.x.Ask(ctx, p.peer, askRing, body)
		}
		if err != nil {
			b.cfg.Log.InfoContext(ctx, "the source could not be asked to compare now", "book", p.book, "peer", p.peer, "error", err)
		}
	}
}
