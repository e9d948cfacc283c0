package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Cause is why a CA is told to end a certificate.
type Cause struct {
	Version resident.Version // of the record, when it arose
	Reason  cert.RevocationReason
	Since   resident.Date
	Why     resident.ChangeReason // zero: no change of the record led to it
}

// cause is that of what an invalidation kills.
func (i Invalidation) cause() Cause {
	return Cause{Version: i.Version, Reason: reasonOf(i.Reason), Since: i.Since, Why: i.Reason}
}

// Settle demands of the CA that issued it the end of each of a holder's certificates of a profile that may not live, and gives the
// demands that are new. i is the highest invalidation.
//
// What may not live follows from all that is known, and from nothing else: certificates under whichever code and of whichever CA,
// reports, invalidations. So the rules call it after whatever they have learned, and end the same in any order.
//
// Of a CA that nothing can be told, because the center no longer exchanges with it or somebody has written its name, nothing is demanded:
// the message could not be sent, and all that was learned would be taken back with it. Undemanded finds what is left.
func (tx *Tx) Settle(ctx context.Context, holder resident.RecordCode, i Invalidation, canTell func(ca message.Org) bool) (demands []Demand, err error) {
	all, err := tx.ofHolder(ctx, holder, i.Profile)
	if err == nil {
		err = tx.markElsewhere(ctx, holder, all)
	}
	if err != nil || len(all) == 0 {
		return nil, err
	}
	reports, err := tx.reportsOf(ctx, holder, i.Profile)
	if err != nil {
		return nil, err
	}
	for n, c := range all {
		cause, dead := endOf(c, all[n+1:], reports, i, tx.Now())
		if !dead || c.demanded || !canTell(c.ca) {
			continue
		}
		if _, err := tx.Exec(ctx, `UPDATE certificate SET revoked_at = $2 WHERE serial = $1`, c.serial.String(), tx.Now()); err != nil {
			return nil, fmt.Errorf("couldn't note that a certificate is to end: %w", err)
		}
		d, _, err := tx.demand(ctx, c.ca, cause.revocation(c.code, i.Profile, c.serial))
		if err != nil {
			return nil, err
		}
		demands = append(demands, d)
	}
	return demands, nil
}

// endOf says why a certificate may not live, if it may not. later are the holder's certificates of the kind that were issued after it,
// the oldest first.
func endOf(c issued, later []issued, reports []report, i Invalidation, now time.Time) (Cause, bool) {
	if i.Kills(c.version) {
		return i.cause(), true
	}
	if c.until.Before(now) {
		return Cause{}, false
	}
	for _, r := range reports {
		if r.about(c) {
			return r.Cause, true
		}
	}
	// Nobody holds two valid ones of a kind (公的個人認証法6条). A CA ends the one before by itself when it is its own and the holder's
	// code is the same; it knows of no other code, and of no other CA. A prefecture's CA ends nothing of another CA's by what it issues to
	// somebody whose record is in another prefecture: else whoever has broken in there could end every certificate of the country.
	for _, next := range later {
		if next.ca != c.ca && !next.elsewhere || next.ca == c.ca && next.code != c.code {
			return Cause{Version: next.version, Reason: cert.Renewed.Reason(), Since: resident.DateOf(next.from)}, true
		}
	}
	return Cause{}, false
}

func (c Cause) revocation(code resident.RecordCode, p cert.Profile, serial cert.Serial) message.CertRevocation {
	return message.CertRevocation{Code: code, Serial: serial, Profile: p, Version: c.Version, Reason: c.Reason, Since: c.Since, Why: c.Why}
}

// issued is a certificate as far as it matters to whether it may live.
type issued struct {
	serial      cert.Serial
	code        resident.RecordCode // as the CA knows the holder
	ca          message.Org
	version     resident.Version
	from, until time.Time
	demanded    bool
	elsewhere   bool // a prefecture's CA issued it, and the holder's record is another prefecture's
}

// markElsewhere looks where the holder's record is, when a prefecture's CA has issued to the holder. Of whom there is no record yet nothing
// is known.
func (tx *Tx) markElsewhere(ctx context.Context, holder resident.RecordCode, all []issued) error {
	if !slices.ContainsFunc(all, func(c issued) bool { return c.ca.Code() != "" }) {
		return nil
	}
	var home string
	err := tx.QueryRow(ctx, `SELECT municipality FROM resident WHERE code = $1`, holder.Reveal()).Scan(&home)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("couldn't look where a holder's record is: %w", err)
	}
	for i, c := range all {
		all[i].elsewhere = c.ca.Code() != "" && !strings.HasPrefix(home, c.ca.Code())
	}
	return nil
}

// ofHolder lists somebody's certificates of a profile, the oldest first. A row that cannot be read keeps none of the others alive: it
// is left out, the self-audit finds it, and the CA's snapshot that takes its place is settled anew.
func (tx *Tx) ofHolder(ctx context.Context, holder resident.RecordCode, p cert.Profile) (all []issued, err error) {
	rows, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, c *issued) error {
		var serial, code, ca string
		var version, demanded int64
		if err := r.Scan(&serial, &code, &ca, &version, sqlstore.Time(&c.from), sqlstore.Time(&c.until), &demanded); err != nil {
			return err
		}
		var errs [2]error
		c.serial, errs[0] = cert.ParseSerial(serial)
		c.code, errs[1] = resident.ParseRecordCode("stored", code)
		c.ca, c.version, c.demanded = message.Org(ca), resident.Version(version), demanded > 0
		if errors.Join(errs[:]...) != nil {
			*c = issued{}
		}
		return nil
	}, `SELECT serial, code, told_by, version, not_before, not_after, revoked_at FROM certificate WHERE holder = $1 AND profile = $2
		ORDER BY not_before, serial`, holder.Reveal(), p.String())
	if err != nil {
		return nil, fmt.Errorf("couldn't look for a holder's certificates: %w", err)
	}
	for _, c := range rows {
		if !c.serial.IsZero() {
			all = append(all, c)
		}
	}
	return all, nil
}
