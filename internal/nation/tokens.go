package nation

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/hsm/filekey"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// TokenConfig is a device that holds keys (HSM), or a directory of encrypted key files that stands for one.
type TokenConfig struct {
	// Name is for people, the log and the evidence: "hsm-1".
	Name string `yaml:"name"`
	// Module is a PKCS #11 library, and Token the label of the token in it. The program akashi-token loads it.
	Module string `yaml:"module,omitempty"`
	Token  string `yaml:"token,omitempty"`
	// Files is, instead of these two, a directory of encrypted key files, which `akashi keys seal` makes.
	Files string `yaml:"files,omitempty"`
	// PINFile is a file with the PIN, or the passphrase of the files. It must not lie with what it opens: a credential of the service
	// manager, a file system in memory, a medium that is put in for the start.
	PINFile string `yaml:"pin_file"`
	// Sessions is how many calls may be at the device at once; 0 means 4.
	Sessions int `yaml:"sessions,omitempty"`
	// Deadline is how long a signature may take until the device is taken for stalled; 0 means 5s.
	Deadline time.Duration `yaml:"deadline,omitempty"`
	// Environment is what the module needs to be told: NAME=VALUE. It sees nothing else of the program's.
	Environment []string `yaml:"environment,omitempty"`
}

// tokenName is a name that can be a file's, too.
var tokenName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,30}$`)

// inTokens are the keys of a role that may lie in a device, under the same names in each organisation of that role. The others sign each message or each line of a connection, and lie in files.
var inTokens = map[message.Role][]string{message.CA: {"ca-signature", "ca-authentication"}, message.Issuing: {documentKey}}

// tokens are the devices of one organisation, running.
type tokens struct {
	all  []*hsm.Token
	keys *hsm.Keys
	held []string

	evidence string // the directory
	stop     func()
}

// signer is the key of a name, if it lies in a device.
func (t *tokens) signer(name string, public crypto.PublicKey) (crypto.Signer, error) {
	if !slices.Contains(t.held, name) {
		return nil, nil
	}
	return t.keys.Signer(name, public)
}

// openTokens starts the processes of the devices that are configured; nil when there are none. It does not wait until they are ready: what is to
// be signed waits for them, and an organisation whose device is away can be looked at.
func openTokens(cfg *ServeConfig, clk clock.Clock, log *slog.Logger) (*tokens, error) {
	if len(cfg.Tokens) == 0 && len(cfg.TokenKeys) == 0 {
		return nil, nil
	}
	if err := cfg.checkTokens(); err != nil {
		return nil, err
	}
	dir := filepath.Join(cfg.Dir, "hsm")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("couldn't make the directory of the devices: %w", err)
	}
	t := &tokens{held: cfg.TokenKeys, evidence: filepath.Join(dir, "evidence")}
	var journals []*hsm.Journal
	for _, c := range cfg.Tokens {
		config := hsm.Config{Name: c.Name, Keys: cfg.TokenKeys, Deadline: c.Deadline, Clock: clk, Log: log, Evidence: hsm.KeepIn(t.evidence)}
		var err error
		if config.Start, err = c.start(cfg.program); err == nil {
			config.PIN, err = ReadPIN(c.PINFile)
		}
		if err == nil {
			config.Journal, err = hsm.OpenJournal(filepath.Join(dir, c.Name+".inflight"), log)
		}
		if err != nil { // one that cannot be used is fenced, and says why; the others are used
			config.Start = func() (hsm.Process, error) { return nil, err }
		} else {
			journals = append(journals, config.Journal)
		}
		t.all = append(t.all, hsm.NewToken(config))
	}
	t.keys = hsm.NewKeys(t.all...)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, token := range t.all {
		running.Go(func() { token.Run(ctx) })
	}
	t.stop = func() {
		cancel()
		running.Wait()
		for _, j := range journals {
			j.Close()
		}
	}
	return t, nil
}

// checkTokens refuses what cannot be meant.
func (cfg *ServeConfig) checkTokens() error {
	var problems plain.Problems
	bad := func(field, ja, en string) { problems = append(problems, plain.Bad(field, ja, en)) }
	if len(cfg.Tokens) == 0 || len(cfg.TokenKeys) == 0 {
		bad("token_keys", "tokens と token_keys は、両方とも書いてください。", "write both tokens and token_keys")
	}
	for _, k := range cfg.TokenKeys {
		if !slices.Contains(inTokens[cfg.ID.Role()], k) {
			bad("token_keys", "「"+k+"」は、装置に置ける鍵ではありません。", k+" is no key that may lie in a device")
		}
	}
	names := map[string]bool{}
	for _, c := range cfg.Tokens {
		if !tokenName.MatchString(c.Name) || names[c.Name] {
			bad("tokens.name", "「"+c.Name+"」: 小文字の英字・数字・ハイフンで、重ならない名前を付けてください。", c.Name+": use small letters, digits and hyphens, and each name once")
		}
		names[c.Name] = true
		if (c.Files == "") == (c.Module == "") || (c.Module == "") != (c.Token == "") {
			bad("tokens."+c.Name, "module と token、または files を書いてください。", "write module and token, or files")
		}
	}
	return problems.Err()
}

// inside is the program of key files where this one is not akashi, but a test or a measurement: they are served in it.
const inside = "inside"

// start is how the token's process is started. Program is akashi, this one if it is empty.
func (c TokenConfig) start(program string) (func() (hsm.Process, error), error) {
	if c.Files != "" {
		if program == inside {
			return hsm.Inside(&filekey.Device{Dir: c.Files}), nil
		}
		if program == "" {
			self, err := os.Executable()
			if err != nil {
				return nil, fmt.Errorf("couldn't find this program: %w", err)
			}
			if _, err := os.Stat(self); err != nil {
				self = "/proc/self/exe" // leads to it also where the organisation's user may not look
			}
			program = self
		}
		return hsm.Command(nil, program, "keys", "serve", "--dir", c.Files), nil
	}
	program, err := TokenProgram("")
	if err != nil {
		return nil, err
	}
	return hsm.Command(c.Environment, program, "--module", c.Module, "--token", c.Token, "--sessions", fmt.Sprint(cmp.Or(c.Sessions, 4))), nil
}

// TokenProgram finds akashi-token: where it was said to be, beside this program, or among the commands.
func TokenProgram(said string) (string, error) {
	if said != "" {
		return filepath.Abs(said)
	}
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), "akashi-token")
		if _, err := os.Stat(beside); err == nil {
			return beside, nil
		}
	}
	path, err := exec.LookPath("akashi-token")
	if err != nil {
		return "", plain.Bad("program", "akashi-token がありません。Cコンパイラのある所で `go build ./cmd/akashi-token` で作り、akashi の隣に置いてください。",
			"there is no akashi-token: build it with `go build ./cmd/akashi-token` where a C compiler is, and put it beside akashi")
	}
	return path, nil
}

// ReadPIN reads a PIN or a passphrase, which is the first line of a file that nobody else may read.
func ReadPIN(file string) ([]byte, error) {
	no := func(ja, en string) error { return plain.Bad("pin-file", file+": "+ja, file+": "+en) }
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, no("ファイルがありません。", "there is no such file")
	case err != nil:
		return nil, no(fmt.Sprintf("読めません（%v）。", err), fmt.Sprintf("it cannot be read (%v)", err))
	case info.Mode().Perm()&0o077 != 0:
		return nil, no("ほかの人も読めるファイルです。0600にしてください。", "others may read it: set it to 0600")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, no(fmt.Sprintf("読めません（%v）。", err), fmt.Sprintf("it cannot be read (%v)", err))
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if line = bytes.TrimRight(line, "\r"); len(line) == 0 {
		return nil, no("空です。", "it is empty")
	}
	return line, nil
}
