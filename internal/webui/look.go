package webui

import (
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// look is how the screens of a role differ: the word on the band, and the name of its colour in akashi.css.
type look struct {
	Name   plain.Sentence
	Colour string
}

var looks = map[message.Role]plain.Sentence{
	Portal:                 {JA: "案内", EN: "Portal"},
	message.Municipality:   {JA: "市区町村", EN: "Municipality"},
	message.Prefecture:     {JA: "都道府県", EN: "Prefecture"},
	message.NationalCenter: {JA: "全国センター", EN: "National center"},
	message.CA:             {JA: "認証局", EN: "Certification authority"},
	message.Validation:     {JA: "失効情報提供", EN: "Validation authority"},
	message.Verifier:       {JA: "署名検証者", EN: "Signature verifier"},
	message.Issuing:        {JA: "証明発行サーバ", EN: "Issuing server"},
}

// lookOf gives every role a band; one that is not in the table has the neutral colour and its own name.
func lookOf(role message.Role) look {
	if name, ok := looks[role]; ok {
		return look{name, string(role)}
	}
	name := role.Name()
	if name == (plain.Sentence{}) {
		name = plain.Sentence{JA: string(role), EN: string(role)}
	}
	return look{name, string(Portal)}
}
