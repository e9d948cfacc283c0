package verify

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/subtle"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
)

// oidOCSPNoCheck is id-pkix-ocsp-nocheck (RFC 6960 4.2.2.2.1).
var oidOCSPNoCheck = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}

// maxSkew is how far the responder's clock may be from ours.
const maxSkew = 5 * time.Minute

// OCSP asks a responder over HTTP (RFC 6960 A.1). It keeps no answer.
type OCSP struct {
	URL    string       // empty: the address in the certificate
	Client *http.Client // nil: http.DefaultClient; give one with a time limit
	Random io.Reader    // of nonces; nil: crypto/rand

	// NonceOptional takes answers without our nonce, which were signed before we asked and are as old as their thisUpdate
	// says. An answer with another nonce is refused all the same.
	NonceOptional bool
}

// AskStatus asks for one certificate. The answer is believed when it is signed by the certificate's own CA or by a
// responder whom that CA delegated, answers this question, and is fresh at the given time.
func (o *OCSP) AskStatus(ctx context.Context, issued *Issued, at time.Time) (CertificateStatus, error) {
	id, err := ocspwire.NewCertID(crypto.SHA256, issued.Issuer, issued.Serial)
	if err != nil {
		return CertificateStatus{}, err
	}
	random := o.Random
	if random == nil {
		random = rand.Reader
	}
	nonce := make([]byte, ocspwire.MaxNonceOctets)
	if _, err := io.ReadFull(random, nonce); err != nil {
		return CertificateStatus{}, fmt.Errorf("couldn't draw a nonce: %w", err)
	}
	request := ocspwire.Request{CertIDs: []ocspwire.CertID{id}, Nonce: nonce}
	der, err := request.Encode()
	if err != nil {
		return CertificateStatus{}, err
	}
	answer, err := o.post(ctx, issued, der)
	if err != nil {
		return CertificateStatus{}, err
	}
	response, err := ocspwire.ParseResponse(answer)
	if err != nil {
		return CertificateStatus{}, err
	}
	if err := checkResponder(response, issued.Issuer, at); err != nil {
		return CertificateStatus{}, err
	}
	if subtle.ConstantTimeCompare(response.Nonce, nonce) != 1 && !(response.Nonce == nil && o.NonceOptional) {
		return CertificateStatus{}, errors.New("the OCSP answer does not repeat our nonce: it may be an old one")
	}
	for _, s := range response.Singles {
		if !s.ID.Equal(id) {
			continue
		}
		if s.ThisUpdate.After(at.Add(maxSkew)) || s.NextUpdate.IsZero() || s.NextUpdate.Before(at.Add(-maxSkew)) {
			return CertificateStatus{}, fmt.Errorf("the OCSP answer is for %s to %s, not for %s", s.ThisUpdate, s.NextUpdate, at)
		}
		return CertificateStatus{Status: s.Status, RevokedAt: s.RevokedAt, Reason: s.Reason, ThisUpdate: s.ThisUpdate, NextUpdate: s.NextUpdate}, nil
	}
	return CertificateStatus{}, errors.New("the OCSP answer is about other certificates")
}

func (o *OCSP) post(ctx context.Context, issued *Issued, der []byte) ([]byte, error) {
	url := o.URL
	if url == "" {
		if len(issued.Certificate.OCSPServer) == 0 {
			return nil, errors.New("the certificate names no OCSP address")
		}
		url = issued.Certificate.OCSPServer[0]
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(der))
	if err != nil {
		return nil, fmt.Errorf("couldn't ask for the status: %w", err)
	}
	request.Header.Set("Content-Type", "application/ocsp-request")
	request.Header.Set("Accept", "application/ocsp-response")
	client := o.Client
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("couldn't ask for the status: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("couldn't ask for the status: HTTP %s", response.Status)
	}
	return io.ReadAll(io.LimitReader(response.Body, ocspwire.MaxResponseOctets+1))
}

// checkResponder checks who signed the answer (RFC 6960 4.2.2.2).
func checkResponder(r *ocspwire.Signed, ca *x509.Certificate, at time.Time) error {
	candidates := []*x509.Certificate{ca}
	for _, der := range r.Certificates {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("the OCSP responder's certificate cannot be read: %w", err)
		}
		candidates = append(candidates, c)
	}
	for _, c := range candidates {
		if !isResponder(r, c) {
			continue
		}
		if c != ca {
			if err := checkDelegation(c, ca, at); err != nil {
				return err
			}
		}
		a, err := pki.AlgorithmOf(c.PublicKey)
		if err != nil {
			return err
		}
		if !r.Algorithm.Equal(pki.SignatureOID(a)) {
			return errors.New("the OCSP answer is signed with another algorithm than its key's")
		}
		if err := pki.VerifyTBS(c.PublicKey, r.TBS, r.Signature); err != nil {
			return fmt.Errorf("the OCSP answer is not genuine: %w", err)
		}
		return nil
	}
	return errors.New("the OCSP answer does not show who signed it")
}

func isResponder(r *ocspwire.Signed, c *x509.Certificate) bool {
	if r.ResponderName != nil {
		return bytes.Equal(r.ResponderName, c.RawSubject)
	}
	key, err := ocspwire.ResponderKeyOf(c)
	return err == nil && bytes.Equal(key, r.ResponderKey)
}

// checkDelegation: issued directly by the CA that issued the certificate in question, for signing OCSP answers, and
// exempt from being asked about itself.
func checkDelegation(c, ca *x509.Certificate, at time.Time) error {
	noCheck := slices.ContainsFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidOCSPNoCheck) })
	switch {
	case !bytes.Equal(c.AuthorityKeyId, ca.SubjectKeyId) || c.CheckSignatureFrom(ca) != nil:
		return errors.New("the OCSP responder was not delegated by the certificate's CA")
	case !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) || !noCheck || c.IsCA:
		return errors.New("the OCSP responder's certificate is not for signing OCSP answers")
	case at.Before(c.NotBefore) || at.After(c.NotAfter):
		return errors.New("the OCSP responder's certificate is not valid now")
	}
	return nil
}
