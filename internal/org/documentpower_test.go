package org_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/printing"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

var errPower = errors.New("the power is off")

// powerCut cuts the power of an organisation at a commit: that one lasts or does not, and nothing that the process does afterwards lasts.
type powerCut struct {
	left    int  // commits until then; 0: it stays on
	applied bool // the commit at which it goes off lasts
	off     bool
	seen    int    // commits so far
	falls   func() // called when it goes off
}

// BeforeCommit implements sqlstore.Faults.
func (c *powerCut) BeforeCommit() error {
	switch {
	case c.off:
		return errPower
	case c.left == 1 && !c.applied:
		return c.fall()
	}
	return nil
}

// AfterCommit implements sqlstore.Faults.
func (c *powerCut) AfterCommit() error {
	c.seen++
	if c.left == 0 {
		return nil
	}
	if c.left--; c.left == 0 {
		return c.fall()
	}
	return nil
}

func (c *powerCut) fall() error {
	c.left, c.off = 0, true
	if c.falls != nil {
		c.falls()
	}
	return errPower
}

// darkOffice is a counter with its server, of which the power can be cut, and a printer that does not lose its power with them.
type darkOffice struct {
	*issuers
	cuts    map[message.Org]*powerCut
	fell    int            // how often the power went off
	out     []printing.Job // what came out
	prints  func()         // called when something comes out
	forgets bool           // the printer has no record of a job as soon as it has come out
}

func newDarkOffice(t *testing.T) *darkOffice {
	d := &darkOffice{cuts: map[message.Org]*powerCut{matsumoto: {}, server: {}}}
	var p *tray
	d.issuers, p = withPrinterAs(t, sqlstoretest.SQLite, issuersAs{random: rand.Reader, host: func(o message.Org, c host.Config) host.Config {
		if cut := d.cuts[o]; cut != nil {
			c.Faults = cut
		}
		return c
	}})
	p.submit = func(ctx context.Context, j printing.Job) (printing.Status, error) {
		before := p.sheets(t)
		st, err := p.Printer.Submit(ctx, j)
		if p.sheets(t) > before {
			d.out = append(d.out, j)
			d.prints()
			if d.forgets {
				check(t, os.Remove(filepath.Join(p.dir, j.Key+".pdf")))
			}
		}
		return st, err
	}
	return d
}

// goOn lets time pass; when the power goes off meanwhile, the office is started again.
func (d *darkOffice) goOn(by time.Duration) {
	d.Helper()
	ctx, dies := context.WithCancel(d.Context())
	defer dies()
	for _, c := range d.cuts {
		c.falls = dies
	}
	if err := d.drive.Until(ctx, d.clk.Now().Add(by)); !d.again() {
		check(d, err)
	}
}

// again starts what lost its power again; false: nothing did.
func (d *darkOffice) again() (was bool) {
	d.Helper()
	for _, c := range d.cuts {
		was, c.falls = was || c.off, nil
	}
	if !was {
		return false
	}
	d.fell++
	d.town.Close()
	d.server.Close()
	for _, c := range d.cuts {
		c.off = false
	}
	d.openServer()
	d.open(true)
	return true
}

// did tells whether an act of the clerk took place as far as the screen said; else the power went off.
func (d *darkOffice) did(err error) bool {
	d.Helper()
	if d.again() {
		return false
	}
	check(d, err)
	return true
}

// serve is a clerk who does what the pages say until somebody has the document that they came for: she goes by what lies at the counter and in the tray, and
// knows nothing of what happened to the machines.
func (d *darkOffice) serve(who municipality.PersonID) (request string) {
	d.Helper()
	for range 30 {
		seen, err := d.town.Look(d.clerk, who, "documents")
		if !d.did(err) {
			continue
		}
		var doc municipality.Document
		if len(seen.Documents) > 0 {
			doc = seen.Documents[0]
		}
		switch state := printing.State(doc.Print.State); {
		case doc.Request == "" || doc.State == "refused":
			_, err := d.town.ApplyForDocument(d.clerk, municipality.DocumentApplication{Person: who, Base: seen.Now.Number, Kind: making.IndividualRecord, Items: document.Items{}, Applicant: who, Evidence: byCard})
			d.did(err)
		case doc.State == "applied":
			d.goOn(70 * time.Second)
		case doc.State == "delivered":
			d.goOn(5 * time.Second)
			return doc.Request
		case doc.State != "held":
			d.Fatalf("the power was off, and the document is %s: %q", doc.State, doc.Reasons)
		case doc.Prints == 0 || state == "failed":
			d.did(d.town.PrintAtCounter(d.clerk, doc.Request))
		case state == printing.Printed:
			d.did(d.handOver(doc.Request, doc.Prints))
		case state == printing.Unknown:
			// The page says so, and has a case, which is closed by what she does with the sheet in the tray; then she prints once more.
			job := fmt.Sprintf("%s-%d", doc.Request, doc.Prints)
			if doc.Print.Says.JA == "" {
				d.Errorf("of %s nobody knows, and the page does not say what to do", job)
			}
			said, err := d.town.ProposeDocumentCase(d.clerk, doc.Request, job, municipality.FateDestroyed, "係長の前で裁断した。")
			if d.did(err) && d.did(d.town.ConfirmDocumentCase(as(d, "clerk-inoue"), doc.Request, job, said)) {
				d.did(d.town.PrintAtCounter(d.clerk, doc.Request))
			}
		default: // the printer has it
			d.goOn(5 * time.Second)
		}
	}
	d.Errorf("after thirty tries nobody has a document")
	return ""
}

