package issuing

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/document/pades"
	"github.com/akashi-id/akashi/internal/document/readback"
	"github.com/akashi-id/akashi/internal/org/issuing/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Verdict is what whoever holds a document is told of it.
type Verdict string

// The verdicts. None tells more than the paper does: who asks has the file, or what stands on each of its pages.
const (
	Genuine Verdict = "genuine" // issued here, and this is it
	Void    Verdict = "void"    // issued here, and stopped, destroyed or recalled: nobody should hold it
	Altered Verdict = "altered" // the file was changed after it was signed, or is no document of ours
	Other   Verdict = "other"   // signed by somebody else
	Unknown Verdict = "unknown" // nothing of that kind was issued here, or the proof is not that of the document
)

// Verified is what a verification found. What is behind the verdict is said of genuine and of void ones only.
type Verified struct {
	Verdict  Verdict
	Number   string
	Kind     making.Kind
	IssuedAt time.Time
	Pages    int
	Specimen bool
}

// VerifyNumber verifies a paper by its number and by what only its pages say: the binding (綴り番号), or the secret of the QR.
func (o *Issuing) VerifyNumber(ctx context.Context, number, proof string) (v Verified, err error) {
	v.Verdict = Unknown
	err = o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		tx := o.in(raw)
		d, found, err := tx.DocumentNumbered(ctx, numberTyped(number))
		if err != nil || !found {
			return err
		}
		_, secret, _ := strings.Cut(d.Verify, "#")
		if same(d.Binding, proof)|same(secret, proof) == 0 {
			return nil
		}
		v, err = o.verified(ctx, tx, d)
		return err
	})
	return v, err
}

// same compares without telling by its time where two differ: 1 or 0.
func same(is, typed string) int {
	return subtle.ConstantTimeCompare([]byte(document.Typed(is)), []byte(document.Typed(typed)))
}

// numberTyped is a document's number as it is written (draft), of one that a person typed.
func numberTyped(typed string) string {
	if d := document.Typed(typed); len(d) > 14 {
		return d[:6] + "-" + d[6:14] + "-" + d[14:]
	}
	return typed // none
}

// VerifyFile verifies a file: by its digest, and if it is not known by its signature.
func (o *Issuing) VerifyFile(ctx context.Context, file []byte) (v Verified, err error) {
	err = o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		tx := o.in(raw)
		d, found, err := tx.DocumentOfFile(ctx, sha256.Sum256(file))
		if err != nil || !found {
			return err
		}
		v, err = o.verified(ctx, tx, d)
		return err
	})
	if err != nil || v.Verdict != "" {
		return v, err
	}
	v.Verdict = Altered
	// Anybody may hand in a file, and whose it is suffices: none of its pages is read.
	at, signed, err := readback.SignatureOf(file)
	if err != nil || !signed {
		return v, nil
	}
	signer, err := pades.Check(file, at)
	switch {
	case err != nil:
	case sha256.Sum256(signer.Raw) == o.press.Signer():
		v.Verdict = Unknown // our key, and none of our documents: that is for people to look into
	default:
		v.Verdict = Other
	}
	return v, nil
}

// verified is what is said of a document of which the proof was given.
func (o *Issuing) verified(ctx context.Context, tx *store.Tx, d store.Document) (v Verified, err error) {
	r, _, err := tx.Request(ctx, d.Request)
	v = Verified{Verdict: Genuine, Number: d.Number, Kind: making.Kind(r.Kind), IssuedAt: d.IssuedAt, Pages: d.Pages, Specimen: d.Specimen}
	if d.Ending != "" && d.Ending != message.Delivered || d.File == (message.Hash{}) {
		v.Verdict = Void
	}
	return v, err
}
