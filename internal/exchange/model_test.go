package exchange_test

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// The model: a municipality sends changes with one key or two, and safe invalidations, to a prefecture whose rule
// refuses, fails, panics or hangs when told to, while requests and answers get lost, doubled and late, commits fail or
// lose their answer, and both databases crash and are restored from copies. Whatever happens, at the end each message is
// applied once and in the order of each of its keys, or withdrawn, and both sides' tables say the same.

const (
	city = message.Org("municipality-202029")
	pref = message.Org("prefecture-20")
)

var modelSchema = sqlstore.Schema{Name: "model", FS: fstest.MapFS{"0001_log.sql": {Data: []byte(
	"CREATE TABLE log(k TEXT NOT NULL, n BIGINT NOT NULL, pos BIGINT NOT NULL, PRIMARY KEY(k, n));\n" +
		"CREATE TABLE parent(n BIGINT NOT NULL PRIMARY KEY);\n" +
		"CREATE TABLE child(n BIGINT NOT NULL REFERENCES parent(n) DEFERRABLE INITIALLY DEFERRED);\n")}}}

// mood is how the rule takes a message.
type mood struct {
	how   string // "", reject, wrote, gap, fail, panic, hang
	times int    // that often; -1: until it is accepted or withdrawn
}

type world struct {
	t        *rapid.T
	ctx      context.Context
	dir      string
	clk      *clock.Virtual
	net      *exchange.Memory
	city     *side
	pref     *side
	n        uint64 // last serial; a message's version
	moods    map[uint64]*mood
	restored bool // the sender lost messages with its database
	taken    *taken
}

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
		key := must(pki.GenerateKey(rand.Reader, cert.P256SHA256))
		der := must(ca.IssueOrganisation(rand.Reader, start, pki.Organisation{ID: string(o), Usage: pki.ForSigning, Public: key.Public()}))
		all[o] = identity{trust, exchange.Signer{Key: key, Certificate: der}}
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

func (w *world) onChange(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.ResidentChange) ([]message.Out, error) {
	m := w.moods[uint64(n.After.Version)]
	how := ""
	if m != nil && m.times != 0 && !d.Accepted {
		how = m.how
		if m.times > 0 {
			m.times--
		}
	}
	write := func() error {
		pos := tx.Serial()
		for _, k := range n.Keys() {
			if _, err := tx.Exec(ctx, `INSERT INTO log(k, n, pos) VALUES ($1, $2, $3)`, k, int64(n.After.Version), pos); err != nil {
				return err
			}
		}
		return nil
	}
	switch how {
	case "reject":
		return nil, exchange.Reject("model", "受け取れません。", "not taken")
	case "wrote":
		if err := write(); err != nil {
			return nil, err
		}
		return nil, exchange.Reject("model", "書いた後で受け取れません。", "not taken, after writing")
	case "gap":
		return nil, exchange.Missing("前の電文がありません。", "one before it is missing")
	case "fail":
		return nil, errors.New("disk trouble")
	case "panic":
		write()
		panic("index out of range")
	case "hang":
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return nil, write()
}

func (w *world) onInvalidation(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.ResidentInvalidation) ([]message.Out, error) {
	_, err := tx.Exec(ctx, `INSERT INTO log(k, n, pos) VALUES ($1, $2, $3)`, "safe", int64(n.Version), tx.Serial())
	return nil, err
}

func (w *world) person(k int) resident.RecordCode { return resident.RecordCodeOf(uint64(k + 1)) }

// change is a message with one key, or with two when old is not negative.
func (w *world) change(k, old int) message.ResidentChange {
	w.n++
	return changeOf(w.person(k), old >= 0, w.person(max(old, 0)), w.n)
}

func changeOf(code resident.RecordCode, amended bool, old resident.RecordCode, version uint64) message.ResidentChange {
	info := resident.ChangeInfo{Reason: resident.MoveWithin, Arose: resident.MustDate(2026, 4, 1)}
	if amended {
		info.Reason, info.OldCode = resident.CodeChangeRequested, old
	}
	return message.ResidentChange{After: resident.IdentificationInfo{Code: code,
		BasicFour: resident.BasicFour{Name: must(resident.ParseName("name", "山田　花子")), Birth: must(resident.ParsePartialDate("birth", "1980-05-01")),
			Sex: resident.Female, Address: must(resident.ParseAddress("address", "長野県松本市丸の内3番7号"))},
		Municipality: must(resident.ParseMunicipalityCode("municipality", "202029")), Version: resident.Version(version), Change: info}}
}

func (w *world) send() {
	var outs []message.Out
	for range rapid.IntRange(1, 4).Draw(w.t, "messages") {
		k := rapid.IntRange(0, 4).Draw(w.t, "key")
		switch rapid.IntRange(0, 9).Draw(w.t, "kind") {
		case 0, 1, 2:
			old := rapid.IntRange(0, 4).Draw(w.t, "old key")
			if old == k {
				old = -1
			}
			outs = append(outs, message.Out{To: pref, Body: w.change(k, old)})
		case 3:
			w.n++
			outs = append(outs, message.Out{To: pref, Body: message.ResidentInvalidation{Code: w.person(k), Version: resident.Version(w.n),
				Reason: resident.MoveWithin, Since: resident.MustDate(2026, 4, 1), Kills: resident.Effect{Signature: true}}})
			continue
		default:
			outs = append(outs, message.Out{To: pref, Body: w.change(k, -1)})
		}
		how := rapid.SampledFrom([]string{"", "", "", "", "", "reject", "wrote", "gap", "fail", "panic", "hang"}).Draw(w.t, "mood")
		times := 1
		switch how {
		case "reject", "wrote", "gap":
			times = rapid.SampledFrom([]int{1, -1}).Draw(w.t, "times")
		case "fail", "panic":
			times = rapid.SampledFrom([]int{1, 3, 20}).Draw(w.t, "times")
		}
		if how != "" {
			w.moods[w.n] = &mood{how, times}
		}
	}
	trace := must(w.city.x.NewTrace())
	err := w.city.store.Update(w.ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := w.city.x.Send(ctx, tx, outs, trace)
		return err
	})
	if err != nil {
		if !errors.Is(err, sqlstoretest.ErrInjected) {
			w.t.Fatal(err)
		}
		w.restored = w.restored || !errors.Is(err, sqlstore.ErrUnknown)
		w.city.crash()
	}
}

