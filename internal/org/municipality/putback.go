package municipality

import (
	"reflect"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// putBack undoes in a record what led from one state to another, and tells which of those items have changed again since, of
// which nothing is undone. Every item that a record has is looked at, so that none is forgotten when there are more.
func putBack(now *resident.Record, before, wrong resident.Record) (overtaken itemSet) {
	undone := *now
	undo(reflect.ValueOf(&undone).Elem(), reflect.ValueOf(before), reflect.ValueOf(wrong))
	// What is undone now must be what the wrong version said.
	if lost := changedItems(*now, wrong) & changedItems(before, wrong); lost != 0 {
		return lost
	}
	*now = undone
	return 0
}

// undo sets each field that differs between two states to that of the earlier one.
func undo(now, before, wrong reflect.Value) {
	for i := range now.NumField() {
		switch b, w := before.Field(i), wrong.Field(i); {
		case b.Type() == reflect.TypeFor[resident.BasicFour]():
			undo(now.Field(i), b, w)
		case !b.Equal(w):
			now.Field(i).Set(b)
		}
	}
}

// name lists the items of a set.
func (i itemSet) name() (s plain.Sentence) {
	for _, n := range itemNames {
		if i&n.item == 0 {
			continue
		}
		if s.JA != "" {
			s.JA, s.EN = s.JA+"・", s.EN+", "
		}
		s.JA, s.EN = s.JA+n.name.JA, s.EN+n.name.EN
	}
	return s
}
