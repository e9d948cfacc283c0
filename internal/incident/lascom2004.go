package incident

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/org/nationalcenter"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// lascom2004 is the failure of sources 000 and 001: the CA's notices of issuance to the national center stopped at one
// that failed, on 2004-05-26; the same data was sent again and again and nothing behind it, nobody counted, and the
// certificates of 26 holders who moved stayed valid. It came out on 2004-07-26, by chance, at a counter.
var lascom2004 = Incident{
	Name:  lascom2004Name,
	Title: plain.Sentence{JA: "発行情報の再送信の繰返し（平成16年）", EN: "the resend loop of 2004"},
	Part: func(ctx context.Context, opt Options, asItWas bool) (*Part, error) {
		return lascomPart(ctx, refusedNotice, opt, asItWas, asReported)
	},
	Join: lascomReport,
}

// lascom2004LostRows is the same service with another fault, which the sources do not report: nothing is refused, and one
// evening the center loses rows of its copy behind its program's back. Nobody compared in 2004, so nobody would have known.
var lascom2004LostRows = Incident{
	Name:  lostRowsName,
	Title: plain.Sentence{JA: "全国センターの記録の消失（平成16年の仕組みで）", EN: "rows lost at the center, in the service of 2004"},
	Part: func(ctx context.Context, opt Options, asItWas bool) (*Part, error) {
		return lascomPart(ctx, lostRows, opt, asItWas, asReported)
	},
	Join: lostRowsReport,
}

const (
	lascom2004Name = "lascom-2004"
	lostRowsName   = "lascom-2004-lost-rows"

	theCA         = message.Org(message.CA)
	theCenter     = message.Org(message.NationalCenter)
	theValidation = message.Org(message.Validation)

	// lateAfter is what counts as late: a revocation that the CA learnt of more than a day after the change was filed.
	lateAfter = 24 * time.Hour
)

// lascomPart runs one variant over a country of a size.
func lascomPart(ctx context.Context, what fault, opt Options, asItWas bool, nation size) (*Part, error) {
	p, err := newPlan(what, opt.Seed, cmp.Or(opt.Late, defaultLate), !opt.NoTrigger, nation)
	if err != nil {
		return nil, err
	}
	v, err := replayLascom(ctx, p, opt, asItWas)
	if err != nil {
		return nil, err
	}
	return &Part{Outcome: v.outcome(), Counts: v.counts, Moments: v.moments}, nil
}

// variant is one run of the plan.
type variant struct {
	asItWas bool
	plan    *plan
	field   *field
	clk     *clock.Virtual
	driver  *clock.Driver
	ca      *ca.CA
	center  *nationalcenter.Center
	feed    *feed    // the CA's line to the center
	relying *relying // nil: nobody asks

	moved     map[string]time.Time // request of the certificate → when its holder's change was filed
	revoked   map[string]time.Time // → when the CA revoked it
	requestOf map[cert.Serial]string
	requests  map[string]cert.Serial // requestOf, the other way
	refused   map[string]refusal     // by request
	lost      []string               // serials of the rows that were deleted
	moments   []PartMoment
	counts    map[string]int
}

// refusal is an application that the CA refused.
type refusal struct {
	why string
	at  time.Time
}

// feed is the CA's line to the center. As it was, an answer that a message is refused counts as a failed transmission:
// the same data is sent again, and nothing behind it. In that the variants of lascom-2004 differ, and in that nobody
// compares (open).
type feed struct {
	exchange.Link
	signer  exchange.Signer
	center  exchange.Signer // signs what the center said of several transmissions, as one receipt
	clk     clock.Clock
	broken  bool              // as it was, until the repair
	failed  *message.Envelope // what is sent again and again
	resends int
}

var errTransmission = errors.New("transmission error")

func (f *feed) Deliver(ctx context.Context, to message.Org, b *messagepb.Batch) (*messagepb.Receipt, error) {
	// Until the day of the first failure every transmission succeeds, one by one or together.
	if to != theCenter || !f.broken || f.clk.Now().Before(stalled.Start()) {
		return f.Link.Deliver(ctx, to, b)
	}
	if f.failed != nil {
		f.resends++
		if _, err := f.one(ctx, f.failed); err != nil {
			return nil, err
		}
		f.failed = nil
	}
	all, number := &messagepb.Receipt{}, uint64(0)
	for _, raw := range b.Envelopes { // first in, first out
		e, err := message.OpenEnvelope(raw)
		if err != nil {
			return nil, err
		}
		r, err := f.one(ctx, e)
		if err != nil {
			f.failed = e
			return nil, err
		}
		all.Verdicts, all.Decisions = append(all.Verdicts, r.Verdicts...), r.Decisions
		last, err := message.OpenWholeReceipt(r.Signed)
		if err != nil {
			return nil, err
		}
		number = last.Head.Number
	}
	return all, receipted(b, all, f.center, f.clk, number)
}

