package ocspbench

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/pki"
)

// openssl is its responder: one process, which takes one question after the other.
type openssl struct {
	cmd  *exec.Cmd
	at   string
	gone chan error
}

// startOpenSSL starts its responder with the same certificates, and waits until it answers.
func startOpenSSL(ctx context.Context, program, dir string, a cert.Algorithm, questions *questions) (_ *openssl, err error) {
	digest := map[crypto.Hash]string{crypto.SHA256: "sha256", crypto.SHA384: "sha384"}[pki.HashOf(a)]
	index := filepath.Join(dir, "index.txt")
	if err := writeIndex(index, questions.count); err != nil {
		return nil, err
	}
	free, err := net.Listen("tcp", port(0))
	if err != nil {
		return nil, err
	}
	at := free.Addr().(*net.TCPAddr).Port
	if err := free.Close(); err != nil {
		return nil, err
	}
	var said bytes.Buffer
	started := &openssl{at: port(at), gone: make(chan error, 1), cmd: exec.CommandContext(ctx, program, "ocsp", "-index", index, "-port", strconv.Itoa(at),
		"-CA", filepath.Join(dir, "ca.pem"), "-rsigner", filepath.Join(dir, "signer.pem"), "-rkey", filepath.Join(dir, "signer.key"), "-rmd", digest, "-nmin", "10", "-ignore_err")}
	started.cmd.Stderr = &said
	if err := started.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { started.gone <- started.cmd.Wait() }()
	defer func() {
		if err != nil {
			started.close()
		}
	}()
	clk := clock.System()
	for deadline := clk.Now().Add(5 * time.Minute); ; {
		// A whole question: after a connection that asks nothing it hangs for ever (3.0).
		c := client{address: started.at, path: "/", questions: questions, oneShot: true}
		_, err := c.run(ctx, 1, 1, questions.any, true)
		var refused *net.OpError
		if err == nil {
			return started, nil
		}
		if !errors.As(err, &refused) || refused.Op != "dial" {
			return nil, err
		}
		select {
		case err := <-started.gone:
			started.gone <- err
			return nil, fmt.Errorf("`openssl ocsp` ended before it answered: %v: %s", err, said.String())
		default:
		}
		if clk.Now().After(deadline) {
			return nil, fmt.Errorf("`openssl ocsp` does not answer: %s", said.String())
		}
		if err := clk.Wait(ctx, clk.Now().Add(50*time.Millisecond), nil); err != nil {
			return nil, err
		}
	}
}

func (o *openssl) close() {
	o.cmd.Process.Kill()
	<-o.gone
}

// cpu is what it has taken of the processors so far, in seconds.
func (o *openssl) cpu(context.Context) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", o.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	var ns float64
	_, err = fmt.Sscan(string(text), &ns)
	return ns / 1e9, err
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
