package ca

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// AskedList names a list that a person has asked for, and the number of the one before it.
type AskedList struct {
	Municipality string       `json:"municipality"`
	Profile      cert.Profile `json:"-"`
	Kind         string       `json:"profile"`
	Before       int64        `json:"before"` // the last number that was given out
}

// MakeLists has new full lists made of a municipality, for the operator in the context: the one was refused where it is published, or did not
// arrive. Profile 0: of each kind of certificate. It gives those that will be made, each within seconds.
func (o *CA) MakeLists(ctx context.Context, m resident.MunicipalityCode, p cert.Profile, why string) (asked []AskedList, err error) {
	who, err := o.officer(ctx, access.MakeList)
	if err != nil {
		return nil, err
	}
	why = strings.TrimSpace(why)
	switch n := utf8.RuneCountInString(why); {
	case n == 0:
		return nil, plain.Bad("text", "わけを書いてください。監査人が読みます。", "Write why: the auditor reads it.")
	case n > maxWhy:
		return nil, plain.Bad("text", "わけが長すぎます。1,000文字までで書いてください。", "This is too long: at most 1,000 characters.")
	}
	err = o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		asked = nil
		parts, err := o.in(tx).Partitions(ctx)
		if err != nil {
			return err
		}
		for _, part := range parts {
			if _, ours := o.byID[part.Issuer]; part.Municipality != m || p != 0 && part.Profile != p || !ours {
				continue
			}
			due.Add(tx, tx.Now(), dueAgain, listRef(part.Issuer, m), nil)
			asked = append(asked, AskedList{Municipality: m.String(), Profile: part.Profile, Kind: part.Profile.String(), Before: part.Number})
			auditlog.Write(tx, auditlog.Entry{Actor: who.ID, Act: "list.make", Subject: m.String(), Detail: access.Detail(ctx, part.Profile.String()+": "+why)})
		}
		if len(asked) == 0 {
			return plain.Bad("municipality", "この市区町村の失効リストは、まだありません。最初の電子証明書とともに作ります。コードと種類を確かめてください。",
				"There is no list of this municipality: the first is made with its first certificate. Check the code and the kind.")
		}
		return nil
	})
	return asked, err
}
