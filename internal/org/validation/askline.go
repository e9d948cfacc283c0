package validation

import (
	"context"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// mayWatch tells whether an organisation may ask though no messages are exchanged with it: a municipality asks whether a certificate
// that a change has ended is still good (internal/stillvalid). It relies on no answer, and files with nobody.
func mayWatch(from message.Org) bool { return from.Role() == message.Municipality }

// answerLine answers a question that comes over the lines of the exchange: a municipality's, and a verifier's when it has filed and was
// accepted. Every question of a verifier reads the register: an end counts from the moment at which it has committed.
func (o *Validation) answerLine(ctx context.Context, from message.Org, body []byte) ([]byte, error) {
	served, err := mayWatch(from), error(nil)
	if !served {
		err = o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			v, known, err := o.in(tx).Verifier(ctx, from)
			served = known && v.Served
			return err
		})
	}
	switch {
	case err != nil:
		o.Log.ErrorContext(ctx, "the register of verifiers could not be read", "error", err)
		return ocspwire.TryLater.Encode(), nil
	case !served:
		if r, tell := o.strangers.note(from, o.Clock.Now()); tell {
			o.Log.WarnContext(ctx, "an organisation that is not served as a verifier asked for a status", "organisation", from, "times", r.n)
		}
		return ocspwire.Unauthorized.Encode(), nil
	case len(body) > ocspwire.MaxRequestOctets:
		return ocspwire.MalformedRequest.Encode(), nil
	}
	return o.answer(ctx, nil, body, string(from)).der, nil
}

// strangers counts the questions of those whom the law does not let ask, since the start.
type strangers struct {
	mu sync.Mutex
	of map[message.Org]stranger
}

type stranger struct {
	n          int64
	last, told time.Time
}

// note counts a question. It tells of each who asks once a minute, so that nobody can fill the journal.
func (r *strangers) note(who message.Org, at time.Time) (s stranger, tell bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		r.of = map[message.Org]stranger{} // no larger than our peers are many
	}
	s = r.of[who]
	s.n, s.last = s.n+1, at
	if tell = s.told.IsZero() || at.Sub(s.told).Abs() >= time.Minute; tell {
		s.told = at
	}
	r.of[who] = s
	return s, tell
}

func (r *strangers) get(who message.Org) stranger {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.of[who]
}
