package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Scratch makes an empty schema on a PostgreSQL server, for a trial or a measurement, and returns its URL for Open and
// how to remove it with all that is in it.
func Scratch(ctx context.Context, server string) (fresh string, drop func(context.Context) error, err error) {
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return "", nil, errors.New("the server is no postgres:// URL") // not quoted: it may hold a password
	}
	run := func(ctx context.Context, statement string) error {
		db, err := sql.Open("pgx", server)
		if err != nil {
			return err
		}
		_, err = db.ExecContext(ctx, statement)
		return errors.Join(err, db.Close())
	}
	schema := "scratch_" + strings.ToLower(rand.Text())
	if err := run(ctx, `CREATE SCHEMA `+schema); err != nil {
		return "", nil, fmt.Errorf("couldn't make a schema: %w", err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String(), func(ctx context.Context) error { return run(ctx, `DROP SCHEMA `+schema+` CASCADE`) }, nil
}
