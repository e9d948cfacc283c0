package resident

import (
	"fmt"
	"log/slog"
	"strconv"

	"github.com/akashi-id/akashi/internal/plain"
)

// Version counts the states of one resident's record, from 1. A certificate names
// the version that it certifies, and every change the version that it leads to. The
// zero value is no version.
type Version uint64

// String is the decimal number.
func (v Version) String() string { return strconv.FormatUint(uint64(v), 10) }

// ChangeInfo is what a notice says about the change itself (変更情報, 令30条の5): its
// reason, the day on which the reason arose (for 転出 the planned day), and for a
// change of code the old code. Its act follows from its reason.
type ChangeInfo struct {
	Reason  ChangeReason
	Arose   Date
	OldCode RecordCode // of a CodeAmendment only
}

// Check names what is missing or does not belong.
func (c ChangeInfo) Check() plain.Problems {
	var ps plain.Problems
	ps = require(ps, c.Reason.Valid(), "reason", "異動事由", "reason of the change")
	ps = require(ps, c.Arose.Valid(), "arose", "事由の生じた年月日", "day on which the reason arose")
	codeChange := c.Reason.Act() == CodeAmendment
	if codeChange {
		ps = require(ps, c.OldCode.Valid(), "old code", "変更前の住民票コード", "old record code")
	} else if c.OldCode.Valid() {
		ps = append(ps, plain.Bad("old code",
			"変更前の住民票コードは、住民票コードの修正のときだけ通知します。取り除いてください。",
			"An old record code belongs only to a change of code. Remove it."))
	}
	return ps
}

// Record is a resident record (住民票) as the register of its municipality keeps it.
type Record struct {
	Code RecordCode
	BasicFour
	Kana           Kana             // how the office reads the name, for finding it; optional
	CommonName     Name             // 通称 of a foreign resident, optional
	Nationality    Nationality      // of a foreign resident
	Municipality   MunicipalityCode // whose register it is in; a ward of a designated city
	Household      HouseholdID
	Relation       Relation
	BecameResident Date             // 住民となった年月日
	Number         IndividualNumber // optional: numbered since 2015

	// Items that registers of before do not have. Contradictions holds them to each other; Missing names those that the law
	// asks for.
	Furigana       Kana           // 氏名の振り仮名, as the family register has it (法7条1号の2 [M], since 2025-05-26)
	FormerName     FormerName     // 旧氏
	FamilyRegister FamilyRegister // 戸籍の表示, of a Japanese national
	Residence      Residence
	Stay           Stay // of a foreign resident
	Qualified      Qualifications
}

// Items are those of a record that registers of before do not have, and that shape 1 of its canonical bytes does not hold.
type Items struct {
	Furigana       Kana
	FormerName     FormerName
	FamilyRegister FamilyRegister
	Residence      Residence
	Stay           Stay
	Qualified      Qualifications
}

// Items gives them.
func (r Record) Items() Items {
	return Items{r.Furigana, r.FormerName, r.FamilyRegister, r.Residence, r.Stay, r.Qualified}
}

// WithItems is the record with other items, as a whole.
func (r Record) WithItems(i Items) Record {
	r.Furigana, r.FormerName, r.FamilyRegister = i.Furigana, i.FormerName, i.FamilyRegister.Stated()
	r.Residence, r.Stay, r.Qualified = i.Residence, i.Stay, i.Qualified
	return r
}

// Check names every required item that is missing.
func (r Record) Check() plain.Problems {
	ps := r.BasicFour.Check()
	ps = require(ps, r.Code.Valid(), "record code", "住民票コード", "record code")
	ps = require(ps, r.Municipality.Valid(), "municipality", "市区町村コード", "municipality")
	ps = require(ps, r.Household != "", "household", "世帯番号", "household id")
	ps = require(ps, r.Relation.Valid(), "relation", "続柄", "relation to the head of the household")
	ps = require(ps, r.BecameResident.Valid(), "became resident", "住民となった年月日", "day of becoming a resident")
	return ps
}

// Identification is the part of the record that leaves the municipality (法30条の5),
// as the state that change led to.
func (r Record) Identification(v Version, change ChangeInfo) IdentificationInfo {
	return IdentificationInfo{
		Code: r.Code, BasicFour: r.BasicFour, CommonName: r.CommonName, Number: r.Number,
		Municipality: r.Municipality, Version: v, Change: change,
	}
}

const recordWhat = "住民票"

// String is redacted; so are Format and LogValue.
func (r Record) String() string { return redacted(recordWhat) }

// Format redacts under every verb.
func (r Record) Format(f fmt.State, _ rune) { formatRedacted(f, recordWhat) }

// LogValue redacts.
func (r Record) LogValue() slog.Value { return logRedacted(recordWhat) }

// IdentificationInfo is the identification information (本人確認情報) that a municipality
// notifies and a prefecture and the national center keep (法30条の5): one state of a
// resident, after its Change. A state whose change is a Deletion is that of somebody
// who is no longer a resident there.
type IdentificationInfo struct {
	Code RecordCode
	BasicFour
	CommonName   Name             // 通称, optional
	Number       IndividualNumber // optional
	Municipality MunicipalityCode
	Version      Version
	Change       ChangeInfo
}

// Deleted reports whether the resident's record has been deleted (消除).
func (i IdentificationInfo) Deleted() bool { return i.Change.Reason.Act() == Deletion }

// Check names everything that is missing.
func (i IdentificationInfo) Check() plain.Problems {
	ps := i.BasicFour.Check()
	ps = require(ps, i.Code.Valid(), "record code", "住民票コード", "record code")
	ps = require(ps, i.Municipality.Valid(), "municipality", "市区町村コード", "municipality")
	ps = require(ps, i.Version > 0, "version", "記録の版", "version")
	return append(ps, i.Change.Check()...)
}

const identificationWhat = "本人確認情報"

// String is redacted; so are Format and LogValue.
func (i IdentificationInfo) String() string { return redacted(identificationWhat) }

// Format redacts under every verb.
func (i IdentificationInfo) Format(f fmt.State, _ rune) { formatRedacted(f, identificationWhat) }

// LogValue redacts.
func (i IdentificationInfo) LogValue() slog.Value { return logRedacted(identificationWhat) }
