// Package passkey makes the two ceremonies of WebAuthn for one organisation (パスキー, a key that a person holds and shows):
// a passkey is created, and later shown. What was signed is verified by go-webauthn; what is asked for is decided here:
// a passkey that knows its person (resident key), that has verified the person itself by PIN or body (user verification),
// and that stays in its device. One that is copied to other devices by a cloud is refused: who else holds it, nobody can
// tell, and a second person would be the first one's other telephone.
//
// The package keeps nothing. Challenges, who may create a passkey, and the counter of each are the caller's
// (internal/staff). Soft is a passkey of software for the personas of the test country: it answers the same questions,
// and goes through the same verification.
//
// Source: W3C, Web Authentication Level 3, §7.1 and §7.2.
package passkey

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"
)

// Party is an organisation to which passkeys are shown (Relying Party).
type Party struct {
	id, origin string
	name       string
	w          *webauthn.WebAuthn
}

// New returns the party whose screens people open at origin: "https://juki.example.lg.jp". Passkeys are bound to the host name in
// it for good. It must be https, or http://localhost: browsers show passkeys nowhere else.
func New(name, origin string) (*Party, error) {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil {
		return nil, fmt.Errorf("%q is no origin: write it like https://juki.example.lg.jp", origin)
	}
	host := u.Hostname()
	if _, err := netip.ParseAddr(host); err == nil {
		return nil, fmt.Errorf("passkeys are bound to a name, and %q has an IP address", origin)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || host != "localhost") {
		return nil, fmt.Errorf("browsers show passkeys over https only, and on http://localhost: %q", origin)
	}
	w, err := webauthn.New(&webauthn.Config{RPID: host, RPDisplayName: name, RPOrigins: []string{origin},
		Filtering: &webauthn.FilteringConfig{ProhibitBackupEligibility: true}})
	if err != nil {
		return nil, fmt.Errorf("passkeys at %q: %w", origin, err)
	}
	return &Party{id: host, origin: origin, name: name, w: w}, nil
}

// Origin is where passkeys are shown.
func (p *Party) Origin() string { return p.origin }

// Credential is what is kept of a passkey.
type Credential struct {
	ID      []byte
	Key     []byte // public, as COSE
	Counter uint32 // of its signatures; 0 when it does not count
}

// Name is a short name for the passkey, by which people and records tell it from others.
func (c Credential) Name() string { return NameOf(c.ID) }

// NameOf is the name of the passkey with an ID.
func NameOf(id []byte) string {
	sum := sha256.Sum256(id)
	return hex.EncodeToString(sum[:8])
}

// Holder is whom a passkey is made for.
type Holder struct {
	Handle []byte // random; what the passkey knows its person by
	Name   string // what the device shows
}

// ErrNotTaken is the error of everything that was not shown or created as it must be. What exactly was wrong is for logs.
var ErrNotTaken = errors.New("the passkey cannot be taken")

// ErrCounter says that two devices may answer for one passkey: everything else about the answer was right, and its counter did not grow
// (WebAuthn §6.1.1, §7.2). A device that does not count always says 0, and that is no sign of anything.
var ErrCounter = fmt.Errorf("%w: its counter did not grow, so there may be a copy of it", ErrNotTaken)

// algorithms are those of the keys that are taken, the preferred first: ES256, EdDSA, RS256 (Windows Hello with an older TPM).
var algorithms = []webauthncose.COSEAlgorithmIdentifier{webauthncose.AlgES256, webauthncose.AlgEdDSA, webauthncose.AlgRS256}

// MinChallenge is the least number of random bytes in a challenge.
const MinChallenge = 32

type described struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

