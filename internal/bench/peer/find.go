package peer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
)

// Find gives the program of a name from a directory of peers: an executable file of that name, or the folder of that
// name in a Go module, which is built into scratch. Whatever is missing is named.
func Find(ctx context.Context, dir, name, scratch string) (program string, err error) {
	at := filepath.Join(dir, name)
	info, err := os.Stat(at)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", missing(name, at+" がありません", "there is no "+at)
	case err != nil:
		return "", err
	case info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0:
		return filepath.Abs(at)
	case !info.IsDir():
		return "", missing(name, at+" は実行できません", at+" cannot be executed")
	}
	if program, err = filepath.Abs(filepath.Join(scratch, name)); err != nil {
		return "", err
	}
	// The module stands on ours, which may need newer versions since. It is built with what it takes today, on a copy.
	for _, file := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err == nil {
			err = os.WriteFile(filepath.Join(scratch, file), text, 0o600)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	if scratch, err = filepath.Abs(scratch); err != nil {
		return "", err
	}
	build := exec.CommandContext(ctx, "go", "build", "-mod=mod", "-modfile="+filepath.Join(scratch, "go.mod"), "-o", program, "./"+name)
	build.Dir = dir
	var said bytes.Buffer
	build.Stdout, build.Stderr = &said, &said
	if err := build.Run(); err != nil {
		why := fmt.Sprintf("%v: %s", err, lastLine(said.String()))
		return "", missing(name, at+" を組み立てられません("+why+")", at+" cannot be built ("+why+")")
	}
	return program, nil
}

func missing(name, ja, en string) error {
	return plain.Bad("peers",
		"並べて測る相手「"+name+"」が使えません。"+ja+"。--peers で相手の場所を示すか、--peers= で相手なしに測ってください。",
		"the peer "+name+" is missing: "+en+". Name the directory of the peers with --peers, or measure without them with --peers=")
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}
