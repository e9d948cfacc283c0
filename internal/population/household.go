package population

import (
	"sync"

	"github.com/akashi-id/akashi/resident"
)

// kind is a form of household (世帯の家族類型).
type kind int

const (
	alone         kind = iota // 単独世帯
	couple                    // 夫婦のみ
	parents                   // 夫婦と子供
	oneParent                 // ひとり親と子供
	middleOfThree             // three generations, the head is of the middle one
	eldestOfThree             // three generations, the head is the grandparent
	kinds
)

// member is somebody in a household before they have a name. Ages are in days: siblings need months between them, and
// a parent years, whatever the days of birth.
type member struct {
	relation string // 続柄, as on a resident record: a grandchild is 子の子
	spouse   bool   // of the head
	sex      resident.Sex
	age      int  // days
	own      bool // has another family name than the head
}

// relations are those that members have, by their text.
var relations = sync.OnceValue(func() map[string]resident.Relation {
	known := map[string]resident.Relation{}
	for _, s := range []string{"世帯主", "妻", "夫", "妻（未届）", "夫（未届）", "子", "父", "母", "妻の父", "妻の母", "子の妻", "子の夫", "子の子"} {
		known[s] = must(resident.ParseRelation("relation", s))
	}
	return known
})

// years in days.
func years(n int) int { return n * 146_097 / 400 }

const (
	adult        = 18
	firstBirth   = 19 // the youngest at which anybody here has a child
	lastBirth    = 45
	usualBirth   = 30
	spreadBirths = 12
)

// compose appends the members of a household of a kind whose head is of an age, the head first.
func compose(to []member, d dice, k kind, age int) []member {
	switch k {
	case alone:
		return append(to, member{relation: "世帯主", sex: sexOfSingle(d, age), age: age})
	case couple:
		to, _, _ = pair(to, d, age, adult)
		return to
	case parents:
		to, man, woman := pair(to, d, age, firstBirth)
		return children(to, d, man, woman, "子")
	case oneParent:
		sex, father, mother := resident.Female, age+years(3), age
		if d.permille(150) {
			sex, father, mother = resident.Male, age, max(age-years(2), years(firstBirth))
		}
		to = append(to, member{relation: "世帯主", sex: sex, age: age})
		return children(to, d, father, mother, "子")
	case middleOfThree:
		to, man, woman := pair(to, d, age, firstBirth)
		to = children(to, d, man, woman, "子")
		return grandparents(to, d, man, woman)
	}
	return fromGrandparent(to, d, age)
}

// sexOfSingle: among the young who live alone are more men, among the old many more women.
func sexOfSingle(d dice, age int) resident.Sex {
	women := 430
	switch {
	case age > years(80):
		women = 790
	case age > years(65):
		women = 620
	}
	return sexBy(d, women)
}

func sexBy(d dice, women int) resident.Sex {
	if d.permille(women) {
		return resident.Female
	}
	return resident.Male
}

// pair appends a head of an age and their spouse, and gives the ages of the man and the woman. least is the age in
// years that the spouse has.
func pair(to []member, d dice, age, least int) (with []member, man, woman int) {
	older := d.around(years(2), years(10)) // by how much the man is
	head := member{relation: "世帯主", sex: resident.Male, age: age}
	spouse := member{relation: "妻", spouse: true, sex: resident.Female, age: max(age-older, years(least)+d.below(365))}
	if d.permille(40) {
		head.sex, spouse.sex, spouse.relation = resident.Female, resident.Male, "夫"
		spouse.age = max(age+older, years(least)+d.below(365))
	}
	if d.permille(12) { // 内縁: no common register, so no common name
		spouse.relation, spouse.own = spouse.relation+"（未届）", true
	}
	with = append(to, head, spouse)
	if head.sex == resident.Female {
		return with, spouse.age, head.age
	}
	return with, head.age, spouse.age
}

// children appends the children who live with a father and a mother of these ages (one of whom may live elsewhere), at
// least one, the eldest first. Both are over firstBirth years old.
func children(to []member, d dice, father, mother int, relation string) []member {
	eldest := min(mother, father) - years(firstBirth) // not older than this
	age := min(mother-d.around(years(usualBirth), years(spreadBirths)), eldest)
	if age < 0 { // parents so young have a small child
		age = d.below(min(eldest, years(3)) + 1)
	}
	from := len(to)
	for n := numberOfChildren(d); n > 0; n-- {
		next := age
		if !d.permille(10) { // twins
			next -= d.between(400, 1800)
		}
		last := n == 1 || next < 0 || mother-next > years(lastBirth)
		if stays(d, age) || last && len(to) == from {
			to = append(to, member{relation: relation, sex: sexBy(d, 487), age: age})
		}
		if last {
			break
		}
		age = next
	}
	return to
}

func numberOfChildren(d dice) int {
	switch at := d.below(100); {
	case at < 30:
		return 1
	case at < 80:
		return 2
	case at < 97:
		return 3
	}
	return 4
}

// stays reports whether a child of an age still lives with the parents.
func stays(d dice, age int) bool {
	switch {
	case age < years(18):
		return true
	case age < years(25):
		return d.permille(700)
	case age < years(30):
		return d.permille(450)
	case age < years(40):
		return d.permille(250)
	}
	return d.permille(150)
}

// grandparents appends the parents of the head, or now and then of the wife.
func grandparents(to []member, d dice, man, woman int) []member {
	prefix, of, own := "", man, false
	if to[0].sex == resident.Female {
		of = woman
	} else if to[1].relation == "妻" && d.permille(180) {
		prefix, of, own = "妻の", woman, true
	}
	mother := of + d.between(years(20), years(37))
	father := mother + d.between(-years(1), years(7))
	both := d.permille(400) && father < years(93)
	if (both || d.permille(180)) && father < years(100) {
		to = append(to, member{relation: prefix + "父", sex: resident.Male, age: father, own: own})
		if !both {
			return to
		}
	}
	return append(to, member{relation: prefix + "母", sex: resident.Female, age: min(mother, years(106)), own: own})
}

// fromGrandparent appends a household whose head is the eldest: head, perhaps a spouse, a child with a spouse, and
// their children.
func fromGrandparent(to []member, d dice, age int) []member {
	old := age
	if d.permille(550) {
		var man, woman int
		to, man, woman = pair(to, d, age, 2*firstBirth+2)
		old = min(man, woman)
	} else {
		to = append(to, member{relation: "世帯主", sex: sexBy(d, 650), age: age})
	}
	child := min(old-d.between(years(22), years(35)), old-years(firstBirth))
	child = max(child, years(firstBirth)+365)
	son := d.permille(750)
	spouse := max(child+d.around(0, years(5)), years(firstBirth)+365)
	if son {
		to = append(to, member{relation: "子", sex: resident.Male, age: child},
			member{relation: "子の妻", sex: resident.Female, age: spouse})
		return children(to, d, child, spouse, "子の子")
	}
	to = append(to, member{relation: "子", sex: resident.Female, age: child},
		member{relation: "子の夫", sex: resident.Male, age: spouse})
	return children(to, d, spouse, child, "子の子")
}
