package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Claim is what is known of a code beside the resident who has it.
type Claim struct {
	AllottedTo message.Org         // "" when the center did not allot it
	Successor  resident.RecordCode // the holder's present code, when this one was retired
}

// Holder is the present code of whoever has or had a code.
func (tx *Tx) Holder(ctx context.Context, code resident.RecordCode) (resident.RecordCode, error) {
	var successor string
	err := tx.QueryRow(ctx, `SELECT successor FROM code WHERE code = $1 AND successor <> ''`, code.Reveal()).Scan(&successor)
	if errors.Is(err, sql.ErrNoRows) {
		return code, nil
	}
	if err != nil {
		return code, fmt.Errorf("couldn't look for a resident's present code: %w", err)
	}
	return resident.ParseRecordCode("stored", successor)
}

// Codes lists the codes under which others may know whoever has the present code: that one, and those that it replaced.
func (tx *Tx) Codes(ctx context.Context, holder resident.RecordCode) ([]resident.RecordCode, error) {
	old, err := sqlstore.List(ctx, tx.Tx, scanCode, `SELECT code FROM code WHERE successor = $1 AND successor <> '' ORDER BY code`, holder.Reveal())
	return append(old, holder), err
}

func scanCode(r *sqlstore.Rows, c *resident.RecordCode) error {
	var text string
	if err := r.Scan(&text); err != nil {
		return err
	}
	return read(c, text, resident.ParseRecordCode)
}

// Retire says that a resident's code became another one, and so for every code that was replaced by it before.
func (tx *Tx) Retire(ctx context.Context, old, now resident.RecordCode) error {
	if _, err := tx.Exec(ctx, `UPDATE code SET successor = $1 WHERE successor = $2`, now.Reveal(), old.Reveal()); err != nil {
		return fmt.Errorf("couldn't retire a code: %w", err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO code(code, allotted_to, request, successor, at) VALUES ($1, '', '', $2, $3)
		ON CONFLICT(code) DO UPDATE SET successor = excluded.successor`, old.Reveal(), now.Reveal(), tx.Now()); err != nil {
		return fmt.Errorf("couldn't retire a code: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE certificate SET holder = $1 WHERE holder = $2`, now.Reveal(), old.Reveal()); err != nil {
		return fmt.Errorf("couldn't carry certificates over to the new code: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE report SET holder = $1 WHERE holder = $2`, now.Reveal(), old.Reveal()); err != nil {
		return fmt.Errorf("couldn't carry reports over to the new code: %w", err)
	}
	return nil
}

// Allotment lists the codes that a request was answered with; none when it is new.
func (tx *Tx) Allotment(ctx context.Context, to message.Org, request string) ([]resident.RecordCode, error) {
	return sqlstore.List(ctx, tx.Tx, scanCode, `SELECT code FROM code WHERE allotted_to = $1 AND request = $2 AND allotted_to <> '' ORDER BY code`, string(to), request)
}

// Allot writes down that codes were given to a municipality.
func (tx *Tx) Allot(to message.Org, request string, codes []resident.RecordCode) {
	for _, c := range codes {
		tx.Collect("code", "code, allotted_to, request, successor, at", c.Reveal(), string(to), request, "", tx.Now())
	}
}

// Taken tells which of some codes somebody has, had, or was allotted, also in this transaction.
func (tx *Tx) Taken(ctx context.Context, codes []resident.RecordCode) (map[resident.RecordCode]bool, error) {
	if err := tx.Flush(ctx); err != nil {
		return nil, err
	}
	const atOnce = 100
	taken := map[resident.RecordCode]bool{}
	for len(codes) > 0 {
		part := codes[:min(atOnce, len(codes))]
		codes = codes[len(part):]
		marks, args := make([]string, len(part)), make([]any, len(part))
		for i, c := range part {
			marks[i], args[i] = fmt.Sprintf("$%d", i+1), c.Reveal()
		}
		in := strings.Join(marks, ", ")
		found, err := sqlstore.List(ctx, tx.Tx, scanCode,
			`SELECT code FROM resident WHERE code IN (`+in+`) UNION SELECT code FROM code WHERE code IN (`+in+`)`, args...)
		if err != nil {
			return nil, fmt.Errorf("couldn't look for codes in use: %w", err)
		}
		for _, c := range found {
			taken[c] = true
		}
	}
	return taken, nil
}

// Predecessors are the codes that each of some codes replaced.
func (tx *Tx) Predecessors(ctx context.Context, codes []resident.RecordCode) (map[resident.RecordCode][]resident.RecordCode, error) {
	texts := make([]string, 0, len(codes))
	for _, c := range codes {
		texts = append(texts, c.Reveal())
	}
	former := map[resident.RecordCode][]resident.RecordCode{}
	err := sqlstore.InParts(tx.Tx, 1, texts, func(marks string, part []any) error {
		type row struct{ old, now resident.RecordCode }
		found, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, v *row) error {
			var old, now string
			if err := r.Scan(&old, &now); err != nil {
				return err
			}
			return errors.Join(read(&v.old, old, resident.ParseRecordCode), read(&v.now, now, resident.ParseRecordCode))
		}, `SELECT code, successor FROM code WHERE successor IN (`+marks+`) AND successor <> '' ORDER BY code`, part...)
		for _, v := range found {
			former[v.now] = append(former[v.now], v.old)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't find the codes that residents had: %w", err)
	}
	return former, nil
}
