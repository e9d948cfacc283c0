// Package making makes of an application and of the records of those on the page what is to stand on a document (証明書の内容の作成): alike
// for the server that issues it and for each who holds it later and wants to know whether it is the right one.
//
// It is given records as the issuing server is told of them (message.IssuingRecord). A municipality makes the same of its register, and
// the server takes them from its copy; where both agree, they come to the same paper with the same binding.
package making

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/imprint"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Person is somebody of whom a document is made.
type Person struct {
	message.IssuingRecord
	Protection uint64 // version of the flag (支援措置); 0: none
	Release    string // the decision that this one document may be given out; "": there is none
}

// Content is what a document is made of.
type Content struct {
	Form    string         // by its name in package document
	Items   document.Items // of a resident record
	Request document.Request
	Page    []Person      // in their order on the page
	Head    resident.Name // of the household, who need not be on the page
}

// Paper is what is to stand on the document. What may not be given out is refused with plain.Problems.
func (c Content) Paper(by document.Issuer) (document.Paper, error) {
	persons := make([]document.Person, len(c.Page))
	for i, p := range c.Page {
		persons[i] = document.Person{ID: p.Code.Reveal(), Record: p.Record, Version: p.Version, Deleted: p.Deleted(),
			Protection: document.Protection{Flagged: p.Protected, Version: p.Protection, Release: p.Release}}
	}
	switch {
	case c.Form != document.SealRegistrationKind:
		return document.ResidentRecord(document.Copy{Request: c.Request, Form: c.Form, Items: c.Items, Head: c.Head}, by, persons)
	case len(c.Page) != 1:
		return document.Paper{}, plain.Bad("person", "印鑑登録証明書に載せるのは一人です。一人ずつ交付してください。",
			"The certificate of a seal shows one person: issue one for each.")
	}
	seal := document.RegisteredSeal{Ended: !c.Page[0].Seal.Given()}
	if !seal.Ended {
		var err error
		if seal.Imprint, err = imprint.Stored(c.Page[0].Seal.Imprint); err != nil {
			return document.Paper{}, fmt.Errorf("couldn't read a registered seal: %w", err)
		}
	}
	return document.SealRegistration(c.Request, by, persons[0], seal)
}

// The items that an application names.
const (
	relation = "relation"
	domicile = "domicile"
	number   = "number"
	code     = "code"
)

// ItemsOf are the items by their names in a message.
func ItemsOf(names []string) (items document.Items) {
	for _, n := range names {
		switch n {
		case relation:
			items.Relation = true
		case domicile:
			items.Domicile = true
		case number:
			items.Number = true
		case code:
			items.Code = true
		}
	}
	return items
}

// Names are the names of items in a message.
func Names(items document.Items) (names []string) {
	for _, one := range []struct {
		asked bool
		name  string
	}{{items.Relation, relation}, {items.Domicile, domicile}, {items.Number, number}, {items.Code, code}} {
		if one.asked {
			names = append(names, one.name)
		}
	}
	return names
}

// Order is that in which a page shows the people of a household: the head (世帯主) first, then the oldest.
func Order(a, b message.IssuingRecord) int {
	rank := func(n message.IssuingRecord) int {
		if n.Record.Relation == resident.Head {
			return 0
		}
		return 1
	}
	return cmp.Or(rank(a)-rank(b), strings.Compare(a.Record.Birth.String(), b.Record.Birth.String()), strings.Compare(a.Code.Reveal(), b.Code.Reveal()))
}
