package validation

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/hex"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/pki/inspect"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// came gives the lists that came and are not published: one that was refused, one of which parts are missing for long, two that
// contradict one another.
func (c *checks) came(ctx context.Context, raw *sqlstore.Tx, place string, limit int) (items []inspection.Item, next string, err error) {
	issuer, municipality, digest := cameKey(place)
	tx := c.o.in(raw)
	offers, err := tx.OpenOffersAfter(ctx, issuer, municipality, digest, limit)
	if err != nil {
		return nil, "", err
	}
	for _, of := range offers {
		i, err := c.cameItem(ctx, tx, of)
		if err != nil {
			return nil, "", err
		}
		items = append(items, i)
	}
	if len(offers) == limit {
		next = items[limit-1].Key
	}
	return items, next, nil
}

func cameKey(key string) (issuer, municipality string, digest []byte) {
	issuer, rest, _ := strings.Cut(key, "/")
	municipality, text, _ := strings.Cut(rest, "/")
	digest, err := hex.DecodeString(text)
	if err != nil {
		digest = []byte{}
	}
	return issuer, municipality, digest
}

// cameOne reads one again. What is not kept any more, because a later list was published, is in order.
func (c *checks) cameOne(ctx context.Context, raw *sqlstore.Tx, key string) (inspection.Item, bool, error) {
	issuer, municipality, digest := cameKey(key)
	m, err := resident.ParseMunicipalityCode("municipality", municipality)
	if err != nil {
		return inspection.Item{}, false, nil
	}
	tx := c.o.in(raw)
	offers, err := tx.Offers(ctx, issuer, m)
	if err != nil {
		return inspection.Item{}, false, err
	}
	for _, of := range offers {
		if bytes.Equal(of.Digest, digest) {
			i, err := c.cameItem(ctx, tx, of)
			return i, true, err
		}
	}
	return inspection.Item{Key: key, Print: printOf(key), Judge: func(context.Context) ([]inspection.Fault, error) { return nil, nil }}, true, nil
}

func (c *checks) cameItem(ctx context.Context, tx *store.Tx, of store.Offer) (inspection.Item, error) {
	others, err := tx.Offers(ctx, of.Issuer, of.Municipality)
	if err != nil {
		return inspection.Item{}, err
	}
	was, _, err := tx.Published(ctx, of.Issuer, of.Municipality)
	if err != nil {
		return inspection.Item{}, err
	}
	now := tx.Now()
	return inspection.Item{Key: of.Issuer + "/" + of.Place + "/" + hex.EncodeToString(of.Digest), Print: printOf(of),
		Judge: func(context.Context) ([]inspection.Fault, error) {
			rule, says := c.o.listStands(of, others, was.Number, now)
			if rule == "" {
				return nil, nil
			}
			return []inspection.Fault{{Rule: rule, Sure: true, Sentence: says}}, nil
		}}, nil
}

// newer reads the delta list that is published beside a full one, nil when there is none.
func (c *checks) newer(ctx context.Context, tx *store.Tx, l store.ServedList) ([]byte, error) {
	m, err := resident.ParseMunicipalityCode("municipality", l.Municipality)
	if err != nil {
		return nil, nil // of such a place there is none
	}
	d, found, err := tx.Delta(ctx, l.Issuer, m)
	if err != nil || !found || d.Number <= l.Number {
		return nil, err
	}
	return read(ctx, tx, d)
}

