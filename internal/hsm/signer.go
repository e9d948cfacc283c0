package hsm

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/akashi-id/akashi/internal/hsm/token"
	"github.com/akashi-id/akashi/internal/pki"
)

// Keys are the keys of one or more tokens. A key that several tokens hold is used on whichever has the least to do.
type Keys struct {
	tokens []*Token
	choose sync.Mutex // so that two callers do not both take the one that is idle
}

// NewKeys joins tokens.
func NewKeys(tokens ...*Token) *Keys { return &Keys{tokens: tokens} }

// ErrNoneReady is an ErrNoToken while no token is ready. It is not that of a token which is ready and has another key of the name: that
// one rings for nobody, and does not get better by waiting.
var ErrNoneReady = fmt.Errorf("%w: none is ready", ErrNoToken)

// ErrNoToken means that no token that holds the key could sign. The caller comes again later.
var ErrNoToken = errors.New("no token that holds the key could sign")

// Signer is the key that a label and a public key name. A token whose key of that label is another one is not asked.
func (k *Keys) Signer(label string, public crypto.PublicKey) (*Signer, error) {
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("couldn't name the key %s: %w", label, err)
	}
	return &Signer{keys: k, label: label, public: public, spki: spki}, nil
}

// Signer is a crypto.Signer over all tokens that hold its key.
type Signer struct {
	keys   *Keys
	label  string
	public crypto.PublicKey
	spki   []byte
}

var _ pki.ContextSigner = (*Signer)(nil)

// Public is the public key.
func (s *Signer) Public() crypto.PublicKey { return s.public }

// Sign signs a digest: RSA with PKCS #1 v1.5, ECDSA as ASN.1 DER. It takes at most one deadline for each token that is
// ready. The randomness is the device's.
func (s *Signer) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if _, pss := opts.(*rsa.PSSOptions); pss {
		return nil, errors.New("the tokens sign no PSS")
	}
	return s.SignContext(context.Background(), digest, opts.HashFunc())
}

// SignContext is Sign for a caller who waits no longer than ctx. What a device does for somebody who has gone is dropped.
//
// It gives out one signature or none. A call that a token did not answer in time is made again on another one, and the
// first may have been carried out all the same; its signature ends with its process.
func (s *Signer) SignContext(ctx context.Context, digest []byte, hash crypto.Hash) ([]byte, error) {
	asked := map[*Token]bool{}
	var failed []error
	for {
		if err := ctx.Err(); err != nil {
			return nil, errors.Join(append(failed, err)...)
		}
		t, talk, k, q := s.next(asked, digest, hash)
		if t == nil && len(failed) == 0 && s.mistaken() {
			return nil, fmt.Errorf("%w: %s: one that is ready has another key of this name", ErrNoToken, s.label)
		}
		if t == nil && len(failed) == 0 {
			return nil, fmt.Errorf("%w: %s", ErrNoneReady, s.label)
		}
		if t == nil {
			return nil, errors.Join(append([]error{fmt.Errorf("%w: %s", ErrNoToken, s.label)}, failed...)...)
		}
		asked[t] = true
		a, err := talk.run(ctx, k, q)
		if err == nil {
			err = check(s.label, s.public, hash, digest, a.Signature)
		}
		switch {
		case err == nil:
			return a.Signature, nil
		case ctx.Err() != nil && errors.Is(err, ctx.Err()): // the token is as good as before
		case token.FaultOf(err) == token.BadCall: // so is this one
		default:
			talk.end(err)
		}
		failed = append(failed, fmt.Errorf("token %s: %w", t.cfg.Name, err))
	}
}

// mistaken tells whether a token that is ready has another key of the name.
func (s *Signer) mistaken() bool {
	return slices.ContainsFunc(s.keys.tokens, func(t *Token) bool {
		t.mu.Lock()
		defer t.mu.Unlock()
		return t.state == Ready && !bytes.Equal(t.keys[s.label], s.spki)
	})
}

// next begins the call on the token with the least to do among those that were not asked.
func (s *Signer) next(asked map[*Token]bool, digest []byte, hash crypto.Hash) (least *Token, talk *conversation, k *call, q token.Call) {
	s.keys.choose.Lock()
	defer s.keys.choose.Unlock()
	for {
		least, talk = nil, nil
		for _, t := range s.keys.tokens {
			if c := t.holding(s.label, s.spki); c != nil && !asked[t] && (least == nil || c.load() < talk.load()) {
				least, talk = t, c
			}
		}
		if least == nil {
			return nil, nil, nil, q
		}
		var err error
		if k, q, err = talk.begin(token.Call{Op: token.OpSign, Key: s.label, Hash: hash.String(), Digest: digest}, least.cfg.Deadline); err == nil {
			return least, talk, k, q
		}
		asked[least] = true // it failed just now
	}
}

var errForged = errors.New("what the token gave is no signature of the key")

// check tells whether a signature is what was asked for.
func check(label string, public crypto.PublicKey, hash crypto.Hash, digest, signature []byte) error {
	ok := false
	switch k := public.(type) {
	case *rsa.PublicKey:
		ok = rsa.VerifyPKCS1v15(k, hash, digest, signature) == nil
	case *ecdsa.PublicKey:
		ok = ecdsa.VerifyASN1(k, digest, signature)
	}
	if !ok {
		return fmt.Errorf("%w: %s", errForged, label)
	}
	return nil
}
