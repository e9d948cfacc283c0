package verify

import (
	"context"
	"errors"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
)

// CertificateStatus is what is known of a certificate at a time. Status is cert.Valid, cert.Revoked or cert.Unknown.
type CertificateStatus struct {
	Status     cert.Status
	RevokedAt  time.Time
	Reason     cert.RevocationReason
	ThisUpdate time.Time // when this was known to be right
	NextUpdate time.Time // until when it may be relied on
}

// StatusAsker knows what is revoked. An error means that the status cannot be had now, for whatever cause: nothing is
// concluded from it but Indeterminate, and it goes to Result.StatusError. It must be safe for concurrent use.
type StatusAsker interface {
	AskStatus(ctx context.Context, issued *Issued, at time.Time) (CertificateStatus, error)
}

func (r *Result) askStatus(ctx context.Context, issued *Issued, o Options) error {
	s, err := o.Status.AskStatus(ctx, issued, o.At)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.StatusError = err
		if errors.Is(err, ocspwire.Unauthorized) { // to whom it does not answer, trying again is no help
			return refuse(Indeterminate, "失効情報の提供者が、この機関またはこの電子証明書については答えませんでした。有効とも失効とも言えません。署名検証者の届出が受理されているか確かめてから、再度お試しください。",
				"The validation authority does not answer this office, or not for this certificate, so it is neither valid nor revoked; see whether this office's filing is accepted, then try again later.")
		}
		return refuse(Indeterminate, "電子証明書の失効情報を確認できませんでした。有効とも失効とも言えません。時間をおいて再度お試しください。",
			"The certificate's status could not be had, so it is neither valid nor revoked; try again later.")
	}
	r.Status = &s
	switch s.Status {
	case cert.Valid:
		r.Verdict = Valid
		r.Reason = Sentence{"署名は正しく、電子証明書は有効です。", "The signature is right and the certificate is valid."}
		return nil
	case cert.Revoked:
		return refuse(Revoked, "電子証明書は "+jst(s.RevokedAt)+" に失効しています。失効理由："+s.Reason.Name().JA+"。"+s.Reason.Meaning().JA,
			"The certificate was revoked at "+s.RevokedAt.UTC().Format(time.RFC3339)+". Reason: "+s.Reason.Name().EN+". "+s.Reason.Meaning().EN)
	case cert.Unknown:
		return refuse(Unknown, "認証局はこの発行番号の電子証明書を発行していないと回答しました。", "The CA answers that it never issued a certificate with this serial.")
	}
	return refuse(Indeterminate, "失効情報の回答を解釈できませんでした。時間をおいて再度お試しください。",
		"The answer about the certificate's status could not be understood; try again later.")
}
