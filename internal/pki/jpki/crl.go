package jpki

import "github.com/akashi-id/akashi/internal/pki"

// AssembleCRL joins a CRL's to-be-signed bytes, which package crl writes, and the signature over them.
func (i *Issuer) AssembleCRL(tbs, signature []byte) ([]byte, error) {
	return pki.Assemble(tbs, i.algorithm, signature)
}
