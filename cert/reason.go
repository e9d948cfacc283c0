package cert

import "github.com/akashi-id/akashi/internal/plain"

// RevocationReason says why a certificate was revoked. Its values are not the CRL codes: the zero value must be no
// reason, whereas code 0 is one. Use Code and ReasonOfCode at the border.
type RevocationReason uint8

// The reasons that the certification practice statement (CPS 4.9.9) defines. RFC 5280 5.3.1 has more (privilegeWithdrawn,
// aACompromise, removeFromCRL); the CPS has no use for them, so they are refused.
const (
	Unspecified          RevocationReason = iota + 1 // code 0: 交付前に破棄
	KeyCompromise                                    // code 1: 利用者の秘密鍵の危殆化
	CACompromise                                     // code 2: 認証局の秘密鍵の危殆化
	AffiliationChanged                               // code 3: 記載内容に変更 (異動等失効情報, 認証業務法12条)
	Superseded                                       // code 4: 更新
	CessationOfOperation                             // code 5: 使用しなくなった
	CertificateHold                                  // code 6: 安全性に疑義で一時保留; never released
)

// Reasons lists all, by code.
var Reasons = []RevocationReason{Unspecified, KeyCompromise, CACompromise, AffiliationChanged, Superseded,
	CessationOfOperation, CertificateHold}

var reasonTable = [...]struct {
	word          string
	name, meaning plain.Sentence
}{
	Unspecified: {"unspecified",
		plain.Sentence{JA: "交付前破棄", EN: "discarded"},
		plain.Sentence{JA: "交付する前に破棄されました。", EN: "The certificate was discarded before it was handed over."}},
	KeyCompromise: {"keyCompromise",
		plain.Sentence{JA: "秘密鍵の危殆化", EN: "key compromise"},
		plain.Sentence{JA: "利用者の秘密鍵が危殆化しました。", EN: "The holder's private key may be known to others."}},
	CACompromise: {"cACompromise",
		plain.Sentence{JA: "認証局の危殆化", EN: "CA compromise"},
		plain.Sentence{JA: "認証局の秘密鍵が危殆化しました。", EN: "The CA's private key may be known to others."}},
	AffiliationChanged: {"affiliationChanged",
		plain.Sentence{JA: "記載内容変更", EN: "content changed"},
		plain.Sentence{JA: "記載内容に変更がありました（異動等）。", EN: "What the certificate says of its holder has changed."}},
	Superseded: {"superseded",
		plain.Sentence{JA: "更新", EN: "superseded"},
		plain.Sentence{JA: "新しい電子証明書に更新されました。", EN: "The certificate was replaced by a new one."}},
	CessationOfOperation: {"cessationOfOperation",
		plain.Sentence{JA: "使用終了", EN: "no longer used"},
		plain.Sentence{JA: "使用しなくなりました。", EN: "The certificate is no longer used."}},
	CertificateHold: {"certificateHold",
		plain.Sentence{JA: "一時保留", EN: "on hold"},
		plain.Sentence{JA: "安全性に疑義があり一時保留されました。保留は解除されません。", EN: "The certificate was put on hold because its safety is in doubt; a hold is never released."}},
}

// Valid reports whether r is a reason.
func (r RevocationReason) Valid() bool { return r >= Unspecified && r <= CertificateHold }

// Final is the reason under which a certificate is ended for good. It differs for a hold alone: the CPS never releases one, so that
// here none is put on, and what was doubted is ended as a key that others may know.
func (r RevocationReason) Final() RevocationReason {
	if r == CertificateHold {
		return KeyCompromise
	}
	return r
}

// Code gives the CRLReason of RFC 5280 5.3.1. It panics on the zero value: a revocation without a reason is a
// programming error, and code 0 would hide it.
func (r RevocationReason) Code() int {
	if !r.Valid() {
		panic("cert: the code of no revocation reason")
	}
	return int(r) - 1
}

// ReasonOfCode is the reason for a CRLReason code. Codes that the CPS does not use are a *plain.Problem.
func ReasonOfCode(code int) (RevocationReason, error) {
	if code < 0 || code >= len(Reasons) {
		return 0, badReason()
	}
	return Reasons[code], nil
}

// String gives the name of RFC 5280, such as "affiliationChanged".
func (r RevocationReason) String() string {
	if !r.Valid() {
		return "no reason"
	}
	return reasonTable[r].word
}

// Name gives the short words for people, such as 記載内容変更.
func (r RevocationReason) Name() plain.Sentence {
	if !r.Valid() {
		return plain.Sentence{JA: "理由なし", EN: "no reason"}
	}
	return reasonTable[r].name
}

// Meaning gives the sentence of the CPS in plain words.
func (r RevocationReason) Meaning() plain.Sentence {
	if !r.Valid() {
		return plain.Sentence{JA: "失効理由がありません。", EN: "There is no revocation reason."}
	}
	return reasonTable[r].meaning
}

// ParseReason reads what String gives. Anything else is a *plain.Problem.
func ParseReason(s string) (RevocationReason, error) {
	for _, r := range Reasons {
		if r.String() == s {
			return r, nil
		}
	}
	return 0, badReason()
}

func badReason() error {
	return plain.Bad("reason",
		"失効理由は unspecified、keyCompromise、cACompromise、affiliationChanged、superseded、cessationOfOperation、certificateHold のいずれかで指定してください。",
		"The revocation reason must be unspecified, keyCompromise, cACompromise, affiliationChanged, superseded, cessationOfOperation or certificateHold.")
}

// MarshalText gives String and refuses the zero value.
func (r RevocationReason) MarshalText() ([]byte, error) {
	if !r.Valid() {
		return nil, badReason()
	}
	return []byte(r.String()), nil
}

// UnmarshalText is ParseReason.
func (r *RevocationReason) UnmarshalText(text []byte) error {
	v, err := ParseReason(string(text))
	if err != nil {
		return err
	}
	*r = v
	return nil
}
