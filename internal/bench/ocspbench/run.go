// Package ocspbench measures the status service (失効の問合せの性能): answers from a million certificates beside a bare handler
// that returns the same octets, and single connections beside `openssl ocsp`.
//
// All are processes of their own, asked by one client, with the same questions, in turns.
package ocspbench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/bench/figure"
	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/plain"
)

// Part is the name of the process that a server runs in.
const Part = "ocsp-server"

// Serve is that process.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	return peer.Serve(ctx, in, out, open)
}

// Options say how much and where. The zero value has defaults but for Dir.
type Options struct {
	Dir          string
	Certificates int // 1,000,000
	Rounds       int // 5
	Questions    int // of a round: 60,000, and a twentieth of that on single connections
	// Peers: openssl is demanded. Without it the figures beside it are left out.
	Peers bool
	// Start starts a part; nil: this program with --part.
	Start func(ctx context.Context, s Setup, ready *Ready) (*peer.Process, error)
	Say   func(format string, args ...any)
}

// lines is how many connections ask at once.
const lines = 16

// Run measures.
func Run(ctx context.Context, opt Options) (results []figure.Result, err error) {
	if opt.Certificates == 0 {
		opt.Certificates = 1_000_000
	}
	if opt.Rounds == 0 {
		opt.Rounds = 5
	}
	if opt.Questions == 0 {
		opt.Questions = 60_000
	}
	if opt.Say == nil {
		opt.Say = func(string, ...any) {}
	}
	if opt.Start == nil {
		opt.Start = startPart
	}
	b := &bench{opt: opt, rate: figure.Rounds{}, single: figure.Rounds{}, singles: figure.Rounds{}, singleCPU: figure.Rounds{}, p50: figure.Rounds{}, p99: figure.Rounds{}, cpu: figure.Rounds{}, objects: figure.Rounds{}, octets: figure.Rounds{}}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.open(ctx); err != nil {
		return nil, err
	}
	for round := range opt.Rounds {
		if err := b.round(ctx); err != nil {
			return nil, err
		}
		opt.Say("round %d: %.0f answers/s, a bare handler %.0f; with a nonce %.0f; on single connections %.0f, openssl %.0f", round+1, last(b.rate["ours"]),
			last(b.rate["bare"]), last(b.rate["nonce"]), last(b.single["ours"]), last(b.single["openssl"]))
	}
	lost, err := b.ours.Do(peer.Order{Do: doLost})
	if err != nil {
		return nil, err
	}
	written := figure.Result{What: "OCSP, of the answers told as fast as they were asked for, written down", Value: 100 * (1 - float64(lost.Trips)/float64(b.told)), Unit: "%"}
	return append(b.results(), written), nil
}

func last(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	return v[len(v)-1]
}

func startPart(ctx context.Context, s Setup, ready *Ready) (*peer.Process, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, "bench", "--part", Part)
	cmd.Stderr = os.Stderr
	return peer.Start(cmd, s, ready)
}

type bench struct {
	opt        Options
	ours, bare *peer.Process
	ready      Ready
	client     client // of ours
	bareClient client
	questions  *questions
	openssl    *openssl
	told       int // by ours

	rate, single, singles, singleCPU, p50, p99, cpu, objects, octets figure.Rounds

	cards []figure.Result // with the algorithms of the cards
}

func (b *bench) open(ctx context.Context) (err error) {
	program, missing := exec.LookPath("openssl")
	if b.opt.Peers && missing != nil {
		return plain.Bad("peers", "並べて測る相手「openssl」がありません。入れるか、--peers= で相手なしに測ってください。",
			"the peer openssl is missing: install it, or measure without peers with --peers=")
	}
	b.opt.Say("%d certificates are written and signed; this takes minutes", b.opt.Certificates)
	dir := filepath.Join(b.opt.Dir, "ocsp")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if b.ours, err = b.opt.Start(ctx, Setup{Dir: dir, Count: b.opt.Certificates}, &b.ready); err != nil {
		return err
	}
	b.opt.Say("all states were at hand %.1f s after the start, all answers signed after %.1f s, in %d MB", b.ready.Known, b.ready.Signed, b.ready.Bytes>>20)
	if b.questions, err = newQuestions(b.ready.CA, b.opt.Certificates); err != nil {
		return err
	}
	b.client = client{address: b.ready.Address, path: "/validation/ocsp", questions: b.questions}
	same, err := b.client.one(ctx)
	if err != nil {
		return err
	}
	var bare Ready
	if b.bare, err = b.opt.Start(ctx, Setup{Answer: same}, &bare); err != nil {
		return err
	}
	b.bareClient = client{address: bare.Address, path: "/validation/ocsp", questions: b.questions}
	if b.opt.Peers {
		if b.openssl, err = startOpenSSL(ctx, program, dir, cert.P256SHA256, b.questions); err == nil {
			err = b.ofCards(ctx, program)
		}
	}
	return err
}

