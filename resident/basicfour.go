package resident

import (
	"fmt"
	"log/slog"

	"github.com/akashi-id/akashi/internal/plain"
)

// BasicFour are the four basic attributes (基本4情報) that a signature certificate
// states. Two are equal under == when every byte is.
type BasicFour struct {
	Name    Name
	Birth   PartialDate
	Sex     Sex
	Address Address
}

// Diff is the set of attributes in which the two differ.
func (b BasicFour) Diff(other BasicFour) (changed Attributes) {
	if b.Name != other.Name {
		changed |= AttrName
	}
	if b.Birth != other.Birth {
		changed |= AttrBirth
	}
	if b.Sex != other.Sex {
		changed |= AttrSex
	}
	if b.Address != other.Address {
		changed |= AttrAddress
	}
	return changed
}

// Check names every attribute that is missing.
func (b BasicFour) Check() plain.Problems {
	var ps plain.Problems
	ps = require(ps, b.Name.Valid(), "name", "氏名", "name")
	ps = require(ps, b.Birth.Valid(), "birth", "生年月日", "date of birth")
	ps = require(ps, b.Sex.Valid(), "sex", "性別", "sex")
	ps = require(ps, b.Address.Valid(), "address", "住所", "address")
	return ps
}

func require(ps plain.Problems, given bool, field, ja, en string) plain.Problems {
	if given {
		return ps
	}
	return append(ps, plain.Bad(field, ja+"がありません。入力してください。", "The "+en+" is missing. Fill it in."))
}

const basicFourWhat = "基本4情報"

// String is redacted; so are Format and LogValue.
func (b BasicFour) String() string { return redacted(basicFourWhat) }

// Format redacts under every verb.
func (b BasicFour) Format(f fmt.State, _ rune) { formatRedacted(f, basicFourWhat) }

// LogValue redacts.
func (b BasicFour) LogValue() slog.Value { return logRedacted(basicFourWhat) }
