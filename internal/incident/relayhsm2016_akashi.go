package incident

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/tokendesk"
)

// tokenDeadline is the deadline of a signature in the replay, in real time: short, for fifteen of them pass.
const tokenDeadline = 2 * time.Second

// comingBack bounds how long a token's process may take to start, in real time.
const comingBack = time.Minute

// guarded is this system: a process for each token.
type guarded struct {
	r        *relay
	tokens   []*hsm.Token
	keys     *hsm.Keys
	evidence string // the directory
	seen     atomic.Int64
	settled  int64
	stop     func()
}

func newGuarded(ctx context.Context, r *relay) (*guarded, error) {
	g := &guarded{r: r, evidence: filepath.Join(r.dir, "evidence")}
	if r.opt.Keep != "" {
		g.evidence = filepath.Join(r.opt.Keep, "evidence")
	}
	running, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	var journals []*hsm.Journal
	g.stop = func() {
		cancel()
		all.Wait()
		for _, j := range journals {
			j.Close()
		}
	}
	r.signer = g
	keep := hsm.KeepIn(g.evidence)
	for i, bus := range r.buses {
		name := fmt.Sprintf("hsm-%d", i+1)
		journal, err := hsm.OpenJournal(filepath.Join(r.dir, name+".inflight"), nil)
		if err != nil {
			return g, err
		}
		journals = append(journals, journal)
		program, args, err := itself(relayPrograms.device, "--bus", bus, "--keys", r.sealed())
		if err != nil {
			return g, err
		}
		tok := hsm.NewToken(hsm.Config{Name: name, Start: hsm.Command(nil, program, args...), PIN: r.passphrase, Keys: relayKeys,
			Deadline: tokenDeadline, Clock: r.clk, Journal: journal, Evidence: func(e hsm.Evidence) error {
				defer g.seen.Add(1)
				return keep(e)
			}})
		g.tokens = append(g.tokens, tok)
		all.Go(func() { tok.Run(running) })
	}
	g.keys = hsm.NewKeys(g.tokens...)
	if err := g.ready(ctx); err != nil {
		return g, err
	}
	if err := r.start(ctx); err != nil {
		return g, err
	}
	r.ca.Alarms.Add(tokendesk.Alarms(g.tokens...))
	return g, nil
}

func (g *guarded) close() { g.stop() }

func (g *guarded) signerOf(name string, public crypto.PublicKey) (crypto.Signer, error) {
	return g.keys.Signer(name, public)
}

func (g *guarded) until(ctx context.Context, at time.Time) error { return g.r.driver.Until(ctx, at) }

func (g *guarded) takes() bool { return true }

// settle waits for the evidence of what was met, and for the token.
func (g *guarded) settle(ctx context.Context) error {
	if err := inReality(ctx, comingBack, func() (bool, error) { return g.seen.Load() > g.settled, nil }); err != nil {
		return fmt.Errorf("no evidence was kept: %w", err)
	}
	g.settled = g.seen.Load()
	return g.ready(ctx)
}

// ready waits until every token is. Their pauses pass in virtual time.
func (g *guarded) ready(ctx context.Context) error {
	return inReality(ctx, comingBack, func() (bool, error) {
		var away []string
		fenced := false
		for _, t := range g.tokens {
			if s := t.Stand(); s.State != hsm.Ready {
				away = append(away, s.Name+" "+string(s.State)+" "+s.Why)
				fenced = fenced || s.State == hsm.Fenced
			}
		}
		if fenced {
			return false, g.until(ctx, g.r.clk.Now().Add(time.Second))
		}
		if len(away) > 0 {
			return false, nil
		}
		return true, nil
	})
}

// inReality waits in real time, in which processes start and devices hang.
func inReality(ctx context.Context, most time.Duration, so func() (bool, error)) error {
	real := clock.System()
	for end := real.Now().Add(most); ; {
		yes, err := so()
		switch {
		case err != nil || yes:
			return err
		case real.Now().After(end):
			return errors.New("not within " + most.String())
		}
		if err := real.Wait(ctx, real.Now().Add(3*time.Millisecond), nil); err != nil {
			return err
		}
	}
}

// count reads every record of evidence as whoever looks for the cause does.
func (g *guarded) count(c map[string]int) {
	names, err := hsm.EvidenceIn(g.evidence, allOf)
	if err != nil {
		return
	}
	for _, name := range names {
		e, err := hsm.ReadEvidence(g.evidence, name)
		if err == nil && e.Token == "hsm-1" && e.Process != "" && len(e.Open)+len(e.Past) > 0 && (e.What == hsm.Stalled) == (len(e.Open) > 0) {
			c["evidence"]++
			c["calls_in_the_evidence"] += len(e.Open) + len(e.Past)
		}
	}
	for _, t := range g.tokens {
		c["process_starts"] += t.Stand().Starts
	}
	if g.r.took > 0 {
		c["ms_deadline"], c["ms_to_the_other_token"] = int(tokenDeadline.Milliseconds()), int(g.r.took.Milliseconds())
	}
}

// sees shows what the CA's screens show about the tokens, and what a supplier can be given.
func (g *guarded) sees(v *View) {
	names, err := hsm.EvidenceIn(g.evidence, allOf)
	if err != nil {
		v.Sees["supplier"] = err.Error()
		return
	}
	v.Evidence = len(names)
	v.Sees["supplier"] = "— / —"
	if len(names) > 0 {
		v.Sees["supplier"] = g.last(names[0])
	}
	shown, err := g.r.ca.Alarms.View(context.Background(), 0)
	if err != nil {
		v.Sees["ca"] = err.Error()
		return
	}
	var ja, en []string
	for _, a := range shown.Open {
		if a.Code == alarm.TokenFailed || a.Code == alarm.TokensAway {
			v.Alarms++
			ja, en = append(ja, a.Name.JA+"（"+a.Detail.JA+"）"), append(en, a.Name.EN+" ("+a.Detail.EN+")")
		}
	}
	v.Sees["ca"] = "警報なし / no alarm"
	if len(ja) > 0 {
		v.Sees["ca"] = "警報「" + strings.Join(ja, "」「") + "」 / alarm: " + strings.Join(en, ", ")
	}
}

// last is the newest evidence in a sentence.
func (g *guarded) last(name string) string {
	e, err := hsm.ReadEvidence(g.evidence, name)
	if err != nil {
		return err.Error()
	}
	s := e.What.Sentence()
	return fmt.Sprintf("証跡: %s %s 答えのない呼び出し%d件 / evidence: %s %s Calls without an answer: %d", e.Token, s.JA, len(e.Open), e.Token, s.EN, len(e.Open))
}
