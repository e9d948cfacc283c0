package cert

import "github.com/akashi-id/akashi/internal/plain"

// Status is what the CA's side says of a certificate at a moment. The zero value is no answer and is refused.
type Status uint8

// The states of a certificate.
const (
	Valid       Status = iota + 1 // issued, within its validity, not revoked
	Revoked                       // revoked: final, because a hold is never released
	Expired                       // its validity is over and it was not revoked before
	NotYetValid                   // its validity has not begun
	Unknown                       // never issued by this CA
)

// String gives the word used in messages.
func (s Status) String() string {
	switch s {
	case Valid:
		return "valid"
	case Revoked:
		return "revoked"
	case Expired:
		return "expired"
	case NotYetValid:
		return "not-yet-valid"
	case Unknown:
		return "unknown"
	}
	return "no status"
}

// Name gives the words for people.
func (s Status) Name() plain.Sentence {
	switch s {
	case Valid:
		return plain.Sentence{JA: "有効", EN: "valid"}
	case Revoked:
		return plain.Sentence{JA: "失効", EN: "revoked"}
	case Expired:
		return plain.Sentence{JA: "有効期間満了", EN: "expired"}
	case NotYetValid:
		return plain.Sentence{JA: "有効期間開始前", EN: "not yet valid"}
	case Unknown:
		return plain.Sentence{JA: "発行されていない番号", EN: "unknown"}
	}
	return plain.Sentence{JA: "状態なし", EN: "no status"}
}

// ParseStatus reads what String gives. Anything else is a *plain.Problem.
func ParseStatus(text string) (Status, error) {
	for s := Valid; s <= Unknown; s++ {
		if s.String() == text {
			return s, nil
		}
	}
	return 0, plain.Bad("status",
		"電子証明書の状態は valid、revoked、expired、not-yet-valid、unknown のいずれかで指定してください。",
		"A certificate status must be valid, revoked, expired, not-yet-valid or unknown.")
}

// MarshalText gives String and refuses the zero value.
func (s Status) MarshalText() ([]byte, error) {
	if s < Valid || s > Unknown {
		_, err := ParseStatus("")
		return nil, err
	}
	return []byte(s.String()), nil
}

// UnmarshalText is ParseStatus.
func (s *Status) UnmarshalText(text []byte) error {
	v, err := ParseStatus(string(text))
	if err != nil {
		return err
	}
	*s = v
	return nil
}
