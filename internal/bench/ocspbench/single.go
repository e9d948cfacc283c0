package ocspbench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/bench/figure"
	"github.com/akashi-id/akashi/internal/bench/peer"
)

// processor tells what a server has taken of the processors so far, in seconds.
type processor = func(context.Context) (float64, error)

func cpuOf(p *peer.Process) processor {
	return func(context.Context) (float64, error) {
		t, err := p.Do(peer.Order{Do: doLook})
		return t.Seconds, err
	}
}

// singles is what questions came to that had a connection each.
type singles struct {
	asked     int
	rate, cpu float64
}

func (c *client) single(ctx context.Context, cpu processor, clients, n int, checked bool) (t singles, err error) {
	c.oneShot = true
	before, err := cpu(ctx)
	if err != nil {
		return t, err
	}
	s, err := c.run(ctx, clients, max(n, 50), c.questions.any, checked)
	if err != nil {
		return t, err
	}
	after, err := cpu(ctx)
	return singles{len(s.each), float64(len(s.each)) / s.seconds, after - before}, err
}

// fewer is how many certificates there are where answers are signed by keys that take longer, so that little of what the process does is to
// sign them anew before they are too old: that is not a matter of how often anybody asks. What is measured is a connection and
// its answer, and not how many are at hand.
const fewer = 1000

// ofCards asks on single connections where the keys are of the algorithms of the cards: with P-256 a signature is the least of what a
// connection costs, with these it is the most.
func (b *bench) ofCards(ctx context.Context, program string) error {
	for _, a := range cert.CardAlgorithms {
		results, err := b.ofCard(ctx, program, a)
		if err != nil {
			return fmt.Errorf("couldn't measure with %s: %w", a, err)
		}
		b.cards = append(b.cards, results...)
	}
	return nil
}

func (b *bench) ofCard(ctx context.Context, program string, a cert.Algorithm) (results []figure.Result, err error) {
	dir := filepath.Join(b.opt.Dir, "ocsp-"+a.String())
	count := min(fewer, b.opt.Certificates)
	var ready Ready
	ours, err := b.opt.Start(ctx, Setup{Dir: dir, Count: count, Algorithm: a.String()}, &ready)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, ours.Close()) }()
	questions, err := newQuestions(ready.CA, count)
	if err != nil {
		return nil, err
	}
	theirs, err := startOpenSSL(ctx, program, dir, a, questions)
	if err != nil {
		return nil, err
	}
	defer theirs.close()
	rate, second := figure.Rounds{}, figure.Rounds{}
	for range b.opt.Rounds {
		for _, who := range []struct {
			name string
			client
			cpu processor
		}{
			{"ours", client{address: ready.Address, path: "/validation/ocsp", questions: questions}, cpuOf(ours)},
			{"openssl", client{address: theirs.at, path: "/", questions: questions}, theirs.cpu},
		} {
			t, err := who.single(ctx, who.cpu, lines/2, b.opt.Questions/20, true)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", who.name, err)
			}
			rate.Add(who.name, t.rate)
			second.Add(who.name, float64(t.asked)/t.cpu)
		}
	}
	b.opt.Say("%s, on single connections: %.0f answers/s, openssl %.0f", a, rate.Median("ours"), rate.Median("openssl"))
	what := fmt.Sprintf("OCSP, keys of %s, %d certificates, a connection for each question, ", a, count)
	const openssl = "openssl ocsp, the same certificates and kind of key"
	return []figure.Result{
		rate.Beside(what+fmt.Sprintf("%d at once", lines/2), "answers/s", "ours", "openssl", openssl),
		second.Beside(what+"answered by a second of the server's processor", "answers/s", "ours", "openssl", openssl),
	}, nil
}
