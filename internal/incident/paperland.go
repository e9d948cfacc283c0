package incident

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/font/builtin"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/document/press"
	"github.com/akashi-id/akashi/internal/document/press/faulty"
	"github.com/akashi-id/akashi/internal/document/readback"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/imprint"
	"github.com/akashi-id/akashi/internal/imprint/imprinttest"
	"github.com/akashi-id/akashi/internal/org/issuing"
	counter "github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/org/nationalcenter"
	"github.com/akashi-id/akashi/internal/org/prefecture"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// paperLand is a municipality with its issuing server, its prefecture and the national center, and households whose people ask for documents. The counter
// stands for the kiosk: who asks is known, and gets what comes out.
type paperLand struct {
	paperVariant
	clk    *clock.Virtual
	driver *clock.Driver
	town   *counter.Municipality
	nodes  []*issuing.Issuing // of the issuing server, on one database; the first takes what comes, until reach says otherwise
	center *nationalcenter.Center
	net    *exchange.Memory
	desk   context.Context
	close  []func() error

	day       resident.Date             // on which it begins
	at        resident.MunicipalityCode // where the people live: the municipality, or a ward of it
	place     string                    // the same in words
	busyUntil time.Time                 // until when the printer has something else to do
	homes     []*paperHome
	asked     []*asking
	moments   []PartMoment
	counts    map[string]int
	shown     map[string]bool // who stood on a page that somebody else was given
	begun     counter.Inquiry
	inquired  *Inquiry
	again     []*asking // whose terminal showed an error, and who asks again
	normal    []*asking // of these, whose error was closed because it printed then
}

// paperVariant is what differs between how it was and how it is.
type paperVariant struct {
	machine func(press.Machine) press.Machine // the fault; nil: none
	route   func(message.Org, exchange.Route) exchange.Route
	// believes changes what the register answers into what the copy believes: where nothing is judged, the copy issues by itself. Nil: nothing.
	believes func(message.IssuingAnswer) message.IssuingAnswer
	gates    bool // documents are judged, and the register is asked
	// Of what gates stands for a part may be taken away. Its own: the server's own gate finds nothing. counter puts another gate in the place of the counter's.
	withoutOwn bool
	counter    func(press.Gate) press.Gate
	failed     func(request string) bool // tells whether the terminal showed an error; nil: none did
	program    string                    // the version of the server's program
	deaf       []message.Role            // who does not heed that a version is stopped
}

// paperHome is a household of a replay.
type paperHome struct {
	names     []string
	people    []counter.Filed
	sealEnded bool
}

// asking is one application.
type asking struct {
	home  *paperHome
	id    string
	kind  making.Kind
	items document.Items
	wrong bool // somebody else was on it
}

// queued is a machine behind a printer that may have something else to do.
type queued struct {
	press.Machine
	l *paperLand
}

func (m queued) Sign(p document.Paper, random io.Reader) ([]byte, error) {
	if m.l.clk.Now().Before(m.l.busyUntil) {
		return nil, fmt.Errorf("the printer is busy: %w", hsm.ErrNoneReady)
	}
	return m.Machine.Sign(p, random)
}

