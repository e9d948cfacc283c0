package nation

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"

	"github.com/akashi-id/akashi/internal/access"
)

// sealer keeps 住民票コード out of addresses, which browsers, proxies and server logs write down. What one person sealed
// opens for that person alone, as long as the portal has its key.
type sealer struct{ aead cipher.AEAD }

func newSealer(sessionKey []byte) (sealer, error) {
	key, err := hkdf.Expand(sha256.New, sessionKey, "akashi portal address v1", 32)
	if err != nil {
		return sealer{}, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealer{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return sealer{aead}, err
}

func (s sealer) seal(p access.Person, what string) string {
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, []byte(what), []byte(p.ID)))
}

func (s sealer) open(p access.Person, sealed string) (what string, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return "", false
	}
	text, err := s.aead.Open(nil, nil, b, []byte(p.ID))
	return string(text), err == nil
}
