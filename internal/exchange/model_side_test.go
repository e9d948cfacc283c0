package exchange_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"pgregory.net/rapid"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// side is one organisation of the model, with its database, the copies of it, and what goes wrong there.
type side struct {
	w      *world
	self   message.Org
	peer   message.Org
	id     identity
	file   string
	copies int
	faults *sqlstoretest.Faults
	link   *faultyLink
	store  *sqlstore.Store
	x      *exchange.Exchange
}

type identity struct {
	trust  *pki.Trust
	signer exchange.Signer
}

// identities are made once: keys are not what is tried here.
var identities = func() map[message.Org]identity {
	ca := must(pki.NewInfrastructureCA(rand.Reader, start))
	trust := must(pki.NewTrust(ca.Certificate()))
	all := map[message.Org]identity{}
	for _, o := range []message.Org{city, pref} {
		all[o] = identity{trust, must(ca.NewIdentity(rand.Reader, start, string(o), pki.ForSigning))}
	}
	return all
}()

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// faultyLink does to the next calls what it is told.
type faultyLink struct {
	to      exchange.Link
	next    []string // drop, lose (applied, the answer lost), twice, late
	late    []*messagepb.Batch
	lateFor message.Org
}

var errLink = errors.New("the line broke")

func (l *faultyLink) Hello(ctx context.Context, to message.Org, g *messagepb.Greeting) (*messagepb.Acquaintance, error) {
	return l.to.Hello(ctx, to, g)
}

func (l *faultyLink) Deliver(ctx context.Context, to message.Org, b *messagepb.Batch) (*messagepb.Receipt, error) {
	fault := ""
	if len(l.next) > 0 {
		fault, l.next = l.next[0], l.next[1:]
	}
	switch fault {
	case "drop":
		return nil, errLink
	case "lose":
		l.to.Deliver(ctx, to, b)
		return nil, errLink
	case "twice":
		l.to.Deliver(ctx, to, b)
	case "late":
		l.late, l.lateFor = append(l.late, b), to
		return nil, errLink
	}
	return l.to.Deliver(ctx, to, b)
}

func (l *faultyLink) Ask(ctx context.Context, to message.Org, kind string, body []byte) ([]byte, error) {
	return l.to.Ask(ctx, to, kind, body)
}

// deliverLate lets what was under way arrive, the last first.
func (l *faultyLink) deliverLate(ctx context.Context) {
	for i := len(l.late) - 1; i >= 0; i-- {
		l.to.Deliver(ctx, l.lateFor, l.late[i])
	}
	l.late = nil
}

func newWorld(t *rapid.T, dir string) *world {
	w := &world{t: t, ctx: context.Background(), dir: dir, clk: clock.NewVirtual(start), net: new(exchange.Memory), moods: map[uint64]*mood{}}
	w.city = w.side(city, pref)
	w.pref = w.side(pref, city)
	return w
}

func (w *world) side(self, peer message.Org) *side {
	s := &side{w: w, self: self, peer: peer, id: identities[self], file: filepath.Join(w.dir, string(self)+".db"),
		faults: new(sqlstoretest.Faults), link: &faultyLink{to: w.net.As(self)}}
	s.open()
	return s
}

func (s *side) open() {
	s.faults.FailNext(0)
	s.faults.LoseNext(0)
	store, err := sqlstore.Open(s.w.ctx, "sqlite:"+s.file, sqlstore.Options{Clock: s.w.clk, Faults: s.faults}, exchange.Schema(), modelSchema)
	if err != nil {
		s.w.t.Fatal(err)
	}
	x, err := exchange.New(s.w.ctx, exchange.Config{Self: s.self, Store: store, Clock: s.w.clk, Rand: rand.Reader, Signer: s.id.signer,
		Trust: s.id.trust, Link: s.link, Peers: []message.Org{s.peer}, Limits: exchange.Limits{RuleDeadline: 25 * time.Millisecond},
		Routes: []exchange.Route{exchange.On(raw, s.w.onChange), exchange.On(raw, s.w.onInvalidation)}})
	if err != nil {
		s.w.t.Fatal(err)
	}
	s.store, s.x = store, x
	s.w.net.Join(s.self, x)
}

// crash forgets everything that was not committed, and what is on its way to this side.
func (s *side) crash() {
	if err := s.store.Close(); err != nil {
		s.w.t.Fatal(err)
	}
	s.other().link.late = nil
	s.open()
}

func (s *side) other() *side {
	if s == s.w.city {
		return s.w.pref
	}
	return s.w.city
}

func (s *side) copyPath() string {
	return filepath.Join(s.w.dir, fmt.Sprintf("%s-copy%d.db", s.self, s.copies))
}

func (s *side) backup() {
	s.copies++
	if err := s.store.Backup(s.w.ctx, s.copyPath()); err != nil {
		s.w.t.Fatal(err)
	}
}

func (s *side) restore() {
	if s.copies == 0 {
		return
	}
	if err := s.store.Close(); err != nil {
		s.w.t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		os.Remove(s.file + suffix)
	}
	text, err := os.ReadFile(s.copyPath())
	if err == nil {
		err = os.WriteFile(s.file, text, 0o600)
	}
	if err != nil {
		s.w.t.Fatal(err)
	}
	s.other().link.late = nil
	s.w.restored = s.w.restored || s == s.w.city
	s.open()
}

// step lets the side's sender do one piece of work; a failed commit ends in a crash, as it would.
func (s *side) step() {
	if _, err := s.x.Tasks()[0].Step(s.w.ctx); err != nil && errors.Is(err, sqlstoretest.ErrInjected) {
		s.crash()
	}
}
