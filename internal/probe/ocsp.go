package probe

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/ocsp"

	"encoding/asn1"

	"github.com/akashi-id/akashi/internal/pki/inspect"
)

// agreement is by how much two clocks may differ that agree.
const agreement = 5 * time.Minute

// ocspCheck asks the status service.
type ocspCheck struct {
	p    *Prober
	root Root
}

// ask puts two questions, each with a nonce (RFC 9654). One is about a certificate that a list says is revoked: what must be answered is
// known without asking those who are probed, cannot change, and nobody is told by it that anything is good. The other is about the CA's own
// serial, of which no responder knows anything: to say so it must be as sure of what it knows as to say good. While no list names a
// revoked one there is the second question alone.
func (c ocspCheck) ask(ctx context.Context, t *try) (verdict, error) {
	known, err := c.p.knownRevoked(ctx, Target{CRL, c.root.Profile})
	if err != nil {
		return verdict{}, err
	}
	v := verdict{outcome: OK}
	if known != nil {
		v, err = c.one(ctx, inspect.Asked{Issuer: c.root.Certificate, Serial: known.serial, Known: true, Revoked: true, At: known.at, Reason: known.reason}, t.nonce)
		if err != nil || v.outcome != OK {
			return v, err
		}
	}
	second := sha256.Sum256(t.nonce)
	first := v.took
	v, err = c.one(ctx, inspect.Asked{Issuer: c.root.Certificate, Serial: c.root.Certificate.SerialNumber.Bytes()}, second[:])
	v.took = max(v.took, first)
	return v, err
}

// one puts a question and judges the answer.
func (c ocspCheck) one(ctx context.Context, asked inspect.Asked, nonce []byte) (verdict, error) {
	question, err := asked.Request()
	if err == nil {
		question, err = withNonce(question, nonce)
	}
	if err != nil {
		return verdict{}, err
	}
	began := c.p.cfg.Steady()
	f, why := c.p.outside.do(ctx, http.MethodPost, c.p.cfg.OCSP, map[string]string{"Content-Type": "application/ocsp-request"}, question)
	switch {
	case why == OwnFault:
		return unmeasured(why), nil
	case why != "":
		return failed(why), nil
	case f.status != http.StatusOK || f.kind != "application/ocsp-response":
		return failed(Status), nil
	}
	now := c.p.cfg.Clock.Now()
	asked.Response = f.body
	if found := inspect.Answer(asked, now); len(found) > 0 {
		return failed(Reason(found[0].Rule)), nil
	}
	said, err := ocsp.ParseResponse(f.body, nil)
	if err != nil {
		return failed(Reason(inspect.Unreadable)), nil
	}
	if echo, err := nonceOf(said.TBSResponseData); err != nil || !bytes.Equal(echo, nonce) {
		return failed(Nonce), nil
	}
	return verdict{outcome: OK, agrees: now.Sub(said.ProducedAt).Abs() < agreement, took: c.p.cfg.Steady() - began}, nil
}

// oidNonce is id-pkix-ocsp-nonce (RFC 9654 2.1).
var oidNonce = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}

// withNonce puts a nonce into a question that has no extensions (RFC 6960 4.1.1).
func withNonce(question, nonce []byte) ([]byte, error) {
	in := cryptobyte.String(question)
	var outer, tbs cryptobyte.String
	if !in.ReadASN1(&outer, cb.SEQUENCE) || !outer.ReadASN1(&tbs, cb.SEQUENCE) {
		return nil, errors.New("the question cannot be read")
	}
	var b cryptobyte.Builder
	b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(tbs)
			b.AddASN1(cb.Tag(2).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
				b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1ObjectIdentifier(oidNonce)
						b.AddASN1(cb.OCTET_STRING, func(b *cryptobyte.Builder) { b.AddASN1OctetString(nonce) })
					})
				})
			})
		})
	})
	return b.Bytes()
}

// nonceOf reads the nonce of an answer's signed part (RFC 6960 4.2.1, ResponseData); nil when there is none.
func nonceOf(data []byte) ([]byte, error) {
	bad := errors.New("the answer's extensions cannot be read")
	in := cryptobyte.String(data)
	var d, who, wrapped, list cryptobyte.String
	var tag cb.Tag
	if !in.ReadASN1(&d, cb.SEQUENCE) || !d.SkipOptionalASN1(cb.Tag(0).ContextSpecific().Constructed()) || !d.ReadAnyASN1(&who, &tag) ||
		!d.SkipASN1(cb.GeneralizedTime) || !d.SkipASN1(cb.SEQUENCE) {
		return nil, bad
	}
	if d.Empty() {
		return nil, nil
	}
	if !d.ReadASN1(&wrapped, cb.Tag(1).ContextSpecific().Constructed()) || !wrapped.ReadASN1(&list, cb.SEQUENCE) {
		return nil, bad
	}
	for !list.Empty() {
		var one, value, nonce cryptobyte.String
		var id asn1.ObjectIdentifier
		if !list.ReadASN1(&one, cb.SEQUENCE) || !one.ReadASN1ObjectIdentifier(&id) || !one.SkipOptionalASN1(cb.BOOLEAN) || !one.ReadASN1(&value, cb.OCTET_STRING) {
			return nil, bad
		}
		if id.Equal(oidNonce) {
			if !value.ReadASN1(&nonce, cb.OCTET_STRING) || !value.Empty() {
				return nil, bad
			}
			return nonce, nil
		}
	}
	return nil, nil
}
