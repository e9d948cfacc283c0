package nation

import (
	"errors"
	"io/fs"
	"os"

	"go.yaml.in/yaml/v3"
)

// handOver writes an organisation's configuration into its directory, and gives the directory to its user; -1 is ours.
// It may have been that user's for a while, so no link in it is followed out of it: we have rights that the user has not.
func handOver(c *ServeConfig, uid int) error {
	text, err := yaml.Marshal(c)
	if err != nil {
		return err
	}
	dir, err := os.OpenRoot(c.Dir)
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := dir.Remove("config.yaml"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := dir.WriteFile("config.yaml", text, 0o600); err != nil {
		return err
	}
	if err := dir.Chmod(".", 0o700); err != nil || uid < 0 {
		return err
	}
	for _, t := range c.Tokens { // what it opens its keys with lies apart from them
		if err := os.Lchown(t.PINFile, uid, uid); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return fs.WalkDir(dir.FS(), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return dir.Lchown(path, uid, uid)
	})
}