// read reads a list as a whole.
func read(ctx context.Context, tx *store.Tx, l store.List) ([]byte, error) {
	r, err := l.Open(ctx, tx)()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func (c *checks) deltas(ctx context.Context, raw *sqlstore.Tx, place string, limit int) (items []inspection.Item, next string, err error) {
	tx := c.o.in(raw)
	from, profile, municipality := c.listAt(strings.TrimSuffix(place, deltaMark))
	for _, a := range c.o.cas[from.place:] {
		rows, err := tx.ServedDeltasAfter(ctx, a.org, municipality, profile, limit-len(items))
		if err != nil {
			return nil, "", err
		}
		for _, l := range rows {
			i, err := c.deltaItem(ctx, tx, a, l)
			if err != nil {
				return nil, "", err
			}
			items = append(items, i)
		}
		if len(items) == limit {
			return items, items[limit-1].Key, nil
		}
		profile, municipality = "", ""
	}
	return items, "", nil
}

func (c *checks) delta(ctx context.Context, raw *sqlstore.Tx, key string) (i inspection.Item, there bool, err error) {
	a, profile, municipality := c.listAt(strings.TrimSuffix(key, deltaMark))
	tx := c.o.in(raw)
	l, there, err := tx.ServedDeltaOf(ctx, a.org, municipality, profile)
	if err == nil && there {
		i, err = c.deltaItem(ctx, tx, a, l)
	}
	return i, there, err
}

// deltaItem fetches a delta list, and holds what it and its base say together against what is revoked, and against the one that was
// fetched before.
func (c *checks) deltaItem(ctx context.Context, tx *store.Tx, a *authority, l store.ServedDelta) (inspection.Item, error) {
	revoked, err := tx.KnownRevoked(ctx, l.Issuer, l.Municipality)
	if err != nil {
		return inspection.Item{}, err
	}
	want := inspect.List{Number: l.Number, BaseNumber: l.Base, ThisUpdate: l.ThisUpdate, NextUpdate: l.NextUpdate, Entries: l.Entries, Before: true, Highest: l.SeenNumber}
	if r, ok := c.o.byID[l.Issuer]; ok {
		want.Issuer = r.certificate
	}
	if len(l.Seen) > 0 {
		want.Last = l.Seen
	}
	ends := map[string]time.Time{}
	for _, s := range revoked {
		want.Revoked = append(want.Revoked, inspect.Revocation{Serial: s.Serial, At: s.RevokedAt, Reason: s.Reason, NotAfter: s.NotAfter})
		ends[string(s.Serial)] = s.NotAfter
	}
	want.Ends = func(serial []byte) (time.Time, bool) { end, ok := ends[string(serial)]; return end, ok }
	named := tx.Now()
	if l.FirstSeen.Unix() > 0 {
		named = l.FirstSeen
	}
	m, err := resident.ParseMunicipalityCode("municipality", l.Municipality)
	if err == nil {
		if part, err := partitionOf(m, resident.DateOf(named)); err == nil {
			want.Prefecture, want.District = part.Prefecture, part.Municipality
		}
		base, found, err := tx.Base(ctx, l.Issuer, m, l.Base)
		if err != nil {
			return inspection.Item{}, err
		}
		if found {
			if want.Base, err = read(ctx, tx, base); err != nil {
				return inspection.Item{}, err
			}
		}
	}
	path := l.Profile + "/" + l.Municipality
	if a.place > 0 {
		path = string(a.org) + "/" + path
	}
	var seen []byte
	return inspection.Item{Key: path + deltaMark, Print: printOf(l),
		Judge: func(ctx context.Context) ([]inspection.Fault, error) {
			got, err := c.outside.get(ctx, "/crl/"+path+".delta.crl")
			if err != nil {
				return fetched(err)
			}
			want.DER = got
			found := inspect.DeltaList(want, c.o.Clock.Now())
			if !slices.ContainsFunc(found, func(f inspect.Fault) bool { return slices.Contains(keepsOut, f.Rule) || f.Rule == inspect.Base }) && !bytes.Equal(got, l.Seen) {
				seen = got
			}
			return faults(found), nil
		},
		Learnt: func() func(context.Context, *sqlstore.Tx) error {
			list, err := x509.ParseRevocationList(seen)
			if err != nil || list.Number == nil {
				return nil
			}
			return func(ctx context.Context, tx *sqlstore.Tx) error {
				return c.o.in(tx).SeeDelta(ctx, l.Issuer, l.Municipality, list.Number.Int64(), seen)
			}
		}}, nil
}
