package ca

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
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
	Why          string      `json:"why"`
	ProposedBy   string      `json:"proposed_by"`
	ProposedAt   time.Time   `json:"proposed_at"`
	Digest       string      `json:"digest"` // SHA-256 of the serials, in hexadecimal, a line for each, in their order
	Size         int64       `json:"size"`
	Holders      int64       `json:"holders"`
	Left         int64       `json:"left"` // of the set: not revoked, not ended by something else, not set aside
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
	v := MassRevocation{ID: m.ID, State: string(m.State), Issuer: m.Issuer, From: when(m.From), Until: when(m.Until), Listed: m.Listed, Ground: m.Ground,
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

// MassSerials writes the serials of a set, a line for each: what its digest is the SHA-256 of. That somebody took them is recorded.
func (o *CA) MassSerials(ctx context.Context, id int64, w io.Writer) error {
	who, err := o.officer(ctx, access.LookAtCertificate)
	if err != nil {
		return err
	}
	if err := o.onMass(ctx, id, func(_ context.Context, tx *store.Tx, m store.Mass) error {
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who.ID, Act: auditlog.ActLook, Subject: massName(id), Case: m.Trace, Detail: "serials"})
		return nil
	}); err != nil {
		return err
	}
	const page = 5000
	for after, n := []byte(nil), page; n == page; {
		var items []store.MassItem
		err := o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			items, err = o.in(tx).MassSerials(ctx, id, after, page)
			return err
		})
		if err != nil {
			return err
		}
		for _, i := range items {
			if _, err := fmt.Fprintln(w, i.Serial()); err != nil {
				return err
			}
			after = i.Key
		}
		n = len(items)
	}
	return nil
}

// MassSetAside writes all that was named and is not in the set, and all that could not be ended, as CSV. Its first column, cut out, is
// the list for another mass revocation when the rows were mended.
func (o *CA) MassSetAside(ctx context.Context, id int64, w io.Writer) error {
	if _, err := o.officer(ctx, access.LookAtCertificate); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w, "serial,what,why_ja,why_en"); err != nil {
		return err
	}
	const page = 5000
	for after, n := []byte(nil), page; n == page; {
		var items []store.MassItem
		err := o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			items, err = o.in(tx).MassAside(ctx, id, after, page)
			return err
		})
		if err != nil {
			return err
		}
		for _, i := range items {
			why := asideWhy(i)
			if _, err := fmt.Fprintf(w, "%s,%s,%s,%s\n", i.Serial(), i.Outcome, quoted(why.JA), quoted(why.EN)); err != nil {
				return err
			}
			after = i.Key
		}
		n = len(items)
	}
	return nil
}

// quoted is a field of CSV.
func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// ReadSerials reads a list of serials as people keep one: a line for each, as screens, openssl or a list print it. Empty lines and what
// follows a # are passed over. What is wrong is told for each line. A list of none is refused: beside other conditions it would choose
// all that these do.
func ReadSerials(field string, text []byte) (serials []cert.Serial, err error) {
	var ps plain.Problems
	for n, line := range splitLines(text) {
		if line == "" {
			continue
		}
		s, err := cert.ParseSerial(line)
		if err != nil {
			p := plain.Bad(field, fmt.Sprintf("%d行目は発行番号ではありません。16進数の発行番号を、1行に1件ずつ書いてください。", n+1),
				fmt.Sprintf("line %d is no serial: write serials in hexadecimal, one on a line", n+1))
			p.Line = n + 1
			if ps = append(ps, p); len(ps) == 20 {
				break
			}
			continue
		}
		serials = append(serials, s)
	}
	if len(serials) == 0 && len(ps) == 0 {
		return nil, plain.Bad(field, "一覧に発行番号がありません。ファイルを確かめて、選び直してください。", "There is no serial in the list: look at the file, and choose it again.")
	}
	return serials, ps.Err()
}

// ReadMoment reads the end of a time of issue: a day in Japan (its beginning), or a moment with its time zone.
func ReadMoment(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	if t, err := time.ParseInLocation("2006-01-02T15:04", text, cert.JST); err == nil {
		return t, nil
	}
	d, err := resident.ParseDate(field, text)
	if err != nil {
		return time.Time{}, plain.Bad(field, "日付（2026-04-01）か、日時（2026-04-01T09:00、日本時間）で入力してください。",
			"Enter a day (2026-04-01) or a moment (2026-04-01T09:00, in Japan).")
	}
	return d.Start(), nil
}

// splitLines gives the lines of a text without what follows a # and without blanks around.
func splitLines(text []byte) []string {
	lines := strings.Split(string(text), "\n")
	for i, l := range lines {
		l, _, _ = strings.Cut(l, "#")
		lines[i] = strings.TrimSpace(strings.TrimPrefix(l, "\ufeff"))
	}
	return lines
}
