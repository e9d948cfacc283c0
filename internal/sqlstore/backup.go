package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/akashi-id/akashi/internal/plain"
)

// Backup writes a consistent copy of the database to a new file while work goes on, and returns when it is on stable
// storage. A program that opens the copy must treat it as a restored database: it is older than what others remember.
//
// On PostgreSQL it refuses: the server's own tools do it better.
func (s *Store) Backup(ctx context.Context, path string) error {
	if s.engine == Postgres {
		return plain.Bad("path", "PostgreSQLの控えは pg_dump か pg_basebackup で取ってください。",
			"Take backups of PostgreSQL with pg_dump or pg_basebackup.")
	}
	if _, err := os.Lstat(path); err == nil {
		return plain.Bad("path", path+" は既にあります。別の名前を指定してください。",
			path+" exists already. Give another name.")
	}
	// Under its own name only when it is whole.
	part := path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := s.copyTo(ctx, part); err != nil {
		return errors.Join(fmt.Errorf("backup to %s: %w", path, err), os.Remove(part))
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(part, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

func (s *Store) copyTo(ctx context.Context, path string) error {
	l := s.lite
	if l.path == "" {
		return l.writer.alone(ctx, l.closed, func() error {
			_, err := l.writer.conn.exec(ctx, "VACUUM INTO $1", []any{path})
			return err
		})
	}
	c, err := l.connect(ctx, true)
	if err != nil {
		return err
	}
	defer c.close()
	// SQLite counts VACUUM INTO as a write, though it reads this database and writes another.
	if _, err := c.exec(ctx, "PRAGMA query_only=OFF", nil); err != nil {
		return err
	}
	_, err = c.exec(ctx, "VACUUM INTO $1", []any{path})
	return err
}
