package ca

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/statement"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// IssuanceRow is how many certificates were issued in a municipality.
type IssuanceRow struct {
	Municipality              resident.MunicipalityCode // zero in the total
	Signature, Authentication int64
	Revoked                   int64 // of both kinds, up to the same moment
	Valid                     int64 // of both kinds, at that moment
	// Unreadable, in the total alone, is how many more there are whose rows do not say where they belong. They are counted nowhere else.
	Unreadable int64
}

// Issued is both kinds together: the 枚数 of the sources' tables.
func (r IssuanceRow) Issued() int64 { return r.Signature + r.Authentication }

// Issuance counts what was issued up to the end of a day in Japan, by municipality in the order of the codes, and in all:
// the table in which the organisations of 2004 saw what they had issued.
func (o *CA) Issuance(ctx context.Context, asOf resident.Date) (rows []IssuanceRow, total IssuanceRow, err error) {
	return issuance(ctx, o.Store, asOf)
}

// IssuanceIn counts as Issuance does, in the database of a CA that does not run: one that a replay has left, or a copy.
func IssuanceIn(ctx context.Context, storeURL string, c clock.Clock, asOf resident.Date) (rows []IssuanceRow, total IssuanceRow, err error) {
	s, err := sqlstore.Open(ctx, storeURL, sqlstore.Options{Clock: c}, store.Schema)
	if err != nil {
		return nil, IssuanceRow{}, err
	}
	defer s.Close()
	return issuance(ctx, s, asOf)
}

func issuance(ctx context.Context, s *sqlstore.Store, asOf resident.Date) (rows []IssuanceRow, total IssuanceRow, err error) {
	err = s.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		rows, total = nil, IssuanceRow{}
		figures, unreadable, err := store.In(tx, store.Books{}).Figures(ctx, asOf.Start(), asOf.AddDays(1).Start())
		for _, f := range figures {
			if len(rows) == 0 || rows[len(rows)-1].Municipality != f.Municipality {
				rows = append(rows, IssuanceRow{Municipality: f.Municipality})
			}
			rows[len(rows)-1].add(f)
			total.add(f)
		}
		total.Unreadable = unreadable
		return err
	})
	return rows, total, err
}

func (r *IssuanceRow) add(f store.Figure) {
	if f.Profile == cert.Signature {
		r.Signature += f.Issued
	} else {
		r.Authentication += f.Issued
	}
	r.Revoked += f.Revoked
	r.Valid += f.Valid
}

// report is how the CA stands at one moment, for all prefectures; of makes of it what one is told.
type report struct {
	all     message.CAReport // without what is of one prefecture
	served  []resident.PrefectureCode
	figures []store.Figure
	refused []store.Refusals
	waiting struct {
		applications, lists map[resident.PrefectureCode]message.ReportWait
	}
}

// report reads it, in the caller's transaction: the figures are those of until, and the period is since then.
func (o *CA) report(ctx context.Context, plainTx *sqlstore.Tx, since, until time.Time) (r *report, err error) {
	tx := o.in(plainTx)
	// A day is over for the tables when it is over for the clock, which may have gone back: figures of what is to come are none.
	at := tx.Now()
	if at.Before(until) {
		return nil, fmt.Errorf("the day is not over: it is %s", at.Format(time.RFC3339))
	}
	r = &report{all: message.CAReport{Since: since, Until: until, At: at}, served: o.served()}
	if r.figures, r.all.Unreadable, err = tx.Figures(ctx, since, until); err != nil {
		return nil, err
	}
	if r.refused, err = tx.Refused(ctx, resident.DateOf(since), r.all.Day()); err != nil {
		return nil, err
	}
	if r.waiting.applications, err = waits(tx.ApplicationsWaiting(ctx)); err != nil {
		return nil, err
	}
	if r.waiting.lists, err = waits(tx.ListsWaiting(ctx)); err != nil {
		return nil, err
	}
	return r, o.reportState(ctx, tx, r)
}

func waits(all []store.Waiting, err error) (map[resident.PrefectureCode]message.ReportWait, error) {
	by := map[resident.PrefectureCode]message.ReportWait{}
	for _, w := range all {
		by[w.Prefecture] = message.ReportWait{Count: w.N, Oldest: w.Oldest}
	}
	return by, err
}

