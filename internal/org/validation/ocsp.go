package validation

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
)

// reply is what an asker is told.
type reply struct {
	der     []byte
	outcome ocspwire.Outcome
	// Of an answer that may be told again to the same asker; of all others next is zero.
	this, next int64
	mark       []byte // no other answer has it
}

func refused(o ocspwire.Outcome) reply { return reply{der: o.Encode(), outcome: o} }

// answer gives the response to a question, written behind to. Whatever goes wrong here is an outcome of the protocol, and
// never silence.
func (o *Validation) answer(ctx context.Context, to, der []byte, requester string) reply {
	if name, serial, ok := ocspwire.PeekSingle(der); ok {
		if c, known := o.named[string(name)]; known {
			return o.answerOne(ctx, to, c, numberOf(serial), requester)
		}
	}
	request, err := ocspwire.ParseRequest(der)
	if err != nil {
		what := malformed
		if errors.Is(err, ocspwire.ErrTooMany) {
			what = tooMany
		}
		o.refusals.note(ctx, o.Log, o.Clock.Now(), what, requester, err)
		return refused(ocspwire.MalformedRequest)
	}
	c, ok := o.callOf(request.CertIDs)
	if !ok {
		// Not certificates of our CAs, or of two at once: one key answers for one CA.
		o.refusals.note(ctx, o.Log, o.Clock.Now(), notOurs, requester, nil)
		return refused(ocspwire.Unauthorized)
	}
	if request.Nonce == nil && len(request.CertIDs) == 1 {
		return o.answerOne(ctx, to, c, numberOf(request.CertIDs[0].Serial.Bytes()), requester)
	}
	return o.answerMany(ctx, c.root, request, requester)
}

// call is how a request names a CA: the CA, and with which of the hashes.
type call struct {
	root *root
	hash int
}

// callOf is the CA that all certificates in question are of, and the first one's hash.
func (o *Validation) callOf(ids []ocspwire.CertID) (call, bool) {
	for _, r := range o.roots {
		all, hash := true, 0
		for i, id := range ids {
			named := false
			for k, n := range r.names {
				if id.Hash == n.Hash && bytes.Equal(id.IssuerName, n.SubjectHash) && bytes.Equal(id.IssuerKey, n.Key) {
					if named = true; i == 0 {
						hash = k
					}
				}
			}
			all = all && named
		}
		if all {
			return call{r, hash}, true
		}
	}
	return call{}, false
}

// answerOne answers for one certificate without a nonce: from the shelf, unless the state has just been written, or its
// answer was not signed yet.
func (o *Validation) answerOne(ctx context.Context, to []byte, c call, n number, requester string) reply {
	r := c.root
	f := r.shelf.look(n, c.hash)
	fresh := false
	if !f.sure {
		var out ocspwire.Outcome
		if f, out = o.readThrough(ctx, r, n); out != ocspwire.Successful {
			return refused(out)
		}
	}
	now, steady := o.hour()
	if out := o.may(r, f, now, steady); out != ocspwire.Successful {
		return refused(out)
	}
	sig := f.signed
	if sig.octets == nil || now.Unix() >= int64(sig.next) {
		var out ocspwire.Outcome
		if sig, out = o.signNow(ctx, c, n, f); out != ocspwire.Successful {
			return refused(out)
		}
		if fresh = true; f.sure {
			r.shelf.keep(n, c.hash, f.gen, sig)
		}
	}
	said := f.said(n, &sig)
	o.record(r, n, f, fresh, now, requester)
	a := reply{der: sig.by.forms[c.hash].AppendResponse(to, &said, sig.octets), this: int64(sig.this), mark: sig.octets}
	if f.state != absent { // one that is issued in a moment must not stay unknown to who asked too early
		a.next = int64(sig.next)
	}
	return a
}

// may tells whether a state of a CA's certificate can be told now.
func (o *Validation) may(r *root, f found, now time.Time, steady time.Duration) ocspwire.Outcome {
	s, lost := o.standing.Load(), nothing
	switch f.state {
	case damaged:
		return ocspwire.InternalError // what cannot be read is not answered for as anything
	case revoked:
		lost = s.canSign(now, steady)
	default:
		lost = o.vouch(s, r, now, steady)
	}
	if lost != nothing {
		return lost.outcome()
	}
	return ocspwire.Successful
}

// readThrough reads the table for a certificate of which the shelf is not sure.
func (o *Validation) readThrough(ctx context.Context, r *root, numbers ...number) (f found, out ocspwire.Outcome) {
	all, out := o.readAll(ctx, r, numbers)
	if out == ocspwire.Successful {
		f = all[0]
	}
	return f, out
}

