package message

import (
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
)

// Org names one organisation of the country: its role, and for roles of which there are several the code or
// name that tells them apart, joined by a hyphen: "municipality-202029", "prefecture-20", "nationalcenter".
// It is the name in its certificate, in every envelope, and in its address. The zero value is refused.
type Org string

// Role is what an organisation does in the country. The rules of who may send what speak of roles.
type Role string

// The roles (design: organisations and what they exchange).
const (
	Municipality   Role = "municipality"   // 市区町村
	Prefecture     Role = "prefecture"     // 都道府県
	NationalCenter Role = "nationalcenter" // 全国センター
	CA             Role = "ca"             // 認証局
	Validation     Role = "validation"     // 失効情報提供
	Verifier       Role = "verifier"       // 署名検証者
	Issuing        Role = "issuing"        // 証明発行サーバ
)

var roleNames = map[Role]plain.Sentence{
	Municipality:   {JA: "市区町村", EN: "municipality"},
	Prefecture:     {JA: "都道府県", EN: "prefecture"},
	NationalCenter: {JA: "全国センター", EN: "national center"},
	CA:             {JA: "認証局", EN: "certification authority"},
	Validation:     {JA: "失効情報提供", EN: "validation authority"},
	Verifier:       {JA: "署名検証者", EN: "signature verifier"},
	Issuing:        {JA: "証明発行サーバ", EN: "issuing server"},
}

// Name returns the role's name for people.
func (r Role) Name() plain.Sentence { return roleNames[r] }

// ParseOrg reads an organisation's name. It refuses an unknown role, and every character that could not stand in
// a certificate's URI, a path and a log line alike.
func ParseOrg(s string) (Org, error) {
	role, rest, several := strings.Cut(s, "-")
	_, known := roleNames[Role(role)]
	ok := known && len(s) <= 64 && several == (rest != "")
	for _, c := range rest {
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	}
	if !ok {
		return "", plain.Bad("organisation",
			"団体の名前「"+s+"」は使えません。「municipality-202029」のように、役割と符号を半角英数字で書いてください。",
			"the organisation name \""+s+"\" cannot be used: write the role and its code, such as municipality-202029")
	}
	return Org(s), nil
}

// Role returns what the organisation does.
func (o Org) Role() Role {
	role, _, _ := strings.Cut(string(o), "-")
	return Role(role)
}

// Code returns what follows the role: a municipality code, a prefecture code, a verifier's name; empty for
// roles of which there is one.
func (o Org) Code() string {
	_, code, _ := strings.Cut(string(o), "-")
	return code
}