// reportState reads what is the same for all prefectures.
func (o *CA) reportState(ctx context.Context, tx *store.Tx, r *report) error {
	backlogs, err := exchange.BacklogsIn(ctx, tx.Tx)
	if err != nil {
		return err
	}
	for _, b := range backlogs {
		if b.Parked {
			r.all.Parked += b.N
		}
		if b.Out && b.Peer == o.cfg.Validation && b.Kind == message.KindCertStatus {
			w := &r.all.Revocations
			if w.Count == 0 || b.Oldest.Before(w.Oldest) {
				w.Oldest = b.Oldest
			}
			w.Count += b.N
		}
	}
	queue, err := due.Count(ctx, tx.Tx)
	if err != nil {
		return err
	}
	r.all.Aside = queue.Parked
	alarms, err := alarm.Since(ctx, tx.Tx, r.all.Since, message.MaxReportAlarms)
	if err != nil {
		return err
	}
	for _, a := range alarms {
		r.all.Alarms = append(r.all.Alarms, message.ReportAlarm{Code: string(a.Code), Peer: a.Peer, Opened: a.OpenedAt, Closed: a.ClosedAt})
	}
	for _, peer := range []message.Org{o.cfg.NationalCenter, o.cfg.Validation} {
		last, err := o.Statements.List(ctx, tx.Tx, peer, message.Day, r.all.At, 2)
		if err != nil {
			return err
		}
		for _, s := range lastStatements(last, r.all.At) {
			r.all.Statements = append(r.all.Statements, message.ReportStatement{Peer: peer, Sent: s.Out, Until: s.Until, State: string(s.State)})
		}
	}
	return nil
}

// lastStatements picks the newest of each direction. The accounts of a close come within half an hour, and the report a minute after it: one that is
// still on its way says nothing yet, and the one before does.
func lastStatements(newestFirst []statement.Statement, at time.Time) (last []statement.Statement) {
	for _, s := range newestFirst {
		on := slices.IndexFunc(last, func(l statement.Statement) bool { return l.Out == s.Out })
		switch {
		case on < 0:
			last = append(last, s)
		case last[on].ReceiverAt.IsZero() && at.Sub(last[on].Until) < statement.Late:
			last[on] = s
		}
	}
	return last
}

// of is what one prefecture is told.
func (r *report) of(p resident.PrefectureCode) message.CAReport {
	n := r.all
	n.Prefecture, n.Applications, n.Lists = p, r.waiting.applications[p], r.waiting.lists[p]
	n.Prefectures = r.prefectures()
	at := func(m resident.MunicipalityCode, profile cert.Profile) *message.ReportPlace {
		i, found := slices.BinarySearchFunc(n.Places, message.ReportPlace{Municipality: m, Profile: profile}, message.ComparePlaces)
		if !found {
			n.Places = slices.Insert(n.Places, i, message.ReportPlace{Municipality: m, Profile: profile})
		}
		return &n.Places[i]
	}
	for _, f := range r.figures {
		if f.Municipality.Prefecture() != p {
			continue
		}
		place := at(f.Municipality, f.Profile)
		place.Issued, place.Fresh, place.Valid = place.Issued+f.Issued, place.Fresh+f.Fresh, place.Valid+f.Valid
		if f.Revoked > 0 {
			place.Revoked = append(place.Revoked, message.ReportCount{What: f.Reason.String(), Ever: f.Revoked, Fresh: f.RevokedFresh})
		}
	}
	for _, f := range r.refused {
		if f.Municipality.Prefecture() == p {
			place := at(f.Municipality, f.Profile)
			place.Refused = append(place.Refused, message.ReportCount{What: f.Why, Ever: f.Ever, Fresh: f.Fresh})
		}
	}
	for i := range n.Places {
		for _, counts := range [][]message.ReportCount{n.Places[i].Revoked, n.Places[i].Refused} {
			// Not by the database, which may order words otherwise than their bytes do.
			slices.SortFunc(counts, func(a, b message.ReportCount) int { return cmp.Compare(a.What, b.What) })
		}
	}
	return n
}

// prefectures adds up what was issued in each, by code; also where nothing was, when the CA serves it.
func (r *report) prefectures() (all []message.ReportPrefecture) {
	sums := map[resident.PrefectureCode]message.ReportPrefecture{}
	for _, p := range r.served {
		sums[p] = message.ReportPrefecture{Prefecture: p}
	}
	for _, f := range r.figures {
		p := f.Municipality.Prefecture()
		sums[p] = message.ReportPrefecture{Prefecture: p, Issued: sums[p].Issued + f.Issued, Valid: sums[p].Valid + f.Valid}
	}
	for _, p := range slices.Sorted(maps.Keys(sums)) {
		all = append(all, sums[p])
	}
	return all
}
