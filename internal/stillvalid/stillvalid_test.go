package stillvalid_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/internal/stillvalid"
	"github.com/akashi-id/akashi/message"
)

var start = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)

const issuer = "signature"

// counter is a municipality that watches certificates, in virtual time. says is the status service.
type counter struct {
	*testing.T
	clock  *clock.Virtual
	faults *sqlstoretest.Faults
	store  *sqlstore.Store
	alarms *alarm.Alarms
	driver *clock.Driver
	says   func(ctx context.Context, serial string) (cert.Status, error)
	asks   int
}

func open(t *testing.T, url string) *counter {
	c := &counter{T: t, clock: clock.NewVirtual(start), faults: &sqlstoretest.Faults{}}
	log := slog.New(slog.DiscardHandler)
	c.store = sqlstoretest.Open(t, url, sqlstore.Options{Clock: c.clock, Faults: c.faults, Log: log}, due.Schema, alarm.Schema, stillvalid.Schema)
	var err error
	if c.alarms, err = alarm.New(alarm.Config{Self: "municipality-202029", Store: c.store, Clock: c.clock, Log: log, Every: 15 * time.Second}); err != nil {
		t.Fatal(err)
	}
	c.alarms.Add(stillvalid.Source(c.store))
	rule := stillvalid.Rule(func(ctx context.Context, i string, serial cert.Serial) (cert.Status, error) {
		c.asks++
		if i != issuer {
			t.Errorf("asked the issuer %q", i)
		}
		if err := c.store.View(ctx, func(context.Context, *sqlstore.Tx) error { return nil }); err != nil {
			t.Errorf("asked inside a transaction: %v", err)
		}
		return c.says(ctx, serial.String())
	})
	rule.Deadline = 50 * time.Millisecond
	list := due.New(c.store, c.clock, append(c.alarms.Due(), rule), func(context.Context, *sqlstore.Tx, []message.Out) error { return nil }, log)
	list.Parallel = 1
	c.driver = clock.NewDriver(c.clock, append(list.Tasks(), c.alarms.Tasks()...))
	return c
}

func serial(t testing.TB, n int) cert.Serial {
	s, err := cert.ParseSerial(fmt.Sprintf("%02X", n))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// change is a change of a resident that ends certificate n.
func (c *counter) change(n int) {
	c.Helper()
	if err := c.store.Update(c.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		return stillvalid.Watch(ctx, tx, stillvalid.Certificate{Issuer: issuer, Serial: serial(c, n), Trace: fmt.Sprint("t-", n)})
	}); err != nil {
		c.Fatal(err)
	}
}

func (c *counter) until(d time.Duration) {
	c.Helper()
	if err := c.driver.Until(c.Context(), start.Add(d)); err != nil {
		c.Fatal(err)
	}
}

func (c *counter) expect(when string, want ...string) {
	c.Helper()
	v, err := c.alarms.View(c.Context(), 0)
	if err != nil {
		c.Fatal(err)
	}
	var got []string
	for _, a := range v.Open {
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s", a.Code, a.What)))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		c.Errorf("%s: open are %q, want %q", when, got, want)
	}
}

func (c *counter) watched() (n int64) {
	c.Helper()
	if err := c.store.View(c.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, `SELECT COUNT(*) FROM still_valid`).Scan(&n)
	}); err != nil {
		c.Fatal(err)
	}
	return n
}

// TestStillValid: a certificate that is revoked within the minute rings nothing and is asked about once; one that is not
// rings at the minute, and no more once it is.
func TestStillValid(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := open(t, url)
		c.says = func(_ context.Context, serial string) (cert.Status, error) {
			if serial == "02" && c.clock.Now().Before(start.Add(5*time.Minute)) {
				return cert.Valid, nil
			}
			return cert.Revoked, nil
		}
		c.change(1)
		c.change(2)
		c.until(15 * time.Second)
		c.change(2) // another change: the first one counts
		c.until(59 * time.Second)
		c.expect("within the minute")
		c.until(61 * time.Second)
		c.expect("after a minute", "still-valid t-2")
		if c.asks != 2 {
			t.Errorf("asked %d times", c.asks)
		}
		c.until(5 * time.Minute)
		c.expect("still", "still-valid t-2")
		c.until(10 * time.Minute)
		c.expect("revoked at last")
		if n := c.watched(); n != 0 {
			t.Errorf("%d are still watched", n)
		}
		if c.asks > 10 {
			t.Errorf("asked %d times", c.asks)
		}
		v, err := c.alarms.View(t.Context(), 1)
		if err != nil || len(v.Closed) != 1 || v.Closed[0].Severity != alarm.Critical || !v.Closed[0].Since.Equal(start) {
			t.Errorf("%+v, %v", v.Closed, err)
		}
	})
}

// TestNotValidIsOver: whatever nobody accepts is over.
func TestNotValidIsOver(t *testing.T) {
	for _, s := range []cert.Status{cert.Revoked, cert.Expired, cert.NotYetValid, cert.Unknown} {
		c := open(t, "memory:")
		c.says = func(context.Context, string) (cert.Status, error) { return s, nil }
		c.change(1)
		c.until(2 * time.Minute)
		c.expect(s.String())
		if c.watched() != 0 || c.asks != 1 {
			t.Errorf("%s: asked %d times, %d are watched", s, c.asks, c.watched())
		}
	}
}

