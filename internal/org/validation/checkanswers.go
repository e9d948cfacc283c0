package validation

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/pki/inspect"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// answers goes through all statuses, a few at a time.
func (c *checks) answers(ctx context.Context, raw *sqlstore.Tx, place string, limit int) (items []inspection.Item, next string, err error) {
	issuer, text, _ := strings.Cut(place, "/")
	serial, err := hex.DecodeString(text)
	if err != nil {
		issuer, serial = "", []byte{}
	}
	rows, err := c.o.in(raw).KnownAfter(ctx, issuer, serial, limit)
	if err != nil {
		return nil, "", err
	}
	for _, s := range rows {
		items = append(items, c.answerItem(s))
	}
	if len(rows) == limit {
		next = rows[limit-1].Issuer + "/" + hex.EncodeToString(rows[limit-1].Serial)
	}
	return items, next, nil
}

// changed goes through what changed last, again and again until each was told right once.
func (c *checks) changed(ctx context.Context, raw *sqlstore.Tx, place string, limit int) (items []inspection.Item, next string, err error) {
	since, issuer, serial := raw.Now().Add(-changedFor), "", []byte{}
	if parts := strings.Split(place, "/"); len(parts) == 3 {
		us, err := strconv.ParseInt(parts[0], 10, 64)
		of, err2 := hex.DecodeString(parts[2])
		if at := sqlstore.FromMicros(us); err == nil && err2 == nil && at.After(since) {
			since, issuer, serial = at, parts[1], of
		}
	}
	rows, err := c.o.in(raw).ToldAfter(ctx, since, issuer, serial, limit)
	if err != nil {
		return nil, "", err
	}
	for _, s := range rows {
		if !c.wasRight(s) {
			items = append(items, c.changedItem(s))
		}
	}
	if len(rows) == limit {
		last := rows[limit-1]
		next = strconv.FormatInt(last.ToldAt.UnixMicro(), 10) + "/" + last.Issuer + "/" + hex.EncodeToString(last.Serial)
	}
	return items, next, nil
}

// maxAsked bounds what is remembered of changes that were told right.
const maxAsked = 100_000

func (c *checks) wasRight(s store.KnownStatus) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.asked[answerKey(s)]
	return ok && at.Equal(s.ToldAt)
}

// changedItem is an answer that is not asked for again when it was right.
func (c *checks) changedItem(s store.KnownStatus) inspection.Item {
	i := c.answerItem(s)
	judge := i.Judge
	i.Judge = func(ctx context.Context) ([]inspection.Fault, error) {
		found, err := judge(ctx)
		if err == nil && len(found) == 0 {
			c.mu.Lock()
			defer c.mu.Unlock()
			if len(c.asked) >= maxAsked {
				clear(c.asked)
			}
			c.asked[i.Key] = s.ToldAt
		}
		return found, err
	}
	return i
}

func (c *checks) answer(ctx context.Context, raw *sqlstore.Tx, key string) (i inspection.Item, there bool, err error) {
	short, text, _ := strings.Cut(key, "/")
	serial, err := hex.DecodeString(text)
	r := c.o.rootBy(short)
	if err != nil || r == nil {
		return i, false, nil
	}
	s, there, err := c.o.in(raw).KnownOf(ctx, r.id, serial)
	return c.answerItem(s), there, err
}

// answerItem asks what everybody may ask, and holds the answer against the row as it was before the question.
func (c *checks) answerItem(s store.KnownStatus) inspection.Item {
	return inspection.Item{Key: answerKey(s), Print: printOf(s), Judge: func(ctx context.Context) ([]inspection.Fault, error) {
		r, ok := c.o.byID[s.Issuer]
		if !ok {
			return faults([]inspect.Fault{{Rule: inspect.IssuerKnown, Sentence: say("行の認証局を知りません。", "The CA that the row names is not known.")}}), nil
		}
		asked := inspect.Asked{Issuer: r.certificate, Serial: s.Serial, Known: true, Revoked: s.State != "good", At: s.RevokedAt, Reason: s.Reason}
		question, err := asked.Request()
		if err != nil {
			return nil, err
		}
		if asked.Response, err = c.outside.ask(ctx, question); err != nil {
			if ctx.Err() != nil {
				return nil, errors.Join(err, ctx.Err())
			}
			return nil, inspection.ErrPutOff // told of the address
		}
		found := inspect.Answer(asked, c.o.Clock.Now())
		if slices.ContainsFunc(found, func(f inspect.Fault) bool { return f.Rule == inspect.Unreachable }) {
			return nil, inspection.ErrPutOff
		}
		return faults(found), nil
	}}
}
