package nation

import (
	"os"
	"path/filepath"

	"github.com/akashi-id/akashi/internal/plain"
)

// passable refuses a data directory that the organisations' users could not come to, because a directory above it is
// closed to others, as root's home is. Their processes would die at every start, for a reason that nobody guesses.
func passable(dir string) error {
	at, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if at, err = filepath.EvalSymlinks(at); err != nil {
		return err
	}
	for {
		info, err := os.Stat(at)
		if err != nil {
			return err
		}
		if info.Mode()&0o001 == 0 {
			return plain.Bad("--data",
				"団体ごとの利用者が「"+at+"」を通れないため、"+dir+" では各団体を別のプロセスで動かせません。/var/lib/akashi のように、だれでも通れる場所を --data で指定してください。",
				"each organisation's process runs under a user of its own, which may not pass through "+at+": choose a place that everybody may pass through with --data, such as /var/lib/akashi")
		}
		if at == filepath.Dir(at) {
			return nil
		}
		at = filepath.Dir(at)
	}
}
