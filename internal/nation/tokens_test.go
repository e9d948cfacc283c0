package nation

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// TestCASignsWithSealedKeys: the CA's keys are put into encrypted files and removed, the CA is served with those, and signs.
func TestCASignsWithSealedKeys(t *testing.T) {
	akashi := program(t)
	dir := dataDir(t)
	own := filepath.Join(dir, "ca")
	sealed := filepath.Join(own, "sealed")
	names := []string{"ca-signature", "ca-authentication"}
	for _, name := range names { // as a country lies that was founded before keys were sealed
		if _, _, err := KeyDir(dir, "ca").Ensure(rand.Reader, name, cert.Today.Algorithm()); err != nil {
			t.Fatal(err)
		}
	}
	open(t, dir).stop()
	if notes := SealingNotes(dir, must(Default())); len(notes) != 3 || !strings.Contains(notes[0].EN, "of ca lie in files that are not encrypted") || !strings.Contains(notes[1].EN, "of ca-13 are encrypted") {
		t.Errorf("it says %+v", notes)
	}
	if err := os.Mkdir(sealed, 0o700); err != nil {
		t.Fatal(err)
	}
	passphrase := filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(passphrase, []byte("battery staple horse\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		out, err := exec.Command(akashi, "keys", "seal", "--keys", filepath.Join(own, "keys"), "--to", sealed, "--passphrase-file", passphrase, name).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "暗号化して置きました") {
			t.Fatalf("%v %s", err, out)
		}
		if notes := SealingNotes(dir, must(Default())); name == names[1] && (len(notes) != 4 || !strings.Contains(notes[0].EN, "ca-authentication.key when")) {
			t.Errorf("with a file that is left it says %+v", notes)
		}
		if err := os.Remove(filepath.Join(own, "keys", name+".key")); err != nil {
			t.Fatal(err)
		}
	}
	cfg := &ServeConfig{ID: "ca", Name: Name{JA: "認証局", EN: "CA"}, Dir: own, Exchange: "127.0.0.1:0", Web: "127.0.0.1:0", Portal: "http://127.0.0.1:1", Personas: true,
		Peers: []PeerConfig{{ID: message.Org("nationalcenter")}, {ID: message.Org("validation")}},
		Tokens: []TokenConfig{
			{Name: "files", Files: sealed, PINFile: passphrase, Deadline: 20 * time.Second},
			{Name: "away", Files: sealed, PINFile: "/none"}, // which keeps the other from nothing
		}, TokenKeys: names, program: akashi}
	served, err := Serve(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := served.Close(); err != nil {
		t.Error(err)
	}
	devices, err := openTokens(cfg, clock.System(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer devices.stop()
	eventually(t, time.Minute, "the key files are open", func() (bool, string) {
		s := devices.all[0].Stand()
		return s.State == hsm.Ready, s.Why
	})
	if s := devices.all[1].Stand(); s.State != hsm.Fenced || !strings.Contains(s.Why, "/none") {
		t.Errorf("the token without a PIN stands %+v", s)
	}
	ders, err := KeyDir(dir, "ca").Certificates("ca-signature")
	if err != nil {
		t.Fatal(err)
	}
	root, err := x509.ParseCertificate(ders[0])
	if err != nil {
		t.Fatal(err)
	}
	signer, err := devices.signer("ca-signature", root.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("a certificate"))
	if _, err := signer.Sign(nil, digest[:], crypto.SHA256); err != nil { // which is checked with the certificate's key
		t.Errorf("it does not sign: %v", err)
	}
	if other, err := devices.signer("sign", root.PublicKey); other != nil || err != nil {
		t.Errorf("a key that lies in a file: %v, %v", other, err)
	}
}

// TestTokensThatCannotBeMeant: each is refused with the field that it is about.
func TestTokensThatCannotBeMeant(t *testing.T) {
	good := ServeConfig{ID: "ca", TokenKeys: []string{"ca-signature"}, Tokens: []TokenConfig{{Name: "hsm-1", Module: "/x.so", Token: "ca", PINFile: "/pin"}}}
	if err := good.checkTokens(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*ServeConfig)
		field  string
	}{
		"no keys":           {func(c *ServeConfig) { c.TokenKeys = nil }, "token_keys"},
		"no tokens":         {func(c *ServeConfig) { c.Tokens = nil }, "token_keys"},
		"a key of messages": {func(c *ServeConfig) { c.TokenKeys = []string{"sign"} }, "token_keys"},
		"another role":      {func(c *ServeConfig) { c.ID = "validation" }, "token_keys"},
		"a path as name":    {func(c *ServeConfig) { c.Tokens[0].Name = "../x" }, "tokens.name"},
		"a name twice":      {func(c *ServeConfig) { c.Tokens = append(c.Tokens, c.Tokens[0]) }, "tokens.name"},
		"both":              {func(c *ServeConfig) { c.Tokens[0].Files = "/x" }, "tokens.hsm-1"},
		"no token":          {func(c *ServeConfig) { c.Tokens[0].Token = "" }, "tokens.hsm-1"},
	} {
		bad := good
		bad.Tokens = append([]TokenConfig{}, good.Tokens...)
		c.change(&bad)
		if problems, ok := plain.AsProblems(bad.checkTokens()); !ok || problems[0].Field != c.field {
			t.Errorf("%s: %v", name, problems)
		}
	}
	file := filepath.Join(t.TempDir(), "pin")
	for text, want := range map[string]string{"1234\n": "1234", "1234\r\nnote": "1234", "\n": "", "": ""} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if pin, err := ReadPIN(file); !bytes.Equal(pin, []byte(want)) || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, pin, err)
		}
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadPIN(file); err == nil {
		t.Error("a PIN that others may read was read")
	}
}
