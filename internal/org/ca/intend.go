package ca

import (
	"context"
	"fmt"
	"strconv"

	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
)

const dueSign = "sign"

// intend writes down what will be signed, and puts the signing on the due list. Both commit with the rule that decided it.
func (o *CA) intend(tx *store.Tx, i store.Intent) {
	i.ID = tx.Serial()
	tx.PutIntent(i)
	due.Add(tx.Tx, tx.Now(), signKind(i.Kind), intentRef(i.ID), nil)
}

// abandon takes an intent back. A signature that is being made over it is never stored and reaches nobody.
func (o *CA) abandon(ctx context.Context, tx *store.Tx, i store.Intent) error {
	if err := tx.DropIntents(ctx, []int64{i.ID}); err != nil {
		return err
	}
	_, err := due.Remove(ctx, tx.Tx, signKind(i.Kind), intentRef(i.ID))
	return err
}

func intentRef(id int64) string { return strconv.FormatInt(id, 10) }

func intentID(ref string) (int64, error) {
	id, err := strconv.ParseInt(ref, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q names no intent", ref)
	}
	return id, nil
}
