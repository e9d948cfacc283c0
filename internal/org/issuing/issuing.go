package issuing

import (
	"context"
	"errors"
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/press"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/halting"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/org/issuing/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Config is what an issuing server is given by whoever starts it. Self is "issuing-" and the code of its municipality, 202029.
type Config struct {
	host.Config
	Sessions    *access.Sessions // who looks at the screens
	TestCountry bool             // marks the screens
	Portal      string           // address of the portal; "" for none
	Press       Press            // with what documents are made
	Program     string           // the version of the program, kept with each decision; "": nobody said
}

// Press is with what documents are made.
type Press struct {
	press.Machine
	Office document.Issuer // who certifies
	Verify string          // below which address a document can be verified: https://verify.example/202029
}

func (p Press) check() error {
	if p.Office.Seal.PNG() == nil || p.Office.Municipality == "" || p.Machine == nil || p.Verify == "" {
		return errors.New("an issuing server needs to know who certifies, with which seal and machine, and where documents are verified")
	}
	return nil
}

// Issuing is a running issuing server.
type Issuing struct {
	*host.Host
	municipality message.Org
	press        Press
	program      string
	web          http.Handler
}

// New opens the server's database and joins its rules.
func New(ctx context.Context, cfg Config) (*Issuing, error) {
	if cfg.Self.Role() != message.Issuing {
		return nil, errors.New("the organisation " + string(cfg.Self) + " is no issuing server")
	}
	if _, err := resident.ParseMunicipalityCode("self", cfg.Self.Code()); err != nil {
		return nil, err
	}
	if err := cfg.Press.check(); err != nil {
		return nil, err
	}
	o := &Issuing{press: cfg.Press, program: cfg.Program, municipality: message.Org(string(message.Municipality) + "-" + cfg.Self.Code())}
	h, err := host.Open(ctx, cfg.Config, host.Rules{Schema: store.Schema, Tables: []sqlstore.Schema{halting.Schema}, Routes: o.routes(),
		Due: append(o.tells(), due.Rule{Kind: dueUnanswered, Finish: o.unanswered}, o.signing()), Books: o.books()})
	if err != nil {
		return nil, err
	}
	o.Host = h
	if err := o.Store.Update(ctx, o.beginProgram); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	if o.web, err = o.screens(cfg); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return o, nil
}

// in is the server's view of a transaction.
func (o *Issuing) in(tx *sqlstore.Tx) *store.Tx {
	return store.In(tx, store.Books{Books: o.Books, Municipality: o.municipality})
}

// Handler serves everything below the server's base path.
func (o *Issuing) Handler() http.Handler { return o.web }

// errNotOurs refuses what another municipality tells: nobody tells for another's residents, also when two persons would accept it.
var errNotOurs = exchange.Reject("not-our-municipality", "この証明発行サーバの市区町村ではありません。送信側の設定を確かめてください。",
	"this is not the municipality of this issuing server: check the sender's configuration")
