package incident

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
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
	"github.com/akashi-id/akashi/internal/hsm/faulty"
	"github.com/akashi-id/akashi/internal/hsm/filekey"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// theCounter is the municipality at which everybody applies.
const theCounter = message.Org("municipality-202029")

// relay is one variant's run: a CA whose keys lie in two devices.
type relay struct {
	asItWas bool
	plan    *relayPlan
	opt     Options
	dir     string // of the run, removed at its end

	field      *field
	clk        *clock.Virtual
	passphrase []byte
	buses      [2]string
	bus        *faulty.Bus // of the first device, at which the monitor looks
	monitor    *faulty.Watcher
	signer     signing
	ca         *ca.CA
	driver     *clock.Driver

	asked    []time.Time // by number
	answered map[string]time.Time
	serials  map[cert.Serial]int
	waiting  []message.Payload // as it was: at the counter, while the CA cannot be reached
	took     time.Duration     // the longest time to an answer when something was met, in real time
	counts   map[string]int
	moments  []PartMoment
}

// signing is what signs: this system's tokens, or the program of 2016.
type signing interface {
	// signerOf gives the key of a name.
	signerOf(name string, public crypto.PublicKey) (crypto.Signer, error)
	// until lets time pass, and does what there is to do, if it can.
	until(ctx context.Context, at time.Time) error
	// takes tells whether applications are taken now.
	takes() bool
	// settle waits until what something has met is as before, if that happens by itself.
	settle(ctx context.Context) error
	// sees adds what the CA and the device's supplier can see.
	sees(v *View)
	// count adds its own figures.
	count(c map[string]int)
	close()
}

func newRelay(p *relayPlan, opt Options, asItWas bool) (*relay, error) {
	dir, err := os.MkdirTemp("", "akashi-replay-")
	if err != nil {
		return nil, err
	}
	return &relay{asItWas: asItWas, plan: p, opt: opt, dir: dir, clk: clock.NewVirtual(relayBegins.Start()), asked: make([]time.Time, len(p.asks)),
		answered: map[string]time.Time{}, serials: map[cert.Serial]int{}, counts: map[string]int{}}, nil
}

func (r *relay) close() {
	if r.signer != nil {
		r.signer.close()
	}
	if r.ca != nil {
		r.ca.Close()
	}
	if r.monitor != nil {
		r.monitor.Close()
	}
	if r.bus != nil {
		r.bus.Close()
	}
	os.RemoveAll(r.dir)
}

func (r *relay) keys() keys.Dir { return keys.Dir(filepath.Join(r.dir, "keys")) }

// sealed is the directory of the keys that both devices hold.
func (r *relay) sealed() string { return filepath.Join(r.dir, "sealed") }

