package desk_test

import (
	"context"
	"crypto/rand"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/auditpage"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/desk"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

func TestMain(m *testing.M) { webuitest.Main(m) }

var start = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)

const (
	matsumoto = message.Org("municipality-202029")
	nagano    = message.Org("prefecture-20")
)

// often is how long it takes between two comparisons, cycles of the self-audit and looks at the alarms; these tests play days.
const often = 10 * time.Minute

// country is a municipality and its prefecture, each with nothing but a desk. The prefecture cannot read some addresses.
type country struct {
	t       testing.TB
	clk     *clock.Virtual
	net     *exchange.Memory
	hosts   map[message.Org]*host.Host
	tasks   []clock.Task
	server  *httptest.Server
	applied int                                            // changes that the prefecture has applied
	seldom  bool                                           // whether the two exchange something only now and then
	gate    host.Admits                                    // of the municipality; nil: everybody is admitted
	now     map[resident.RecordCode]message.ResidentChange // what the municipality last sent of each
}

func newCountry(t testing.TB) *country {
	ca, err := pki.NewInfrastructureCA(rand.Reader, start)
	if err != nil {
		t.Fatal(err)
	}
	trust, err := pki.NewTrust(ca.Certificate())
	if err != nil {
		t.Fatal(err)
	}
	c := &country{t: t, clk: clock.NewVirtual(start), net: new(exchange.Memory), hosts: map[message.Org]*host.Host{}, now: map[resident.RecordCode]message.ResidentChange{}}
	mux := http.NewServeMux()
	open := func(self, peer message.Org, name plain.Sentence, rules host.Rules) {
		signer, err := ca.NewIdentity(rand.Reader, start, string(self), pki.ForSigning)
		if err != nil {
			t.Fatal(err)
		}
		rules.Books = []reconcile.Table{c.residentsOf(self)}
		rules.Schema = sqlstore.Schema{Name: "test", FS: fstest.MapFS{"0001_test.sql": {Data: []byte(heldSchema)}}}
		h, err := host.Open(t.Context(), host.Config{Self: self, Name: name, StoreURL: "memory:", Clock: c.clk, Rand: mathrand.NewChaCha8([32]byte{1}), // the numbers of traces, for the pictures
			Secrets: reconciletest.Secrets(self), Drill: -1, Compare: often, Audit: often, Watch: often,
			Signer: signer, Trust: trust, Link: c.net.As(self), Peers: []message.Org{peer},
			Seldom: func(message.Org) bool { return c.seldom }}, rules)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { h.Close() })
		c.net.Join(self, h.Exchange)
		c.hosts[self], c.tasks = h, append(c.tasks, h.Tasks()...)

		base := "/" + string(self)
		sessions, err := access.NewSessions(access.SessionConfig{Org: string(self), Base: base, Key: []byte(strings.Repeat("k", 32)), Clock: c.clk, Personas: access.Personas()})
		if err != nil {
			t.Fatal(err)
		}
		ui, err := webui.New(webui.Config{Base: base, Org: name, Role: self.Role(), TestCountry: true, Nav: []webui.NavItem{desk.Nav}, Clock: c.clk, Sessions: sessions})
		if err != nil {
			t.Fatal(err)
		}
		d, err := desk.New(h, ui)
		if err != nil {
			t.Fatal(err)
		}
		pages := http.NewServeMux()
		d.Mount(pages)
		if err := auditpage.Mount(pages, h, ui); err != nil {
			t.Fatal(err)
		}
		mux.Handle(base+"/", ui.Serve(pages))
	}
	open(matsumoto, nagano, plain.Sentence{JA: "松本市", EN: "Matsumoto-shi"}, host.Rules{
		Admits: func(ctx context.Context, tx *sqlstore.Tx, g look.Ground, codes []resident.RecordCode) (look.Ground, error) {
			if c.gate == nil {
				return g, nil
			}
			return c.gate(ctx, tx, g, codes)
		},
		Rebuild: func(_ context.Context, _ *sqlstore.Tx, was message.Payload) (message.Payload, error) {
			n := was.(message.ResidentChange)
			n.After.Address = address("長野県松本市大手1番1号")
			return n, nil
		},
		Due: []due.Rule{{Kind: "printer", Finish: func(context.Context, *sqlstore.Tx, due.Item, any) ([]message.Out, error) {
			return nil, plain.Bad("", "印刷機に紙がありません。紙を入れてください。", "The printer has no paper. Put some in.")
		}}},
	})
	open(nagano, matsumoto, plain.Sentence{JA: "長野県", EN: "Nagano-ken"}, host.Rules{Routes: []exchange.Route{
		exchange.On(same, func(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.ResidentChange) ([]message.Out, error) {
			if !strings.HasPrefix(n.After.Address.Reveal(), "長野県") && !d.Accepted {
				return nil, exchange.Reject("unreadable-address", "住所を読み取れません。「長野県」で始まる住所に直してください。", "the address cannot be read: it must begin with 長野県")
			}
			tx.OnCommit(func() { c.applied++ })
			return nil, c.hold(ctx, tx, nagano, d.Sender, n)
		}),
		exchange.On(same, func(context.Context, *sqlstore.Tx, exchange.Delivery, message.ResidentInvalidation) ([]message.Out, error) {
			return nil, nil
		}),
	}})
	c.server = httptest.NewServer(mux)
	t.Cleanup(c.server.Close)
	return c
}

