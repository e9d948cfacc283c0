package ocspbench

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/org/validation"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Setup is what a server is told.
type Setup struct {
	Dir   string `json:"dir"`   // for the database and the keys
	Count int    `json:"count"` // of certificates
	// Algorithm of the keys; empty: P-256, as the status service has when nothing else is asked for.
	Algorithm string `json:"algorithm,omitempty"`
	Answer    []byte `json:"answer"` // to be given to every question, by the bare handler; empty: be the status service
}

// Ready is what it answers.
type Ready struct {
	Address string  `json:"address"`
	CA      []byte  `json:"ca"`
	Known   float64 `json:"known"`  // seconds from the start until every state was at hand
	Signed  float64 `json:"signed"` // … and every answer signed
	Bytes   int64   `json:"bytes"`  // of memory, as the system counts it, after that
}

// doLook has a server tell what it has taken so far. The status service first writes down what it told, so that nothing of
// one turn falls into the next.
const doLook = "look"

// doLost has the status service tell how many answers it could not write down.
const doLost = "lost"

// serialOf is the i-th certificate's: 16 octets that do not lie in the order of i, as drawn ones do not.
func serialOf(i int) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(i)*0x9e3779b97f4a7c15>>2|1<<62)
	return binary.BigEndian.AppendUint64(b, uint64(i))
}

type server struct {
	ready    Ready
	http     *http.Server
	stop     context.CancelFunc
	ended    sync.WaitGroup
	closers  []func() error
	services *validation.Validation // nil: bare
}

// open starts a server, with everything signed when it is the status service.
func open(ctx context.Context, s Setup) (_ peer.Worker, err error) {
	ctx, stop := context.WithCancel(ctx)
	v := &server{stop: stop}
	defer func() {
		if err != nil {
			err = errors.Join(err, v.Close())
		}
	}()
	handler := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/ocsp-response")
		w.Write(s.Answer)
	}))
	if len(s.Answer) == 0 {
		if err := v.serve(ctx, s); err != nil {
			return nil, err
		}
		handler = v.services.Handler()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	v.ready.Address = listener.Addr().String()
	v.http = &http.Server{Handler: handler}
	v.ended.Go(func() { v.http.Serve(listener) })
	return v, nil
}

// serve opens the status service, tells it of certificates, and starts it anew, as it starts when they are there.
func (v *server) serve(ctx context.Context, s Setup) error {
	algorithm := cert.P256SHA256
	if s.Algorithm != "" {
		var err error
		if algorithm, err = cert.ParseAlgorithm(s.Algorithm); err != nil {
			return err
		}
	}
	w, err := newWorld(s.Dir, algorithm)
	if err != nil {
		return err
	}
	v.closers = append(v.closers, w.close)
	v.ready.CA = w.root.Raw
	first, err := w.open(ctx)
	if err != nil {
		return err
	}
	if err := fill(ctx, first.Store, w.id, s.Count); err != nil {
		return errors.Join(err, first.Close())
	}
	if err := first.Close(); err != nil {
		return err
	}
	took := peer.Stopwatch()
	if v.services, err = w.open(ctx); err != nil {
		return err
	}
	v.closers = append(v.closers, v.services.Close)
	clk := clock.System()
	tasks := append(v.services.Serving(), v.services.Exchange.Tasks()...)
	tasks = append(append(tasks, v.services.Due.Tasks()...), w.ca.Tasks()...)
	for _, t := range tasks {
		v.ended.Go(func() { clock.Run(ctx, clk, t, slog.New(slog.DiscardHandler)) })
	}
	for {
		hand := v.services.AtHand()
		if hand.All && v.ready.Known == 0 {
			v.ready.Known = took()
		}
		if hand.All && hand.Answers >= 2*int64(s.Count) {
			break
		}
		if err := clk.Wait(ctx, clk.Now().Add(20*time.Millisecond), nil); err != nil {
			return err
		}
	}
	v.ready.Signed = took()
	runtime.GC()
	v.ready.Bytes = resident()
	return nil
}

// fill writes the certificates, one in ten of them revoked.
func fill(ctx context.Context, store *sqlstore.Store, issuer string, count int) error {
	now := clock.System().Now()
	order := make([]int, count) // of the serials, in which a table is filled fastest
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return bytes.Compare(serialOf(a), serialOf(b)) })
	for from := 0; from < count; from += 5000 {
		if err := store.Update(ctx, func(_ context.Context, tx *sqlstore.Tx) error {
			for _, i := range order[from:min(count, from+5000)] {
				state, reason, at := "good", "", time.UnixMicro(0)
				if i%10 == 9 {
					state, reason, at = "revoked", "affiliationChanged", now
				}
				tx.Collect("status", "issuer, serial, profile, municipality, state, issued_at, not_after, revoked_at, reason, why, told_at",
					issuer, serialOf(i), "signature", "202029", state, now, now.AddDate(5, 0, 0), at, reason, "", now)
			}
			return nil
		}); err != nil {
			return fmt.Errorf("couldn't write the certificates: %w", err)
		}
	}
	return nil
}

// Ready tells where it listens.
func (v *server) Ready() any { return v.ready }

// Do tells what was taken so far: CPU seconds, octets and objects allocated.
func (v *server) Do(ctx context.Context, o peer.Order) (t peer.Took, err error) {
	if o.Do == doLost {
		t.Trips = v.services.AtHand().Lost
		return t, nil
	}
	if o.Do != doLook {
		return t, fmt.Errorf("there is no order %q", o.Do)
	}
	for clk := clock.System(); v.services != nil; {
		if v.services.AtHand().Waiting == 0 {
			break
		}
		if err := clk.Wait(ctx, clk.Now().Add(time.Millisecond), nil); err != nil {
			return t, err
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return t, err
	}
	t.Seconds = (time.Duration(u.Utime.Nano()) + time.Duration(u.Stime.Nano())).Seconds()
	t.Bytes, t.Trips = int64(m.TotalAlloc), int64(m.Mallocs)
	return t, nil
}

// Close ends it.
func (v *server) Close() (err error) {
	if v.http != nil {
		err = v.http.Close()
	}
	v.stop()
	v.ended.Wait()
	for i := len(v.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, v.closers[i]())
	}
	return err
}

// resident is the memory of this process; 0 where the system does not tell.
func resident() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	var pages, in int64
	if err == nil {
		fmt.Sscan(string(text), &pages, &in)
	}
	return in * int64(os.Getpagesize())
}

// secret is what the two ends share; nothing is compared here.
func secret(string) []byte {
	sum := sha256.Sum256([]byte("a measurement"))
	return sum[:]
}

// writeKey writes a key as openssl reads it.
func writeKey(path string, key crypto.Signer) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return writePEM(filepath.Clean(path), "PRIVATE KEY", der)
}

var random = rand.Reader
