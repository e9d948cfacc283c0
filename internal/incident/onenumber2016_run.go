package incident

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	office "github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/org/nationalcenter"
	"github.com/akashi-id/akashi/internal/org/prefecture"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// numbers is one variant of the country of 2010: Sakaide and Nagano, their prefectures and the center, all real.
type numbers struct {
	plan    *numbersPlan
	opt     Options
	asItWas bool

	clk     *clock.Virtual
	net     *exchange.Memory
	infra   *pki.InfrastructureCA
	trust   *pki.Trust
	secret  []byte
	towns   map[message.Org]*office.Municipality
	center  *nationalcenter.Center
	driver  *clock.Driver
	closers []func() error
	clerk   context.Context

	codes   []resident.RecordCode // of the men of Sakaide
	counts  map[string]int
	moments []PartMoment
	sees    map[string]string
}

func newNumbers(ctx context.Context, p *numbersPlan, opt Options, asItWas bool) (n *numbers, err error) {
	n = &numbers{plan: p, opt: opt, asItWas: asItWas, clk: clock.NewVirtual(atTen(movedToNagano.AddDays(-30))), net: new(exchange.Memory),
		towns: map[message.Org]*office.Municipality{}, counts: map[string]int{"hits_taken_for_the_person": 0, "refused_at_the_counter": 0},
		sees: map[string]string{}, secret: make([]byte, 32)}
	if _, err := rand.Read(n.secret); err != nil {
		return nil, err
	}
	if n.infra, err = pki.NewInfrastructureCA(rand.Reader, n.clk.Now()); err != nil {
		return nil, err
	}
	if n.trust, err = pki.NewTrust(n.infra.Certificate()); err != nil {
		return nil, err
	}
	for _, p := range access.Personas() {
		if p.ID == "clerk-aoki" {
			n.clerk = access.With(ctx, p)
		}
	}
	if err := n.open(ctx); err != nil {
		n.close()
		return nil, err
	}
	return n, nil
}

// open starts the five organisations.
func (n *numbers) open(ctx context.Context) error {
	var tasks []clock.Task
	add := func(h *host.Host) {
		n.net.Join(h.Self, h.Exchange)
		n.closers = append(n.closers, h.Close)
		tasks = slices.Concat(tasks, h.Exchange.Tasks(), h.Due.Tasks())
	}
	above := map[message.Org]message.Org{sakaideCity: "prefecture-37", naganoCity: "prefecture-20"}
	for _, town := range []message.Org{sakaideCity, naganoCity} {
		cfg, err := n.ground(town, above[town], theCenter)
		if err != nil {
			return err
		}
		if n.towns[town], err = office.New(ctx, office.Config{Config: cfg}); err != nil {
			return err
		}
		add(n.towns[town].Host)
		if cfg, err = n.ground(above[town], town, theCenter); err != nil {
			return err
		}
		p, err := prefecture.New(ctx, prefecture.Config{Config: cfg})
		if err != nil {
			return err
		}
		add(p.Host)
	}
	cfg, err := n.ground(theCenter, sakaideCity, naganoCity, "prefecture-37", "prefecture-20")
	if err != nil {
		return err
	}
	if n.asItWas {
		cfg.Trial = lastWordWins
	}
	key, err := nationalcenter.NewNumberKey(n.secret)
	if err != nil {
		return err
	}
	if n.center, err = nationalcenter.New(ctx, nationalcenter.Config{Config: cfg, NumberKey: key}); err != nil {
		return err
	}
	if n.asItWas {
		n.center.Exchange.Answer(message.AskAttach, n.nobodyAsks(cfg.Signer))
	}
	add(n.center.Host)
	n.driver = clock.NewDriver(n.clk, tasks)
	return nil
}

func (n *numbers) close() {
	for _, c := range n.closers {
		c()
	}
}

func (n *numbers) ground(self message.Org, peers ...message.Org) (host.Config, error) {
	signer, err := n.infra.NewIdentity(rand.Reader, n.clk.Now(), string(self), pki.ForSigning)
	url := "memory:"
	if n.opt.Keep != "" && !n.asItWas {
		url = "sqlite:" + filepath.Join(n.opt.Keep, string(self), "akashi.db")
		err = errors.Join(err, os.MkdirAll(filepath.Join(n.opt.Keep, string(self)), 0o700))
	}
	return host.Config{Self: self, Name: self.Role().Name(), StoreURL: url, Clock: n.clk, Rand: rand.Reader, Signer: signer, Trust: n.trust,
		Link: n.net.As(self), Peers: peers, Secrets: func(message.Org) []byte { return n.secret }, Closes: func(message.Org) bool { return false }}, err
}

