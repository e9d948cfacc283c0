package validation

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// answerLife is until when an answer may be relied on (nextUpdate). It is short because a relying party may keep an answer
// for as long, and a change of the record must be seen the same hour even by those.
const answerLife = 10 * time.Minute

// serveOCSP answers a question (RFC 6960 A.1), in the body of a POST or in the path of a GET. Every answer of the
// protocol is an HTTP 200; what is no question at all gets malformedRequest.
func (o *Validation) serveOCSP(w http.ResponseWriter, r *http.Request, inPath string) {
	var der []byte
	var err error
	switch r.Method {
	case http.MethodPost:
		der, err = io.ReadAll(http.MaxBytesReader(w, r.Body, ocspwire.MaxRequestOctets))
	case http.MethodGet:
		der, err = decodePath(inPath)
	default:
		w.Header().Set("Allow", "GET, POST")
		http.Error(w, "OCSPの問合せは、GETかPOSTで送ってください。\nSend an OCSP request by GET or POST.", http.StatusMethodNotAllowed)
		return
	}
	answer := ocspwire.MalformedRequest.Encode()
	if err == nil {
		answer = o.answer(r.Context(), der, requesterOf(r))
	}
	w.Header().Set("Content-Type", "application/ocsp-response")
	w.Header().Set("Cache-Control", "no-store") // a proxy must not answer "good" for us
	w.Write(answer)
}

// decodePath reads the question in a GET: base64, of which "/", "+" and "=" may be percent-encoded.
func decodePath(path string) ([]byte, error) {
	if len(path) > 2*ocspwire.MaxRequestOctets {
		return nil, errors.New("the question is too long")
	}
	text, err := url.PathUnescape(path)
	if err != nil {
		return nil, err
	}
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
}

// requesterOf is who asks, as far as the connection says.
func requesterOf(r *http.Request) string {
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		for _, u := range r.TLS.PeerCertificates[0].URIs {
			return u.Opaque
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

// answer gives the response to a question. Whatever goes wrong here is an outcome of the protocol, and never silence.
func (o *Validation) answer(ctx context.Context, der []byte, requester string) []byte {
	request, err := ocspwire.ParseRequest(der)
	if err != nil {
		return ocspwire.MalformedRequest.Encode()
	}
	root := o.rootOf(request.CertIDs)
	if root == nil {
		return ocspwire.Unauthorized.Encode() // not certificates of our CAs, or of two at once: one key answers for one CA
	}
	now := o.Clock.Now().Truncate(time.Second)
	signer, err := o.responderOf(ctx, root.id, now)
	if err != nil {
		o.Log.ErrorContext(ctx, "the key that answers cannot be used", "issuer", root.id, "error", err)
	}
	if signer == nil {
		return ocspwire.TryLater.Encode()
	}
	statuses, err := o.statuses(ctx, root, request.CertIDs)
	if err != nil {
		o.Log.ErrorContext(ctx, "a status could not be read", "error", err)
		return ocspwire.TryLater.Encode()
	}
	response, fresh, err := o.respond(root, signer, request, statuses, now)
	if err != nil {
		o.Log.ErrorContext(ctx, "an answer could not be signed", "error", err)
		return ocspwire.TryLater.Encode()
	}
	for i, id := range request.CertIDs {
		o.recorder.note(store.Answer{AskedAt: now, Issuer: root.id, Serial: id.Serial, Answer: word(statuses[i]), Fresh: fresh, Requester: requester, BasedAt: statuses[i].ToldAt})
	}
	return response
}

// rootOf is the CA that all certificates in question are of; nil when there is no such CA.
func (o *Validation) rootOf(ids []ocspwire.CertID) *root {
	for _, r := range o.roots {
		all := true
		for _, id := range ids {
			all = all && id.IssuedBy(r.certificate)
		}
		if all {
			return r
		}
	}
	return nil
}

// statuses reads the table, for every question: so a revocation is told from the moment at which it has committed.
func (o *Validation) statuses(ctx context.Context, r *root, ids []ocspwire.CertID) (all []store.Status, err error) {
	err = o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		all = make([]store.Status, len(ids))
		for i, id := range ids {
			if all[i], err = o.in(tx).Status(ctx, r.id, id.Serial); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

func word(s store.Status) string {
	switch {
	case s.Revoked:
		return "revoked"
	case s.Known:
		return "good"
	}
	return "unknown"
}

// respond signs an answer, or takes one that was signed for the same certificate in the same state. A question with a nonce
// wants an answer of its own, and gets it.
func (o *Validation) respond(r *root, signer *responder, request *ocspwire.Request, statuses []store.Status, now time.Time) (der []byte, fresh bool, err error) {
	keep := request.Nonce == nil && len(request.CertIDs) == 1 && statuses[0].Known
	var key cacheKey
	if keep {
		key = cacheKey{r.id, request.CertIDs[0].Hash, request.CertIDs[0].Serial, statuses[0].Revoked, statuses[0].RevokedAt.Unix(), statuses[0].Reason}
		if der := o.answers.get(key, now); der != nil {
			return der, false, nil
		}
	}
	next := cert.Earlier(now.Add(answerLife), signer.notAfter)
	response := ocspwire.Response{ResponderKey: signer.keyID, ProducedAt: now, Nonce: request.Nonce}
	for i, id := range request.CertIDs {
		s := ocspwire.Single{ID: id, Status: cert.Unknown, ThisUpdate: now, NextUpdate: next}
		switch {
		case statuses[i].Revoked:
			s.Status, s.RevokedAt, s.Reason = cert.Revoked, statuses[i].RevokedAt, statuses[i].Reason
		case statuses[i].Known:
			s.Status = cert.Valid
		}
		response.Singles = append(response.Singles, s)
	}
	tbs, err := response.TBS()
	if err != nil {
		return nil, false, err
	}
	signature, err := pki.SignTBS(o.Rand, signer.key, tbs)
	if err != nil {
		return nil, false, err
	}
	if der, err = ocspwire.Assemble(tbs, signer.algorithm, signature, signer.certificate); err != nil {
		return nil, false, err
	}
	if keep {
		// Half of its life is left at least to whoever gets it.
		o.answers.put(key, der, now.Add(next.Sub(now)/2))
	}
	return der, true, nil
}
