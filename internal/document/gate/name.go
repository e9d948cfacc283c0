package gate

import "github.com/akashi-id/akashi/internal/plain"

var names = map[Code]plain.Sentence{
	Unreadable: {JA: "証明書として読めない", EN: "it cannot be read as a document"},
	Digest:     {JA: "ファイルが作成時と違う", EN: "the file is not the one that was made"},
	Signature:  {JA: "電子署名が正しくない", EN: "the signature is not good"},
	Signer:     {JA: "別の者が署名した", EN: "somebody else signed it"},
	Pages:      {JA: "ページ数が違う", EN: "the number of pages is another"},
	Binding:    {JA: "別の証明書、または登録の別の時点のもの", EN: "it is another document, or of another state of the register"},
	Text:       {JA: "記載が違う", EN: "a text is another"},
	Stray:      {JA: "余分なものが書かれている", EN: "something stands where nothing should"},
	Picture:    {JA: "印影やQRが違う", EN: "a picture is another"},
	Font:       {JA: "書体が違う", EN: "the fonts are others"},
	Specimen:   {JA: "見本である", EN: "it is a sample"},
	Ground:     {JA: "地紋がないか違う", EN: "the ground is missing, or another one"},
	Line:       {JA: "罫線が違う", EN: "the lines are not those of the form"},
	Look:       {JA: "文字の位置、大きさ、色のいずれかが違う", EN: "a text has another place, size or colour"},
	Shape:      {JA: "字形が違う", EN: "a character is drawn in another shape"},
	Register:   {JA: "いまの記録では、この証明書を交付できない", EN: "of the record as it is now no such document may be given out"},
}

// Name is the kind of finding in a few words; one of another program is shown as it is.
func (c Code) Name() plain.Sentence {
	if n, known := names[c]; known {
		return n
	}
	return plain.Sentence{JA: string(c), EN: string(c)}
}
