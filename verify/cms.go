package verify

import (
	"bytes"
	"context"
	"crypto/subtle"
	"crypto/x509"
	"errors"
	"time"

	"github.com/akashi-id/akashi/cert"
)

// Options of CMS.
type Options struct {
	CAs    [][]byte    // certificates (DER) of the CAs to trust, all generations
	At     time.Time   // the time for which to answer: now, in almost all cases
	Status StatusAsker // who knows what is revoked

	// AllowAuthentication takes signatures made with an authentication certificate. They prove that its holder logged in
	// somewhere, and not that the holder meant to sign this content.
	AllowAuthentication bool
}

// CMS checks a signature file (DER, BER as `openssl cms -stream` writes it, PEM, or S/MIME). content is what was signed,
// nil when it is in the file. Whatever is wrong with the file, the signature or the certificate is in the Result; an error
// means wrong options or a context that ended.
//
// A signature over content with other line ends is taken when the signer had them rewritten as CR LF, which
// `openssl cms -sign` does without -binary; Result.AsText says so.
func CMS(ctx context.Context, file, content []byte, o Options) (Result, error) {
	if len(o.CAs) == 0 || o.At.IsZero() || o.Status == nil {
		return Result{}, errors.New("verify.CMS needs CAs, a time and somebody to ask for the status")
	}
	r := Result{At: o.At}
	err := r.check(ctx, file, content, o)
	if err == nil {
		return r, nil
	}
	if ctx.Err() != nil {
		return Result{}, ctx.Err()
	}
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		return Result{}, err
	}
	r.Verdict, r.Reason = refusal.Verdict, refusal.Reason
	return r, nil
}

func (r *Result) check(ctx context.Context, file, content []byte, o Options) error {
	if len(file) > MaxOctets || len(content) > MaxOctets {
		return invalid("ファイルが大きすぎます。署名ファイルと文書は、それぞれ 32 MiB までです。",
			"The file is too large; a signature file and a document may have 32 MiB each.")
	}
	der, beside, err := unpack(file)
	if err != nil {
		return err
	}
	d, err := parseSignedData(der)
	if err != nil {
		return err
	}
	signer, err := d.signerCertificate()
	if err != nil {
		return err
	}
	r.Certificate, r.ClaimedTime = signer.Raw, d.signer.signed.signingTime
	if r.Content, r.AsText, err = d.signedContent(content, beside); err != nil {
		return err
	}
	if err := d.signer.check(signer.PublicKey); err != nil {
		r.Content = nil
		return err
	}
	if !d.signer.signed.names(signer) {
		return invalid("添えられた電子証明書は、署名で指定された電子証明書ではありません。",
			"The certificate in the file is not the one that the signature names.")
	}
	issued, err := Chain(signer.Raw, o.CAs, o.At)
	if issued != nil {
		r.Serial, r.Profile, r.Holder = issued.Serial, issued.Profile, issued.Holder
	}
	if err != nil {
		return err
	}
	if issued.Profile != cert.Signature && !o.AllowAuthentication {
		return invalid("利用者証明用電子証明書による署名です。署名用電子証明書で署名してください。",
			"This was signed with an authentication certificate; sign with the signature certificate.")
	}
	return r.askStatus(ctx, issued, o)
}

// signerCertificate finds the signer's certificate among those in the file.
func (d *signedData) signerCertificate() (*x509.Certificate, error) {
	for _, der := range d.certificates {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			continue // it may be somebody else's; if it was the signer's, none is found
		}
		if d.signer.serial != nil && c.SerialNumber.Cmp(d.signer.serial) == 0 && bytes.Equal(c.RawIssuer, d.signer.issuer) ||
			d.signer.keyID != nil && bytes.Equal(c.SubjectKeyId, d.signer.keyID) {
			return c, nil
		}
	}
	return nil, invalid("署名者の電子証明書が署名ファイルに入っていないか、読み取れません。証明書を含めて署名してください（openssl cms では -nocerts を付けない）。",
		"The signer's certificate is not in the file, or cannot be read; include it (with openssl cms, sign without -nocerts).")
}

// signedContent finds the content that the signed digest covers.
func (d *signedData) signedContent(given, beside []byte) (content []byte, asText bool, err error) {
	hash, err := hashOf(d.signer.digest.oid)
	if err != nil {
		return nil, false, err
	}
	if !d.signer.signed.contentType.Equal(oidData) { // RFC 5652 11.1: it must be the type of the content
		return nil, false, errCMS("contentType")
	}
	matches := func(c []byte) bool {
		return subtle.ConstantTimeCompare(sum(hash, c), d.signer.signed.messageDigest) == 1
	}
	content = d.content
	if content == nil {
		content = beside
	}
	switch {
	case content == nil && given == nil:
		return nil, false, invalid("署名された文書がありません。署名ファイルと一緒に、署名した文書を指定してください。",
			"The signed document is missing; give it together with the signature file.")
	case content == nil:
		content = given
	case given != nil && !bytes.Equal(given, content) && !bytes.Equal(canonical(given), canonical(content)):
		return nil, false, errContent()
	}
	if matches(content) {
		return content, false, nil
	}
	if text := canonical(content); d.content == nil && matches(text) {
		return content, true, nil
	}
	return nil, false, errContent()
}

func errContent() error {
	return invalid("文書が署名されたときの内容と異なります。署名後に変更されたか、別の文書です。",
		"The document is not what was signed: it was changed afterwards, or it is another one.")
}
