package passkey

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
)

// Soft is a passkey of software (ソフトウェアのパスキー): it signs whatever it is asked, and says that it has verified its person.
// So it is no proof of anybody, and for the personas of the test country alone.
type Soft struct {
	key ed25519.PrivateKey
	id  []byte
}

// SeedSize is the size of a seed, in bytes.
const SeedSize = ed25519.SeedSize

// NewSoft returns the passkey that a seed makes: always the same one.
func NewSoft(seed []byte) (Soft, error) {
	if len(seed) != SeedSize {
		return Soft{}, fmt.Errorf("a seed of %d bytes", len(seed))
	}
	key := ed25519.NewKeyFromSeed(seed)
	id := sha256.Sum256(append([]byte("akashi soft passkey v1\x00"), key.Public().(ed25519.PublicKey)...))
	return Soft{key, id[:]}, nil
}

// model says in a passkey's data that it is this software.
var model = []byte("akashi soft pk 1")

// Flags of the authenticator data (WebAuthn §6.1).
const (
	userPresent  = 0x01
	userVerified = 0x04
	mayBackUp    = 0x08
	backedUp     = 0x10
	attested     = 0x40
)

// asked is what both kinds of options have that a device needs.
type asked struct {
	Challenge string `json:"challenge"`
	RP        struct {
		ID string `json:"id"`
	} `json:"rp"`
	RPID    string      `json:"rpId"`
	Exclude []described `json:"excludeCredentials"`
	Allow   []described `json:"allowCredentials"`
	User    struct {
		ID string `json:"id"`
	} `json:"user"`
}

// Create answers AskNew, as a browser does at the origin: a new passkey, whose own key attests it.
func (s Soft) Create(options, origin string) (string, error) {
	return s.create(options, origin, userPresent|userVerified|attested)
}

func (s Soft) create(options, origin string, flags byte) (string, error) {
	var o asked
	if err := json.Unmarshal([]byte(options), &o); err != nil {
		return "", err
	}
	for _, e := range o.Exclude {
		if e.ID == encode(s.id) {
			return "", errors.New("this device holds a passkey already that must not be there")
		}
	}
	data := s.data(o.RP.ID, flags, 0)
	data = append(data, model...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(s.id)))
	data = append(data, s.id...)
	data = append(data, s.cose()...)
	client := clientData("webauthn.create", o.Challenge, origin)
	sig := s.sign(data, client)
	// CBOR by hand, in the order of CTAP2: {"fmt": "packed", "attStmt": {"alg": -8, "sig": …}, "authData": …}.
	object := []byte{0xa3}
	object = append(append(object, 0x63), "fmt"...)
	object = append(append(object, 0x66), "packed"...)
	object = append(append(object, 0x67), "attStmt"...)
	object = append(append(append(object, 0xa2, 0x63), "alg"...), 0x27)
	object = append(append(append(object, 0x63), "sig"...), 0x58, byte(len(sig)))
	object = append(object, sig...)
	object = append(append(object, 0x68), "authData"...)
	object = binary.BigEndian.AppendUint16(append(object, 0x59), uint16(len(data)))
	object = append(object, data...)
	return s.answer(map[string]any{"clientDataJSON": encode(client), "attestationObject": encode(object)})
}

// Show answers Ask at the origin. The holder's handle and the last counter are what a device keeps for itself.
func (s Soft) Show(options, origin string, handle []byte, last uint32) (string, error) {
	var o asked
	if err := json.Unmarshal([]byte(options), &o); err != nil {
		return "", err
	}
	mine := len(o.Allow) == 0
	for _, a := range o.Allow {
		mine = mine || a.ID == encode(s.id)
	}
	if !mine {
		return "", errors.New("this device holds none of the passkeys that are asked for")
	}
	data := s.data(o.RPID, userPresent|userVerified, last+1)
	client := clientData("webauthn.get", o.Challenge, origin)
	return s.answer(map[string]any{"clientDataJSON": encode(client), "authenticatorData": encode(data),
		"signature": encode(s.sign(data, client)), "userHandle": encode(handle)})
}

func (s Soft) sign(data, client []byte) []byte {
	hash := sha256.Sum256(client)
	return ed25519.Sign(s.key, append(bytes.Clone(data), hash[:]...))
}

// data begins the authenticator data: for whom, what was done, and how often.
func (s Soft) data(rpID string, flags byte, counter uint32) []byte {
	hash := sha256.Sum256([]byte(rpID))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), counter)
}

// cose is the public key: {1: OKP, 3: EdDSA, -1: Ed25519, -2: x} (RFC 9053 §7.2).
func (s Soft) cose() []byte {
	return append([]byte{0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, ed25519.PublicKeySize}, s.key.Public().(ed25519.PublicKey)...)
}

func clientData(kind, challenge, origin string) []byte {
	b, _ := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false}) // of strings
	return b
}

func (s Soft) answer(response map[string]any) (string, error) {
	b, err := json.Marshal(map[string]any{"id": encode(s.id), "rawId": encode(s.id), "type": "public-key", "response": response,
		"authenticatorAttachment": "platform", "clientExtensionResults": map[string]any{}})
	return string(b), err
}

// Name is the name of the passkey, as of a Credential.
func (s Soft) Name() string { return NameOf(s.id) }