// nobodyAsks is the center of 2010: whoever attaches a code is not asked who the person is, and so is always agreed with.
func (n *numbers) nobodyAsks(signer exchange.Signer) func(context.Context, message.Org, []byte) ([]byte, error) {
	return func(_ context.Context, from message.Org, body []byte) ([]byte, error) {
		q, err := message.ReadAttachQuestion(body)
		if err != nil {
			return nil, err
		}
		now := n.clk.Now()
		a := message.AttachAnswer{Center: theCenter, To: from, Request: q.Request, Person: q.Person(), SignedAt: now, Until: now.Add(time.Minute)}
		s, err := message.SealAttachAnswer(rand.Reader, signer.Key, signer.Certificate, a.Text())
		if err != nil {
			return nil, err
		}
		return s.Encode()
	}
}

// lastWordWins is the index of 2010: what comes under a code is the state of whoever has the code, and nobody asks whether that is one person.
// What the center of today takes it takes as today.
func lastWordWins(r exchange.Route) exchange.Route {
	if r.Kind != message.KindResidentChange {
		return r
	}
	return r.Instead(func(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, p message.Payload, really exchange.Rule) ([]message.Out, error) {
		outs, err := really(ctx, tx, d, p)
		var refused *exchange.Rejected
		if !errors.As(err, &refused) {
			return outs, err
		}
		i := p.(message.ResidentChange).After
		hash := i.StateHash()
		rows, err := tx.Exec(ctx, `UPDATE resident SET name = $2, birth = $3, sex = $4, address = $5, number = $6, municipality = $7, version = $8, reason = $9, arose = $10,
			hash = $11, resides = TRUE, at = $12, told_by = $13 WHERE code = $1`, i.Code.Reveal(), i.Name.Reveal(), i.Birth.String(), string('0'+rune(i.Sex)),
			i.Address.Reveal(), i.Number.Reveal(), i.Municipality.String(), int64(i.Version), i.Change.Reason.Code(), i.Change.Arose.String(), hash[:], tx.Now(), string(d.Sender))
		if err == nil && rows != 1 {
			return nil, refused
		}
		return nil, err
	})
}

// run plays the plan.
func (n *numbers) run(ctx context.Context) error {
	if err := n.until(ctx, time.Minute); err != nil { // codes come from the center
		return err
	}
	for _, pair := range n.plan.namesakes {
		f, err := n.register(sakaideCity, office.Registration{Record: record(pair.holder, pair.reading)})
		if err != nil {
			return fmt.Errorf("couldn't register a man of Sakaide: %w", err)
		}
		n.codes = append(n.codes, f.Code)
	}
	if err := n.until(ctx, time.Minute); err != nil {
		return err
	}
	n.look(ctx, plain.Sentence{JA: "坂出市の人が、住民票コードと個人番号を持つ", EN: "The men of Sakaide have record codes and individual numbers"})
	n.clk.Set(atTen(movedToNagano))
	for i, pair := range n.plan.namesakes {
		if err := n.arrives(ctx, i, pair); err != nil {
			return err
		}
	}
	for _, m := range n.plan.movers {
		if err := n.moves(ctx, m); err != nil {
			return fmt.Errorf("somebody of Sakaide who really moves: %w", err)
		}
	}
	if err := n.until(ctx, time.Hour); err != nil {
		return err
	}
	n.look(ctx, plain.Sentence{JA: "前住所が分からない人が、長野市に転入を届けた", EN: "Men whose earlier address nobody knows have filed in Nagano"})
	n.clk.Set(atTen(numberFound))
	n.look(ctx, plain.Sentence{JA: "坂出市の人が、年金の窓口で照会する", EN: "A man of Sakaide asks at a desk for pensions"})
	return n.count(ctx)
}

func (n *numbers) until(ctx context.Context, d time.Duration) error {
	return n.driver.Until(ctx, n.clk.Now().Add(d))
}