// TestNobodyAnswers: errors, nonsense and silence of the status service are an alarm two minutes after the change, and
// stay one when the question has been set aside, until somebody answers.
func TestNobodyAnswers(t *testing.T) {
	for name, fault := range map[string]func(ctx context.Context) (cert.Status, error){
		"error":    func(context.Context) (cert.Status, error) { return 0, errors.New("connection refused") },
		"nonsense": func(context.Context) (cert.Status, error) { return 0, nil },
		"panic":    func(context.Context) (cert.Status, error) { panic("nil map") },
		"silence": func(ctx context.Context) (cert.Status, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			sqlstoretest.Each(t, func(t *testing.T, url string) {
				c := open(t, url)
				away := true
				c.says = func(ctx context.Context, _ string) (cert.Status, error) {
					if away {
						return fault(ctx)
					}
					return cert.Revoked, nil
				}
				c.change(1)
				c.until(119 * time.Second)
				c.expect("tried")
				c.until(136 * time.Second)
				c.expect("nobody answers", "still-valid-unsure")
				c.until(90 * time.Minute)
				c.expect("given up", "still-valid-unsure", "work-parked still-valid")
				away = false
				if err := c.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
					parked, err := due.Parked(ctx, tx, 0, 10)
					if err != nil || len(parked) != 1 {
						return fmt.Errorf("%d are set aside, %w", len(parked), err)
					}
					return due.Retry(ctx, tx, parked[0].ID)
				}); err != nil {
					t.Fatal(err)
				}
				c.until(92 * time.Minute)
				c.expect("answered")
			})
		})
	}
}

// TestWhateverTheCause: the alarm does not rest on the due work. Here somebody has taken the question off the list, or
// damaged it.
func TestWhateverTheCause(t *testing.T) {
	for name, stmt := range map[string]string{
		"taken out": `DELETE FROM due`,
		"damaged":   `UPDATE due SET payload = SUBSTR(payload, 1, 10)`,
	} {
		sqlstoretest.Each(t, func(t *testing.T, url string) {
			c := open(t, url)
			c.says = func(context.Context, string) (cert.Status, error) { return cert.Revoked, nil }
			c.change(1)
			if err := c.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				if n, err := tx.Exec(ctx, stmt); err != nil || n != 1 {
					return fmt.Errorf("%d rows, %w", n, err)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			c.change(2)
			c.until(3 * time.Minute)
			c.expect(name, "still-valid-unsure")
			if c.asks != 1 || c.watched() != 1 {
				t.Errorf("%s: asked %d times, %d are watched", name, c.asks, c.watched())
			}
		})
	}
}

// TestCommitsFail: whichever commit fails, or is applied and its answer lost, the certificate is watched once and comes to
// its end.
func TestCommitsFail(t *testing.T) {
	for name, fail := range map[string]func(f *sqlstoretest.Faults){
		"failed":                 func(f *sqlstoretest.Faults) { f.FailNext(1) },
		"failed but was applied": func(f *sqlstoretest.Faults) { f.LoseNext(1) },
	} {
		sqlstoretest.Each(t, func(t *testing.T, url string) {
			c := open(t, url)
			c.says = func(context.Context, string) (cert.Status, error) {
				if c.clock.Now().Before(start.Add(3 * time.Minute)) {
					return cert.Valid, nil
				}
				return cert.Revoked, nil
			}
			fail(c.faults)
			watch := func() error {
				return c.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
					return stillvalid.Watch(ctx, tx, stillvalid.Certificate{Issuer: issuer, Serial: serial(t, 1), Trace: "t-1"})
				})
			}
			if err := watch(); err == nil {
				t.Fatalf("%s: it did not fail", name)
			}
			if err := watch(); err != nil { // the clerk files the change again
				t.Fatal(err)
			}
			for i := range 100 {
				fail(c.faults)
				c.driver.Until(t.Context(), start.Add(time.Duration(i+1)*5*time.Second)) // what failed last may be told
			}
			c.faults.FailNext(0)
			c.faults.LoseNext(0)
			c.until(20 * time.Minute)
			c.expect(name)
			if n := c.watched(); n != 0 {
				t.Errorf("%s: %d are still watched", name, n)
			}
			v, err := c.alarms.View(t.Context(), 10)
			if err != nil || len(v.Closed) == 0 || v.Closed[len(v.Closed)-1].Code != alarm.StillValid {
				t.Errorf("%s: %+v, %v", name, v.Closed, err)
			}
		})
	}
}

// TestWatchRefuses: what cannot be asked about cannot be watched, and the change that would rely on it is not made.
func TestWatchRefuses(t *testing.T) {
	c := open(t, "memory:")
	for _, bad := range []stillvalid.Certificate{{Serial: serial(t, 1)}, {Issuer: issuer}} {
		if err := c.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error { return stillvalid.Watch(ctx, tx, bad) }); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}
