package ocspbench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
)

// startOpenSSL starts its responder with the same certificates, and waits until it answers.
func (b *bench) startOpenSSL(ctx context.Context, program, dir string) error {
	index := filepath.Join(dir, "index.txt")
	if err := writeIndex(index, b.opt.Certificates); err != nil {
		return err
	}
	free, err := net.Listen("tcp", port(0))
	if err != nil {
		return err
	}
	at := free.Addr().(*net.TCPAddr).Port
	if err := free.Close(); err != nil {
		return err
	}
	var said bytes.Buffer
	b.openssl = exec.CommandContext(ctx, program, "ocsp", "-index", index, "-port", strconv.Itoa(at), "-CA", filepath.Join(dir, "ca.pem"),
		"-rsigner", filepath.Join(dir, "signer.pem"), "-rkey", filepath.Join(dir, "signer.key"), "-nmin", "10", "-ignore_err")
	b.openssl.Stdout, b.openssl.Stderr = nil, &said
	if err := b.openssl.Start(); err != nil {
		b.openssl = nil
		return err
	}
	b.opensslGone, b.opensslAt = make(chan error, 1), port(at)
	go func() { b.opensslGone <- b.openssl.Wait() }()
	clk := clock.System()
	for deadline := clk.Now().Add(5 * time.Minute); ; {
		// A whole question: after a connection that asks nothing it hangs for ever (3.0).
		c := client{address: b.opensslAt, path: "/", questions: b.questions, oneShot: true}
		_, err := c.run(ctx, 1, 1, b.questions.any, true)
		var refused *net.OpError
		if err == nil || !errors.As(err, &refused) || refused.Op != "dial" {
			return err
		}
		select {
		case err := <-b.opensslGone:
			b.openssl = nil
			return fmt.Errorf("`openssl ocsp` ended before it answered: %v: %s", err, said.String())
		default:
		}
		if clk.Now().After(deadline) {
			return fmt.Errorf("`openssl ocsp` does not answer: %s", said.String())
		}
		if err := clk.Wait(ctx, clk.Now().Add(50*time.Millisecond), nil); err != nil {
			return err
		}
	}
}

// writeIndex writes the certificates as `openssl ca` keeps them.
func writeIndex(path string, count int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	out := bufio.NewWriter(f)
	for i := range count {
		if i%10 == 9 {
			fmt.Fprintf(out, "R\t310401000000Z\t260401000000Z,affiliationChanged\t%X\tunknown\t/CN=%d\n", serialOf(i), i)
		} else {
			fmt.Fprintf(out, "V\t310401000000Z\t\t%X\tunknown\t/CN=%d\n", serialOf(i), i)
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// asker makes questions.
type asker = func(random *rand.Rand) (int, []byte, error)

// one asks one question and gives the answer.
func (c *client) one(ctx context.Context) ([]byte, error) {
	line, err := net.Dial("tcp", c.address)
	if err != nil {
		return nil, err
	}
	defer line.Close()
	der := c.questions.der
	if _, err := fmt.Fprintf(line, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/ocsp-request\r\nContent-Length: %d\r\n\r\n%s", c.path, c.address, len(der), der); err != nil {
		return nil, err
	}
	body, err := c.read(bufio.NewReader(line), nil)
	if err != nil {
		return nil, err
	}
	return body, c.questions.check(0, body)
}