// one transmits one message. It knows two outcomes, done and failed.
func (f *feed) one(ctx context.Context, e *message.Envelope) (*messagepb.Receipt, error) {
	b, err := message.SealBatch(rand.Reader, f.signer.Key, f.signer.Certificate, f.clk.Now(), 0, []*message.Envelope{e})
	if err != nil {
		return nil, err
	}
	r, err := f.Link.Deliver(ctx, theCenter, b)
	if err != nil {
		return nil, err
	}
	if v := r.Verdicts[0]; v.Outcome != string(message.Applied) && v.Settled != string(message.Applied) {
		return nil, errTransmission
	}
	return r, nil
}

func (f *feed) Hello(ctx context.Context, to message.Org, g *messagepb.Greeting) (*messagepb.Acquaintance, error) {
	return f.Link.Hello(ctx, to, g)
}

func replayLascom(ctx context.Context, p *plan, opt Options, asItWas bool) (v *variant, err error) {
	v = &variant{asItWas: asItWas, plan: p, clk: clock.NewVirtual(serviceBegan.AddDays(-1).Start()), moved: map[string]time.Time{},
		revoked: map[string]time.Time{}, requestOf: map[cert.Serial]string{}, requests: map[string]cert.Serial{}, refused: map[string]refusal{}, counts: map[string]int{}}
	if v.field, err = newField(v.clk); err != nil {
		return nil, err
	}
	v.field.taken = v.taken
	closeAll, err := v.open(ctx, opt)
	if err != nil {
		return nil, err
	}
	defer closeAll()
	if err := v.registerHolders(ctx); err != nil {
		return nil, fmt.Errorf("couldn't register the holders: %w", err)
	}
	return v, v.run(ctx, opt)
}

