package hsm_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/hsm"
)

// asToken makes this test program a token's process, with the device that it names.
const asToken = "AKASHI_TEST_TOKEN"

func TestMain(m *testing.M) {
	if kind := os.Getenv(asToken); kind != "" {
		d := &soft{keys: map[string]crypto.Signer{"ca": keyOnce()}, pin: "geheim-4711"}
		n := 0
		d.on = func([]byte) error {
			if n++; n == 1 { // the one that tries the key
				return nil
			}
			switch kind {
			case "stalls":
				fmt.Fprintln(os.Stderr, "module: C_Login(geheim-4711) 67656865696d2d34373131")
				select {}
			case "tells its limits":
				limits, err := os.ReadFile("/proc/self/limits")
				fmt.Fprintf(os.Stderr, "%s%v", limits, err)
				select {}
			case "dies":
				os.Exit(3)
			case "prints":
				fmt.Println("a native module prints what it likes")
			case "garbage":
				os.NewFile(hsm.AnswersFile, "answers").WriteString("Segmentation fault\n")
				select {}
			}
			return nil
		}
		if err := hsm.Child(context.Background(), d, 2, nil); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestProcess: a real process that stalls, dies or writes garbage ends its call with evidence, and nothing is left of it.
func TestProcess(t *testing.T) {
	for kind, want := range map[string]struct {
		what hsm.Anomaly // empty: it signs
		says string      // in the dump
	}{
		"works":   {},
		"prints":  {},
		"stalls":  {hsm.Stalled, "select (no cases)"},
		"dies":    {hsm.Died, "exit status 3"},
		"garbage": {hsm.Garbage, "thread"},

		"tells its limits": {hsm.Stalled, "Max core file size        1  "}, // and so leaves no memory behind
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			seen := make(chan hsm.Evidence, 1)
			tok := hsm.NewToken(hsm.Config{Name: kind, PIN: []byte("geheim-4711"), Clock: clock.System(), Deadline: time.Second,
				Start: hsm.Command([]string{asToken + "=" + kind}, os.Args[0]), Evidence: func(e hsm.Evidence) error { seen <- e; return nil }})
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- tok.Run(ctx) }()
			defer func() { stop(); <-ended }()
			for tok.Stand().State != hsm.Ready {
				select {
				case e := <-seen:
					t.Fatalf("it does not begin: %+v", e)
				case <-time.After(time.Millisecond):
				}
			}
			public := keyOf(t, tok)
			signer, err := hsm.NewKeys(tok).Signer("ca", public)
			if err != nil {
				t.Fatal(err)
			}
			digest := sha256.Sum256([]byte(kind))
			_, err = signer.Sign(nil, digest[:], crypto.SHA256)
			if want.what == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, hsm.ErrNoToken) {
				t.Errorf("error %v", err)
			}
			e := <-seen
			if e.What != want.what || !strings.Contains(e.Process, want.says) {
				t.Errorf("evidence %s, want %s with %q:\n%s", e.What, want.what, want.says, e.Process)
			}
			for _, secret := range []string{"geheim-4711", "67656865696d2d34373131"} {
				if strings.Contains(e.Process+e.Says, secret) {
					t.Errorf("the evidence holds the PIN:\n%s", e.Process)
				}
			}
		})
	}
}

// keyOf is the public key of a process that made its own.
func keyOf(t *testing.T, tok *hsm.Token) crypto.PublicKey {
	t.Helper()
	public, err := tok.Public("ca")
	if err != nil {
		t.Fatal(err)
	}
	return public
}
