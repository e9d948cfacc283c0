package hsm

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/akashi-id/akashi/internal/hsm/token"
)

// Keys are the keys of one or more tokens. A key that several tokens hold is used on whichever has the least to do.
type Keys struct {
	tokens []*Token
	mu     sync.Mutex // held by whoever chooses
}

// NewKeys joins tokens.
func NewKeys(tokens ...*Token) *Keys { return &Keys{tokens: tokens} }

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

var _ crypto.Signer = (*Signer)(nil)

// Public is the public key.
func (s *Signer) Public() crypto.PublicKey { return s.public }

// Sign signs a digest: RSA with PKCS #1 v1.5, ECDSA as ASN.1 DER. It takes at most one deadline for each token that is
// ready. The randomness is the device's.
func (s *Signer) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if _, pss := opts.(interface{ SaltLength() int }); pss {
		return nil, errors.New("PSS is not supported by the tokens")
	}
	return s.SignContext(context.Background(), digest, opts.HashFunc())
}

// SignContext is Sign. A context that has ended before the next token is asked ends it; a call that is under way is waited
// for, because it says something about its token.
func (s *Signer) SignContext(ctx context.Context, digest []byte, hash crypto.Hash) ([]byte, error) {
	asked := map[*Token]bool{}
	var failed []error
	for {
		if err := ctx.Err(); err != nil {
			return nil, errors.Join(append(failed, err)...)
		}
		t, talk := s.next(asked)
		if t == nil {
			return nil, errors.Join(append([]error{fmt.Errorf("%w: %s", ErrNoToken, s.label)}, failed...)...)
		}
		asked[t] = true
		signature, err := sign(ctx, talk, t.cfg.Deadline, s.label, s.spki, hash, digest)
		t.busy.Add(-1)
		if err == nil {
			return signature, nil
		}
		switch token.FaultOf(err) {
		case token.BadCall:
			return nil, fmt.Errorf("the call is wrong, on every token: %w", err)
		case token.NoSuchKey: // taken away since the token was opened
			talk.end(err)
		default:
			talk.end(err) // what stalled or died has ended itself
		}
		failed = append(failed, fmt.Errorf("token %s: %w", t.cfg.Name, err))
	}
}

// next is the token with the least to do among those that were not asked. It has one call more to do then.
func (s *Signer) next(asked map[*Token]bool) (least *Token, talk *conversation) {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	for _, t := range s.keys.tokens {
		if c, ok := t.holds(s.label, s.spki); ok && !asked[t] && (least == nil || t.busy.Load() < least.busy.Load()) {
			least, talk = t, c
		}
	}
	if least != nil {
		least.busy.Add(1)
	}
	return least, talk
}
