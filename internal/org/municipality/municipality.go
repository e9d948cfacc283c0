package municipality

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/disclosure"
	"github.com/akashi-id/akashi/internal/errorreport"
	"github.com/akashi-id/akashi/internal/halting"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/printing"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/stillvalid"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Config is what a municipality is given by whoever starts it. Self is "municipality-" and its code, 202029; its peers
// are its prefecture, the national center and the CA.
type Config struct {
	host.Config
	CA          message.Org      // issues for our residents; "ca" when it is not given
	Sessions    *access.Sessions // who acts at the screens, below "/" + Self
	TestCountry bool             // marks the screens
	Portal      string           // address of the portal; "" for none
	Trace       string           // address of the page that shows a trace, which is put behind it; "" for none
	// Status asks the status service that relying parties ask about a certificate, a minute after a change has ended it. issuer is the hex
	// of the SHA-1 of the CA's key, as OCSP names it. Nil: nobody asks.
	Status stillvalid.Status
	// Gate is nil in every real municipality: the one flag of a protected person. A replay puts what was there in its place.
	Gate protection.Gate
	// Checkers is how many of the staff check who an applicant for a certificate is, by the rule that a new municipality begins with; 0: it
	// begins with none, and one does. After that the staff decide (identityrule.go).
	Checkers int
	// Towns is the master of towns (町字マスター) that a new municipality begins with, as CSV of the アドレス・ベース・レジストリ; nil: it keeps none
	// until the staff read one in (townmaster.go).
	Towns []byte
	// Documents is what the counter must know of the documents that its issuing server makes; nil: it gives out none.
	Documents *Documents
	// Printer is that of the counter; nil: the clerk's browser prints.
	Printer printing.Printer
	// Program is the version of this program, kept with each judgement of a document; "": nobody said.
	Program string
}

// Municipality is a running municipality.
type Municipality struct {
	*host.Host
	Errors                 *errorreport.Desk // errors that others found in our records
	code                   resident.MunicipalityCode
	prefecture, center, ca message.Org
	issuing                message.Org // our issuing server; "" for none
	shelf                  *keyShelf
	status                 stillvalid.Status
	gate                   protection.Gate
	documents              *Documents
	printer                printing.Printer // may be nil
	program                string           // the version of this one
	neverGiven             sync.Map         // keys of jobs that this process knows that no printer was given
	staffKey               []byte           // of pseudonyms of the staff
	web                    http.Handler
}

// New opens the municipality's database and joins its rules. Step its Tasks; Close it at the end.
func New(ctx context.Context, cfg Config) (*Municipality, error) {
	if cfg.Self.Role() != message.Municipality {
		return nil, errors.New("the organisation " + string(cfg.Self) + " is no municipality")
	}
	code, err := resident.ParseMunicipalityCode("self", cfg.Self.Code())
	if err != nil {
		return nil, err
	}
	o := &Municipality{
		code: code, prefecture: message.Org(string(message.Prefecture) + "-" + code.Prefecture().String()),
		center: message.Org(message.NationalCenter), ca: cmp.Or(cfg.CA, message.Org(message.CA)), shelf: newKeyShelf(cfg.Clock), status: cfg.Status, gate: cfg.Gate, documents: cfg.Documents, printer: cfg.Printer, program: cfg.Program,
	}
	for _, p := range cfg.Peers {
		if p.Role() == message.Issuing && p.Code() == cfg.Self.Code() {
			o.issuing = p
		}
	}
	if o.gate == nil {
		o.gate = protection.OneFlag{}
	}
	if cfg.Secrets != nil {
		o.staffKey = cfg.Secrets(o.prefecture) // the CA, which is told the pseudonyms, does not have it
	}
	o.Errors = &errorreport.Desk{Record: o.recordOf}
	o.Host, err = host.Open(ctx, cfg.Config, host.Rules{Schema: store.Schema, Tables: []sqlstore.Schema{stillvalid.Schema, disclosure.Schema, errorreport.Schema, protection.Schema, identity.Schema, halting.Schema},
		Routes: o.routes(), Due: o.dueRules(), Books: append(o.books(), o.protectionBooks()...), Counts: o.counts, Rebuild: o.rebuild, Admits: o.admitsAll})
	if err != nil {
		return nil, err
	}
	o.Alarms.Add(o.moveAlarms(), o.DayAlarms())
	o.Alarms.Add(disclosure.Source(o.Store))
	o.Errors.Host = o.Host
	o.Alarms.Add(o.Errors.Unanswered())
	o.Alarms.Add(protection.Differs(o.Store, o.Books, o.Statements), protection.TermEnding(o.Store))
	if o.status != nil {
		o.Alarms.Add(stillvalid.Source(o.Store))
	}
	// A new municipality has no codes, and one that stopped may have been about to ask.
	err = o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error { return o.refillSoon(ctx, o.in(tx)) })
	if err == nil {
		err = o.fillNameKeys(ctx)
	}
	if err == nil && o.issuing != "" {
		err = o.beginIssuingFill(ctx)
	}
	if err == nil && cfg.Checkers > 0 {
		err = o.foundRule(ctx, cfg.Checkers)
	}
	if err == nil && cfg.Towns != nil {
		err = o.foundTowns(ctx, cfg.Towns)
	}
	if err == nil {
		o.web, err = newScreens(o, cfg)
	}
	if err != nil {
		return nil, errors.Join(err, o.Close())
	}
	return o, nil
}

// fillNameKeys makes the keys of all names that have none, at a start after an older program. A transaction stays short.
func (o *Municipality) fillNameKeys(ctx context.Context) error {
	const atOnce = 1000
	for n := atOnce; n == atOnce; {
		if err := o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			n, err = o.in(tx).FillNameKeys(ctx, atOnce)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// in is the municipality's view of a transaction.
func (o *Municipality) in(tx *sqlstore.Tx) *store.Tx {
	books := store.Books{Books: o.Books, Prefecture: o.prefecture}
	if o.issuing != "" {
		books.Touched = o.touch
	}
	return store.In(tx, books)
}

// Code is the municipality's 全国地方公共団体コード.
func (o *Municipality) Code() resident.MunicipalityCode { return o.code }

// Tasks are the loops to step: the host's, and the one that forgets holders' keys.
func (o *Municipality) Tasks() []clock.Task { return append(o.Host.Tasks(), o.shelf.task()) }

// Handler serves the screens, below "/" + Self + "/".
func (o *Municipality) Handler() http.Handler { return o.web }
