package nationalcenter

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/disclosure"
	"github.com/akashi-id/akashi/internal/errorreport"
	"github.com/akashi-id/akashi/internal/halting"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/inquiry"
	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/provision"
	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Config is what the center is given by whoever starts it.
type Config struct {
	host.Config
	Sessions    *access.Sessions // who looks at the screens
	TestCountry bool             // marks the screens
	Portal      string           // address of the portal; "" for none
	// NumberKey makes individual numbers; without it requests for them park. It must be the same for as long as the center lives.
	NumberKey NumberKey
	Gate      protection.Gate // nil in every real center: the one flag. A replay puts what was there in its place
}

// Center is the national center.
type Center struct {
	*host.Host
	Inquiry   *inquiry.Desk     // where its staff search
	Provision *provision.Office // what listed bodies are given
	Errors    *errorreport.Desk // errors that were found in records

	numberKey  NumberKey
	duplicates *inspection.Inspection
	gate       protection.Gate
	towns      []message.Org // those that are told when issuing is stopped
	web        http.Handler
}

// New opens the center's database and joins its rules and screens.
func New(ctx context.Context, cfg Config) (*Center, error) {
	o := &Center{numberKey: cfg.NumberKey, gate: cfg.Gate}
	if o.gate == nil {
		o.gate = protection.OneFlag{}
	}
	for _, p := range cfg.Peers {
		if p.Role() == message.Municipality {
			o.towns = append(o.towns, p)
		}
	}
	o.Errors = &errorreport.Desk{Record: o.recordOf}
	h, err := host.Open(ctx, cfg.Config, host.Rules{Schema: store.Schema, Tables: []sqlstore.Schema{received.Schema, inspection.Schema, inquiry.Schema, provision.Schema, errorreport.Schema, protection.Schema, halting.Schema},
		Routes: o.routes(), Books: append(o.tables(), o.protectionBooks()...), Counts: o.counts, Admits: inquiry.Admitting(o.withheld)})
	if err != nil {
		return nil, err
	}
	o.Host = h
	o.duplicates = o.newDuplicates()
	o.Alarms.Add(o.undemanded(), o.asidesAlarm(), o.duplicates.Source(), protection.Differs(o.Store, o.Books, o.Statements), o.behind())
	o.Exchange.Answer(message.AskAttach, o.onAttach)
	o.Exchange.Answer(protection.AskQuestions, o.onQuestions)
	o.Errors.Host = h
	o.Alarms.Add(o.Errors.Unanswered())
	o.Inquiry = &inquiry.Desk{Host: h, States: o.states, Withheld: o.withheld}
	o.Provision = &provision.Office{Host: h, Inquiry: o.Inquiry}
	o.Exchange.Answer(disclosure.AskKind, disclosure.Answerer(o.Host, o.asksFor))
	if err := o.adopt(ctx); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	if err := received.FillKeys(ctx, o.Store, o.states); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	if err := o.settleOld(ctx); err != nil && ctx.Err() == nil {
		// A row that cannot be read must not keep the center from starting: the alarm about what was not demanded names what is left.
		o.Log.ErrorContext(ctx, "what an older program wrote down could not be gone through", "error", err)
	}
	if o.web, err = o.screens(cfg); err != nil {
		h.Close()
		return nil, fmt.Errorf("couldn't make the screens of %s: %w", cfg.Self, err)
	}
	return o, nil
}

func (o *Center) states(tx *sqlstore.Tx) received.States { return o.in(tx).States }

// Handler serves everything below the center's base path.
func (o *Center) Handler() http.Handler { return o.web }