// openPapers opens the land with an issuing server of so many nodes and households of so many people. Their names are invented, and nobody's is another's.
func openPapers(ctx context.Context, begin time.Time, code, ward string, nodes int, v paperVariant, households ...int) (l *paperLand, err error) {
	l = &paperLand{paperVariant: v, clk: clock.NewVirtual(begin), shown: map[string]bool{}, desk: atDesk(ctx, takes),
		counts: map[string]int{"asked": 0, "handed_over": 0, "to_another": 0, "refused": 0, "stopped": 0, "wrongly_certified": 0, "errors": 0}}
	opened := l
	defer func() {
		if err != nil {
			err = errors.Join(err, opened.end())
		}
	}()
	f, err := newField(l.clk)
	if err != nil {
		return nil, err
	}
	l.net = f.net
	self, server, above, center := message.Org("municipality-"+code), message.Org("issuing-"+code), message.Org("prefecture-"+code[:2]), message.Org(message.NationalCenter)
	config := func(o message.Org, peers ...message.Org) (host.Config, error) {
		signer, err := f.signer(o)
		c := host.Config{Self: o, Name: plain.Sentence{JA: string(o), EN: string(o)}, StoreURL: "memory:", Clock: l.clk, Rand: rand.Reader, Signer: signer,
			Trust: f.trust, Link: f.net.As(o), Peers: peers, Closes: func(message.Org) bool { return false }, Compare: 24 * time.Hour, Audit: 24 * time.Hour,
			Secrets: func(message.Org) []byte { return []byte("a secret of a replay, 32 bytes long") }}
		c.Trial = func(r exchange.Route) exchange.Route {
			if v.route != nil {
				r = v.route(o, r)
			}
			if r.Kind == (message.IssuingHalt{}).Kind() && slices.Contains(v.deaf, o.Role()) {
				r = r.Instead(func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, p message.Payload, _ exchange.Rule) ([]message.Out, error) {
					if o == server {
						return nil, nil
					}
					return []message.Out{{To: server, Body: p}}, nil // handed on, and not kept
				})
			}
			if v.believes == nil || v.gates || r.Kind != (message.IssuingAnswer{}).Kind() {
				return r
			}
			return r.Instead(func(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, p message.Payload, really exchange.Rule) ([]message.Out, error) {
				if n, is := p.(message.IssuingAnswer); is {
					p = v.believes(n)
				}
				return really(ctx, tx, d, p)
			})
		}
		return c, err
	}
	var tasks []clock.Task
	add := func(h *host.Host, close func() error) {
		f.net.Join(h.Self, h.Exchange)
		h.Due.Parallel = 1 // so that a replay comes out the same each time
		tasks, l.close = append(tasks, slices.Concat(h.Exchange.Tasks(), h.Due.Tasks(), h.Books.Tasks())...), append(l.close, close)
	}
	h, err := config(center, above, self)
	if err != nil {
		return nil, err
	}
	n, err := nationalcenter.New(ctx, nationalcenter.Config{Config: h})
	if err != nil {
		return nil, err
	}
	add(n.Host, n.Close)
	l.center = n
	if h, err = config(above, self, center); err != nil {
		return nil, err
	}
	p, err := prefecture.New(ctx, prefecture.Config{Config: h})
	if err != nil {
		return nil, err
	}
	add(p.Host, p.Close)
	machine, office, err := f.press(server, code)
	if err != nil {
		return nil, err
	}
	var gate press.Gate = machine
	if !v.gates {
		gate = faulty.Trusting{}
	}
	if v.counter != nil {
		gate = v.counter(gate)
	}
	for n := range nodes {
		of := machine
		if v.machine != nil {
			of = v.machine(of)
		}
		if !v.gates || v.withoutOwn {
			of = faulty.Unchecked{Machine: of}
		}
		if h, err = config(server, self); err != nil {
			return nil, err
		}
		if h.Several = nodes > 1; n > 0 {
			h.Beside = l.nodes[0].Store
		}
		node, err := issuing.New(ctx, issuing.Config{Config: h, Press: issuing.Press{Machine: queued{of, l}, Office: office, Verify: "https://verify.example/" + code}, Program: v.program})
		if err != nil {
			return nil, err
		}
		l.nodes = append(l.nodes, node)
		add(node.Host, node.Close)
	}
	l.reach(0)
	if h, err = config(self, above, center, server); err != nil {
		return nil, err
	}
	if l.town, err = counter.New(ctx, counter.Config{Config: h, Documents: &counter.Documents{Office: office, Gate: gate, Verify: "https://verify.example/" + code}}); err != nil {
		return nil, err
	}
	add(l.town.Host, l.town.Close)
	l.driver = clock.NewDriver(l.clk, tasks)
	if err := l.wait(ctx, time.Minute); err != nil {
		return nil, err
	}
	l.day = resident.DateOf(begin)
	l.at = l.town.Code()
	if ward != "" {
		if l.at, err = resident.ParseMunicipalityCode("ward", ward); err != nil {
			return nil, err
		}
	}
	m, err := resident.Lookup("municipality", l.at, l.day)
	if err != nil {
		return nil, err
	}
	l.place = m.FullName()
	for n, size := range households {
		if err := l.settle(n, size); err != nil {
			return nil, err
		}
	}
	return l, l.wait(ctx, time.Minute)
}

// officeSeal is the seal of every office here. Drawing it takes a third of a second.
var officeSeal = sync.OnceValues(func() (imprint.Imprint, error) {
	return imprint.Read("seal", imprinttest.Seal{Millimetres: 21, Face: 7}.Scan())
})

// press makes what documents of a municipality are made with. They are samples.
func (f *field) press(server message.Org, code string) (press.Machine, document.Issuer, error) {
	drawn, err := officeSeal()
	if err != nil {
		return nil, document.Issuer{}, err
	}
	signer, err := f.ca.NewIdentity(rand.Reader, f.clk.Now(), string(server), pki.ForDocuments)
	if err != nil {
		return nil, document.Issuer{}, err
	}
	m, err := press.New(document.Fonts{builtin.Font()}, signer.Key, [][]byte{signer.Certificate, f.ca.Certificate()}, true)
	return m, document.Issuer{Municipality: code, Title: "見本市長", Name: "見本　太郎", Seal: drawn}, err
}

