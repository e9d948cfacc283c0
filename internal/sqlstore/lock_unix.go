//go:build unix

package sqlstore

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/akashi-id/akashi/internal/plain"
)

// lockFile takes the lock beside a SQLite file. The kernel gives it back when the process ends, however it ends. The
// file stays: removing it would let two processes lock two files of one name.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, plain.Bad("store",
			fmt.Sprintf("ロックファイル %s を作れません(%v)。場所と権限を確かめてください。", path, err),
			fmt.Sprintf("The lock file %s cannot be made (%v). Check the place and the permissions.", path, err))
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		db := strings.TrimSuffix(path, ".lock")
		return nil, plain.Bad("store",
			"データベース "+db+" は別のプロセスが使っています。そのプロセスを止めるか、それに命令を送ってください。一つの団体を複数のノードで動かすときは、PostgreSQLを使ってください。",
			"The database "+db+" is in use by another process. Stop that process, or give it the command. Several nodes of one organisation need PostgreSQL.")
	}
	return f, nil
}
