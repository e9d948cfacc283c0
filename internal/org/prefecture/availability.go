package prefecture

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/probe"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Outside is what a prefecture knows of the services that it delegated (委任): as much as anybody who relies on them.
type Outside struct {
	Roots []probe.Root // the CAs' certificates, as they were handed out
	OCSP  string       // the address of the status service; "": the country has none that answers everybody
	Lists string       // the address below which the lists lie, or ""
	CA    message.Org  // whom it asks for a probe of issuance; "": it exchanges with none
	// Transport carries what goes to the addresses; nil: HTTP.
	Transport http.RoundTripper
}

// probing makes the prober of the municipalities with which the prefecture exchanges.
func (o *Prefecture) probing(out Outside) (*probe.Prober, error) {
	var seed [32]byte
	if _, err := io.ReadFull(o.Rand, seed[:]); err != nil {
		return nil, fmt.Errorf("couldn't draw when probes begin: %w", err)
	}
	cfg := probe.Config{Self: o.Self, Store: o.Store, Clock: o.Clock, Rand: o.Rand, Jitter: rand.New(rand.NewChaCha8(seed)), Log: o.Log,
		Roots: out.Roots, OCSP: out.OCSP, Lists: out.Lists, Transport: out.Transport}
	if slices.Contains(o.Peers, out.CA) {
		cfg.Ask = func(ctx context.Context, kind string, body []byte) ([]byte, error) {
			return o.Exchange.Ask(ctx, out.CA, kind, body)
		}
	}
	today := resident.DateOf(o.Clock.Now())
	for _, peer := range o.Peers {
		code, err := resident.ParseMunicipalityCode("municipality", peer.Code())
		if peer.Role() != message.Municipality || err != nil {
			continue
		}
		if p, ok := partition(code, today); ok {
			cfg.Partitions = append(cfg.Partitions, p)
		}
	}
	return probe.New(cfg)
}

// partition names a municipality as its revocation list does. Two cities may each have a ward of one name, so a ward's list names its city
// too. The rule is written once more here, so that a mistake of the CA's is not made here as well.
func partition(code resident.MunicipalityCode, on resident.Date) (p probe.Partition, ok bool) {
	m, err := resident.Lookup("municipality", code, on)
	if err != nil {
		return p, false
	}
	above, ok := resident.PrefectureOf(code.Prefecture())
	p = probe.Partition{Municipality: code.String(), Prefecture: above.Romaji(), District: m.Romaji()}
	if m.City == "" {
		return p, ok
	}
	for _, city := range resident.FindMunicipalities(code.Prefecture(), m.City, on) {
		if city.City == "" && city.Name == m.City {
			p.District = city.Romaji() + " " + p.District
		}
	}
	return p, ok
}

// Tasks are the loops to step: those of every organisation, and the probes.
func (o *Prefecture) Tasks() []clock.Task { return slices.Concat(o.Host.Tasks(), o.probes.Tasks()) }

// Availability reports how what was probed stood in a month.
func (o *Prefecture) Availability(ctx context.Context, m probe.Month) (r probe.Report, err error) {
	err = o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		r, err = probe.ReportOf(ctx, tx, m, o.Clock.Now())
		return err
	})
	return r, err
}

// PlanMaintenance enters a time in which something will stand still.
func (o *Prefecture) PlanMaintenance(ctx context.Context, by access.Person, w probe.Window) error {
	if err := access.May(by, access.PlanMaintenance, o.Self.Role()); err != nil {
		return err
	}
	w.By = by.ID
	return o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error { return probe.Plan(ctx, tx, w) })
}

// WithdrawMaintenance takes one back that has not begun.
func (o *Prefecture) WithdrawMaintenance(ctx context.Context, by access.Person, id int64) error {
	if err := access.May(by, access.PlanMaintenance, o.Self.Role()); err != nil {
		return err
	}
	return o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error { return probe.Withdraw(ctx, tx, id, by.ID) })
}

// AvailabilityLine is a target's month as the command line and files give it. Shares are percents, cut off; empty: nothing was measured.
type AvailabilityLine struct {
	Target       string     `json:"target"`
	Month        string     `json:"month"`
	Minutes      int64      `json:"minutes"` // that have passed
	OK           int64      `json:"ok"`
	Failed       int64      `json:"failed"`
	Unmeasured   int64      `json:"unmeasured"`
	Planned      int64      `json:"planned"` // measured minutes within planned maintenance
	Availability string     `json:"availability"`
	Unplanned    string     `json:"availability_without_planned"`
	Measured     string     `json:"measured"`
	Outages      int64      `json:"outages"`
	LongestFrom  *time.Time `json:"longest_from"`
	LongestUntil *time.Time `json:"longest_until"` // null beside a beginning: it goes on
	P50          int64      `json:"p50_ms"`
	P99          int64      `json:"p99_ms"`
}

// AvailabilityReport is a month as the command line gives it.
type AvailabilityReport struct {
	Prefecture message.Org        `json:"prefecture"`
	Month      string             `json:"month"`
	Until      time.Time          `json:"until"`
	Probed     bool               `json:"probed"` // false: there is nobody to ask
	Targets    []AvailabilityLine `json:"targets"`
	Outages    []OutageLine       `json:"outages"`
}

// OutageLine is one outage.
type OutageLine struct {
	Target  string     `json:"target"`
	From    time.Time  `json:"from"`
	Until   *time.Time `json:"until"`  // null: it goes on
	Before  bool       `json:"before"` // it began before the month
	Failed  int64      `json:"failed"` // minutes
	Planned int64      `json:"planned"`
	Reason  string     `json:"reason"`
}

// AvailabilityLines reports a month for the command line.
func (o *Prefecture) AvailabilityLines(ctx context.Context, m probe.Month) (AvailabilityReport, error) {
	r, err := o.Availability(ctx, m)
	out := AvailabilityReport{Prefecture: o.Self, Month: m.String(), Until: r.Until.UTC(), Probed: len(o.probes.Targets()) > 0, Targets: []AvailabilityLine{}, Outages: []OutageLine{}}
	for _, t := range r.Targets {
		out.Targets = append(out.Targets, lineOf(t, m))
		for _, x := range t.Outage {
			out.Outages = append(out.Outages, OutageLine{t.Target.String(), x.From.UTC(), momentOrNull(x.Until), x.Before, x.Failed, x.Planned, string(x.Reason)})
		}
	}
	return out, err
}

func lineOf(t probe.TargetMonth, m probe.Month) AvailabilityLine {
	f := t.Figures
	return AvailabilityLine{Target: t.Target.String(), Month: m.String(), Minutes: f.Minutes, OK: f.OK, Failed: f.Failed, Unmeasured: f.Minutes - f.Measured(),
		Planned: f.PlannedOK + f.PlannedFailed, Availability: shareOrNone(f.Availability()), Unplanned: shareOrNone(f.Unplanned()), Measured: shareOrNone(f.Coverage()),
		Outages: f.Outages, LongestFrom: momentOrNull(f.Longest.From), LongestUntil: momentOrNull(f.Longest.Until), P50: f.P50.Milliseconds(), P99: f.P99.Milliseconds()}
}

func shareOrNone(s probe.Share, ok bool) string {
	if !ok {
		return ""
	}
	return s.String()
}

func momentOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
