package interop

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// jvm is one Java process for all questions: to start one takes longer than to ask it.
type jvm struct {
	in  io.Writer
	out *bufio.Reader
}

func startJVM(t *testing.T) *jvm {
	t.Helper()
	classes := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "javac", "-d", classes, filepath.Join("testdata", "Validate.java")).CombinedOutput(); err != nil {
		t.Fatalf("couldn't compile Validate.java: %v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), "java", "-cp", classes, "Validate")
	in := must[io.WriteCloser](t)(cmd.StdinPipe())
	out := must[io.ReadCloser](t)(cmd.StdoutPipe())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // its input ends, and so does it
		in.Close()
		if err := cmd.Wait(); err != nil && t.Context().Err() == nil {
			t.Errorf("Java: %v", err)
		}
	})
	return &jvm{in, bufio.NewReader(out)}
}

// java judges by CertPathValidator, which fetches OCSP answers from the address in the certificate.
func (b *bench) java(s *scenario, f files) (bool, string) {
	b.Helper()
	question := []string{f.dir, string(s.method), s.policy, fmt.Sprint(s.login)}
	for _, path := range f.above {
		question = append(question, filepath.Base(f.der[path]))
	}
	if _, err := fmt.Fprintln(b.jvm.in, strings.Join(question, "\t")); err != nil {
		b.Fatal(err)
	}
	line, err := b.jvm.out.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "accepted") && !strings.HasPrefix(line, "refused") {
		b.Fatalf("Java gave no verdict: %q, %v", line, err)
	}
	return strings.HasPrefix(line, "accepted"), line
}
