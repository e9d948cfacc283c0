package hsmbench

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/bench/hsmbench/order"
	"github.com/akashi-id/akashi/internal/hsm/filekey"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
)

// Module is where SoftHSM's library usually lies.
const Module = "/usr/lib/softhsm/libsofthsm2.so"

var algorithms = map[string]cert.Algorithm{order.P256: cert.P256SHA256, order.P384: cert.P384SHA384, order.RSA2048: cert.RSA2048SHA256}

// found makes the keys, and puts them into a token of SoftHSM and into encrypted files.
func found(ctx context.Context, dir string) (s order.Setup, err error) {
	if _, err := os.Stat(Module); err != nil {
		return s, missing(Module)
	}
	if _, err := exec.LookPath("softhsm2-util"); err != nil {
		return s, missing("softhsm2-util")
	}
	s = order.Setup{Plain: filepath.Join(dir, "plain"), Files: filepath.Join(dir, "files"), Module: Module, Token: "bench", PIN: rand.Text(), Config: filepath.Join(dir, "softhsm2.conf")}
	tokens := filepath.Join(dir, "tokens")
	for _, d := range []string{s.Plain, s.Files, tokens} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return s, err
		}
	}
	if err := os.WriteFile(s.Config, []byte("directories.tokendir = "+tokens+"\nobjectstore.backend = file\nlog.level = ERROR\n"), 0o600); err != nil {
		return s, err
	}
	util := func(args ...string) error {
		cmd := exec.CommandContext(ctx, "softhsm2-util", args...)
		cmd.Env = append(os.Environ(), "SOFTHSM2_CONF="+s.Config)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("couldn't set up SoftHSM: %w: %s", err, strings.TrimSpace(string(out)))
		}
		return nil
	}
	if err := util("--init-token", "--free", "--label", s.Token, "--so-pin", "0000", "--pin", s.PIN); err != nil {
		return s, err
	}
	for i, name := range order.Keys {
		key, err := pki.GenerateKey(rand.Reader, algorithms[name])
		if err != nil {
			return s, err
		}
		text, err := pki.EncodeKey(key)
		if err != nil {
			return s, err
		}
		file := filepath.Join(s.Plain, name+".key")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return s, err
		}
		if err := util("--import", file, "--token", s.Token, "--label", name, "--id", fmt.Sprintf("%02x", i+1), "--pin", s.PIN); err != nil {
			return s, err
		}
		if err := filekey.Put(s.Files, name, key, []byte(s.PIN), 10); err != nil {
			return s, err
		}
	}
	return s, nil
}

func missing(what string) error {
	return plain.Bad("peers", "SoftHSM2 の "+what+" がありません。softhsm2 を入れてください(scripts/need.sh softhsm2)。",
		"SoftHSM2's "+what+" is missing: install softhsm2 (scripts/need.sh softhsm2)")
}