func (o *Validation) readAll(ctx context.Context, r *root, numbers []number) ([]found, ocspwire.Outcome) {
	ctx, cancel := context.WithTimeout(ctx, signWithin)
	defer cancel()
	if err := o.reads.enter(ctx); err != nil {
		return nil, ocspwire.TryLater
	}
	defer o.reads.leave()
	rows, err := o.rowsOf(ctx, r, numbers)
	if err != nil {
		o.Log.ErrorContext(ctx, "a status could not be read", "error", err)
		return nil, ocspwire.TryLater
	}
	all := make([]found, len(numbers))
	for i, n := range numbers {
		row, has := rows[n]
		all[i] = foundIn(row, has)
		if was := r.shelf.look(n, 0); was.state == revoked && all[i].state != revoked {
			all[i] = found{state: revoked, revokedAt: was.revokedAt, toldAt: was.toldAt, reason: was.reason} // it stays
		}
	}
	return all, ocspwire.Successful
}

func foundIn(row store.State, has bool) found {
	switch {
	case !has:
		return found{}
	case row.Damaged:
		return found{state: damaged}
	case row.Revoked:
		return found{state: revoked, revokedAt: row.RevokedAt.Unix(), toldAt: row.ToldAt.UnixMicro(), reason: row.Reason}
	}
	return found{state: good, toldAt: row.ToldAt.UnixMicro()}
}

// signNow signs while somebody waits.
func (o *Validation) signNow(ctx context.Context, c call, n number, f found) (sig signature, out ocspwire.Outcome) {
	out = o.inLane(ctx, c.root, f.state != absent, func(ctx context.Context, by *responder) (err error) {
		sig, err = o.signOne(ctx, c.root, by, n, c.hash, f)
		return err
	})
	return sig, out
}

// inLane signs something, those that ask for what we hold in one lane, and whoever asks for what is signed for one question
// alone (a nonce, a number that was never issued) in another.
func (o *Validation) inLane(ctx context.Context, r *root, held bool, sign func(context.Context, *responder) error) ocspwire.Outcome {
	ctx, cancel := context.WithTimeout(ctx, signWithin)
	defer cancel()
	l := o.asked
	if held {
		l = o.missing
	}
	if err := l.enter(ctx); err != nil {
		return ocspwire.TryLater
	}
	defer l.leave()
	by, err := o.signer(ctx, r, o.Clock.Now())
	if err == nil {
		err = sign(ctx, by)
	}
	if err != nil {
		if !errors.Is(err, errNotNow) && !errors.Is(err, errNoKey) {
			o.Log.ErrorContext(ctx, "an answer could not be signed", "issuer", r.id, "error", err)
		}
		return ocspwire.TryLater
	}
	return ocspwire.Successful
}

// answerMany answers for several certificates, or with a nonce: signed for this question, and no other.
func (o *Validation) answerMany(ctx context.Context, r *root, request *ocspwire.Request, requester string) reply {
	all, numbers := make([]found, len(request.CertIDs)), make([]number, len(request.CertIDs))
	sure := true
	for i, id := range request.CertIDs {
		numbers[i] = numberOf(id.Serial.Bytes())
		all[i] = r.shelf.look(numbers[i], preSigned)
		sure = sure && all[i].sure
	}
	out := ocspwire.Successful
	if !sure {
		if all, out = o.readAll(ctx, r, numbers); out != ocspwire.Successful {
			return refused(out)
		}
	}
	now, steady := o.hour()
	for _, f := range all {
		if out := o.may(r, f, now, steady); out != ocspwire.Successful {
			return refused(out)
		}
	}
	a := reply{}
	if a.outcome = o.inLane(ctx, r, false, func(ctx context.Context, by *responder) (err error) {
		a.der, err = o.signMany(ctx, r, by, request, all)
		return err
	}); a.outcome != ocspwire.Successful {
		return refused(a.outcome)
	}
	for i, f := range all {
		o.record(r, numbers[i], f, true, now, requester)
	}
	return a
}

// record has what was told written down.
func (o *Validation) record(r *root, n number, f found, fresh bool, now time.Time, requester string) {
	a := store.Answer{AskedAt: now, Issuer: r.id, Answer: words[f.state], Fresh: fresh, Requester: requester}
	if f.state != absent {
		a.BasedAt = time.UnixMicro(f.toldAt)
	}
	o.recorder.tell(noted{a, n})
}

var words = [...]string{absent: "unknown", good: "good", revoked: "revoked"}