func describe(ids [][]byte) []described {
	all := make([]described, 0, len(ids))
	for _, id := range ids {
		all = append(all, described{"public-key", encode(id)})
	}
	return all
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// AskNew is what a browser is to ask for a new passkey (PublicKeyCredentialCreationOptions, as JSON). A device that holds one of
// others refuses: so one device does not stand behind two persons.
func (p *Party) AskNew(h Holder, challenge []byte, others [][]byte) (string, error) {
	type param struct {
		Type string `json:"type"`
		Alg  int64  `json:"alg"`
	}
	var params []param
	for _, a := range algorithms {
		params = append(params, param{"public-key", int64(a)})
	}
	return options(challenge, map[string]any{
		"rp":                     map[string]string{"id": p.id, "name": p.name},
		"user":                   map[string]string{"id": encode(h.Handle), "name": h.Name, "displayName": h.Name},
		"challenge":              encode(challenge),
		"pubKeyCredParams":       params,
		"excludeCredentials":     describe(others),
		"authenticatorSelection": map[string]any{"residentKey": "required", "requireResidentKey": true, "userVerification": "required"},
		"attestation":            "none",
		"timeout":                120_000,
	})
}

// Ask is what a browser is to ask of a passkey (PublicKeyCredentialRequestOptions, as JSON): one of those given, or with none whichever
// the person chooses.
func (p *Party) Ask(challenge []byte, of [][]byte) (string, error) {
	return options(challenge, map[string]any{
		"rpId": p.id, "challenge": encode(challenge), "allowCredentials": describe(of), "userVerification": "required", "timeout": 120_000,
	})
}

func options(challenge []byte, o map[string]any) (string, error) {
	if len(challenge) < MinChallenge {
		return "", fmt.Errorf("a challenge of %d bytes can be guessed", len(challenge))
	}
	b, err := json.Marshal(o)
	return string(b), err
}

// TakeNew verifies the answer of a device that made a passkey.
func (p *Party) TakeNew(h Holder, challenge []byte, answer string) (Credential, error) {
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return Credential{}, refused(err)
	}
	var params []protocol.CredentialParameter
	for _, a := range algorithms {
		params = append(params, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: a})
	}
	c, err := p.w.CreateCredential(person{h, nil}, webauthn.SessionData{Challenge: encode(challenge), RelyingPartyID: p.id, UserID: h.Handle,
		UserVerification: protocol.VerificationRequired, CredParams: params}, parsed)
	if err != nil {
		return Credential{}, refused(err)
	}
	return Credential{ID: c.ID, Key: c.PublicKey, Counter: c.Authenticator.SignCount}, nil
}

// Which says which passkey gave an answer. Nothing of it is verified yet.
func Which(answer string) ([]byte, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return nil, refused(err)
	}
	return parsed.RawID, nil
}

// Take verifies the answer of a passkey, and returns its counter as it is now, which the caller keeps.
func (p *Party) Take(h Holder, c Credential, challenge []byte, answer string) (counter uint32, err error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return 0, refused(err)
	}
	held := webauthn.Credential{ID: c.ID, PublicKey: c.Key, Authenticator: webauthn.Authenticator{SignCount: c.Counter}}
	now, err := p.w.ValidateLogin(person{h, []webauthn.Credential{held}}, webauthn.SessionData{Challenge: encode(challenge), RelyingPartyID: p.id,
		UserID: h.Handle, AllowedCredentialIDs: [][]byte{c.ID}, UserVerification: protocol.VerificationRequired}, parsed)
	if err != nil {
		return 0, refused(err)
	}
	if now.Authenticator.CloneWarning {
		return 0, ErrCounter
	}
	return now.Authenticator.SignCount, nil
}

// refused puts what the library says into one line. It names no person and no secret.
func refused(err error) error {
	var e *protocol.Error
	if errors.As(err, &e) {
		return fmt.Errorf("%w: %s", ErrNotTaken, strings.Join(strings.Fields(e.Details+" "+e.DevInfo), " "))
	}
	return fmt.Errorf("%w: %v", ErrNotTaken, err)
}

// person is a holder as the library wants one.
type person struct {
	Holder
	all []webauthn.Credential
}

func (p person) WebAuthnID() []byte                         { return p.Handle }
func (p person) WebAuthnName() string                       { return p.Holder.Name }
func (p person) WebAuthnDisplayName() string                { return p.Holder.Name }
func (p person) WebAuthnCredentials() []webauthn.Credential { return p.all }
