package trend_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/alarm/trend"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// A Sunday midnight in Japan.
var start = time.Date(2026, 3, 28, 15, 0, 0, 0, time.UTC)

// office is a municipality's week: busy on weekdays from nine to five, quiet else, with the same dice for the same hour.
type office struct {
	*testing.T
	clock  *clock.Virtual
	faults *sqlstoretest.Faults
	store  *sqlstore.Store
	h      *trend.Histories
	now    time.Time

	extra      func(hour int) (sent, wait int64) // what departs, per look
	sent, wait int64                             // since the last look; now
	known      bool                              // nothing may fail
	heard      []string                          // departures, each when it begins: "trend-high+hour about"
	open       map[string]bool
}

const look = 5 * time.Minute / 3

func openOffice(t *testing.T, url string) *office {
	o := &office{T: t, clock: clock.NewVirtual(start), faults: &sqlstoretest.Faults{}, now: start, open: map[string]bool{}}
	o.store = sqlstoretest.Open(t, url, sqlstore.Options{Clock: o.clock, Faults: o.faults}, trend.Schema)
	o.restart()
	return o
}

func (o *office) restart() { o.h = trend.New(o.store, o.feed) }

func (o *office) hour() int { return int(o.now.Sub(start) / time.Hour) }

// happen is what is sent between two looks, and how long what waits has waited.
func (o *office) happen() {
	hour := o.hour()
	day, at := hour/24%7, hour%24
	sent, wait := int64(0), int64(0)
	if day >= 1 && day <= 5 && at >= 9 && at < 17 {
		dice := rand.New(rand.NewPCG(uint64(o.now.UnixMicro()), 7)) // the same for the same look
		sent, wait = 7+dice.Int64N(7), 200
	}
	if o.extra != nil {
		s, w := o.extra(hour)
		sent, wait = max(0, sent+s), wait+w
	}
	o.sent, o.wait = o.sent+sent, wait
}

func (o *office) feed(context.Context, time.Time) ([]trend.Sample, error) {
	samples := []trend.Sample{{Measure: trend.Sent, Peer: "ca", Kind: "cert.request"}} // of which there never is one
	if o.sent > 0 {
		samples = append(samples, trend.Sample{Measure: trend.Sent, Peer: "prefecture-20", Kind: "resident.change", Value: o.sent})
	}
	if o.wait > 0 {
		samples = append(samples, trend.Sample{Measure: trend.Wait, Peer: "prefecture-20", Kind: "resident.change", Value: o.wait})
	}
	o.sent = 0
	return samples, nil
}

// until looks again and again until so many hours after the start. Errors that are not expected end the test.
func (o *office) until(hours int) {
	o.Helper()
	for o.now.Before(start.Add(time.Duration(hours) * time.Hour)) {
		o.clock.Set(o.now)
		o.happen()
		signals, err := o.h.Signals(o.Context(), o.now)
		if err == nil {
			is := map[string]bool{}
			for _, s := range signals {
				name := fmt.Sprintf("%s %s", s.Code, s.About)
				if is[name] = true; !o.open[name] {
					o.heard = append(o.heard, fmt.Sprintf("%s+%d", name, o.hour()))
					if s.Value < 1 || s.Peer != "prefecture-20" || s.Detail.JA == "" || !strings.Contains(s.Detail.EN, "usual") {
						o.Errorf("said as %+v", s)
					}
				}
			}
			o.open = is
		} else if o.known {
			o.Fatal(err)
		}
		o.now = o.now.Add(look)
	}
}

func (o *office) expect(when string, want ...string) {
	o.Helper()
	if fmt.Sprint(o.heard) != fmt.Sprint(want) {
		o.Errorf("%s: heard %q, want %q", when, o.heard, want)
	}
	o.heard = nil
}

const week = 168

// TestDepartures: eight usual weeks name nothing, whatever the dice; then an hour without messages, one with three times
// as many, and one in which all waits long are named, each in its hour, and nothing else.
func TestDepartures(t *testing.T) {
	o := openOffice(t, "memory:")
	o.known = true
	o.until(8 * week)
	o.expect("usual weeks")
	tuesday := 8*week + 2*24
	o.extra = func(hour int) (sent, wait int64) {
		switch hour {
		case tuesday + 10:
			return -100, 0
		case tuesday + 12:
			return 20, 0
		case tuesday + 14:
			return 0, 8000
		case tuesday + 27: // Wednesday at three in the morning, when nobody works
			return 5, 0
		}
		return 0, 0
	}
	o.until(9 * week)
	o.expect("a strange week",
		fmt.Sprintf("trend-low sent resident.change+%d", tuesday+11), // known when it is over
		fmt.Sprintf("trend-high sent resident.change+%d", tuesday+12),
		fmt.Sprintf("trend-slow wait resident.change+%d", tuesday+14),
		fmt.Sprintf("trend-high sent resident.change+%d", tuesday+27))
	o.extra = nil
	o.until(11 * week)
	o.expect("one strange week has taught nothing")
}

// TestRestart: an hour of which half was not seen is no hour with few messages, and is not learned.
func TestRestart(t *testing.T) {
	o := openOffice(t, "memory:")
	o.known = true
	o.until(8 * week)
	o.until(8*week + 2*24 + 10)
	o.now = o.now.Add(40 * time.Minute) // away, and started again
	o.restart()
	o.until(8*week + 2*24 + 12)
	o.expect("after a restart")
	o.now = o.now.Add(30 * time.Minute) // it stood still
	o.until(9 * week)
	o.expect("after a halt")
}

// TestLastingChange: what stays different becomes the usual.
func TestLastingChange(t *testing.T) {
	o := openOffice(t, "memory:")
	o.known = true
	o.until(8 * week)
	o.extra = func(hour int) (sent, wait int64) {
		if day, at := hour/24%7, hour%24; day >= 1 && day <= 5 && at >= 9 && at < 17 {
			return 20, 0
		}
		return 0, 0
	}
	o.until(9 * week)
	if len(o.heard) == 0 {
		t.Error("three times as many are nothing new")
	}
	o.until(30 * week)
	o.heard = nil
	o.until(32 * week)
	o.expect("half a year later")
}

// TestWritesFail: hours whose commit failed, or was applied and its answer lost, are learned once, and come to the same as
// if nothing had been.
func TestWritesFail(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		table := func(o *office) string {
			var all []string
			if err := o.store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
				all, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, s *string) error {
					var measure, peer, kind string
					var v [5]int64
					err := r.Scan(&measure, &peer, &kind, &v[0], &v[1], &v[2], &v[3], &v[4])
					*s = fmt.Sprint(measure, peer, kind, v)
					return err
				}, `SELECT measure, peer, kind, slot, n, mean, dev, learned FROM alarm_trend ORDER BY slot, measure, peer, kind`)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return strings.Join(all, "\n")
		}
		good := openOffice(t, "memory:")
		good.known = true
		good.until(2 * week)
		want := table(good)
		if strings.Count(want, "\n") < 100 {
			t.Fatalf("little was learned:\n%s", want)
		}
		o := openOffice(t, url)
		for hour := range 2 * week {
			switch hour % 3 {
			case 1:
				o.faults.FailNext(1)
			case 2:
				o.faults.LoseNext(1)
			}
			o.until(hour + 1)
		}
		if got := table(o); got != want {
			t.Errorf("learned\n%s\nwant\n%s", got, want)
		}
	})
}