// open starts the two real organisations: the CA and the center.
func (v *variant) open(ctx context.Context, opt Options) (func(), error) {
	dir, err := os.MkdirTemp("", "akashi-replay-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) // the keys are read when the CA is opened
	if _, err := ca.Found(rand.Reader, v.clk.Now(), keys.Dir(dir), cert.P256SHA256); err != nil {
		return nil, err
	}
	var field []message.Org
	seen := map[message.Org]bool{}
	for _, i := range v.plan.issuances {
		if o := municipalityOf(i.place); !seen[o] {
			seen[o] = true
			field = append(field, o)
		}
	}
	prefectures := []message.Org{}
	for _, p := range resident.Prefectures() {
		prefectures = append(prefectures, message.Org(fmt.Sprintf("prefecture-%02d", p.Code)))
	}
	secret := make([]byte, 32) // one for all pairs: nobody in a replay chooses records against the digests
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	caGround, err := v.ground(opt, secret, theCA, append(field, theCenter, theValidation)...)
	if err != nil {
		return nil, err
	}
	v.feed = &feed{Link: caGround.Link, signer: caGround.Signer, clk: v.clk, broken: v.asItWas && v.plan.fault == refusedNotice}
	caGround.Link = v.feed
	if v.ca, err = ca.New(ctx, ca.Config{Config: caGround, Keys: keys.Dir(dir), OCSPURL: "http://127.0.0.1/ocsp", ListDays: 30,
		Validation: theValidation, NationalCenter: theCenter}); err != nil {
		return nil, err
	}
	centerGround, err := v.ground(opt, secret, theCenter, append(prefectures, theCA)...)
	v.feed.center = centerGround.Signer
	if err == nil {
		v.center, err = nationalcenter.New(ctx, nationalcenter.Config{Config: centerGround})
	}
	if err != nil {
		v.ca.Close()
		return nil, err
	}
	closeRelying := func() {}
	if v.plan.fault == refusedNotice {
		if v.relying, closeRelying, err = v.newRelying(ctx, keys.Dir(dir)); err != nil {
			v.ca.Close()
			v.center.Close()
			return nil, err
		}
	}
	v.field.net.Join(theCA, v.ca.Exchange)
	v.field.net.Join(theCenter, v.center.Exchange)
	// As it was, nobody compared: neither the books nor the counts of a day, nor one's own tables.
	tasks := slices.Concat(v.ca.Exchange.Tasks(), v.ca.Due.Tasks(), v.center.Exchange.Tasks(), v.center.Due.Tasks())
	if !v.asItWas {
		tasks = append(tasks, watching(v.plan.watch(), v.clk, v.ca.Host, v.center.Host)...)
	}
	if v.relying != nil {
		tasks = append(tasks, v.relying.tasks...)
	}
	v.driver = clock.NewDriver(v.clk, tasks)
	return func() { v.ca.Close(); v.center.Close(); closeRelying() }, nil
}

// ground is what an organisation of the replay stands on. Its database is in memory, or where opt keeps ours.
func (v *variant) ground(opt Options, secret []byte, self message.Org, peers ...message.Org) (host.Config, error) {
	signer, err := v.field.signer(self)
	url := "memory:"
	if opt.Keep != "" && !v.asItWas {
		url = "sqlite:" + filepath.Join(opt.Keep, string(self), "akashi.db")
		err = errors.Join(err, os.MkdirAll(filepath.Join(opt.Keep, string(self)), 0o700))
	}
	return host.Config{Self: self, Name: self.Role().Name(), StoreURL: url, Clock: v.clk, Rand: rand.Reader, Signer: signer,
		Trust: v.field.trust, Link: v.field.link(self), Peers: peers, Limits: exchange.Limits{ProbePause: time.Hour, Retention: 10 * 365 * 24 * time.Hour},
		Secrets: func(message.Org) []byte { return secret }, Closes: func(peer message.Org) bool { return !inField(peer) },
		Compare: compareEvery, Audit: auditEvery, Watch: lookEvery}, err
}

func municipalityOf(p place) message.Org { return message.Org("municipality-" + p.code.String()) }

func prefectureOf(p place) message.Org {
	return message.Org(fmt.Sprintf("prefecture-%02d", p.code.Prefecture()))
}

func request(n int) string { return fmt.Sprintf("r%05d", n) }

// holder is the state of the holder of a planned certificate, as the center holds it. moved: after the move.
func (v *variant) holder(i issuance, moved *time.Time) resident.IdentificationInfo {
	name := mustName("見本　太郎")
	if i.trigger {
		name = asRegistered
	}
	town := "見本町１番"
	info := resident.IdentificationInfo{
		Code: resident.RecordCodeOf(uint64(1_000_000_000 + i.number)), Municipality: i.place.code, Version: 1,
		Change: resident.ChangeInfo{Reason: resident.MoveIn, Arose: serviceBegan.AddDays(-1)},
	}
	if moved != nil {
		town = "新町２番"
		info.Version = 2
		info.Change = resident.ChangeInfo{Reason: resident.MoveWithin, Arose: resident.DateOf(*moved)}
	}
	address, _ := resident.ParseAddress("address", i.place.name+town)
	info.BasicFour = resident.BasicFour{Name: name, Birth: resident.WholeDate(resident.MustDate(1950, 1, 1).AddDays(i.number % 9000)),
		Sex: resident.Sex(1 + i.number%2), Address: address}
	return info
}

// The trigger: the register writes one holder's name with 髙, the application with 高. The center finds that the notice
// does not match the record, as its error check of 2004 found something that is not known.
var (
	asRegistered = mustName("髙橋　見本")
	asApplied    = mustName("高橋　見本")
)

func mustName(s string) resident.Name {
	n, err := resident.ParseName("name", s)
	if err != nil {
		panic(err) // fixed in the program
	}
	return n
}

// registerHolders loads the records of those holders into the center of whom a change or a mistake will come. Of the
// others the center would compare what it holds, and find that it agrees.
func (v *variant) registerHolders(ctx context.Context) error {
	moves := map[int]bool{}
	for _, m := range v.plan.moves {
		moves[m.holder] = true
	}
	byPrefecture := map[message.Org][]message.Payload{}
	for _, i := range v.plan.issuances {
		if !moves[i.number] && !i.trigger {
			continue
		}
		o := prefectureOf(i.place)
		byPrefecture[o] = append(byPrefecture[o], message.ResidentChange{After: v.holder(i, nil)})
	}
	for o, payloads := range byPrefecture {
		if err := v.field.send(ctx, o, v.center.Exchange, payloads...); err != nil {
			return err
		}
	}
	return nil
}
