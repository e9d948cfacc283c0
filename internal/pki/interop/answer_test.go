package interop

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
)

// answering is how the service answers for one certificate, over HTTP as the program asks: by GET or POST, with a nonce or without.
type answering struct {
	ca          authority
	signer      crypto.Signer
	certificate []byte // of the signer, that goes with the answer
	status      cert.Status
	from, until time.Time
	other       cert.Serial // answer for this one instead of that which was asked for
	spoil       bool        // change the signature
	asked       int
}

// answering registers an answer, with all that is right, and gives its address.
func (w *world) answering(a authority, status cert.Status) (*answering, string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &answering{ca: a, signer: w.responder, certificate: w.responderOf(a, w.responder.Public(), nil), status: status,
		from: w.now.Add(-time.Hour), until: w.now.Add(day)}
	w.answers = append(w.answers, s)
	return s, w.http.URL + "/" + strconv.Itoa(len(w.answers)-1)
}

func (w *world) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	number, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	n, err := strconv.Atoi(number)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil || n >= len(w.answers) {
		http.NotFound(out, r)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, ocspwire.MaxRequestOctets))
	if r.Method == http.MethodGet { // RFC 6960 A.1
		var text string
		if text, err = url.PathUnescape(rest); err == nil {
			body, err = base64.StdEncoding.DecodeString(text)
		}
	}
	var der []byte
	if err == nil {
		der, err = w.answers[n].answer(body)
	}
	if err != nil {
		w.Errorf("a program asked what cannot be answered: %v", err)
		der = ocspwire.MalformedRequest.Encode()
	}
	out.Header().Set("Content-Type", "application/ocsp-response")
	out.Write(der)
}

func (s *answering) answer(request []byte) ([]byte, error) {
	q, err := ocspwire.ParseRequest(request)
	if err != nil {
		return nil, err
	}
	s.asked++
	signer, err := pki.AlgorithmOf(s.signer.Public())
	if err != nil {
		return nil, err
	}
	algorithm, err := pki.AlgorithmIdentifier(signer)
	if err != nil {
		return nil, err
	}
	r := ocspwire.Response{ProducedAt: s.from, Nonce: q.Nonce}
	certificate, err := x509.ParseCertificate(s.certificate)
	if err != nil {
		return nil, err
	}
	if r.ResponderKey, err = ocspwire.ResponderKeyOf(certificate); err != nil {
		return nil, err
	}
	for _, id := range q.CertIDs {
		if !s.other.IsZero() {
			id.Serial = s.other
		}
		r.Singles = append(r.Singles, ocspwire.Single{ID: id, Status: s.status, RevokedAt: s.from.Add(-day), Reason: cert.KeyCompromise, ThisUpdate: s.from, NextUpdate: s.until})
	}
	tbs, err := r.TBS()
	if err != nil {
		return nil, err
	}
	signature, err := pki.SignTBS(rand.Reader, s.signer, tbs)
	if err != nil {
		return nil, err
	}
	if s.spoil {
		signature[len(signature)-1] ^= 1
	}
	return ocspwire.Assemble(tbs, algorithm, signature, s.certificate)
}
