package look

import (
	"slices"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// Purpose is what somebody looks at a person for (閲覧の目的). The zero value is none, and is refused.
type Purpose string

// The purposes. One is never given a second meaning: rows are kept for years.
const (
	Notice      Purpose = "notice"
	Copy        Purpose = "copy"
	ByOffice    Purpose = "by-office"
	ByOthers    Purpose = "by-others"
	Certificate Purpose = "certificate"
	Survey      Purpose = "survey"
	Provision   Purpose = "provision"
	Passport    Purpose = "passport"
	OwnUse      Purpose = "own-use"
	Confirm     Purpose = "confirm"
	Disclosure  Purpose = "disclosure"
	Correction  Purpose = "correction"
	Running     Purpose = "running"
	Fault       Purpose = "fault"
)

// Rule is one line of the table of purposes.
type Rule struct {
	Purpose Purpose
	Name    plain.Sentence
	Law     plain.Sentence // the article that the work rests on
	Roles   []message.Role // where there is this work
	Act     access.Act     // what somebody must be allowed to do (access) to look for it
	Case    bool           // a number is required
}

var (
	towns    = []message.Role{message.Municipality}
	uses     = []message.Role{message.Prefecture}
	keepers  = []message.Role{message.Prefecture, message.NationalCenter}
	holders  = []message.Role{message.Municipality, message.Prefecture, message.NationalCenter}
	issuance = []message.Role{message.CA, message.Validation}
)

// table is the whole of what persons are looked at for. The articles of the Basic Resident Registration Act (住民基本台帳法)
// are those of its text of 2013-11-26; those of the JPKI Act (公的個人認証法) are those that package access names.
var table = []Rule{
	{Notice, both("届出の受付", "take a notice"), both("住民基本台帳法第22条から第25条まで", "Basic Resident Registration Act, arts. 22 to 25"), towns, access.LookAtPerson, true},
	{Copy, both("住民票の写しなどの交付（本人等）", "give a copy to the person or the household"), both("住民基本台帳法第12条", "Basic Resident Registration Act, art. 12"), towns, access.LookAtPerson, true},
	{ByOffice, both("国・地方公共団体の機関からの照会への回答", "answer an office"), both("住民基本台帳法第12条の2", "Basic Resident Registration Act, art. 12-2"), towns, access.LookAtPerson, true},
	{ByOthers, both("本人等以外の申出への回答", "answer somebody else's request"), both("住民基本台帳法第12条の3", "Basic Resident Registration Act, art. 12-3"), towns, access.LookAtPerson, true},
	{Certificate, both("電子証明書の申請・失効", "apply for or revoke a certificate"), both("公的個人認証法第3条・第9条・第22条・第28条", "JPKI Act, arts. 3, 9, 22 and 28"), towns, access.LookAtPerson, true},
	{Survey, both("実態調査・職権の記載", "survey and entries ex officio"), both("住民基本台帳法第8条・第34条", "Basic Resident Registration Act, arts. 8 and 34"), towns, access.LookAtPerson, true},
	{Provision, both("国の機関などへの提供", "provide to a listed body"), both("住民基本台帳法第30条の7第3項・第30条の10", "Basic Resident Registration Act, arts. 30-7(3) and 30-10"), keepers, access.LookAtPerson, true},
	{Passport, both("旅券の事務", "passports"), both("住民基本台帳法第30条の8・別表第五の六", "Basic Resident Registration Act, art. 30-8 and Table 5, item 6"), uses, access.LookAtPerson, true},
	{OwnUse, both("都道府県の事務での利用", "use by the prefecture"), both("住民基本台帳法第30条の8", "Basic Resident Registration Act, art. 30-8"), uses, access.LookAtPerson, true},
	{Confirm, both("市町村・都道府県からの照会への回答", "answer a municipality or prefecture"), both("住民基本台帳法第30条の7第4項から第6項まで・第30条の10", "Basic Resident Registration Act, arts. 30-7(4) to (6) and 30-10"), keepers, access.LookAtPerson, true},
	{Disclosure, both("本人への開示", "disclose to the person"), both("住民基本台帳法第30条の37", "Basic Resident Registration Act, art. 30-37"), holders, access.LookAtPerson, true},
	{Correction, both("訂正などの申出の調査", "look into a request to correct"), both("住民基本台帳法第30条の40", "Basic Resident Registration Act, art. 30-40"), holders, access.LookAtPerson, true},
	{Running, both("発行と失効の運用・検査", "run and inspect issuance"), both("公的個人認証法第11条から第15条まで", "JPKI Act, arts. 11 to 15"), issuance, access.LookAtCertificate, false},
	{Fault, both("障害の調査", "look into a fault"), both("住民基本台帳法第30条の29", "Basic Resident Registration Act, art. 30-29"), holders, access.LookAtPerson, true},
}

func both(ja, en string) plain.Sentence { return plain.Sentence{JA: ja, EN: en} }

// Purposes returns the lines of the table for a role, in the order in which people choose.
func Purposes(role message.Role) (rules []Rule) {
	for _, r := range table {
		if r.at(role) {
			rules = append(rules, r)
		}
	}
	return rules
}

// Name is what people call the purpose; the purpose itself when the table does not know it.
func (p Purpose) Name() plain.Sentence {
	if r, ok := p.rule(); ok {
		return r.Name
	}
	return both(string(p), string(p))
}

func (p Purpose) rule() (Rule, bool) {
	i := slices.IndexFunc(table, func(r Rule) bool { return r.Purpose == p })
	if p == "" || i < 0 {
		return Rule{}, false
	}
	return table[i], true
}

func (r Rule) at(role message.Role) bool { return slices.Contains(r.Roles, role) }