// settle registers a household.
func (l *paperLand) settle(n, size int) error {
	home := &paperHome{}
	at := resident.HouseholdID("")
	for i := range size {
		digits := strings.Map(func(r rune) rune { return []rune("〇一二三四五六七八九")[r-'0'] }, fmt.Sprintf("%02d%d", n, i))
		name, relation := "架空　"+digits+"子", "世帯主"
		if i > 0 {
			relation = "子"
		}
		r := counter.Registration{Reason: resident.MoveIn, Basis: "law-22", Another: true}
		var errs [4]error
		r.Record.Name, errs[0] = resident.ParseName("name", name)
		r.Record.Birth, errs[1] = resident.ParsePartialDate("birth", "1970-05-01")
		r.Record.Relation, errs[2] = resident.ParseRelation("relation", relation)
		r.Record.Address, errs[3] = resident.ParseAddress("address", fmt.Sprintf("%s一番町%d番1号", l.place, n+1))
		if err := errors.Join(errs[:]...); err != nil {
			return err
		}
		r.Record.Sex, r.Record.Household, r.Record.BecameResident, r.Record.Municipality = resident.Female, at, resident.DateOf(l.clk.Now()), l.at
		f, err := l.town.Register(l.desk, r)
		if err != nil {
			return err
		}
		if i == 0 {
			d, err := l.town.Look(l.desk, f.Person, "household")
			if err != nil {
				return err
			}
			at = d.Now.Record.Household
		}
		home.names, home.people = append(home.names, name), append(home.people, f)
	}
	l.homes = append(l.homes, home)
	return nil
}

func (l *paperLand) end() (err error) {
	for _, c := range slices.Backward(l.close) {
		err = errors.Join(err, c())
	}
	return err
}

// reach leads what is sent to the issuing server to one of its nodes, as the balancer before them does.
func (l *paperLand) reach(node int) { l.net.Join(l.nodes[node].Self, l.nodes[node].Exchange) }

func (l *paperLand) wait(ctx context.Context, d time.Duration) error {
	return l.driver.Until(ctx, l.clk.Now().Add(d))
}

// ask has the head of a household ask for a document.
func (l *paperLand) ask(home *paperHome, kind making.Kind, items document.Items) error {
	who := home.people[0]
	d, err := l.town.Look(l.desk, who.Person, "document")
	if err != nil {
		return err
	}
	id, err := l.town.ApplyForDocument(l.desk, counter.DocumentApplication{Person: who.Person, Base: d.Now.Number, Kind: kind, Items: items, Applicant: who.Person,
		Evidence: identity.Evidence{identity.MyNumberCard}})
	if _, refused := plain.AsProblems(err); refused && l.gates {
		l.counts["asked"]++
		l.stop(stoppedBefore)
		return nil
	}
	if err != nil {
		return err
	}
	l.counts["asked"]++
	l.asked = append(l.asked, &asking{home: home, id: id, kind: kind, items: items})
	return nil
}

// give hands over all that lies at the counter and was asked for, and looks at what it is.
func (l *paperLand) give() error {
	for _, a := range l.asked {
		d, err := l.town.DocumentOf(l.desk, a.id)
		if err != nil {
			return err
		}
		failed := l.failed != nil && l.failed(a.id)
		switch d.State {
		case "refused":
			if failed {
				l.again = append(l.again, a)
			}
			l.counts["refused"]++
			if slices.Contains(d.Reasons, string(making.Gate)) {
				l.stop(stoppedAtServer)
			}
			if slices.Contains(d.Reasons, string(making.Halted)) {
				l.stop(stoppedByServer)
			}
			continue
		case "stopped":
			l.stop(stoppedAtArrival)
			continue
		}
		file, err := l.town.PrintDocument(l.desk, a.id)
		if _, refused := plain.AsProblems(err); refused {
			l.stop(stoppedAtPrinting)
			continue
		}
		if err != nil {
			return err
		}
		bindings, err := l.read(a, file)
		if err != nil {
			return err
		}
		if failed { // the paper came out, and the terminal says that something went wrong
			l.counts["handed_over"]++
			l.again = append(l.again, a)
			continue
		}
		if !l.gates { // nobody held a page against anything
			if bindings, err = l.expected(a.id, len(bindings)); err != nil {
				return err
			}
		}
		err = l.town.HandOverDocument(l.desk, a.id, len(bindings), bindings)
		if _, refused := plain.AsProblems(err); refused {
			l.stop(stoppedAtHandOver)
			continue
		}
		if err != nil {
			return err
		}
		l.counts["handed_over"]++
	}
	l.asked = nil
	return nil
}

