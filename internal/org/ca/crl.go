package ca

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const (
	dueList  = "list"       // a revocation has made a partition's list incomplete
	dueDaily = "daily list" // every partition, every day, also when nothing has changed
	dueFull  = "full list"  // a revocation stands on a delta list alone
	dueAgain = "list again" // a person wants a full list; no plan of ours takes that off the due list
	dueParts = "list parts" // the rest of a long list is to be sent

	// coalesce is how long a list waits for further revocations: a mass revocation makes a list every few seconds, not one
	// for each certificate. OCSP does not wait.
	coalesce = 3 * time.Second
	// dailyAt is the time of day in Japan.
	dailyAt = 5 * time.Minute

	// Up to so many entries a full list is made anew for each revocation: it is one message, as a delta list is.
	smallList = 1000
	// deltaShare: with more than a tenth of its base a delta list becomes a full one, so that it stays small for those who fetch it again
	// and again, and that a partition that grows fast is signed again as a whole for each tenth only.
	deltaShare = 10

	// makeDeadline is how long the making of a list may take. A million rows take some seconds.
	makeDeadline = 3 * time.Minute
)

// ensurePartition makes a municipality's partition with its first certificate, and its first list, which names nothing:
// a relying party that asks for the list must find one.
func (o *CA) ensurePartition(ctx context.Context, tx *store.Tx, c store.Certificate, part jpki.Partition) error {
	made, err := tx.AddPartition(ctx, store.Partition{Issuer: c.Issuer, Municipality: c.Municipality, Profile: c.Profile,
		PrefectureName: part.Prefecture, MunicipalityName: part.Municipality})
	if err != nil || !made {
		return err
	}
	ref := listRef(c.Issuer, c.Municipality)
	due.Add(tx.Tx, tx.Now(), dueList, ref, nil)
	due.Add(tx.Tx, o.nextList(tx.Now()), dueDaily, ref, nil)
	return nil
}

// planList puts a new list of a partition on the due list, unless one is on it.
func (o *CA) planList(ctx context.Context, tx *store.Tx, issuer string, m resident.MunicipalityCode) error {
	first, err := tx.MarkChanged(ctx, issuer, m)
	if err == nil && first {
		due.Add(tx.Tx, tx.Now().Add(coalesce), dueList, listRef(issuer, m), nil)
	}
	return err
}

// listRule makes the list that a revocation asks for, full or delta.
func (o *CA) listRule() due.Rule { return o.makeRule(dueList, false, nil) }

// dailyRule makes a full list, whatever has changed.
func (o *CA) dailyRule() due.Rule {
	return o.makeRule(dueDaily, true, func(tx *sqlstore.Tx, ref string) { due.Add(tx, o.nextList(tx.Now()), dueDaily, ref, nil) })
}

// fullRule makes a full list for a revocation that only a delta list names.
func (o *CA) fullRule() due.Rule { return o.makeRule(dueFull, true, nil) }

// againRule makes the full list that a person has asked for.
func (o *CA) againRule() due.Rule { return o.makeRule(dueAgain, true, nil) }

// makeRule makes lists outside of any transaction but short ones: to go through a million rows takes longer than a transaction may.
func (o *CA) makeRule(kind string, full bool, then func(tx *sqlstore.Tx, ref string)) due.Rule {
	return due.Rule{Kind: kind, Deadline: makeDeadline,
		Prepare: func(_ context.Context, _ *sqlstore.Tx, item due.Item) (any, error) { return item.Ref, nil },
		Outside: func(ctx context.Context, ref any) (any, error) { return o.makeLists(ctx, ref.(string), full) },
		Finish: func(ctx context.Context, tx *sqlstore.Tx, item due.Item, result any) ([]message.Out, error) {
			if then != nil {
				then(tx, item.Ref)
			}
			return nil, o.intendLists(ctx, o.in(tx), result.(made))
		}}
}

// nextDay is the next time of the daily lists.
func nextDay(now time.Time, days int) time.Time {
	y, m, d := now.In(cert.JST).Date()
	return time.Date(y, m, d+days, 0, 0, 0, 0, cert.JST).Add(dailyAt)
}

// nextList is when a partition gets its next list though nothing has changed.
func (o *CA) nextList(now time.Time) time.Time { return nextDay(now, o.cfg.ListDays) }

// listLife leaves as much in hand again: a list that comes late by less does not stop those who rely on it.
func (o *CA) listLife() time.Duration { return time.Duration(2*o.cfg.ListDays) * 24 * time.Hour }

// taken is a number that was given out, and what its list has to be.
type taken struct {
	store.Partition
	number int64
	at     time.Time // of the list
	full   bool
}

// take gives out the next number of a partition, and says whether its list is a full one. The numbers of a partition never go back (RFC 5280
// 5.2.3), full and delta lists share them; one whose list was never signed is a gap, which means nothing.
func (o *CA) take(ctx context.Context, tx *store.Tx, ref string, full bool) (t taken, err error) {
	issuer, m, err := readListRef(ref)
	if err != nil {
		return t, err
	}
	p, found, err := tx.Partition(ctx, issuer, m)
	if err != nil {
		return t, err
	}
	if !found {
		return t, fmt.Errorf("there is no partition %s", ref)
	}
	// Asked for whatever becomes of the answer: a revocation that ends after this transaction, and has seen that a list was planned already,
	// writes what is read here. PostgreSQL then runs one of the two again.
	since, err := tx.RevokedSince(ctx, issuer, m, p.ThisUpdate)
	if err != nil {
		return t, err
	}
	t = taken{Partition: p, full: full || p.Issued == 0 || p.Entries <= o.smallList || since*o.deltaShare > p.Entries}
	t.number, t.at, err = tx.NextNumber(ctx, issuer, m)
	return t, err
}

// intendLists writes down the lists of a number.
func (o *CA) intendLists(ctx context.Context, tx *store.Tx, n made) error {
	trace, err := o.Exchange.NewTrace()
	if err != nil {
		return err
	}
	intend := func(kind store.Kind, tbs []byte) {
		if tbs != nil {
			i := store.Intent{Kind: kind, Issuer: n.Issuer, Subject: n.Municipality.String(), TBS: tbs, Number: n.number, ListAt: n.at, Trace: trace}
			if kind == store.DeltaList {
				i.Base = n.base
			}
			o.intend(tx, i)
		}
	}
	intend(store.RevocationList, n.fullTBS)
	intend(store.DeltaList, n.deltaTBS)
	if n.damaged != n.Damaged {
		o.Log.ErrorContext(ctx, "rows of certificates cannot be read or contradict the published list", "municipality", n.Municipality, "rows", n.damaged)
		if err := tx.NoteDamaged(ctx, n.Issuer, n.Municipality, n.damaged); err != nil {
			return err
		}
	}
	if n.full || o.cfg.ListDays < 2 {
		return nil // the daily one is a full one
	}
	// Who knows no delta lists must not wait for longer than a day, however seldom full lists are made otherwise.
	if _, err := due.Remove(ctx, tx.Tx, dueFull, listRef(n.Issuer, n.Municipality)); err != nil {
		return err
	}
	due.Add(tx.Tx, nextDay(n.ThisUpdate, 1), dueFull, listRef(n.Issuer, n.Municipality), nil)
	return nil
}

func listRef(issuer string, m resident.MunicipalityCode) string { return issuer + "/" + m.String() }

func readListRef(ref string) (issuer string, m resident.MunicipalityCode, err error) {
	issuer, code, _ := strings.Cut(ref, "/")
	m, err = resident.ParseMunicipalityCode("municipality", code)
	return issuer, m, err
}
