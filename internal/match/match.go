package match

import (
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// Degree is how far one attribute agrees. Higher is closer; the zero value was not asked for.
type Degree uint8

// The degrees.
const (
	NotAsked Degree = iota
	Differs
	Partly   // a part is unknown on one side, and the rest agrees
	Degraded // only when characters are replaced (縮退, 異体字)
	Numbered // an address of which only the writing of town and numbers differs
	Shape    // only the shapes of characters differ
	Written  // only blanks, or width and case of letters, differ
	Same     // each code point
)

// Name is what people call the degree.
func (d Degree) Name() plain.Sentence {
	return map[Degree]plain.Sentence{
		NotAsked: {JA: "照合せず", EN: "not asked"}, Differs: {JA: "不一致", EN: "differs"}, Partly: {JA: "一部不詳", EN: "partly unknown"},
		Degraded: {JA: "縮退で一致", EN: "after replacement"}, Numbered: {JA: "番地の書き方違い", EN: "other writing of numbers"},
		Shape: {JA: "字形違い", EN: "other shape"}, Written: {JA: "書き方違い", EN: "other writing"}, Same: {JA: "一致", EN: "agrees"},
	}[d]
}

// Agrees tells whether the attribute speaks for the record at all.
func (d Degree) Agrees() bool { return d > Differs }

// Proves tells whether the attribute agrees in what the register holds, and not in a replacement of it or in a part.
func (d Degree) Proves() bool { return d >= Numbered }

// Finding is how far one attribute agrees, and why.
type Finding struct {
	Attribute resident.Attributes
	Degree    Degree
	Why       plain.Sentence // never holds anything of the person
}

// Result is how a record compares with what was asked: a finding for each attribute that was asked for.
type Result []Finding

// Compare compares what is asked for with a record. Absent attributes are not asked for. A name is compared with the name and with
// the common name (通称); the closer one counts, and the reason says which.
func Compare(asked resident.BasicFour, held resident.IdentificationInfo) (all Result) {
	if asked.Name.Valid() {
		d, why := compareText(asked.Name.Reveal(), held.Name.Reveal())
		if held.CommonName.Valid() {
			if c, common := compareText(asked.Name.Reveal(), held.CommonName.Reveal()); c > d {
				d, why = c, plain.Sentence{JA: "通称と比べました。" + common.JA, EN: "Compared with the common name. " + common.EN}
			}
		}
		all = append(all, Finding{resident.AttrName, d, why})
	}
	if asked.Birth.Valid() {
		d, why := compareBirth(asked.Birth, held.Birth)
		all = append(all, Finding{resident.AttrBirth, d, why})
	}
	if asked.Sex.Valid() {
		f := Finding{resident.AttrSex, Differs, differ}
		if asked.Sex == held.Sex {
			f.Degree, f.Why = Same, plain.Sentence{JA: "同じです。", EN: "It is the same."}
		}
		all = append(all, f)
	}
	if asked.Address.Valid() {
		d, why := compareAddress(asked.Address.Reveal(), held.Address.Reveal())
		all = append(all, Finding{resident.AttrAddress, d, why})
	}
	return all
}

// compareBirth takes a part that one side does not know for neither agreement nor difference. A date of which nothing is known
// agrees with none.
func compareBirth(asked, held resident.PartialDate) (Degree, plain.Sentence) {
	if asked == held && asked.Year() != 0 {
		if _, whole := asked.Whole(); whole {
			return Same, plain.Sentence{JA: "同じ日です。", EN: "It is the same day."}
		}
		return Partly, plain.Sentence{JA: "同じ書き方ですが、月日に不詳があります。", EN: "It is written alike, but month or day is not known."}
	}
	apart := func(a, b int) bool { return a != 0 && b != 0 && a != b }
	switch {
	case asked.Year() == 0 || held.Year() == 0:
		return Differs, plain.Sentence{JA: "生年月日が不詳なので、比べられません。", EN: "The date of birth is not known, so that it says nothing."}
	case apart(asked.Year(), held.Year()) || apart(int(asked.Month()), int(held.Month())) || apart(asked.Day(), held.Day()):
		return Differs, differ
	}
	return Partly, plain.Sentence{JA: "分かっている部分は同じです。残りは一方が不詳です。", EN: "What is known on both sides is the same; the rest is unknown on one."}
}

// Degree is how far an attribute agrees; NotAsked when it was not asked for.
func (r Result) Degree(a resident.Attributes) Degree {
	for _, f := range r {
		if f.Attribute == a {
			return f.Degree
		}
	}
	return NotAsked
}

// Likely tells whether the record is worth showing: two of the three attributes that tell people apart agree. Half of all people
// agree in sex.
func (r Result) Likely() bool {
	n := 0
	for _, f := range r {
		if f.Attribute != resident.AttrSex && f.Degree.Agrees() {
			n++
		}
	}
	return n >= 2
}

// Weak tells whether something agrees only after replacement, or in a part: the flag that goes with a candidate.
func (r Result) Weak() bool {
	for _, f := range r {
		if f.Degree.Agrees() && !f.Degree.Proves() {
			return true
		}
	}
	return false
}

// Grade is the degree of match of the whole record.
type Grade uint8

// The grades.
const (
	Part  Grade = iota // something that was asked for differs
	Close              // nothing differs, and something agrees only after replacement, in a part, or in another writing
	All                // all that was asked for agrees, code point by code point
)

// Name is what people call the grade.
func (g Grade) Name() plain.Sentence {
	return [...]plain.Sentence{{JA: "一部が違う", EN: "differs in part"}, {JA: "ほぼ一致", EN: "close"}, {JA: "すべて一致", EN: "agrees in all"}}[g]
}

// Grade is the degree of match of the whole record. It is no identity.
func (r Result) Grade() Grade {
	g := All
	for _, f := range r {
		switch {
		case !f.Degree.Agrees():
			return Part
		case f.Degree != Same:
			g = Close
		}
	}
	return g
}

// Score puts results of one question into order, the closest highest.
func (r Result) Score() int {
	n := int(r.Grade()) * 1000
	for _, f := range r {
		if f.Degree.Agrees() {
			n += 10 + int(f.Degree)
		}
	}
	return n
}
