package ca_test

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/message"
)

// The environment of the process that is killed.
const killedURL, killedKeys = "AKASHI_TEST_KILLED_URL", "AKASHI_TEST_KILLED_KEYS"

// TestMassSurvivesSIGKILL: the process that works a mass revocation off is killed while it does, three times, wherever it is then.
// The next one goes on, and each certificate ends once.
func TestMassSurvivesSIGKILL(t *testing.T) {
	c := newCountry(t, "sqlite:"+t.TempDir()+"/ca.db")
	all := c.city(20)
	id := c.propose(ca.MassProposal{Municipality: place(t)})
	m := c.mass(id)
	if err := c.ConfirmMass(as(t, second), id, ca.MassSeen{Digest: m.Digest, Left: m.Left}); err != nil {
		t.Fatal(err)
	}
	c.Close()
	for range 3 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProcessThatIsKilled$", "-test.v")
		cmd.Env = append(os.Environ(), killedURL+"="+c.url, killedKeys+"="+string(c.keys))
		out := must[interface{ Read([]byte) (int, error) }](t)(cmd.StdoutPipe())
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		steps := 0
		for lines := bufio.NewScanner(out); steps < 4 && lines.Scan(); {
			if strings.Contains(lines.Text(), "a step is done") {
				steps++
			}
		}
		cmd.Process.Kill()
		if err := cmd.Wait(); steps < 4 || err == nil {
			t.Fatalf("it had done %d steps, and ended by itself: %v", steps, err)
		}
	}
	c.clk.Set(start.Add(2 * time.Hour))
	c.renew()
	if m = c.mass(id); m.State != "running" || m.Revoked < 12 || m.Revoked+m.Left != m.Size {
		t.Fatalf("after three kills: %+v", m)
	}
	c.run(time.Minute)
	told := c.ended(cert.CACompromise)
	for _, n := range all {
		if told[n.Serial] != 1 {
			t.Errorf("%s was told %d times", n.Serial, told[n.Serial])
		}
	}
	if m = c.mass(id); m.State != "done" || m.Revoked != m.Size || m.Size != int64(len(all)) || len(c.stuck()) > 0 {
		t.Errorf("parked %v; %+v", c.stuck(), m)
	}
}

// TestProcessThatIsKilled is the process of the test above; by itself it is nothing.
func TestProcessThatIsKilled(t *testing.T) {
	if os.Getenv(killedURL) == "" {
		t.Skip("a part of TestMassSurvivesSIGKILL")
	}
	root := must[*pki.InfrastructureCA](t)(pki.NewInfrastructureCA(rand.Reader, start))
	c := &country{t: t, clk: clock.NewVirtual(start.Add(time.Hour)), root: root, trust: must[*pki.Trust](t)(pki.NewTrust(root.Certificate())),
		net: new(exchange.Memory), url: os.Getenv(killedURL), keys: keys.Dir(os.Getenv(killedKeys)), got: map[message.Org][]message.Payload{}}
	c.open()
	c.SetMassPages(1, 1)
	for range 8 { // three such processes do not come to the end of it
		if _, err := c.Due.Tasks()[0].Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		fmt.Println("a step is done")
	}
	select {}
}