// resolve lets two persons resolve one parked message, on either side.
func (w *world) resolve(pick int, act exchange.Act) bool {
	s := w.city
	if act == exchange.Accept || act == exchange.Discard {
		s = w.pref
	}
	if act == "answer" { // the receiver's own messages are notes; it may have to take one back
		s, act = w.pref, exchange.Withdraw
	}
	items, err := s.x.Stuck(w.ctx, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	var parked []exchange.Item
	for _, i := range items {
		if i.Parked() && i.Out == (act == exchange.Correct || act == exchange.Withdraw) && (act == exchange.Discard) == (i.Code == "sender-restored") {
			parked = append(parked, i)
		}
	}
	if len(parked) == 0 {
		return false
	}
	id := parked[pick%len(parked)].ID
	err = s.x.Propose(w.ctx, id, act, "確認した", "operator-1")
	if err == nil {
		err = s.x.Confirm(w.ctx, id, "operator-2")
	}
	if errors.Is(err, sqlstoretest.ErrInjected) {
		s.crash()
	} else if err != nil && !errors.Is(err, exchange.ErrNotMet) && !errors.Is(err, exchange.ErrHangs) {
		// To be confirmed again when the two are connected, or when the machine is less busy.
		w.t.Fatalf("%s of %s: %v", act, id, err)
	}
	return true
}

func (w *world) act() {
	either := func(label string) *side {
		return []*side{w.city, w.pref}[rapid.IntRange(0, 1).Draw(w.t, label)]
	}
	switch a := rapid.SampledFrom([]string{"send", "send", "send", "step", "step", "step", "answer", "wait", "wait", "line", "late", "crash", "fail", "lose",
		"backup", "restore", "withdraw", "correct", "accept", "cut", "uncut", "keep"}).Draw(w.t, "act"); a {
	case "send":
		w.send()
	case "step":
		w.city.step()
	case "answer":
		w.pref.step()
	case "wait":
		w.clk.Set(w.clk.Now().Add(time.Duration(rapid.SampledFrom([]int{1, 300, 1100, 5000, 40000}).Draw(w.t, "ms")) * time.Millisecond))
	case "line":
		l := either("whose").link
		l.next = append(l.next, rapid.SampledFrom([]string{"drop", "lose", "twice", "late"}).Draw(w.t, "fault"))
	case "late":
		either("whose").link.deliverLate(w.ctx)
	case "crash":
		either("who").crash()
	case "fail":
		either("who").faults.FailNext(1)
	case "lose":
		either("who").faults.LoseNext(1)
	case "backup":
		either("who").backup()
	case "keep":
		for _, task := range either("who").x.Tasks()[1:] {
			task.Step(w.ctx) // an injected fault, and it is tried again
		}
	case "cut":
		w.cut()
	case "uncut":
		w.uncut()
	case "restore":
		w.clk.Set(w.clk.Now().Add(time.Second)) // a copy is not restored in the instant in which the original gave its numbers
		either("who").restore()
	default:
		w.resolve(rapid.IntRange(0, 9).Draw(w.t, "which"), exchange.Act(a))
	}
}

// receipts compares what both sides have kept of the receipts for one side's messages: the same ones, each good, none known
// to be missing, and one for each message that has ended.
func (w *world) receipts(sender, receiver *side) {
	type row struct {
		number                      int64
		head, signature, der, lines []byte
	}
	read := func(s *side, dir string) (all []row) {
		err := s.store.View(w.ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			all, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, v *row) error {
				return r.Scan(&v.number, &v.head, &v.signature, &v.der, &v.lines)
			}, `SELECT r.number, r.head, r.signature, c.der, r.lines FROM x_receipt r JOIN x_certificate c ON c.fingerprint = r.certificate
				WHERE dir = $1 ORDER BY number`, dir)
			return err
		})
		if err != nil {
			w.t.Fatal(err)
		}
		return all
	}
	held, kept := read(sender, "out"), read(receiver, "in")
	if !reflect.DeepEqual(held, kept) {
		w.t.Errorf("%s holds %d receipts of %s, which keeps %d, or other ones", sender.self, len(held), receiver.self, len(kept))
	}
	for _, v := range held {
		r := must(message.OpenReceipt(&messagepb.SignedReceipt{Head: v.head, Signature: v.signature, Certificate: v.der}, must(message.DecodeReceiptLines(v.lines))))
		signer := must(receiver.id.trust.Identify(v.der, pki.ForSigning, r.Head.SignedAt))
		if err := r.Verify(signer.Public); err != nil || signer.Organisation != string(receiver.self) || r.Head.Sender != sender.self {
			w.t.Errorf("receipt %d of %s: %v", v.number, receiver.self, err)
		}
	}
	for _, p := range []exchange.Pair{w.pair(sender), w.pair(receiver)} {
		lately := w.clk.Now().Add(-time.Minute)
		if p.OutMissing != 0 && p.OutMissingSince.Before(lately) || p.InMissing != 0 && p.InMissingSince.Before(lately) || p.OutWrong != 0 {
			w.t.Errorf("receipts are missing: %+v", p)
		}
	}
	type ended struct {
		epoch, seq int64
		state      string
	}
	var list []ended
	err := sender.store.View(w.ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		list, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, v *ended) error { return r.Scan(&v.epoch, &v.seq, &v.state) },
			`SELECT epoch, seq, state FROM x_out WHERE state IN ('applied', 'withdrawn')`)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range list {
		id := message.ID{Sender: sender.self, Node: "1", Epoch: uint64(e.epoch), Receiver: receiver.self, Seq: uint64(e.seq)}
		r, i, err := sender.x.ReceiptOf(w.ctx, id)
		if err != nil {
			w.t.Errorf("%s is %s: %v", id, e.state, err)
			continue
		}
		if l := r.Lines[i]; string(l.Outcome) != e.state && string(l.Settled) != e.state {
			w.t.Errorf("%s is %s, its receipt says %q", id, e.state, l)
		}
	}
}

