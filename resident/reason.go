package resident

import (
	"fmt"

	"github.com/akashi-id/akashi/internal/plain"
)

// Act is what a change does to a resident record (住民票).
type Act uint8

// The acts of 規則11条, which names the reasons that go with each.
const (
	Entry         Act = iota + 1 // 記載
	Deletion                     // 消除
	Amendment                    // 修正, of one of the four attributes
	CodeAmendment                // 住民票コードの記載の修正
)

// String is the Japanese word of the law, or "" for the zero value.
func (a Act) String() string { return a.In(plain.JA) }

// In gives the word in a language.
func (a Act) In(lang plain.Lang) string {
	switch a {
	case Entry:
		return plain.Sentence{JA: "記載", EN: "entry"}.In(lang)
	case Deletion:
		return plain.Sentence{JA: "消除", EN: "deletion"}.In(lang)
	case Amendment:
		return plain.Sentence{JA: "修正", EN: "amendment"}.In(lang)
	case CodeAmendment:
		return plain.Sentence{JA: "住民票コードの修正", EN: "amendment of the record code"}.In(lang)
	}
	return ""
}

// ChangeReason is one of the eleven reasons (異動事由) that 規則11条 lets a notice of
// change name. The finer words of a counter (marriage, adoption …) never leave the
// municipality. The zero value is no reason and is refused.
type ChangeReason uint8

// The eleven, in the order of 規則11条.
const (
	MoveIn              ChangeReason = iota + 1 // 転入等
	Birth                                       // 出生
	EntryExOfficio                              // 職権記載等
	MoveOut                                     // 転出
	Death                                       // 死亡
	DeletionExOfficio                           // 職権消除等
	MoveWithin                                  // 転居
	MinorAmendment                              // 軽微な修正 (規則21条の2)
	AmendmentExOfficio                          // 職権修正等
	CodeChangeRequested                         // 変更請求 (法30条の3)
	CodeExOfficio                               // 職権記載等, of a code
)

// reasons gives each its code on the wire and in files, which never changes once
// published, its act and its words.
var reasons = [...]struct {
	code string
	act  Act
	plain.Sentence
}{
	MoveIn:              {"move-in", Entry, plain.Sentence{JA: "転入等", EN: "move in"}},
	Birth:               {"birth", Entry, plain.Sentence{JA: "出生", EN: "birth"}},
	EntryExOfficio:      {"entry-ex-officio", Entry, plain.Sentence{JA: "職権記載等", EN: "entry ex officio"}},
	MoveOut:             {"move-out", Deletion, plain.Sentence{JA: "転出", EN: "move out"}},
	Death:               {"death", Deletion, plain.Sentence{JA: "死亡", EN: "death"}},
	DeletionExOfficio:   {"deletion-ex-officio", Deletion, plain.Sentence{JA: "職権消除等", EN: "deletion ex officio"}},
	MoveWithin:          {"move-within", Amendment, plain.Sentence{JA: "転居", EN: "move within the municipality"}},
	MinorAmendment:      {"minor-amendment", Amendment, plain.Sentence{JA: "軽微な修正", EN: "minor amendment"}},
	AmendmentExOfficio:  {"amendment-ex-officio", Amendment, plain.Sentence{JA: "職権修正等", EN: "amendment ex officio"}},
	CodeChangeRequested: {"code-change-requested", CodeAmendment, plain.Sentence{JA: "変更請求", EN: "change of code on request"}},
	CodeExOfficio:       {"code-ex-officio", CodeAmendment, plain.Sentence{JA: "職権記載等", EN: "change of code ex officio"}},
}

// ChangeReasons are the eleven, in the order of 規則11条.
func ChangeReasons() []ChangeReason {
	all := make([]ChangeReason, 0, len(reasons)-1)
	for r := MoveIn; r <= CodeExOfficio; r++ {
		all = append(all, r)
	}
	return all
}

// ParseChangeReason reads the code of a reason, as Code gives it. The error is a
// *plain.Problem for field.
func ParseChangeReason(field, s string) (ChangeReason, error) {
	for _, r := range ChangeReasons() {
		if reasons[r].code == s {
			return r, nil
		}
	}
	return 0, plain.Bad(field,
		"異動事由が正しくありません。法令の定める11の事由から選んでください。",
		"This is not a reason for a change. Choose one of the eleven that the law names.")
}

// Valid reports whether r is one of the eleven.
func (r ChangeReason) Valid() bool { return MoveIn <= r && r <= CodeExOfficio }

// Code is the reason's name on the wire and in files, e.g. "move-within"; "" for the zero value.
func (r ChangeReason) Code() string { return r.row().code }

// Act is what the reason's change does to the record; the zero value for the zero value.
func (r ChangeReason) Act() Act { return r.row().act }

// In is the reason in a language, e.g. 転居.
func (r ChangeReason) In(lang plain.Lang) string { return r.row().In(lang) }

// String is the Japanese word of the law.
func (r ChangeReason) String() string { return r.In(plain.JA) }

func (r ChangeReason) row() struct {
	code string
	act  Act
	plain.Sentence
} {
	if !r.Valid() {
		return reasons[0]
	}
	return reasons[r]
}

// MarshalText is Code; the zero value is refused.
func (r ChangeReason) MarshalText() ([]byte, error) {
	if !r.Valid() {
		return nil, fmt.Errorf("resident: no change reason %d", uint8(r))
	}
	return []byte(r.Code()), nil
}

// UnmarshalText reads what ParseChangeReason reads.
func (r *ChangeReason) UnmarshalText(b []byte) (err error) {
	*r, err = ParseChangeReason("reason", string(b))
	return err
}
