package inspect

import (
	"bytes"
	"crypto/x509"
	"errors"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"
)

// Asked is a question to a responder, and what the records say about the certificate.
type Asked struct {
	Issuer   *x509.Certificate
	Serial   []byte
	Known    bool
	Revoked  bool
	At       time.Time
	Reason   string
	Response []byte
}

// Request writes the question (RFC 6960 4.1.1).
func (a Asked) Request() ([]byte, error) {
	return ocsp.CreateRequest(&x509.Certificate{SerialNumber: new(big.Int).SetBytes(a.Serial)}, a.Issuer, nil)
}

const (
	// maxAnswer is how long an answer may be relied on after it was made. A change of the record must be seen the same hour. What it
	// says may be known since longer (thisUpdate): while the CA is away, the last that was heard of it.
	maxAnswer = time.Hour
	// maxAhead is by how much the responder's clock may be before ours.
	maxAhead = 5 * time.Minute
)

// Answer judges an answer at a time.
func Answer(a Asked, now time.Time) []Fault { return answer(a, now, "") }

func answer(a Asked, now time.Time, off Rule) []Fault {
	b := &bench{off: off}
	r, err := ocsp.ParseResponse(a.Response, nil)
	if e := (ocsp.ResponseError{}); errors.As(err, &e) {
		b.find(Unreachable, "応答者は答えませんでした（%s）。", "The responder gave no answer (%s).", e.Status)
		return b.faults
	}
	if err != nil {
		b.find(Unreadable, "回答として読めないか、署名が合いません（%s）。", "It cannot be read as an answer, or its signature is wrong (%s).", err)
		return b.faults
	}
	b.responder(a, r, now)
	if r.SerialNumber == nil || r.SerialNumber.Cmp(new(big.Int).SetBytes(a.Serial)) != 0 {
		b.find(About, "尋ねた発行番号についての回答ではありません。", "It is not about the serial that was asked for.")
		return b.faults
	}
	switch {
	case r.NextUpdate.IsZero() || r.NextUpdate.Sub(r.ProducedAt) > maxAnswer:
		b.find(Life, "回答の期限がないか、1時間を超えています。", "It may be relied on without an end, or for more than an hour.")
	case !r.NextUpdate.After(now):
		b.find(Late, "期限（%s）を過ぎた古い回答です。手前の機器が控えて（キャッシュして）いないか確かめてください。",
			"It is an old answer, whose time is over (%s): check whether something before the responder keeps copies.", r.NextUpdate.In(jst).Format("2006-01-02 15:04:05"))
	}
	if r.ThisUpdate.After(now.Add(maxAhead)) || r.ProducedAt.After(now.Add(maxAhead)) {
		b.find(Ahead, "回答の時刻が、今より先です。応答者の時計を確かめてください。", "It is of the future: check the clock of the responder.")
	}
	switch {
	case a.Revoked && r.Status == ocsp.Good:
		b.find(Good, "失効しているのに、有効と答えました。この応答者をすぐに外してください。", "It is revoked, and was told to be good: take this responder out at once.")
	case a.Known && !a.Revoked && r.Status == ocsp.Revoked:
		b.find(Revoked, "失効していないのに、失効と答えました。", "It is not revoked, and was told to be revoked.")
	case a.Known != (r.Status != ocsp.Unknown):
		b.find(Unknown, "発行されたものを知らないと答えたか、発行されていないものを知っていると答えました。", "An issued one was told to be unknown, or one that was never issued to be known.")
	case a.Revoked && (!r.RevokedAt.Equal(a.At.Truncate(time.Second)) || r.RevocationReason != reasons[a.Reason]):
		b.find(When, "失効の日時か理由が、記録と違います。", "The date or the reason of its revocation is not that of the records.")
	}
	return b.faults
}

// responder: the CA itself, or a key that it has certified for this and that is good today (RFC 6960 4.2.2.2).
func (b *bench) responder(a Asked, r *ocsp.Response, now time.Time) {
	c := r.Certificate
	if c == nil {
		if r.CheckSignatureFrom(a.Issuer) != nil {
			b.find(Signature, "回答の署名が、認証局のものではありません。", "It is not signed with the CA's key.")
		}
		return
	}
	if r.CheckSignatureFrom(c) != nil || a.Issuer.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) != nil {
		b.find(Signature, "回答の署名か、署名した鍵の証明書が、認証局のものではありません。番地の先が本当にこの団体の機械か確かめてください。",
			"Its signature, or the certificate of the key that made it, is not the CA's: check that the address leads to this organisation's machine.")
	}
	if !bytes.Equal(c.RawIssuer, a.Issuer.RawSubject) || !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) || now.Before(c.NotBefore.Add(-maxAhead)) || now.After(c.NotAfter) {
		b.find(Responder, "回答に署名した鍵は、その用途で今有効な証明書を持っていません。", "The key that signed it has no certificate for this that is good now.")
	}
}