// taken is a cut of the receiver, and what it had applied at that moment.
type taken struct {
	exchange.Cut
	applied map[int64]bool
}

func (w *world) cut() {
	w.taken = &taken{applied: map[int64]bool{}}
	err := w.pref.store.View(w.ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if w.taken.Cut, err = w.pref.x.Cut(ctx, tx, city); err != nil {
			return err
		}
		log, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, n *int64) error { return r.Scan(n) }, `SELECT n FROM log`)
		for _, n := range log {
			w.taken.applied[n] = true
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// uncut asks the sender, some time after the cut, what the receiver had not applied at it.
func (w *world) uncut() {
	if w.taken == nil || w.restored {
		return
	}
	err := w.city.store.View(w.ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		list, err := w.city.x.Unapplied(ctx, tx, pref, w.taken.Cut)
		if err != nil {
			return err
		}
		missing := map[message.ID]bool{}
		for _, u := range list {
			missing[u.ID] = true
		}
		sent, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, raw *[]byte) error { return r.Scan(raw) },
			`SELECT envelope FROM x_out WHERE state <> 'withdrawn'`)
		for _, raw := range sent {
			e := must(message.OpenEnvelope(raw))
			n := versionOf(e)
			if n != 0 && w.taken.applied[n] == missing[e.ID] {
				w.t.Errorf("message %d (%s): applied at the cut: %v; the sender says not applied: %v\ncut: %+v", n, e.ID, w.taken.applied[n], missing[e.ID], w.taken.Cut)
			}
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// versionOf is the serial of a message of the model; 0 for any other.
func versionOf(e *message.Envelope) int64 {
	switch p := must(message.Decode(e.Kind, e.Body)).(type) {
	case message.ResidentChange:
		return int64(p.After.Version)
	case message.ResidentInvalidation:
		return int64(p.Version)
	}
	return 0
}

// settle heals everything and lets people resolve what is parked, until nothing is open.
func (w *world) settle() {
	for _, s := range []*side{w.city, w.pref} {
		s.link.next, s.link.late = nil, nil
		s.faults.FailNext(0)
		s.faults.LoseNext(0)
	}
	for round := 0; ; round++ {
		tasks := append(w.city.x.Tasks(), w.pref.x.Tasks()...)
		for _, d := range []time.Duration{5 * time.Minute, time.Second} { // what was said in the last instant is to be kept
			if err := clock.Drive(w.ctx, w.clk, tasks, w.clk.Now().Add(d)); err != nil {
				w.t.Fatal(err)
			}
		}
		w.compare()
		w.receipts(w.city, w.pref)
		w.receipts(w.pref, w.city)
		w.cut()
		w.uncut()
		acts := []exchange.Act{exchange.Withdraw, exchange.Accept, exchange.Correct}
		some := w.resolve(0, exchange.Discard)
		some = w.resolve(0, "answer") || some
		for i := range 5 {
			act := acts[(round+i)%3]
			if round > 15 {
				act = exchange.Withdraw
			}
			some = w.resolve(i, act) || some
		}
		if pair := w.pair(w.city); pair.Open == 0 && w.pair(w.pref).Open == 0 && !some {
			return
		}
		if round > 60 {
			w.dump()
			w.t.Fatalf("still open after %d rounds: %+v", round, w.pair(w.city))
		}
	}
}

func (w *world) pair(s *side) exchange.Pair {
	pairs, err := s.x.Pairs(w.ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	return pairs[0]
}

func (w *world) dump() {
	for _, s := range []*side{w.city, w.pref} {
		items, _ := s.x.Stuck(w.ctx, 100)
		for _, i := range items {
			w.t.Logf("%s: %v %s attempt %d %s (%s)", s.self, i.Out, i.ID, i.Attempt, i.State, i.Code)
		}
		for _, q := range []string{`SELECT 'out hold', epoch, seq, skey FROM x_out_hold`, `SELECT 'in hold', epoch, seq, skey FROM x_in_hold`,
			`SELECT state || ' ' || outcome || ' ' || code, epoch, seq, key1 FROM x_out ORDER BY seq`, `SELECT outcome || ' ' || code, epoch, seq, key1 FROM x_in ORDER BY seq`} {
			s.store.View(w.ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
				rows, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, v *[4]string) error {
					var a, b int64
					err := r.Scan(&v[0], &a, &b, &v[3])
					v[1], v[2] = fmt.Sprint(a), fmt.Sprint(b)
					return err
				}, q)
				for _, v := range rows {
					w.t.Logf("%s: %v", s.self, v)
				}
				return err
			})
		}
	}
}

