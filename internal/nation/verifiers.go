package nation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/org/prefecture"
	"github.com/akashi-id/akashi/internal/org/validation"
	"github.com/akashi-id/akashi/internal/org/verifier"
	"github.com/akashi-id/akashi/message"
)

// Filing is what a verifier of the test country files when the country starts for the first time; what is not given is made
// from its name and its address.
type Filing struct {
	Procedures string `yaml:"procedures"`
	Address    string `yaml:"address"`
}

// FilingOperation is what a person does about a filing: at a verifier, file or end; at a prefecture, accept, refuse or end is
// proposed, and an empty act confirms what another person proposed.
type FilingOperation struct {
	As       string
	Act      string
	Text     string
	Verifier message.Org // at a prefecture: whose filing, and its number
	Number   uint64
	verifier.Application
}

// impactDoor is what the validation authority answers about verifiers, and about whom it told wrongly.
type impactDoor struct{ o *validation.Validation }

func serveVerifiers(mux *http.ServeMux, o *validation.Validation) {
	d := impactDoor{o}
	mux.HandleFunc("GET /verifiers", d.verifiers)
	mux.HandleFunc("GET /impact", d.impact)
}

func (d impactDoor) verifiers(w http.ResponseWriter, r *http.Request) {
	all, err := d.o.Verifiers(r.Context())
	answer(w, all, err)
}

func (d impactDoor) impact(w http.ResponseWriter, r *http.Request) {
	window, err := validation.ParseImpactWindow(r.FormValue("from"), r.FormValue("to"), r.FormValue("serial"))
	if err != nil {
		answer(w, nil, err)
		return
	}
	report, err := d.o.Impact(r.Context(), window)
	answer(w, report, err)
}

// admitting is how long a start waits for a verifier to be filed and served. What is not done by then goes on at the next
// start, or on the screens.
const admitting = 10 * time.Second

// admit has the verifiers of a new test country file with their prefectures, and two persons there accept, once: by the acts
// that the screens have, so that nothing is served that was not filed and decided.
func admit(ctx context.Context, dir, portal string, members []member, clk clock.Clock, log *slog.Logger) error {
	done := filepath.Join(dir, "admitted")
	for _, m := range members {
		if m.entry.ID.Role() != message.Verifier {
			continue
		}
		marker := filepath.Join(done, string(m.entry.ID))
		if _, err := os.Stat(marker); err == nil {
			continue
		}
		err := admitOne(ctx, m, members, portal, clk)
		if err == nil {
			err = errors.Join(os.MkdirAll(done, 0o755), os.WriteFile(marker, nil, 0o644))
		}
		if ctx.Err() != nil {
			return errors.Join(ctx.Err(), err)
		}
		if err != nil {
			log.ErrorContext(ctx, "a verifier is not served yet; what is missing is done at the next start, or on the screens", "organisation", m.entry.ID, "error", err)
		}
	}
	return nil
}

// admitOne goes on where an earlier start was cut off: each step looks at what is there before it acts.
func admitOne(ctx context.Context, m member, members []member, portal string, clk clock.Clock) error {
	ctx, cancel := context.WithTimeout(ctx, admitting)
	defer cancel()
	home, center := memberOf(members, m.entry.Prefecture), memberOf(members, message.Org(message.Validation))
	for _, other := range []*member{&m, home, center} {
		if other == nil || other.down() != nil {
			return errors.New("it needs its prefecture and the validation authority, which do not both run")
		}
	}
	persons := operators()
	var state string
	for _, step := range []func() (done bool, err error){
		func() (bool, error) { return filed(ctx, m, portal, persons[0]) },
		func() (done bool, err error) {
			state, done, err = decided(ctx, *home, m.entry.ID, persons)
			return done, err
		},
		func() (bool, error) {
			if state == "refused" { // people have: nobody is told to serve it
				return true, nil
			}
			return served(ctx, *center, m.entry.ID)
		},
	} {
		for {
			done, err := step()
			if err != nil {
				return err
			}
			if done {
				break
			}
			if err := clk.Wait(ctx, clk.Now().Add(20*time.Millisecond), nil); err != nil {
				return fmt.Errorf("it took longer than %s: %w", admitting, err)
			}
		}
	}
	return nil
}

func memberOf(members []member, o message.Org) *member {
	if i := slices.IndexFunc(members, func(m member) bool { return m.entry.ID == o }); i >= 0 {
		return &members[i]
	}
	return nil
}

// operators are the two persons of the test country who do what takes two.
func operators() (two []string) {
	for _, p := range access.Personas() {
		if p.Job == access.Operator {
			two = append(two, p.ID)
		}
	}
	return two
}

func filed(ctx context.Context, m member, portal, person string) (bool, error) {
	var filings []verifier.FilingView
	if err := m.ask(ctx, "/filing", &filings); err != nil || len(filings) > 0 {
		return len(filings) > 0, err
	}
	a := verifier.Application{Office: m.entry.Name.JA, Procedures: m.entry.Filing.Procedures, Address: m.entry.Filing.Address}
	if a.Procedures == "" {
		a.Procedures = "電子署名の検証"
	}
	if a.Address == "" {
		a.Address = portal + "/" + string(m.entry.ID) + "/"
	}
	return true, m.do(ctx, "/filing", FilingOperation{As: person, Act: "file", Application: a})
}

// decided has what waits accepted, and says how the newest filing stands. One that people have decided already is left as it is.
func decided(ctx context.Context, home member, who message.Org, persons []string) (state string, done bool, err error) {
	var filings []prefecture.FilingView
	if err := home.ask(ctx, "/filings", &filings); err != nil {
		return "", false, err
	}
	i := slices.IndexFunc(filings, func(f prefecture.FilingView) bool { return f.Verifier == who })
	if i < 0 {
		return "", false, nil // on its way
	}
	f := filings[i]
	if f.State != "waiting" {
		return f.State, true, nil
	}
	if f.Proposed == "" {
		op := FilingOperation{As: persons[0], Act: "accept", Text: "試験国の開始 / start of the test country", Verifier: who, Number: f.Number}
		if err := home.do(ctx, "/filings", op); err != nil {
			return "", false, err
		}
		f.Proposed, f.ProposedBy = "accept", persons[0]
	}
	second := persons[1]
	if f.ProposedBy == second {
		second = persons[0]
	}
	return "accepted", true, home.do(ctx, "/filings", FilingOperation{As: second, Verifier: who, Number: f.Number})
}

// served waits for validation to know whether it is to serve the verifier, or no longer.
func served(ctx context.Context, center member, who message.Org) (bool, error) {
	var all []validation.VerifierView
	err := center.ask(ctx, "/verifiers", &all)
	return slices.ContainsFunc(all, func(v validation.VerifierView) bool { return v.Verifier == who }), err
}

// do has an organisation do something.
func (m member) do(ctx context.Context, path string, op any) error {
	body, err := json.Marshal(op)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://control"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	_, err = m.answered(r)
	return err
}
