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
	if undo(reflect.ValueOf(&undone).Elem(), reflect.ValueOf(before), reflect.ValueOf(wrong)) {
		*now = undone
		return 0
	}
	return changedItems(*now, wrong) & changedItems(before, wrong)
}

// undo sets each item that differs between two states to that of the earlier one. It reports whether each still was as the
// later one has it.
func undo(now, before, wrong reflect.Value) bool {
	for i := range now.NumField() {
		n, b, w := now.Field(i), before.Field(i), wrong.Field(i)
		switch {
		case b.Equal(w):
		case ofItems(b.Type()):
			if !undo(n, b, w) {
				return false
			}
		case !n.Equal(w):
			return false
		default:
			n.Set(b)
		}
	}
	return true
}

// ofItems tells whether a type is several items and not one: all its fields can be seen.
func ofItems(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	for i := range t.NumField() {
		if !t.Field(i).IsExported() {
			return false
		}
	}
	return true
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