func (s *side) number(query string, args ...any) (n int64) {
	err := s.store.View(s.w.ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, query, args...).Scan(&n)
	})
	if err != nil {
		s.w.t.Fatal(err)
	}
	return n
}

// compare recounts each counter from the tables, and compares both sides' holds.
func (w *world) compare() {
	for _, s := range []*side{w.city, w.pref} {
		for counter, recount := range map[string]string{
			"out_open":       `SELECT COUNT(*) FROM x_out WHERE state NOT IN ('applied', 'withdrawn')`,
			"out_open_bytes": `SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM x_out WHERE state NOT IN ('applied', 'withdrawn')`,
			"out_sent":       `SELECT COUNT(*) FROM x_out`,
			"out_stuck":      `SELECT COUNT(*) FROM x_out_hold`,
			"in_stuck":       `SELECT COUNT(*) FROM x_in_hold`,
		} {
			if has, want := s.number(`SELECT `+counter+` FROM x_peer`), s.number(recount); has != want {
				w.t.Errorf("%s: %s is %d, the tables have %d", s.self, counter, has, want)
			}
		}
		if n := s.number(`SELECT COUNT(*) FROM x_out_hold h JOIN x_out o ON o.epoch = h.epoch AND o.seq = h.seq WHERE o.state IN ('applied', 'withdrawn')`); n > 0 {
			w.t.Errorf("%s: %d holds of messages that have ended", s.self, n)
		}
		if n := s.number(`SELECT COUNT(*) FROM x_in_hold h JOIN x_in i ON i.epoch = h.epoch AND i.seq = h.seq WHERE i.outcome IN ('applied', 'withdrawn')`); n > 0 {
			w.t.Errorf("%s: %d holds of messages that were applied", s.self, n)
		}
	}
	// What the receiver holds, the sender must know to be stuck. (The sender knows of more: what it did not even offer.)
	type row struct {
		key        string
		epoch, seq int64
	}
	rows := func(s *side, table string) map[row]bool {
		all := map[row]bool{}
		s.store.View(w.ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			list, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, v *row) error { return r.Scan(&v.key, &v.epoch, &v.seq) },
				`SELECT skey, epoch, seq FROM `+table)
			for _, v := range list {
				all[v] = true
			}
			return err
		})
		return all
	}
	if w.restored {
		return // what the lost database had parked, its copy may not know
	}
	mine := rows(w.city, "x_out_hold")
	for r := range rows(w.pref, "x_in_hold") {
		if !mine[r] {
			w.t.Errorf("the receiver holds %v, the sender does not", r)
		}
	}
}