// Where a paper is stopped, in their order.
const (
	stoppedBefore     = "stopped_before"    // the clerk was told before anything was asked for
	stoppedByServer   = "stopped_by_server" // it runs a version that may not issue
	stoppedAtServer   = "stopped_at_server"
	stoppedAtArrival  = "stopped_at_arrival"
	stoppedAtPrinting = "stopped_at_printing"
	stoppedAtHandOver = "stopped_at_hand_over"
)

func (l *paperLand) stop(where string) {
	l.counts["stopped"]++
	l.counts[where]++
}

// askAgain: whoever's terminal showed an error, or who got nothing, asks once more. As it was, that it printed then closed the error as normal; here it is a case, and
// closed by what became of the first paper.
func (l *paperLand) askAgain(ctx context.Context) error {
	again := l.again
	l.again = nil
	for _, a := range again {
		l.counts["errors"]++
		if err := l.ask(a.home, a.kind, a.items); err != nil {
			return err
		}
		if err := l.wait(ctx, 10*time.Second); err != nil {
			return err
		}
		if err := l.give(); err != nil {
			return err
		}
		d, err := l.town.DocumentOf(l.desk, a.id)
		if err != nil {
			return err
		}
		if d.State != "held" { // nothing had come out
			continue
		}
		if l.gates {
			err = l.town.VoidDocument(l.desk, a.id, 1, "端末に残った紙を取り出し、係長の前で裁断した。")
		} else {
			err = l.closedAsNormal(a.id)
			l.normal = append(l.normal, a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// closedAsNormal closes the case about a paper as those of 2023 were: two put down that all is well, and neither has looked.
func (l *paperLand) closedAsNormal(request string) error {
	const printed = "再度の申請で、正常に印刷された。"
	seen, err := l.town.ProposeDocumentCase(l.desk, request, request+"-1", counter.FateCounter, printed)
	if err != nil {
		return err
	}
	return l.town.ConfirmDocumentCase(atDesk(l.desk, serves), request, request+"-1", seen)
}

// recovered: what became of the papers of others that were closed as normal, in their order, is found out.
func (l *paperLand) recovered(proofs ...string) error {
	for _, a := range l.normal {
		if !a.wrong {
			continue
		}
		if len(proofs) == 0 {
			return errors.New("more papers went to others than the report has")
		}
		if err := l.town.VoidDocument(l.desk, a.id, 1, proofs[0]); err != nil {
			return err
		}
		proofs = proofs[1:]
	}
	return nil
}

// read looks whose names stand on the pages of what somebody was given, and which binding (綴り番号) each bears.
func (l *paperLand) read(a *asking, file []byte) (bindings []string, err error) {
	d, err := readback.Read(file)
	if err != nil {
		return nil, err
	}
	if a.kind == making.SealCertificate && a.home.sealEnded {
		l.counts["wrongly_certified"]++
	}
	wrong := false
	for _, p := range d.Pages {
		bindings = append(bindings, "")
		for _, text := range p.Texts {
			if number, is := strings.CutPrefix(text.Text, "綴り番号"); is {
				bindings[len(bindings)-1] = strings.TrimSpace(number)
			}
			for _, home := range l.homes {
				for _, name := range home.names {
					if home != a.home && strings.Contains(norm.NFKC.String(text.Text), norm.NFKC.String(name)) {
						wrong, l.shown[name] = true, true
					}
				}
			}
		}
	}
	if a.wrong = wrong; wrong {
		l.counts["to_another"]++
	}
	return bindings, nil
}

// expected are the bindings that the pages of a document should bear, whatever they do.
func (l *paperLand) expected(request string, pages int) (bindings []string, err error) {
	var binding string
	err = l.nodes[0].Store.View(l.desk, func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, `SELECT binding FROM document WHERE request = $1`, request).Scan(&binding)
	})
	return slices.Repeat([]string{binding}, pages), err
}

// moment notes how it stands.
func (l *paperLand) moment(ja, en string) {
	l.counts["people_shown"] = len(l.shown)
	l.moments = append(l.moments, PartMoment{At: l.clk.Now(), What: plain.Sentence{JA: ja, EN: en}, View: View{Papers: l.counts["handed_over"], ToAnother: l.counts["to_another"] + l.counts["wrongly_certified"], Stopped: l.counts["stopped"]}})
}

// differs counts what the books of the register and of the copy differ in, as the register's side shows it.
func (l *paperLand) differs(ctx context.Context) (n int64, err error) {
	all, err := l.town.Books.Standings(ctx)
	for _, s := range all {
		if s.Book == message.IssuingRecords && s.Outcome != reconcile.Agreed {
			n += s.Differences
		}
	}
	return n, err
}

func paperLine(v View) string {
	return fmt.Sprintf("渡した %d、うち誤り %d、止めた %d / handed over %d, of these wrong %d, stopped %d", v.Papers, v.ToAnother, v.Stopped, v.Papers, v.ToAnother, v.Stopped)
}
