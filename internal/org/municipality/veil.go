package municipality

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
)

// A form of a household has fields for everybody in it. Of a protected member (支援措置) nothing is shown, and the number in the register (宛名番号) opens
// pages and stands on papers: so it is in no field's name, which the page's source, the confirm page and a browser's history of entries keep.

// memberKey is what the fields of somebody of the household are named by.
func (d Dossier) memberKey(v store.Version) string {
	if !isUnnamed(v) {
		return v.Person.String()
	}
	mac := hmac.New(sha256.New, d.veil)
	mac.Write([]byte("member of a household\x00" + d.Now.Person.String() + "\x00" + v.Person.String()))
	return "x" + hex.EncodeToString(mac.Sum(nil)[:8])
}

func (d Dossier) relationField(v store.Version) string { return "relation-" + d.memberKey(v) }

func (d Dossier) movesField(v store.Version) string { return "moves-" + d.memberKey(v) }

// knows refuses a form that names somebody by a field who is not in this dossier by that name: the household is not what it was.
func (d Dossier) knows(f *webui.Form) error {
	known := map[string]bool{}
	for _, v := range d.Household {
		known[d.memberKey(v)] = true
	}
	for name := range f.All() {
		for _, prefix := range []string{"relation-", "moves-", "with-"} {
			if key, of := strings.CutPrefix(name, prefix); of && !known[key] && f.Value(name) != "" {
				return errRecordChanged
			}
		}
	}
	return nil
}

// veiled has a refusal name the fields as the form does.
func (d Dossier) veiled(err error) error {
	found, ok := plain.AsProblems(err)
	if !ok {
		return err
	}
	said := make(plain.Problems, len(found))
	for i, p := range found {
		of := *p
		for _, v := range d.Household {
			if of.Field == relationField(v.Person) {
				of.Field = d.relationField(v)
			}
		}
		said[i] = &of
	}
	return said.Err()
}

// nameOf is how the pages of this dossier call somebody: whom it does not name they do not either.
func (d Dossier) nameOf(of store.Version) string {
	if i := slices.IndexFunc(d.Household, func(v store.Version) bool { return v.Person == of.Person && isUnnamed(v) }); i >= 0 {
		return memberName(d.Household[i])
	}
	return of.Record.Name.Reveal()
}