// check compares the sender's outbox with what the receiver's rule did.
func (w *world) check() {
	type applied struct {
		key    string
		n, pos int64
	}
	var log []applied
	err := w.pref.store.View(w.ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		log, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, a *applied) error { return r.Scan(&a.key, &a.n, &a.pos) },
			`SELECT k, n, pos FROM log ORDER BY pos`)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	last, done := map[string]int64{}, map[int64]bool{}
	for _, a := range log {
		if a.key != "safe" && a.n < last[a.key] {
			w.t.Errorf("message %d of key …%s was applied after message %d", a.n, a.key[len(a.key)-4:], last[a.key])
		}
		last[a.key], done[a.n] = a.n, true
	}
	type out struct {
		state string
		kind  string
		raw   []byte
	}
	var outs []out
	err = w.city.store.View(w.ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		outs, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, o *out) error { return r.Scan(&o.state, &o.kind, &o.raw) },
			`SELECT state, kind, envelope FROM x_out`)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if !w.restored && uint64(len(outs)) != w.n {
		w.t.Errorf("%d messages were sent, the outbox has %d", w.n, len(outs))
	}
	for _, o := range outs {
		e := must(message.OpenEnvelope(o.raw))
		n := versionOf(e)
		if n == 0 {
			continue // a withdrawal
		}
		if o.state == "applied" && !done[n] {
			w.t.Errorf("message %d (%s) is applied for its sender, and not for its receiver", n, e.ID)
		}
	}
}

// TestModel tells the same forty stories in every run; the long run looks for new ones.
func TestModel(t *testing.T) {
	checks, seed := "40", "1"
	if os.Getenv("AKASHI_FULL") != "" {
		checks, seed = "2000", "0" // a new one each time
	}
	for name, value := range map[string]string{"rapid.checks": checks, "rapid.seed": seed} {
		if f := flag.Lookup(name); f.Value.String() == f.DefValue {
			f.Value.Set(value)
			defer f.Value.Set(f.DefValue)
		}
	}
	t.Logf("%d runs", tell(t))
}

// TestModelAgain tells stories again that once ended badly.
func TestModelAgain(t *testing.T) {
	for name, seed := range map[string]string{
		"the receiver forgot what it had accepted":       "5057195723522949315",
		"a receiver forgot a receipt that it had signed": "2694679219341722193",
	} {
		t.Run(name, func(t *testing.T) {
			for name, value := range map[string]string{"rapid.checks": "1", "rapid.seed": seed} {
				f := flag.Lookup(name)
				was := f.Value.String()
				f.Value.Set(value)
				defer f.Value.Set(was)
			}
			tell(t)
		})
	}
}

// tell lets rapid choose what happens, to the end of each story, and returns how many it told.
func tell(t *testing.T) (run int) {
	dir := t.TempDir()
	flag.Set("rapid.nofailfile", "true") // the seed is printed
	rapid.Check(t, func(rt *rapid.T) {
		run++
		own := filepath.Join(dir, fmt.Sprint(run))
		if err := os.Mkdir(own, 0o700); err != nil {
			rt.Fatal(err)
		}
		w := newWorld(rt, own)
		defer func() {
			w.city.store.Close()
			w.pref.store.Close()
			os.RemoveAll(own)
		}()
		for range rapid.IntRange(1, 60).Draw(rt, "acts") {
			w.act()
		}
		w.settle()
		w.check()
	})
	return run
}