func record(four resident.BasicFour, reading resident.Kana) resident.Record {
	return resident.Record{BasicFour: four, Kana: reading, Relation: resident.Head}
}

// register has a clerk file an entry.
func (n *numbers) register(town message.Org, r office.Registration) (office.Filed, error) {
	r.Reason, r.Basis, r.Another = resident.MoveIn, "law-22", true
	r.Record.BecameResident = resident.DateOf(n.clk.Now())
	return n.towns[town].Register(n.clerk, r)
}

// arrives is a man who moves to Nagano from nowhere that anybody knows. The clerk searches by reading and date of birth, and finds one man.
func (n *numbers) arrives(ctx context.Context, i int, pair namesakes) error {
	r := office.Registration{Record: record(pair.comer, pair.reading)}
	if n.plan.taken {
		// The index of 2010 had the readings; ours has none. What is played is that the search has this one hit.
		r.Record.Code, r.Prior = n.codes[i], 2
		n.counts["hits_taken_for_the_person"]++
	}
	_, err := n.register(naganoCity, r)
	if problems, refused := plain.AsProblems(err); refused && n.plan.taken {
		n.counts["refused_at_the_counter"]++
		if i == 0 {
			n.sees["nagano"] = problems[0].JA + " / " + problems[0].EN
		}
		// The clerk looks again: nothing says that this man ever had a code, so he is given one.
		r.Record.Code, r.Prior = resident.RecordCode{}, 0
		_, err = n.register(naganoCity, r)
	}
	if err != nil {
		return fmt.Errorf("a man of Nagano: %w", err)
	}
	return n.until(ctx, time.Minute)
}

// moves is somebody of Sakaide who moves to Nagano with a moving-out certificate: that must go on working.
func (n *numbers) moves(ctx context.Context, m resident.BasicFour) error {
	f, err := n.register(sakaideCity, office.Registration{Record: record(m, resident.Kana{})})
	if err != nil {
		return err
	}
	if err := n.until(ctx, time.Minute); err != nil {
		return err
	}
	to := mustAddress("長野県長野市栗田" + fmt.Sprint(n.counts["moved_with_the_code"]+1) + "番")
	left, err := n.towns[sakaideCity].File(n.clerk, office.MoveOut{To: to,
		Filing: office.Filing{Person: f.Person, Base: f.Version, Arose: resident.DateOf(n.clk.Now()), Basis: "law-24"}})
	if err != nil {
		return err
	}
	if err := n.until(ctx, time.Minute); err != nil {
		return err
	}
	m.Address = to
	if _, err = n.register(naganoCity, office.Registration{From: sakaideCode, Prior: left.Version,
		Record: resident.Record{Code: f.Code, BasicFour: m, Relation: resident.Head}}); err != nil {
		return err
	}
	n.counts["moved_with_the_code"]++
	return n.until(ctx, time.Minute)
}

// entries are the present residents of both registers: code and number of each.
func (n *numbers) entries(ctx context.Context) (all [][2]string, err error) {
	for _, town := range []message.Org{sakaideCity, naganoCity} {
		err = errors.Join(err, n.towns[town].Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			found, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, e *[2]string) error { return r.Scan(&e[0], &e[1]) },
				`SELECT v.code, v.number FROM resident AS r JOIN record_version AS v ON v.person = r.person AND v.version = r.version WHERE r.present`)
			all = append(all, found...)
			return err
		}))
	}
	return all, err
}

// shared counts the people who have a code, or a number, that another one has too.
func shared(entries [][2]string, which int) (people int) {
	has := map[string]int{}
	for _, e := range entries {
		has[e[which]]++
	}
	for value, n := range has {
		if n > 1 && value != "" {
			people += n
		}
	}
	return people
}

// elsewhere counts the men of Sakaide whose address at the center is another man's.
func (n *numbers) elsewhere(ctx context.Context) (wrong int, err error) {
	err = n.center.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		for i, code := range n.codes {
			var address string
			if err := tx.QueryRow(ctx, `SELECT address FROM resident WHERE code = $1`, code.Reveal()).Scan(&address); err != nil {
				return err
			}
			if address != n.plan.namesakes[i].holder.Address.Reveal() {
				wrong++
			}
		}
		return nil
	})
	return wrong, err
}
