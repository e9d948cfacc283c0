package prefecture

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/disclosure"
	"github.com/akashi-id/akashi/internal/errorreport"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/inquiry"
	"github.com/akashi-id/akashi/internal/org/prefecture/internal/store"
	"github.com/akashi-id/akashi/internal/probe"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/provision"
	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Config is what a prefecture is given by whoever starts it.
type Config struct {
	host.Config
	Sessions    *access.Sessions // who looks at the screens
	TestCountry bool             // marks the screens
	Portal      string           // address of the portal; "" for none
	Outside     Outside          // what is probed from outside; the zero value: nothing
	Gate        protection.Gate  // nil in every real prefecture: the one flag. A replay puts what was there in its place
}

// Prefecture is one prefecture.
type Prefecture struct {
	*host.Host
	Inquiry   *inquiry.Desk     // where its staff search
	Provision *provision.Office // what listed bodies are given
	Errors    *errorreport.Desk // errors that were found in records
	probes    *probe.Prober
	gate      protection.Gate
	web       http.Handler
}

// New opens the prefecture's database and joins its rules and screens.
func New(ctx context.Context, cfg Config) (*Prefecture, error) {
	o := &Prefecture{gate: cfg.Gate}
	if o.gate == nil {
		o.gate = protection.OneFlag{}
	}
	o.Errors = &errorreport.Desk{Record: o.recordOf}
	h, err := host.Open(ctx, cfg.Config, host.Rules{Schema: store.Schema, Tables: []sqlstore.Schema{received.Schema, probe.Schema, inquiry.Schema, provision.Schema, errorreport.Schema, protection.Schema},
		Routes: o.routes(), Books: append(o.books(), o.protectionBooks()...), Counts: o.counts, Rebuild: o.rebuild, Admits: inquiry.Admitting(o.withheld)})
	if err != nil {
		return nil, err
	}
	o.Host = h
	o.Exchange.Answer(disclosure.AskKind, disclosure.Answerer(o.Host, o.asksFor))
	o.Errors.Host = h
	o.Alarms.Add(o.Errors.Unanswered())
	o.Inquiry = &inquiry.Desk{Host: h, States: o.states, Withheld: o.withheld}
	o.Provision = &provision.Office{Host: h, Inquiry: o.Inquiry}
	o.Alarms.Add(protection.Differs(o.Store, o.Books, o.Statements))
	if err := o.adopt(ctx); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	if err := received.FillKeys(ctx, o.Store, o.states); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	if o.probes, err = o.probing(cfg.Outside); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	o.Alarms.Add(o.probes.Source("/availability"))
	if err := o.beginDelegation(ctx); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	o.Alarms.Add(o.delegationAlarms())
	if o.web, err = o.screens(cfg); err != nil {
		h.Close()
		return nil, fmt.Errorf("couldn't make the screens of %s: %w", cfg.Self, err)
	}
	return o, nil
}

// in is the prefecture's view of a transaction.
func (o *Prefecture) in(tx *sqlstore.Tx) *store.Tx {
	return store.In(tx, received.Shared{Books: o.Books, Onward: center})
}

func (o *Prefecture) states(tx *sqlstore.Tx) received.States { return o.in(tx).States }

// Handler serves everything below the prefecture's base path.
func (o *Prefecture) Handler() http.Handler { return o.web }
