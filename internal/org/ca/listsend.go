package ca

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/crl"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const (
	// partSize is how much of a list one message carries: a quarter of what it may, so that a batch has room for what cannot wait.
	partSize = 256 << 10
	// stepParts is how many parts one transaction sends.
	stepParts = 4
)

// dueSignList is the signing of a list. It is a kind of its own, because the lint of a million entries takes longer than a certificate's
// signature may.
const dueSignList = "sign list"

func signKind(k store.Kind) string {
	if k.IsList() {
		return dueSignList
	}
	return dueSign
}

// signListRule signs lists, as signRule does certificates, but one at a time: several long ones would need much memory at once.
func (o *CA) signListRule() due.Rule {
	many := o.signRule()
	return due.Rule{
		Kind:     dueSignList,
		Deadline: makeDeadline,
		Prepare: func(ctx context.Context, tx *sqlstore.Tx, item due.Item) (any, error) {
			all, err := many.PrepareAll(ctx, tx, []due.Item{item})
			if err != nil {
				return nil, err
			}
			return all[0], nil
		},
		Outside: many.Outside,
		Finish: func(ctx context.Context, tx *sqlstore.Tx, item due.Item, result any) ([]message.Out, error) {
			return many.FinishAll(ctx, tx, []due.Item{item}, []any{result})
		},
	}
}

// readsBack reads a list that was signed with other code than that which wrote it, and checks its signature with the CA's certificate. It
// keeps no entry.
func (a *authority) readsBack(der []byte) error {
	own, err := crl.AuthorityOf(a.certificate)
	if err != nil {
		return err
	}
	list, err := crl.Read(bytes.NewReader(der), own.Hash, crl.Limits{}, nil)
	if err != nil {
		return fmt.Errorf("couldn't read what was signed: %w", err)
	}
	if !bytes.Equal(list.Algorithm, own.Algorithm) {
		return fmt.Errorf("couldn't read what was signed: it is of another algorithm")
	}
	return pki.VerifyDigest(a.certificate.PublicKey, list.Digest, list.Signature)
}

// onListSigned stores a list and sends it for publication. When a later one is out already, this one is not needed.
func (o *CA) onListSigned(ctx context.Context, tx *store.Tx, i store.Intent, der []byte) ([]message.Out, error) {
	m, err := resident.ParseMunicipalityCode("municipality", i.Subject)
	if err != nil {
		return nil, err
	}
	list, err := crl.Read(bytes.NewReader(der), crypto.SHA256, crl.Limits{}, nil)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(der)
	stored, err := tx.PutCRL(ctx, store.Signed{Issuer: i.Issuer, Municipality: m, Number: i.Number, Base: i.Base, ThisUpdate: list.ThisUpdate,
		NextUpdate: list.NextUpdate, Entries: list.Entries, Digest: digest[:], DER: der})
	if err != nil || !stored {
		return nil, err
	}
	return o.sendParts(tx, listParts{Issuer: i.Issuer, Municipality: m.String(), Delta: i.Base != 0, Number: i.Number, Base: i.Base, Trace: i.Trace, Next: 1},
		m, digest[:], int64(len(der)), der)
}

// listParts is what is still to be sent of a list.
type listParts struct {
	Issuer, Municipality string
	Delta                bool
	Number, Base         int64
	Trace                string
	Next                 int64 // from 1
}

// from is where the next part begins.
func (p listParts) from() int64 { return (p.Next - 1) * partSize }

// sendParts gives the messages of the next few parts, and puts the rest on the due list. piece is what the list has from there on, as much as
// the messages take, or more.
func (o *CA) sendParts(tx *store.Tx, p listParts, m resident.MunicipalityCode, digest []byte, size int64, piece []byte) (outs []message.Out, err error) {
	parts := (size + partSize - 1) / partSize
	if parts > message.MaxListParts {
		return nil, fmt.Errorf("a list of %d bytes is longer than any that may be sent", size)
	}
	for len(outs) < stepParts && p.Next <= parts {
		n := min(partSize, size-p.from())
		if int64(len(piece)) < n {
			return nil, fmt.Errorf("part %d of the list %d of %s is cut off", p.Next, p.Number, p.Municipality)
		}
		outs = append(outs, message.Out{To: o.cfg.Validation, Trace: p.Trace, Body: message.CertCRL{Issuer: p.Issuer, Municipality: m, Number: uint64(p.Number), Base: uint64(p.Base),
			CRL: piece[:n:n], Part: uint32(p.Next), Parts: uint32(parts), Digest: digest}})
		piece = piece[n:]
		p.Next++
	}
	if p.Next <= parts {
		rest, err := json.Marshal(p)
		if err != nil {
			return nil, err
		}
		due.Add(tx.Tx, tx.Now(), dueParts, listRef(p.Issuer, m), rest)
	}
	return outs, nil
}

// partsRule sends the rest of a long list, some parts at a time, so that no transaction holds all of it. What a later list has taken the
// place of is not sent to its end: nobody needs half of it.
func (o *CA) partsRule() due.Rule {
	return due.Rule{Kind: dueParts, Finish: func(ctx context.Context, raw *sqlstore.Tx, item due.Item, _ any) ([]message.Out, error) {
		var p listParts
		if err := json.Unmarshal(item.Payload, &p); err != nil {
			return nil, fmt.Errorf("couldn't read which parts are to be sent: %w", err)
		}
		m, err := resident.ParseMunicipalityCode("municipality", p.Municipality)
		if err != nil {
			return nil, err
		}
		tx := o.in(raw)
		piece, digest, size, found, err := tx.Piece(ctx, p.Issuer, m, p.Delta, p.Number, p.from(), stepParts*partSize)
		if err != nil || !found {
			return nil, err
		}
		return o.sendParts(tx, p, m, digest, size, piece)
	}}
}
