package incident

import (
	"context"
	"crypto"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/hsm/faulty"
	"github.com/akashi-id/akashi/internal/hsm/filekey"
	"github.com/akashi-id/akashi/internal/hsm/token"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/resident"
)

// inProgram is the program of 2016: the module is loaded into it, a call has no deadline, a timeout for which nobody had written
// anything ends it, and there is no log. Somebody restarts it.
type inProgram struct {
	r      *relay
	boards []*faulty.Device

	life    context.Context // of the program, until it is stopped or ends
	end     context.CancelFunc
	running chan struct{} // what it was doing when it stood still; closed when that is over
	crashed atomic.Bool
	seen    uint64    // completions that were lost
	since   time.Time // since when it does not work
	upAt    time.Time // when somebody restarts it; zero: it works
}

func newInProgram(ctx context.Context, r *relay) (*inProgram, error) {
	p := &inProgram{r: r}
	r.signer = p // which start asks for its keys
	if err := r.start(ctx); err != nil {
		return p, err
	}
	return p, p.start(ctx)
}

// start starts the program, again when it ran: what it was doing ends, and goes on from what its database holds.
func (p *inProgram) start(ctx context.Context) error {
	p.close()
	p.crashed.Store(false)
	p.life, p.end = context.WithCancel(ctx)
	for _, path := range p.r.buses {
		bus, err := faulty.OpenBus(path)
		if err != nil {
			return err
		}
		board := &faulty.Device{Device: &filekey.Device{Dir: p.r.sealed()}, Bus: bus}
		p.boards = append(p.boards, board)
		if err := board.Open(p.life, token.Login{PIN: p.r.passphrase}); err != nil {
			return err
		}
	}
	p.r.drive()
	return nil
}

func (p *inProgram) close() {
	if p.end != nil {
		p.end()
	}
	if p.running != nil {
		<-p.running
		p.running = nil
	}
	for _, b := range p.boards {
		b.Bus.Close()
	}
	p.boards = nil
}

// inProgramKey is a key of the module in the program.
type inProgramKey struct {
	*inProgram
	label  string
	public crypto.PublicKey
}

func (p *inProgram) signerOf(name string, public crypto.PublicKey) (crypto.Signer, error) {
	return inProgramKey{p, name, public}, nil
}

func (k inProgramKey) Public() crypto.PublicKey { return k.public }

func (k inProgramKey) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.SignContext(context.Background(), digest, opts.HashFunc())
}

var errProgramEnded = errors.New("the program has ended")

// SignContext calls the board. Nobody's deadline reaches it: it is the program's end that ends it.
func (k inProgramKey) SignContext(_ context.Context, digest []byte, hash crypto.Hash) ([]byte, error) {
	life, end := k.life, k.end // of the program that calls; another one may run when this returns
	signature, err := k.boards[0].Sign(life, k.label, hash, digest)
	if err == nil || token.FaultOf(err) != token.DeviceFailed || life.Err() != nil {
		return signature, err
	}
	if !resident.DateOf(k.r.clk.Now()).Before(timeoutsCured) {
		return k.boards[1].Sign(life, k.label, hash, digest)
	}
	// The branch that frees memory which was never obtained.
	k.crashed.Store(true)
	end()
	return nil, errProgramEnded
}

func (p *inProgram) takes() bool { return p.upAt.IsZero() }

func (p *inProgram) settle(context.Context) error { return nil }

// until lets time pass. A program that does not work is restarted when its time has come, and applications that could not be made
// meanwhile are made then.
func (p *inProgram) until(ctx context.Context, at time.Time) error {
	for !p.takes() {
		if p.upAt.After(at) {
			p.r.clk.Set(at)
			return nil
		}
		p.r.clk.Set(p.upAt)
		p.r.counts["restarts_by_hand"]++
		p.r.counts["min_out_of_service"] += int(p.upAt.Sub(p.since).Minutes())
		p.upAt = time.Time{}
		if err := p.start(ctx); err != nil {
			return err
		}
		if len(p.r.waiting) > 0 {
			if err := p.r.send(ctx, p.r.waiting...); err != nil {
				return err
			}
			p.r.waiting = nil
		}
	}
	return p.work(ctx, at)
}

// work steps the program until then, unless it stands still or ends.
func (p *inProgram) work(ctx context.Context, at time.Time) error {
	done, driver, life := make(chan struct{}), p.r.driver, p.life
	var err error
	go func() {
		defer close(done)
		err = driver.Until(life, at)
	}()
	real := clock.System() // in which it does not return
	for {
		if err := real.Wait(ctx, real.Now().Add(time.Millisecond), done); err != nil {
			return err
		}
		select {
		case <-done:
			if p.crashed.Load() {
				p.fall()
				return nil
			}
			return err
		default:
		}
		if n := p.r.bus.Lost(); n > p.seen {
			p.seen, p.running = n, done
			p.fall()
			return nil
		}
	}
}

// fall is the moment from which the program does not work.
func (p *inProgram) fall() {
	p.since = p.r.clk.Now()
	p.upAt = restarted(p.since)
	if _, known := p.r.counts["days_to_the_cause"]; !known && !resident.DateOf(p.since).After(reproduced) {
		p.r.counts["days_to_the_cause"] = int(reproduced.Start().Sub(resident.DateOf(p.since).Start()).Hours() / 24)
	}
}

var _ pki.ContextSigner = inProgramKey{}

func (p *inProgram) count(map[string]int) {}

func (p *inProgram) sees(v *View) {
	v.Sees["ca"] = "何も知らせない / nothing tells it anything"
	v.Sees["supplier"] = "記録がなく、調べられない / there is no record to look into"
	switch day := resident.DateOf(p.r.clk.Now()); {
	case p.takes():
		v.Sees["supplier"] = "— / —"
	case !day.Before(staffed):
		v.Sees["ca"] = "止まった。そばにいる保守員が再起動する / it stands still; the staff beside it restarts it"
	case !day.Before(toldAtOnce):
		v.Sees["ca"] = "接続数の上限を知らせる。原因は分からない / it tells that connections run out, and not why"
	}
}
