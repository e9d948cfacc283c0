package verifier

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/org/verifier/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/verify"
)

// finding is what a check found, with what is kept of it.
type finding struct {
	verify.Result
	Kept store.Verification
}

// LogValue leaves out the signer.
func (f finding) LogValue() slog.Value { return f.Result.LogValue() }

// check verifies a signature and writes down that it was done, before anybody is told the verdict. There is no verdict
// without a record: an office that has relied on a signature must be able to say on what.
func (o *Verifier) check(ctx context.Context, s submission) (finding, error) {
	q := o.newInquiry()
	now := o.Clock.Now().Truncate(time.Microsecond) // as it is stored, so that answer and record say the same
	result, err := verify.CMS(ctx, s.signature, s.document, verify.Options{CAs: o.cas, At: now, Status: q})
	if err != nil {
		return finding{}, err
	}
	f := finding{result, store.Verification{
		At: result.At, Way: s.way, SignatureHash: hash(s.signature), Serial: result.Serial, Profile: result.Profile,
		Verdict: result.Verdict, Reason: result.Reason,
	}}
	switch {
	case s.document != nil:
		f.Kept.ContentHash = hash(s.document)
	case result.Content != nil:
		f.Kept.ContentHash = hash(result.Content)
	}
	f.Content = nil // it may be 32 MiB, and nobody shows it
	if q.asked {
		f.Kept.Asked = o.asked()
	}
	if result.Status != nil {
		f.Kept.Answer, f.Kept.Responder = q.answer, responder(q.answer)
		f.Kept.ThisUpdate, f.Kept.NextUpdate = result.Status.ThisUpdate, result.Status.NextUpdate
		f.Kept.RevokedAt, f.Kept.Revocation = result.Status.RevokedAt, result.Status.Reason
	}
	err = o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		store.In(tx).Keep(f.Kept)
		auditlog.Write(tx, auditlog.Entry{Actor: actor(ctx), Act: string(access.VerifySignature), Subject: subject(f.Kept), Detail: result.Verdict.String()})
		return nil
	})
	if err != nil {
		return finding{}, err
	}
	if result.StatusError != nil {
		o.Log.WarnContext(ctx, "the status of a certificate could not be had", slog.String("serial", result.Serial.String()), slog.Any("error", result.StatusError))
	}
	o.Log.InfoContext(ctx, "a signature was checked", slog.Any("result", f))
	return f, nil
}

func hash(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

// actor names who acts, for the audit log; most who have a signature checked have shown no persona.
func actor(ctx context.Context) string {
	if id := access.From(ctx).ID; id != "" {
		return id
	}
	return "public"
}

// subject is by what the audit log names the signer: the serial, which is all that this office holds of a person.
func subject(v store.Verification) string {
	if v.Serial.IsZero() {
		return ""
	}
	return v.Serial.String()
}