// round asks each in turn, half of the rounds the other way round so that none is always first.
func (b *bench) round(ctx context.Context) error {
	n := b.opt.Questions
	turns := []func() error{
		func() error { return b.measure(ctx, "ours", b.ours, &b.client, n, b.questions.any, true) },
		func() error { return b.measure(ctx, "bare", b.bare, &b.bareClient, n, b.questions.any, false) },
		func() error { return b.measure(ctx, "nonce", b.ours, &b.client, n/8, b.questions.own, true) },
		func() error { return b.oneShot(ctx, "ours", b.client, cpuOf(b.ours), n/20, true) },
		func() error { return b.oneShot(ctx, "bare", b.bareClient, cpuOf(b.bare), n/20, false) },
	}
	if b.openssl != nil {
		turns = append(turns, func() error {
			return b.oneShot(ctx, "openssl", client{address: b.openssl.at, path: "/", questions: b.questions}, b.openssl.cpu, n/20, true)
		})
	}
	for _, turn := range turns {
		if err := turn(); err != nil {
			return err
		}
		if _, err := b.ours.Do(peer.Order{Do: doLook}); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) measure(ctx context.Context, who string, server *peer.Process, c *client, n int, question asker, checked bool) error {
	before, err := server.Do(peer.Order{Do: doLook})
	if err != nil {
		return err
	}
	s, err := c.run(ctx, lines, n, question, checked)
	if err != nil {
		return fmt.Errorf("%s: %w", who, err)
	}
	after, err := server.Do(peer.Order{Do: doLook})
	if err != nil {
		return err
	}
	asked := float64(len(s.each))
	if server == b.ours {
		b.told += len(s.each)
	}
	b.rate.Add(who, asked/s.seconds)
	b.p50.Add(who, s.at(0.5))
	b.p99.Add(who, s.at(0.99))
	b.cpu.Add(who, asked/(after.Seconds-before.Seconds))
	b.objects.Add(who, float64(after.Trips-before.Trips)/asked)
	b.octets.Add(who, float64(after.Bytes-before.Bytes)/asked)
	return nil
}

// oneShot asks on a connection for each question, from one client and from several.
func (b *bench) oneShot(ctx context.Context, who string, c client, cpu processor, n int, checked bool) error {
	one, err := c.single(ctx, cpu, 1, n, checked)
	if err != nil {
		return fmt.Errorf("%s, on single connections: %w", who, err)
	}
	several, err := c.single(ctx, cpu, lines/2, n, checked)
	if err != nil {
		return fmt.Errorf("%s, on single connections: %w", who, err)
	}
	if who == "ours" {
		b.told += one.asked + several.asked
	}
	b.single.Add(who, one.rate)
	b.singles.Add(who, several.rate)
	b.singleCPU.Add(who, float64(one.asked+several.asked)/(one.cpu+several.cpu))
	return nil
}

func (b *bench) results() []figure.Result {
	const bare = "a bare net/http handler that returns the same octets"
	of := fmt.Sprintf("OCSP, %d certificates, %d connections, ", b.opt.Certificates, lines)
	results := []figure.Result{
		b.rate.Beside(of+"answered", "answers/s", "ours", "bare", bare),
		b.cpu.Beside(of+"answered by a second of the server's processor", "answers/s", "ours", "bare", bare),
		b.p50.Beside(of+"p50", "µs", "ours", "bare", bare),
		b.p99.Beside(of+"p99", "µs", "ours", "bare", bare),
		b.objects.Beside(of+"objects allocated for an answer, those of its record among them", "objects", "ours", "bare", bare),
		b.octets.Beside(of+"octets allocated for an answer", "octets", "ours", "bare", bare),
		b.rate.Beside(of+"with a nonce, signed for the question", "answers/s", "nonce", "ours", "the same without a nonce"),
		{What: of + "from the start until every state is at hand", Value: b.ready.Known, Unit: "s"},
		{What: of + "from the start until every answer is signed, SHA-1 and SHA-256", Value: b.ready.Signed, Unit: "s"},
		{What: of + "memory of the process", Value: float64(b.ready.Bytes) / 1e6, Unit: "MB"},
	}
	const openssl = "openssl ocsp, the same certificates and kind of key"
	for _, r := range []struct {
		what   string
		rounds figure.Rounds
	}{{"one after the other", b.single}, {fmt.Sprintf("%d at once", lines/2), b.singles}} {
		what := "OCSP, a connection for each question, " + r.what
		results = append(results, r.rounds.Beside(what, "answers/s", "ours", "bare", bare))
		if b.openssl != nil {
			results = append(results, r.rounds.Beside(what, "answers/s", "ours", "openssl", openssl))
		}
	}
	const second = "OCSP, a connection for each question, answered by a second of the server's processor"
	results = append(results, b.singleCPU.Beside(second, "answers/s", "ours", "bare", bare))
	if b.openssl != nil {
		results = append(results, b.singleCPU.Beside(second, "answers/s", "ours", "openssl", openssl))
	}
	return append(results, b.cards...)
}

func (b *bench) close() (err error) {
	if b.openssl != nil {
		b.openssl.close()
	}
	for _, p := range []*peer.Process{b.ours, b.bare} {
		if p != nil {
			err = errors.Join(err, p.Close())
		}
	}
	return err
}

func port(n int) string { return "127.0.0.1:" + strconv.Itoa(n) }
