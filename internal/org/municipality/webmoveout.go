package municipality

import (
	"context"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// moveOutAct is the notice that several people of a household file together.
const moveOutAct = "move-out"

// withField is a box for another one of the household.
type withField struct {
	Field string
	Label plain.Sentence
	v     store.Version
}

// withFields are the others of the household who are residents.
func withFields(d Dossier) (all []withField) {
	for _, v := range d.Household {
		if v.Person != d.Now.Person {
			name := memberWords(v)
			if !isUnnamed(v) {
				relation := "（" + v.Record.Relation.Reveal() + "）"
				name = both(name.JA+relation, name.EN+relation)
			}
			all = append(all, withField{Field: "with-" + d.memberKey(v), Label: both("一緒に転出する: "+name.JA, "Moves out too: "+name.EN), v: v})
		}
	}
	return all
}

// withNames are those of them whose box is ticked.
func withNames(f *webui.Form, d Dossier) (names []plain.Sentence) {
	for _, x := range withFields(d) {
		if ticked(f, x.Field) {
			names = append(names, memberWords(x.v))
		}
	}
	return names
}

// baseField keeps the version of another one of the household who moves out too, as it was when the form was taken.
func baseField(x withField) string { return "base-" + x.Field }

// together are all who move out by one notice, with the versions that it was filed about.
func together(f *webui.Form, d Dossier, own resident.Version) (map[PersonID]resident.Version, []PersonID) {
	base, people := map[PersonID]resident.Version{d.Now.Person: own}, []PersonID{d.Now.Person}
	for _, x := range withFields(d) {
		if ticked(f, x.Field) {
			base[x.v.Person], people = x.v.Number, append(people, x.v.Person)
			if before := entry(f, baseField(x), versionEntry); before != 0 {
				base[x.v.Person] = before
			}
		}
	}
	return base, people
}

// file files what the form says: for the one person, or for all who move out together.
func (w *screens) file(ctx context.Context, f *webui.Form, c Change, d Dossier) (Filed, error) {
	out, leaves := c.(MoveOut)
	base, people := together(f, d, c.common().Base)
	if !leaves || len(people) == 1 {
		return w.o.File(ctx, c)
	}
	for _, x := range withFields(d) {
		if ticked(f, x.Field) {
			out.Typed[baseField(x)] = x.v.Number.String()
		}
	}
	all, err := w.o.FileMoveOut(ctx, out, base, people)
	if err != nil {
		return Filed{}, err
	}
	return all[0], nil
}