// accounted checks that no sheet came out that nobody asked about, and that each is of who asked.
func (d *darkOffice) accounted(name, given string) {
	d.Helper()
	keys := map[string]bool{}
	for _, j := range d.out {
		if keys[j.Key] {
			d.Errorf("%s came out twice", j.Key)
		}
		keys[j.Key] = true
		request := j.Key[:strings.LastIndex(j.Key, "-")]
		var last, cases int64
		check(d, d.town.Store.View(d.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			return errors.Join(tx.QueryRow(ctx, `SELECT prints FROM document_request WHERE request = $1`, request).Scan(&last),
				tx.QueryRow(ctx, `SELECT COUNT(*) FROM document_case WHERE job = $1`, j.Key).Scan(&cases))
		}))
		if handed := request == given && j.Key == fmt.Sprintf("%s-%d", given, last); !handed && cases == 0 {
			d.Errorf("%s came out, was not handed over, and is no case", j.Key)
		}
		if texts, err := readTexts(j.PDF); err != nil || !strings.Contains(strings.Join(strings.Fields(strings.Join(texts, "")), ""), name) {
			d.Errorf("%s is not of %s: %v", j.Key, name, err)
		}
	}
	d.out = nil
}

// TestPowerCut cuts the power of the counter, and of its server, at each commit between the application and the hand-over, so that the commit is lost, and so that
// it lasts and nobody hears of it; before a printer that knows what it printed, and before one that has forgotten. Whoever came has one document in the end, each sheet
// that came out is theirs or is a case, none comes out twice under one key, and the server's day agrees.
func TestPowerCut(t *testing.T) {
	for _, at := range []message.Org{matsumoto, server} {
		for _, forgets := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, forgets %t", at, forgets), func(t *testing.T) {
				d := newDarkOffice(t)
				d.forgets = forgets
				served, printed := 0, 0 // printed: the commit after which the first paper came out, from the application on
				once := func(left int, applied bool) (commits int) {
					served++
					name := "架空" + strings.Repeat("一", served%9+1) + string([]rune("子江代美恵香")[served/9%6])
					who := d.person(strings.Replace(name, "空", "空　", 1), "1960-05-01", "世帯主", "")
					d.run(2 * time.Second)
					cut := d.cuts[at]
					before := cut.seen
					d.prints = func() {
						if served == 1 {
							printed = cut.seen - before + 1
						}
					}
					cut.left, cut.applied = left, applied
					given := d.serve(who.Person)
					cut.left = 0
					d.accounted(name, given)
					return cut.seen - before
				}
				commits := once(0, false)
				// The first, and around the one that prints twice when it is lost, if nothing keeps it from that; the books have commits of their own, now and then.
				cuts := []int{1, printed - 1, printed}
				if os.Getenv("AKASHI_FULL") != "" {
					cuts = nil
					for left := range commits {
						cuts = append(cuts, left+1)
					}
				}
				if d.fell != 0 || commits < 4 {
					t.Fatalf("undisturbed: %d cuts, %d commits", d.fell, commits)
				}
				for _, left := range cuts {
					once(left, false)
					once(left, true)
				}
				if d.fell < len(cuts) { // of each, one form at least
					t.Errorf("of %d commits %d were cut", commits, d.fell)
				}
				d.run(time.Minute)
				if a, err := d.server.Account(t.Context(), d.today()); err != nil || !a.Agrees() || a.Delivered != int64(served) {
					t.Errorf("of %d who came: %+v %v", served, a, err)
				}
			})
		}
	}
}
