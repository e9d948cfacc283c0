package sqlstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
)

// A migration is a file NNNN_name.sql of a Schema, numbered from 0001 without gaps. NNNN_name.sqlite.sql and
// NNNN_name.postgres.sql are the two forms of one migration whose text cannot be the same, such as append-only
// triggers. Statements end with a semicolon at the end of a line; inside the body of a trigger no line ends so. A
// statement that begins with the line "-- sqlite only" or "-- postgres only" is left out on the other engine.
//
// Migrations go forward only, each in a transaction of its own, and the SHA-256 of an applied file is kept: a file that
// changed afterwards describes another database than the one that is there.
type migration struct {
	number int64
	file   string
	text   []byte
	sum    string
}

var migrationName = regexp.MustCompile(`^([0-9]{4})_[a-z0-9_]+(?:\.(sqlite|postgres))?\.sql$`)

func (s *Store) dialect() string {
	if s.engine == Postgres {
		return "postgres"
	}
	return "sqlite"
}

// migrations reads the files of a schema that are meant for this engine.
func (s *Store) migrations(schema Schema) ([]migration, error) {
	entries, err := fs.ReadDir(schema.FS, ".")
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w", schema.Name, err)
	}
	var all []migration
	for _, e := range entries { // sorted by name
		if !strings.HasSuffix(e.Name(), ".sql") {
			continue
		}
		parts := migrationName.FindStringSubmatch(e.Name())
		if parts == nil {
			return nil, fmt.Errorf("schema %s: %s is not named NNNN_name.sql", schema.Name, e.Name())
		}
		if parts[2] != "" && parts[2] != s.dialect() {
			continue
		}
		number, err := strconv.ParseInt(parts[1], 10, 64)
		if err != nil {
			return nil, err
		}
		if number != int64(len(all)+1) {
			return nil, fmt.Errorf("schema %s: %s where number %04d should be", schema.Name, e.Name(), len(all)+1)
		}
		text, err := fs.ReadFile(schema.FS, e.Name())
		if err != nil {
			return nil, fmt.Errorf("schema %s: %w", schema.Name, err)
		}
		sum := sha256.Sum256(text)
		all = append(all, migration{number, e.Name(), text, hex.EncodeToString(sum[:])})
	}
	return all, nil
}

const migrationTable = `CREATE TABLE IF NOT EXISTS sqlstore_migration(
	schema_name TEXT NOT NULL, number BIGINT NOT NULL, file TEXT NOT NULL, sha256 TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY(schema_name, number))`

// openingTable has one row: how often this database was opened.
const openingTable = `CREATE TABLE IF NOT EXISTS sqlstore_opening(
	one BIGINT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)`

// countOpening gives this Store a range of serial numbers of its own: the number of the opening in the upper bits, a
// count in memory in the lower 40. That is room for 8 million openings with a million million numbers each.
func (s *Store) countOpening(ctx context.Context) error {
	return s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		var n int64
		err := tx.QueryRow(ctx, `INSERT INTO sqlstore_opening(one, n) VALUES (1, 1)
			ON CONFLICT (one) DO UPDATE SET n = sqlstore_opening.n + 1 RETURNING n`).Scan(&n)
		s.serial.Store(n << 40)
		return err
	})
}

func (s *Store) migrate(ctx context.Context, schemas []Schema) error {
	create := func(ctx context.Context, tx *Tx) error {
		if _, err := tx.Exec(ctx, migrationTable); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, openingTable)
		return err
	}
	err := s.Update(ctx, create)
	// IF NOT EXISTS does not see what another process makes at the same moment. There are two tables to meet it at.
	for range 2 {
		switch sqlState(err) {
		case uniqueViolation, duplicateTable, duplicateObject:
			err = s.Update(ctx, create)
		}
	}
	if err != nil {
		return err
	}
	for _, schema := range schemas {
		all, err := s.migrations(schema)
		if err != nil {
			return err
		}
		for {
			more := false
			err := s.Update(ctx, func(ctx context.Context, tx *Tx) (err error) {
				more, err = s.applyNext(ctx, tx, schema.Name, all)
				return err
			})
			if err != nil {
				return err
			}
			if !more {
				break
			}
		}
	}
	return nil
}

// applyNext compares what is applied with the files, and applies at most one more.
func (s *Store) applyNext(ctx context.Context, tx *Tx, schema string, all []migration) (more bool, err error) {
	if s.engine == Postgres { // several processes may start at once
		if _, err := tx.Exec(ctx, "LOCK TABLE sqlstore_migration IN EXCLUSIVE MODE"); err != nil {
			return false, err
		}
	}
	applied, err := List(ctx, tx, func(r *Rows, m *migration) error { return r.Scan(&m.number, &m.sum) },
		"SELECT number, sha256 FROM sqlstore_migration WHERE schema_name=$1 ORDER BY number", schema)
	if err != nil {
		return false, err
	}
	for i, old := range applied {
		if i >= len(all) {
			return false, plain.Bad("store",
				fmt.Sprintf("データベースはこのプログラムより新しい版で作られています(%sの移行%04d)。新しい版のプログラムを使ってください。", schema, old.number),
				fmt.Sprintf("A newer program has written this database (migration %04d of %s). Use the newer program.", old.number, schema))
		}
		if all[i].sum != old.sum {
			return false, plain.Bad("store",
				fmt.Sprintf("適用済みの移行ファイル %s(%s)が書き換えられています。元に戻し、変更は新しい番号のファイルに書いてください。", all[i].file, schema),
				fmt.Sprintf("The migration %s of %s was changed after it had been applied. Restore it, and write the change in a file with a new number.", all[i].file, schema))
		}
	}
	if len(applied) == len(all) {
		return false, nil
	}
	m := all[len(applied)]
	for _, statement := range s.statements(m.text) {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return false, fmt.Errorf("schema %s, %s: %w", schema, m.file, err)
		}
	}
	_, err = tx.Exec(ctx, "INSERT INTO sqlstore_migration(schema_name, number, file, sha256, at) VALUES ($1,$2,$3,$4,$5)",
		schema, m.number, m.file, m.sum, tx.Now())
	return true, err
}

// statements splits a file and leaves out what is meant for the other engine.
func (s *Store) statements(text []byte) []string {
	var all []string
	for part := range bytes.SplitSeq(append(bytes.TrimRight(text, " \n"), '\n'), []byte(";\n")) {
		statement := strings.TrimSpace(string(part))
		only, _, _ := strings.Cut(statement, "\n")
		switch only = strings.TrimSuffix(strings.TrimPrefix(only, "-- "), " only"); {
		case blank(statement):
		case slices.Contains([]string{"sqlite", "postgres"}, only) && only != s.dialect():
		default:
			all = append(all, statement)
		}
	}
	return all
}

// blank says whether nothing but comments is left.
func blank(statement string) bool {
	for line := range strings.SplitSeq(statement, "\n") {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "--") {
			return false
		}
	}
	return true
}
