package ocspbench

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
)

// client asks one server, the same for all: as little of a client as does it, because it shares the processors.
type client struct {
	address, path string
	questions     *questions
	oneShot       bool // a connection for each question
}

// questions are DER requests for random certificates with SHA-1, of equal length, differing in the serial at their end.
type questions struct {
	ca    *x509.Certificate
	count int
	der   []byte
}

func newQuestions(ca []byte, count int) (q *questions, err error) {
	q = &questions{count: count}
	if q.ca, err = x509.ParseCertificate(ca); err != nil {
		return nil, err
	}
	q.der, err = q.encode(0, nil)
	return q, err
}

func (q *questions) encode(i int, nonce []byte) ([]byte, error) {
	serial, err := cert.SerialFromBytes(serialOf(i))
	if err != nil {
		return nil, err
	}
	names, err := ocspwire.NamesOf(q.ca)
	if err != nil {
		return nil, err
	}
	id, err := ocspwire.NewCertID(names[0].Hash, q.ca, serial)
	if err != nil {
		return nil, err
	}
	return (&ocspwire.Request{CertIDs: []ocspwire.CertID{id}, Nonce: nonce}).Encode()
}

// check holds an answer to what it must say: the right certificate and state, genuinely signed.
func (q *questions) check(i int, der []byte) error {
	a, err := ocspwire.ParseResponse(der)
	if err != nil {
		return err
	}
	want := cert.Valid
	if i%10 == 9 {
		want = cert.Revoked
	}
	signer, err := x509.ParseCertificate(a.Certificates[0])
	if err != nil {
		return err
	}
	if err := errors.Join(pki.VerifyTBS(signer.PublicKey, a.TBS, a.Signature), signer.CheckSignatureFrom(q.ca)); err != nil {
		return err
	}
	if s := a.Singles[0]; s.Status != want || !bytes.Equal(s.ID.Serial.Bytes(), serialOf(i)) {
		return fmt.Errorf("certificate %d is answered as %s, about %s", i, s.Status, s.ID.Serial)
	}
	return nil
}

// spent is what a run took.
type spent struct {
	seconds float64
	each    []time.Duration // sorted
}

func (s spent) at(q float64) float64 {
	return float64(s.each[int(q*float64(len(s.each)-1))].Nanoseconds()) / 1e3
}

// run asks count questions over some connections. what holds a whole request but for its serial, which is at its end.
func (c *client) run(ctx context.Context, lines, count int, der func(random *rand.Rand) (int, []byte, error), checked bool) (s spent, err error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	took := peer.Stopwatch()
	for n := range lines {
		wg.Go(func() {
			each, e := c.line(ctx, count/lines, rand.New(rand.NewPCG(1, uint64(n))), der, checked)
			mu.Lock()
			defer mu.Unlock()
			s.each, err = append(s.each, each...), errors.Join(err, e)
		})
	}
	wg.Wait()
	s.seconds = took()
	slices.Sort(s.each)
	if err == nil && len(s.each) == 0 {
		err = errors.New("nothing was asked")
	}
	return s, err
}

// any is a question about a random certificate.
func (q *questions) any(random *rand.Rand) (int, []byte, error) {
	i := random.IntN(q.count)
	der := bytes.Clone(q.der)
	copy(der[len(der)-16:], serialOf(i))
	return i, der, nil
}

// own is one with a nonce.
func (q *questions) own(random *rand.Rand) (int, []byte, error) {
	i := random.IntN(q.count)
	der, err := q.encode(i, []byte(fmt.Sprintf("%016x", random.Uint64())))
	return i, der, err
}

func (c *client) line(ctx context.Context, count int, random *rand.Rand, question func(*rand.Rand) (int, []byte, error), checked bool) (each []time.Duration, err error) {
	clk := clock.System()
	var conn net.Conn
	var in *bufio.Reader
	defer func() {
		if conn != nil {
			conn.Close()
		}
	}()
	head := "POST " + c.path + " HTTP/1.1\r\nHost: " + c.address + "\r\nContent-Type: application/ocsp-request\r\n"
	if c.oneShot {
		head = strings.Replace(head, "HTTP/1.1", "HTTP/1.0", 1) + "Connection: close\r\n"
	}
	out, body := make([]byte, 0, 512), make([]byte, 0, 4096)
	for k := range count {
		if err := ctx.Err(); err != nil {
			return each, err
		}
		i, der, err := question(random)
		if err != nil {
			return each, err
		}
		out = append(append(append(append(out[:0], head...), "Content-Length: "...), strconv.Itoa(len(der))...), "\r\n\r\n"...)
		out = append(out, der...)
		begun := clk.Now()
		if conn == nil || c.oneShot {
			if conn, err = net.Dial("tcp", c.address); err != nil {
				return each, err
			}
			in = bufio.NewReader(conn)
		}
		if _, err := conn.Write(out); err != nil {
			return each, err
		}
		if body, err = c.read(in, body[:0]); err != nil {
			return each, err
		}
		if c.oneShot {
			conn.Close()
		}
		each = append(each, clk.Now().Sub(begun))
		if checked && k%500 == 0 {
			if err := c.questions.check(i, body); err != nil {
				return each, err
			}
		}
	}
	return each, nil
}

// read reads one answer.
func (c *client) read(in *bufio.Reader, body []byte) ([]byte, error) {
	status, err := in.ReadSlice('\n')
	if err != nil {
		return body, err
	}
	if !bytes.Contains(status, []byte(" 200 ")) {
		return body, fmt.Errorf("the server answered %q", status)
	}
	length := -1
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return body, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			break
		}
		if name, value, _ := bytes.Cut(line, []byte(":")); textproto.CanonicalMIMEHeaderKey(string(name)) == "Content-Length" {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return body, err
			}
		}
	}
	if length < 0 {
		rest, err := io.ReadAll(in)
		return append(body, rest...), err
	}
	body = slices.Grow(body, length)[:length]
	_, err = io.ReadFull(in, body)
	return body, err
}
