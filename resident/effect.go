package resident

// Attributes is a set of the four basic attributes (基本4情報).
type Attributes uint8

// The four.
const (
	AttrName    Attributes = 1 << iota // 氏名
	AttrBirth                          // 出生の年月日
	AttrSex                            // 男女の別
	AttrAddress                        // 住所
)

// Effect is what a change kills. The zero value kills nothing.
type Effect struct {
	Signature      bool // the signature certificate (署名用電子証明書) is revoked
	Authentication bool // the authentication certificate (利用者証明用電子証明書) is revoked
	Card           bool // the card (個人番号カード) becomes void
}

// Nothing reports whether e kills nothing.
func (e Effect) Nothing() bool { return e == Effect{} }

// EffectOf is the whole of what a change of a resident record means for the person's
// certificates and card; changed are the attributes whose text it alters. Dead
// certificates cannot die twice: whether the person holds any is not asked here.
func EffectOf(reason ChangeReason, changed Attributes) Effect {
	switch reason {
	case MinorAmendment:
		// 規則21条の2: a character replaced by its plain form or identified, a renamed
		// district or town, a renumbered lot, a new 住居表示. The text changes and the
		// person's circumstances do not, so JPKI Act 12条 excludes it ("総務省令で
		// 定める軽微な修正を除く"): nothing is revoked, whatever has changed.
		return Effect{}
	case MoveWithin:
		// JPKI Act 12条: the certificate states an address that is no longer true. A
		// 転居 is a change of address by definition, so changed is not asked: a text
		// that happens to be equal must not keep the certificate alive.
		return Effect{Signature: true}
	case AmendmentExOfficio:
		// JPKI Act 12条: any of the four attributes corrected, and only those.
		return Effect{Signature: changed != 0}
	case MoveOut:
		// JPKI Act 12条: 消除 of the record. The authentication certificate and the
		// card live on and are carried to the next municipality (継続利用); the day is
		// the planned one.
		return Effect{Signature: true}
	case Death, DeletionExOfficio:
		// The person is no longer one whom the Act covers: both certificates, and the
		// card (令, grounds for 失効 of a card: death, deletion).
		return Effect{Signature: true, Authentication: true, Card: true}
	case CodeChangeRequested, CodeExOfficio:
		// 令: a card is void when the 住民票コード on the record is corrected. The
		// certificates state no code; they end with the card's own affairs.
		return Effect{Card: true}
	}
	return Effect{} // 記載: there is nothing yet to kill
}

// movingAbroadKeeps is the day from which a card may be kept when leaving the country.
var movingAbroadKeeps = MustDate(2024, 5, 27)

// EffectOfMovingAbroad is EffectOf for a MoveOut to a place outside Japan (国外転出).
// left is the day of leaving; continued tells that the person had the card's use
// continued (継続利用), which is possible since 2024-05-27. Otherwise the card is void,
// and the authentication certificate on it dies with it.
func EffectOfMovingAbroad(left Date, continued bool) Effect {
	keeps := continued && !left.Before(movingAbroadKeeps)
	return Effect{Signature: true, Authentication: !keeps, Card: !keeps}
}
