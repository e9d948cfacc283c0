package ca

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// MassRevocation is a mass revocation as officers see it: both of them the same. When it is over it is the statement of its result.
type MassRevocation struct {
	ID           int64       `json:"id"`
	State        string      `json:"state"` // counting, frozen, running, paused, done, dropped
	Municipality string      `json:"municipality,omitempty"`
	Profile      string      `json:"profile,omitempty"`
	Issuer       string      `json:"issuer,omitempty"`
	From         *time.Time  `json:"from,omitempty"`
	Until        *time.Time  `json:"until,omitempty"`
	Listed       int64       `json:"listed,omitempty"` // serials that were named one by one
	Ground       cert.Ground `json:"ground"`
	Since        string      `json:"since"` // the day on which the ground arose
	Why          string      `json:"why"`
	ProposedBy   string      `json:"proposed_by"`
	ProposedAt   time.Time   `json:"proposed_at"`
	Digest       string      `json:"digest"` // SHA-256 of the serials, in hexadecimal, a line for each, in their order
	Size         int64       `json:"size"`
	Holders      int64       `json:"holders"`
	Cut          *time.Time  `json:"cut,omitempty"` // what was issued before it is in the set, when it meets the conditions
	IssuedSince  int64       `json:"issued_since"`  // after the cut, that meet the conditions and are not in the set; while it waits to be confirmed
	Left         int64       `json:"left"`          // of the set: not revoked, not ended by something else, not set aside
	ConfirmedBy  string      `json:"confirmed_by,omitempty"`
	ConfirmedAt  *time.Time  `json:"confirmed_at,omitempty"`
	StoppedBy    string      `json:"stopped_by,omitempty"`
	Revoked      int64       `json:"revoked"`
	Before       int64       `json:"ended_before"` // by something else, after the set was frozen
	SetAside     int64       `json:"set_aside"`
	EndedAt      *time.Time  `json:"ended_at,omitempty"`
	Messages     int64       `json:"messages"` // that the rest will make: a status for each
	Parts        []MassPart  `json:"parts"`
	Aside        []MassAside `json:"aside"` // the first that were named and are not in the set, or could not be ended
	Trace        string      `json:"trace"`
}

// StateName says in words where it stands.
func (m MassRevocation) StateName() plain.Sentence { return massStates[m.State].name }

// MassPart is a part of a set, and of a CA's lists.
type MassPart struct {
	Municipality string `json:"municipality"`
	Profile      string `json:"profile"`
	Certificates int64  `json:"certificates"`
	Revoked      int64  `json:"revoked"`
	Entries      int64  `json:"entries"`  // of the list of this part, as it was last made
	Followed     bool   `json:"followed"` // a list that was made after the end names what was revoked
}

// MassAside is a serial with what is the matter with it.
type MassAside struct {
	Serial string         `json:"serial"`
	What   string         `json:"what"` // unknown, over, failed
	Why    plain.Sentence `json:"why"`
}

// maxAside is how many serials that were set aside a view names; all are counted.
const maxAside = 50

// Mass gives a mass revocation as it stands. Whoever looks must be one who may look at certificates.
func (o *CA) Mass(ctx context.Context, id int64) (v MassRevocation, err error) {
	if _, err := o.officer(ctx, access.LookAtCertificate); err != nil {
		return v, err
	}
	err = o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		tx := o.in(raw)
		m, found, err := tx.Mass(ctx, id)
		if err != nil {
			return err
		}
		if !found {
			return noSuchMass
		}
		v = massView(m)
		if v.Left, err = tx.MassAlive(ctx, id); err != nil {
			return err
		}
		v.Messages = v.Left
		if m.State == store.MassFrozen {
			if v.IssuedSince, err = tx.IssuedSince(ctx, m); err != nil {
				return err
			}
		}
		if v.Parts, err = massParts(ctx, tx, m); err != nil {
			return err
		}
		aside, err := tx.MassAside(ctx, id, nil, maxAside)
		for _, i := range aside {
			v.Aside = append(v.Aside, MassAside{i.Serial(), i.Outcome, asideWhy(i)})
		}
		return err
	})
	return v, err
}

func asideWhy(i store.MassItem) plain.Sentence {
	switch i.Outcome {
	case "unknown":
		return say("この認証局は発行していません。", "This CA has not issued it.")
	case "over":
		return say("試行の前に、失効したか期限が切れていました。", "It had been revoked, or had expired, before the dry run.")
	}
	return i.Reason
}

func massView(m store.Mass) MassRevocation {
	v := MassRevocation{ID: m.ID, State: string(m.State), Issuer: m.Issuer, From: when(m.From), Until: when(m.Until), Listed: m.Listed, Ground: m.Ground, Since: m.Since.String(), Cut: when(m.Cut),
		Why: m.Why, ProposedBy: m.ProposedBy, ProposedAt: m.ProposedAt, Digest: m.Digest, Size: m.Size, Holders: m.Holders, ConfirmedBy: m.ConfirmedBy,
		ConfirmedAt: when(m.ConfirmedAt), StoppedBy: m.StoppedBy, Revoked: m.Revoked, Before: m.Before, SetAside: m.Failed, EndedAt: when(m.EndedAt),
		Parts: []MassPart{}, Aside: []MassAside{}, Trace: m.Trace}
	if m.Municipality.Valid() {
		v.Municipality = m.Municipality.String()
	}
	if m.Profile.Valid() {
		v.Profile = m.Profile.String()
	}
	return v
}

func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// massParts divides a set by the lists that it touches.
func massParts(ctx context.Context, tx *store.Tx, m store.Mass) ([]MassPart, error) {
	parts, err := tx.MassParts(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	lists, err := tx.Partitions(ctx)
	if err != nil {
		return nil, err
	}
	all := []MassPart{}
	for _, p := range parts {
		part := MassPart{Municipality: p.Municipality, Profile: p.Profile, Certificates: p.N, Revoked: p.Revoked}
		for _, l := range lists {
			if l.Municipality.String() == p.Municipality && l.Profile.String() == p.Profile {
				part.Entries += l.Entries
				if l.Delta.Number > l.Issued {
					part.Entries += l.Delta.Entries
				}
				part.Followed = !m.EndedAt.IsZero() && !l.Named().Before(m.EndedAt.Truncate(time.Second))
			}
		}
		all = append(all, part)
	}
	return all, nil
}

// Masses gives the newest mass revocations, without what only one of them in full tells.
func (o *CA) Masses(ctx context.Context, limit int) (all []MassRevocation, err error) {
	if _, err := o.officer(ctx, access.LookAtCertificate); err != nil {
		return nil, err
	}
	err = o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		all = []MassRevocation{}
		found, err := o.in(tx).Masses(ctx, limit)
		for _, m := range found {
			all = append(all, massView(m))
		}
		return err
	})
	return all, err
}