// found makes the CA's keys, which then lie in the devices and nowhere else.
func (r *relay) found() error {
	if _, err := ca.Found(rand.Reader, r.clk.Now(), r.keys(), cert.P256SHA256); err != nil {
		return err
	}
	if err := os.Mkdir(r.sealed(), 0o700); err != nil {
		return err
	}
	r.passphrase = []byte(rand.Text())
	for _, name := range relayKeys {
		key, err := r.keys().Signer(name)
		if err != nil {
			return err
		}
		const work = 10 // the passphrase was drawn a moment ago, and nobody has the files
		if err := filekey.Put(r.sealed(), name, key, r.passphrase, work); err != nil {
			return err
		}
		if err := os.Remove(filepath.Join(string(r.keys()), name+".key")); err != nil {
			return err
		}
	}
	for i := range r.buses {
		r.buses[i] = filepath.Join(r.dir, fmt.Sprintf("hsm-%d.bus", i+1))
		bus, err := faulty.MakeBus(r.buses[i])
		if err == nil {
			err = errors.Join(bus.Set(faulty.Monitor), bus.Close()) // that is how this make of device is
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var relayKeys = []string{"ca-signature", "ca-authentication"}

// open starts the devices, the monitor, and the CA.
func (r *relay) open(ctx context.Context) (err error) {
	if err := r.found(); err != nil {
		return err
	}
	if r.field, err = newField(r.clk); err != nil {
		return err
	}
	r.field.stands, r.field.taken = func(message.Org) bool { return true }, r.taken // the national center is of the field too
	if r.bus, err = faulty.OpenBus(r.buses[0]); err != nil {
		return err
	}
	program, args, err := itself(relayPrograms.monitor, "--bus", r.buses[0])
	if err != nil {
		return err
	}
	if r.monitor, err = faulty.StartWatcher(program, args...); err != nil {
		return err
	}
	if r.asItWas {
		r.signer, err = newInProgram(ctx, r)
	} else {
		r.signer, err = newGuarded(ctx, r)
	}
	return err
}

// start opens the CA.
func (r *relay) start(ctx context.Context) error {
	own, err := r.field.signer(theCA)
	if err != nil {
		return err
	}
	secret := make([]byte, 32) // the digests are compared with nobody
	if _, err := rand.Read(secret); err != nil {
		return err
	}
	url := "memory:"
	if r.opt.Keep != "" && !r.asItWas {
		url = "sqlite:" + filepath.Join(r.opt.Keep, "akashi.db")
		err = os.MkdirAll(r.opt.Keep, 0o700)
	}
	if err != nil {
		return err
	}
	ground := host.Config{Self: theCA, Name: theCA.Role().Name(), StoreURL: url, Clock: r.clk, Rand: rand.Reader, Signer: own, Trust: r.field.trust,
		Link: r.field.link(theCA), Peers: []message.Org{theCounter, theCenter, theValidation}, Limits: exchange.Limits{ProbePause: time.Hour},
		Secrets: func(message.Org) []byte { return secret }, Closes: func(message.Org) bool { return false }, Watch: lookEvery}
	if r.ca, err = ca.New(ctx, ca.Config{Config: ground, Keys: r.keys(), Signer: r.signer.signerOf, OCSPURL: "http://127.0.0.1/ocsp", ListDays: 30,
		Validation: theValidation, NationalCenter: theCenter}); err != nil {
		return err
	}
	// One call after the other, so that a run can be repeated: a second one would be at the other device.
	r.ca.Due.Parallel = 1
	r.drive()
	return nil
}

// drive begins the CA's tasks, again when they were stopped.
func (r *relay) drive() {
	tasks := slices.Concat(r.ca.Exchange.Tasks(), r.ca.Due.Tasks())
	if !r.asItWas { // then nobody watched
		var when windows
		for _, m := range r.plan.moments() {
			when = append(when, window{m.at.Add(-looksBefore), m.at})
		}
		for _, t := range r.ca.Alarms.Tasks() {
			tasks = append(tasks, within(when, r.clk, t))
		}
	}
	r.driver = clock.NewDriver(r.clk, tasks)
}

// run plays the plan through.
func (r *relay) run(ctx context.Context) error {
	if err := r.open(ctx); err != nil {
		return err
	}
	var events []event
	for _, a := range r.plan.asks {
		events = append(events, event{a.at, func(ctx context.Context) error { return r.ask(ctx, a) }})
	}
	for d := relayBegins; !d.After(relayEnds); d = d.AddDays(1) {
		// In the morning the monitor looks, and nobody signs.
		events = append(events, event{halfPast(d, 7), func(context.Context) error { return errors.Join(r.monitor.Turn(), r.monitor.Turn()) }})
	}
	for _, m := range r.plan.moments() {
		events = append(events, event{m.at, func(ctx context.Context) error { return r.look(ctx, m) }})
	}
	slices.SortStableFunc(events, func(a, b event) int { return a.at.Compare(b.at) })
	for n, e := range events {
		if err := r.signer.until(ctx, e.at); err != nil {
			return err
		}
		if err := e.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", e.at.In(resident.JST).Format(time.DateTime), err)
		}
		if r.opt.Progress != nil && n%50 == 0 {
			r.opt.Progress(r.name(), float64(n)/float64(len(events)))
		}
	}
	if err := r.signer.until(ctx, relayEnds.AddDays(1).Start()); err != nil {
		return err
	}
	return r.count(ctx)
}

func (r *relay) name() string {
	if r.asItWas {
		return "as it was"
	}
	return "akashi"
}

// ask is an application at the counter, and what it meets.
func (r *relay) ask(ctx context.Context, a ask) error {
	r.asked[a.number] = r.clk.Now()
	n, err := r.application(a.number)
	if err != nil {
		return err
	}
	if !r.signer.takes() {
		r.waiting = append(r.waiting, n)
		r.counts["turned_away"]++
		return nil
	}
	switch a.meets {
	case meetsMonitor:
		err = r.monitor.Turn()
	case meetsTimeout:
		err = r.bus.Set(faulty.Timeout)
	}
	if err != nil {
		return err
	}
	begun := clock.System().Now()
	if err := r.send(ctx, n); err != nil {
		return err
	}
	if err := r.signer.until(ctx, r.clk.Now()); err != nil {
		return err
	}
	switch a.meets {
	case meetsMonitor:
		err = r.monitor.Turn()
	case meetsTimeout:
		err = r.bus.Set(faulty.Monitor)
	case meetsNothing:
		return nil
	}
	r.took = max(r.took, clock.System().Now().Sub(begun))
	return errors.Join(err, r.signer.settle(ctx))
}

func (r *relay) send(ctx context.Context, some ...message.Payload) error {
	return r.field.send(ctx, theCounter, r.ca.Exchange, some...)
}

func (r *relay) application(number int) (message.CertRequest, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return message.CertRequest{}, err
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return message.CertRequest{}, err
	}
	where, err := resident.ParseMunicipalityCode("municipality", theCounter.Code())
	if err != nil {
		return message.CertRequest{}, err
	}
	address, err := resident.ParseAddress("address", "長野県松本市見本町１番")
	return message.CertRequest{Request: request(number), Profile: cert.Profiles[number%len(cert.Profiles)], PublicKey: spki, Window: "20202A001",
		Holder: resident.IdentificationInfo{Code: resident.RecordCodeOf(uint64(1_000_000_000 + number)), Municipality: where, Version: 1,
			Change: resident.ChangeInfo{Reason: resident.MoveIn, Arose: relayBegins.AddDays(-1)},
			BasicFour: resident.BasicFour{Name: mustName("見本　太郎"), Sex: resident.Sex(1 + number%2), Address: address,
				Birth: resident.WholeDate(resident.MustDate(1950, 1, 1).AddDays(number % 9000))}}}, err
}

// taken looks at what the CA tells the others.
func (r *relay) taken(p message.Payload) {
	switch n := p.(type) {
	case message.CertIssued:
		r.answered[n.Request] = r.clk.Now()
		r.serials[n.Serial]++
	case message.CertRefused:
		r.counts["refused"]++
	case message.CertIssuance:
		r.counts["told_center"]++
	}
}

// waits is how many have applied and have no answer.
func (r *relay) waits() (n int) {
	for number, at := range r.asked {
		if _, is := r.answered[request(number)]; !at.IsZero() && !is {
			n++
		}
	}
	return n
}

// look writes down how it stands, and what each party can see of it.
func (r *relay) look(ctx context.Context, m moment) error {
	v := View{Waiting: r.waits(), Sees: map[string]string{}}
	v.Sees["counter"] = "電子証明書が届く / certificates come"
	if v.Waiting > 0 {
		v.Sees["counter"] = fmt.Sprintf("発行されない。端末から接続できないものもある（%[1]d件） / no certificate comes, and some cannot connect (%[1]d)", v.Waiting)
	}
	r.signer.sees(&v)
	r.moments = append(r.moments, PartMoment{r.clk.Now(), m.what, v})
	return ctx.Err()
}

// count reads the figures from the CA's own tables, and compares them with what the others were told.
func (r *relay) count(ctx context.Context) error {
	c := r.counts
	for number, at := range r.asked {
		answer, is := r.answered[request(number)]
		if !is {
			c["unanswered"]++
			answer = r.clk.Now()
		}
		if waited := answer.Sub(at); waited > time.Minute {
			c["waited_over_a_minute"]++
			c["longest_wait_min"] = max(c["longest_wait_min"], int(waited.Minutes()))
		}
	}
	r.signer.count(c)
	c["applications"], c["issued"], c["looks_of_the_monitor"] = len(r.asked), len(r.serials), int(r.bus.Looks())
	c["stalls"], c["timeouts"] = int(r.bus.Lost()), int(r.bus.Failed())
	for _, n := range r.serials {
		if n > 1 {
			c["serials_twice"]++
		}
	}
	for _, zero := range []string{"unanswered", "waited_over_a_minute", "longest_wait_min", "serials_twice", "evidence", "without_record"} {
		c[zero] += 0
	}
	return r.ca.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		for serial := range r.serials {
			var n int
			if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM certificate WHERE serial = $1 AND state = 'valid'", serial.Bytes()).Scan(&n); err != nil {
				return err
			}
			if n != 1 {
				c["without_record"]++
			}
		}
		var left int
		err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM intent").Scan(&left)
		c["intents_left"] = left
		return err
	})
}
