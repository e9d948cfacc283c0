package pki

import (
	"crypto"
	"io"
	"time"

	"github.com/akashi-id/akashi/cert"
)

// Identity is an organisation's key for its lines or for its messages, and the infrastructure CA's certificate of it.
type Identity struct {
	Certificate []byte // DER
	Key         crypto.Signer
}

// NewIdentity makes a key of P-256 for an organisation and certifies it (IssueOrganisation). The key is nowhere but in what is
// returned: an organisation that shall start again keeps its keys in files, and asks for certificates of those.
func (ca *InfrastructureCA) NewIdentity(random io.Reader, now time.Time, organisation string, usage Usage) (Identity, error) {
	key, err := GenerateKey(random, cert.P256SHA256)
	if err != nil {
		return Identity{}, err
	}
	der, err := ca.IssueOrganisation(random, now, Organisation{ID: organisation, Usage: usage, Public: key.Public()})
	return Identity{Certificate: der, Key: key}, err
}