func same(tx *sqlstore.Tx) *sqlstore.Tx { return tx }

func (c *country) run(d time.Duration) {
	c.t.Helper()
	if err := clock.Drive(c.t.Context(), c.clk, c.tasks, c.clk.Now().Add(d)); err != nil {
		c.t.Fatal(err)
	}
}

func address(s string) resident.Address {
	a, err := resident.ParseAddress("address", s)
	if err != nil {
		panic(err)
	}
	return a
}

// move sends changes of one resident to these addresses, the second on from the state before it.
func (c *country) move(code uint64, addresses ...string) {
	c.t.Helper()
	name, err := resident.ParseName("name", "松本　花子")
	if err != nil {
		c.t.Fatal(err)
	}
	birth, _ := resident.ParsePartialDate("birth", "1980-05-01")
	municipality, _ := resident.ParseMunicipalityCode("municipality", "202029")
	var before resident.StateHash
	for i, a := range addresses {
		n := message.ResidentChange{Before: before, After: resident.IdentificationInfo{Code: resident.RecordCodeOf(code),
			BasicFour:    resident.BasicFour{Name: name, Birth: birth, Sex: resident.Female, Address: address(a)},
			Municipality: municipality, Version: resident.Version(i + 1),
			Change: resident.ChangeInfo{Reason: resident.MoveWithin, Arose: resident.MustDate(2026, 4, 1)}}}
		before = n.After.StateHash()
		_, err := c.hosts[matsumoto].Act(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) ([]message.Out, error) {
			return []message.Out{{To: nagano, Body: n}}, c.hold(ctx, tx, matsumoto, nagano, n)
		})
		if err != nil {
			c.t.Fatal(err)
		}
	}
	c.run(time.Second)
}

// parked is the one parked message of an organisation.
func (c *country) parked(at message.Org) exchange.Item {
	c.t.Helper()
	items, err := c.hosts[at].Exchange.Stuck(c.t.Context(), 100)
	if err != nil {
		c.t.Fatal(err)
	}
	var found []exchange.Item
	for _, i := range items {
		if i.Parked() {
			found = append(found, i)
		}
	}
	if len(found) != 1 {
		c.t.Fatalf("%d messages are parked at %s, want one", len(found), at)
	}
	return found[0]
}

func (c *country) audit(at message.Org, act string) []auditlog.Record {
	c.t.Helper()
	var records []auditlog.Record
	err := c.hosts[at].Store.View(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		records, err = auditlog.List(ctx, tx, auditlog.Filter{Act: act})
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return records
}

// visitor is somebody with a browser that has no script.
type visitor struct {
	c    *country
	http *http.Client
	base string
}

// as enters an organisation as a persona.
func (c *country) as(persona string, at message.Org) visitor {
	c.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	v := visitor{c, &http.Client{Jar: jar}, "/" + string(at)}
	if persona != "" {
		v.post("/session", "persona", persona, "next", v.base+"/messages")
	}
	return v
}

func (v visitor) get(path string) (int, string) {
	v.c.t.Helper()
	resp, err := v.http.Get(v.c.server.URL + v.base + path)
	return v.answer(resp, err)
}

func (v visitor) post(path string, pairs ...string) (int, string) {
	v.c.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	resp, err := v.http.PostForm(v.c.server.URL+v.base+path, form)
	return v.answer(resp, err)
}

func (v visitor) answer(resp *http.Response, err error) (int, string) {
	v.c.t.Helper()
	if err != nil {
		v.c.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		v.c.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// wants fails unless the answer has the status and says all of this.
func wants(t testing.TB, status int, body string, wantStatus int, texts ...string) {
	t.Helper()
	if status != wantStatus {
		t.Errorf("status %d, want %d", status, wantStatus)
	}
	for _, text := range texts {
		if !strings.Contains(body, text) {
			t.Errorf("the page does not say %q", text)
		}
	}
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}
