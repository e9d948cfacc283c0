package nation

import (
	"context"
	"crypto/rand"
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/org/issuing"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/org/nationalcenter"
	"github.com/akashi-id/akashi/internal/org/prefecture"
	"github.com/akashi-id/akashi/internal/org/validation"
	"github.com/akashi-id/akashi/internal/org/verifier"
	"github.com/akashi-id/akashi/message"
)

// builders open an organisation of each role.
var builders = map[message.Role]func(context.Context, setting, host.Config, *access.Sessions) (*organisation, error){
	message.Municipality:   openMunicipality,
	message.Prefecture:     openPrefecture,
	message.NationalCenter: openCenter,
	message.CA:             openCA,
	message.Validation:     openValidation,
	message.Verifier:       openVerifier,
	message.Issuing:        openIssuing,
}

// ocspURL is where a country's OCSP answers are fetched: below the front door, so that it is the same in one process and
// in many.
func (s setting) ocspURL() string { return s.portal + "/" + string(message.Validation) + "/ocsp" }

// publicOf is where an organisation is found from outside; "" when nobody is told where.
func (s setting) publicOf(o message.Org) string {
	if s.portal == "" || !s.public {
		return ""
	}
	return s.portal + "/" + string(o)
}

func openMunicipality(ctx context.Context, s setting, h host.Config, sessions *access.Sessions) (*organisation, error) {
	documents, err := s.documents()
	if err != nil {
		return nil, err
	}
	printer, err := s.openPrinter()
	if err != nil {
		return nil, err
	}
	o, err := municipality.New(ctx, municipality.Config{Config: h, Documents: documents, Printer: printer, Program: Version(), CA: s.peerOf(message.CA), Sessions: sessions, TestCountry: s.personas, Portal: s.portal, Checkers: s.checkers, Towns: s.towns,
		Trace: s.portal + "/trace?what=", Status: s.publicStatus(h.Link)})
	if err != nil {
		return nil, err
	}
	control := controlOf(o.Host, s)
	control.HandleFunc("POST /import", func(w http.ResponseWriter, r *http.Request) { serveImport(w, r, o) })
	counterDeliveries(control, o, s.persons())
	return &organisation{Host: o.Host, tasks: o.Tasks(), web: o.Handler(), control: control, counter: o}, nil
}

func openPrefecture(ctx context.Context, s setting, h host.Config, sessions *access.Sessions) (*organisation, error) {
	outside, err := s.outside()
	if err != nil {
		return nil, err
	}
	o, err := prefecture.New(ctx, prefecture.Config{Config: h, Sessions: sessions, TestCountry: s.personas, Portal: s.portal, Outside: outside})
	if err != nil {
		return nil, err
	}
	control := controlOf(o.Host, s)
	serveFilings(control, o, s.persons())
	serveAvailability(control, o)
	return &organisation{Host: o.Host, tasks: o.Tasks(), web: o.Handler(), control: control}, nil
}

func openCenter(ctx context.Context, s setting, h host.Config, sessions *access.Sessions) (*organisation, error) {
	secret, err := s.keys().Secret(rand.Reader, "number", 32) // made at the first start, and the same ever after
	if err != nil {
		return nil, err
	}
	key, err := nationalcenter.NewNumberKey(secret)
	if err != nil {
		return nil, err
	}
	o, err := nationalcenter.New(ctx, nationalcenter.Config{Config: h, Sessions: sessions, TestCountry: s.personas, Portal: s.portal, NumberKey: key})
	if err != nil {
		return nil, err
	}
	return &organisation{Host: o.Host, tasks: o.Tasks(), web: o.Handler(), control: controlOf(o.Host, s)}, nil
}

func openCA(ctx context.Context, s setting, h host.Config, sessions *access.Sessions) (*organisation, error) {
	o, err := ca.New(ctx, ca.Config{Config: h, Keys: s.keys(), Signer: s.device, Tokens: s.tokens, OCSPURL: s.ocspURL(), Validation: s.peerOf(message.Validation),
		NationalCenter: s.peerOf(message.NationalCenter), Sessions: sessions, TestCountry: s.personas, Portal: s.portal})
	if err != nil {
		return nil, err
	}
	control := controlOf(o.Host, s)
	control.HandleFunc("GET /issuance", func(w http.ResponseWriter, r *http.Request) { serveIssuance(w, r, o) })
	massRevocations(control, o, s.persons())
	askForLists(control, o, s.persons())
	return &organisation{Host: o.Host, tasks: o.Tasks(), web: o.Handler(), control: control}, nil
}

func openValidation(ctx context.Context, s setting, h host.Config, sessions *access.Sessions) (*organisation, error) {
	for _, p := range s.peers {
		if p.Role() == message.Verifier && s.homes[p] == "" {
			s.log.WarnContext(ctx, "it is not configured with which prefecture a verifier files: the first that registers it counts", "verifier", p)
		}
	}
	o, err := validation.New(ctx, validation.Config{Config: h, Keys: s.keys(), CAs: s.cas, Sessions: sessions, Open: s.public, Public: s.publicOf(h.Self), Inspect: true,
		Homes: s.homes, KeepAnswers: s.keepAnswers, TestCountry: s.personas, Portal: s.portal})
	if err != nil {
		return nil, err
	}
	control := controlOf(o.Host, s)
	serveVerifiers(control, o)
	return &organisation{Host: o.Host, tasks: o.Tasks(), web: o.Handler(), control: control}, nil
}

func openVerifier(ctx context.Context, s setting, h host.Config, sessions *access.Sessions) (*organisation, error) {
	o, err := verifier.New(ctx, verifier.Config{Config: h, Keys: s.keys(), CAs: s.cas, OCSPURL: s.ocspURL(), Validation: s.peerOf(message.Validation),
		Prefecture: s.peerOf(message.Prefecture), Sessions: sessions, TestCountry: s.personas, Portal: s.portal})
	if err != nil {
		return nil, err
	}
	control := controlOf(o.Host, s)
	serveFiling(control, o, s.persons())
	return &organisation{Host: o.Host, tasks: o.Tasks(), web: o.Handler(), control: control}, nil
}

func openIssuing(ctx context.Context, s setting, h host.Config, sessions *access.Sessions) (*organisation, error) {
	press, err := s.press(ctx)
	if err != nil {
		return nil, err
	}
	o, err := issuing.New(ctx, issuing.Config{Config: h, Press: press, Program: Version(), Sessions: sessions, TestCountry: s.personas, Portal: s.portal})
	if err != nil {
		return nil, err
	}
	control := controlOf(o.Host, s)
	serverDeliveries(control, o, s.persons())
	return &organisation{Host: o.Host, tasks: o.Tasks(), web: o.Handler(), control: control}, nil
}
