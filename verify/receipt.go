package verify

import (
	"errors"

	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/message"
)

// SignedReceipt is a receipt that was found good: what the receiver of messages said became of them, when.
type SignedReceipt struct {
	Head        message.ReceiptHead
	Lines       []message.ReceiptLine // all of the batch, or the one that the file proves
	Certificate []byte                // the receiver's (DER)
}

// Receipt checks a receipt file of the exchange (受領証) with nothing but the infrastructure CA's certificate (DER), or
// several when the CA changed: that the organisation that it names signed it with a certificate that was valid then, so
// that it stays good after the organisation has changed its key, and that the lines are those that were signed. What is
// wrong with the receipt is a *Refusal; an unusable CA certificate is another error.
func Receipt(file []byte, roots ...[]byte) (*SignedReceipt, error) {
	trust, err := pki.NewTrust(roots...)
	if err != nil {
		return nil, err
	}
	r, err := message.ReadReceiptFile(file)
	switch {
	case errors.Is(err, message.ErrReceiptLines):
		return nil, invalid("受領証の行が、署名されたものと違います。受領証を発行元か相手の団体から取り直してください。",
			"The lines are not those that were signed; get the receipt again from one of the two organisations.")
	case err != nil:
		return nil, invalid("受領証のファイルを読み取れません。「akashi receipt v1」のファイルを指定してください。("+err.Error()+")",
			"The receipt file cannot be read; give a file in the format \"akashi receipt v1\". ("+err.Error()+")")
	}
	signer, err := trust.Identify(r.Certificate, pki.ForSigning, r.Head.SignedAt)
	if err != nil {
		return nil, invalid("受領証に付いた証明書は、署名の時点で信頼できるものではありません。("+err.Error()+")",
			"The certificate with the receipt was not to be trusted when it was signed. ("+err.Error()+")")
	}
	if signer.Organisation != string(r.Head.Receiver) {
		return nil, invalid("受領証は "+string(r.Head.Receiver)+" のものとありますが、"+signer.Organisation+" が署名しています。",
			"The receipt says that it is of "+string(r.Head.Receiver)+", but "+signer.Organisation+" signed it.")
	}
	if err := r.VerifyHead(signer.Public); err != nil {
		return nil, invalid("受領証の署名が正しくありません。受領証を発行元か相手の団体から取り直してください。",
			"The signature is wrong; get the receipt again from one of the two organisations.")
	}
	return &SignedReceipt{Head: r.Head, Lines: r.Lines, Certificate: r.Certificate}, nil
}
