package cert

import (
	"github.com/akashi-id/akashi/internal/plain"
)

// Profile says which of the two certificates of a person is meant. The zero value is no profile and is refused.
type Profile uint8

// The two profiles. A person may hold one valid certificate of each.
const (
	// Signature is the certificate for signing (署名用電子証明書, 認証業務法3条): it names the holder with the four
	// attributes, so that it dies when one of them changes.
	Signature Profile = iota + 1
	// Authentication is the certificate for proving who logs in (利用者証明用電子証明書, 同22条): it holds no personal
	// data and survives a move within the country.
	Authentication
)

// Profiles lists both, in the order in which screens show them.
var Profiles = []Profile{Signature, Authentication}

// Valid reports whether p is one of the two.
func (p Profile) Valid() bool { return p == Signature || p == Authentication }

// String gives the word used in messages, files and addresses: "signature" or "authentication".
func (p Profile) String() string {
	switch p {
	case Signature:
		return "signature"
	case Authentication:
		return "authentication"
	}
	return "no profile"
}

// Name gives the words for people.
func (p Profile) Name() plain.Sentence {
	switch p {
	case Signature:
		return plain.Sentence{JA: "署名用電子証明書", EN: "signature certificate"}
	case Authentication:
		return plain.Sentence{JA: "利用者証明用電子証明書", EN: "authentication certificate"}
	}
	return plain.Sentence{JA: "種別のない電子証明書", EN: "certificate without a profile"}
}

// ParseProfile reads what String gives. Anything else is a *plain.Problem.
func ParseProfile(s string) (Profile, error) {
	for _, p := range Profiles {
		if s == p.String() {
			return p, nil
		}
	}
	return 0, plain.Bad("profile",
		"電子証明書の種別は signature（署名用）か authentication（利用者証明用）のどちらかで指定してください。",
		"The certificate profile must be signature or authentication.")
}

// MarshalText gives String and refuses the zero value, so that no message leaves with an empty profile.
func (p Profile) MarshalText() ([]byte, error) {
	if !p.Valid() {
		_, err := ParseProfile("")
		return nil, err
	}
	return []byte(p.String()), nil
}

// UnmarshalText is ParseProfile.
func (p *Profile) UnmarshalText(text []byte) error {
	v, err := ParseProfile(string(text))
	if err != nil {
		return err
	}
	*p = v
	return nil
}
