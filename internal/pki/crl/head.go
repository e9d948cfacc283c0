package crl

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/pki"
)

// Authority is a CA as its lists name it. Nothing in this package knows an algorithm by name.
type Authority struct {
	Name      []byte // DER Name, as in the CA's certificate
	KeyID     []byte // the CA's subject key identifier
	Algorithm []byte // DER AlgorithmIdentifier of its signatures
	Hash      crypto.Hash
	// CertIssuer (DER Name) and CertSerial (big-endian octets) name the CA's certificate in the authority key identifier beside its key. Both or none.
	CertIssuer, CertSerial []byte
}

// AuthorityOf reads a CA's certificate, whose issuer and serial its lists will name too.
func AuthorityOf(c *x509.Certificate) (Authority, error) {
	a, err := pki.AlgorithmOf(c.PublicKey)
	if err != nil {
		return Authority{}, err
	}
	algorithm, err := pki.AlgorithmIdentifier(a)
	if err != nil {
		return Authority{}, err
	}
	if len(c.SubjectKeyId) == 0 {
		return Authority{}, errors.New("the CA's certificate has no subject key identifier")
	}
	return Authority{Name: c.RawSubject, KeyID: c.SubjectKeyId, Algorithm: algorithm, Hash: pki.HashOf(a),
		CertIssuer: c.RawIssuer, CertSerial: c.SerialNumber.Bytes()}, nil
}

// KeyIdentifier is the value of the authority key identifier (RFC 5280 4.2.1.1).
func (a Authority) KeyIdentifier() []byte {
	parts := [][]byte{wrap(tagContext+0, a.KeyID)}
	if len(a.CertSerial) > 0 {
		parts = append(parts, wrap(tagExplicit+1, wrap(tagExplicit+4, a.CertIssuer)), wrap(tagContext+2, integerContent(a.CertSerial)))
	}
	return wrap(tagSequence, parts...)
}

// Head is what a list says beside its entries.
type Head struct {
	Authority  Authority
	Number     uint64    // from 1, greater in each list of a scope; never goes back (RFC 5280 5.2.3)
	Base       uint64    // of a delta list: the number of the full list that it adds to (5.2.4); 0: a full list
	ThisUpdate time.Time // to the second
	NextUpdate time.Time

	// Partition (DER Name) is the part of the CA's certificates that the list covers: user certificates whose distribution
	// point has this name (5.2.5). A list without one covers everything.
	Partition []byte
	// Freshest (DER Name) is where delta lists to this full one are found (5.2.6).
	Freshest []byte
}

// ScopeOf is the value of the issuing distribution point of a partition.
func ScopeOf(partition []byte) []byte {
	return wrap(tagSequence, pointName(partition), []byte{tagContext + 1, 1, 0xff}) // onlyContainsUserCerts
}

// FreshestOf is the value of the freshest CRL extension that names a place (5.2.6).
func FreshestOf(place []byte) []byte { return wrap(tagSequence, wrap(tagSequence, pointName(place))) }

func (h Head) check() error {
	switch {
	case h.Number == 0 || h.Base >= h.Number:
		return fmt.Errorf("a list needs a number from 1 on, and a delta one a base before it; not %d on %d", h.Number, h.Base)
	case !h.ThisUpdate.Truncate(time.Second).Before(h.NextUpdate.Truncate(time.Second)):
		return errors.New("a list needs a next update after this one")
	case h.Base != 0 && h.Freshest != nil:
		return errors.New("a delta list names no other delta list (RFC 5280 5.2.6)")
	case len(h.Authority.Name) == 0 || len(h.Authority.KeyID) == 0 || len(h.Authority.Algorithm) == 0 || !h.Authority.Hash.Available():
		return errors.New("a list needs the name, the key identifier, the algorithm and the hash function of its CA")
	case (len(h.Authority.CertIssuer) == 0) != (len(h.Authority.CertSerial) == 0):
		return errors.New("a CA's certificate is named by its issuer and its serial, by both or by none")
	}
	return nil
}

// before writes what stands before the entries in the TBSCertList (RFC 5280 5.1.2).
func (h Head) before() ([]byte, error) {
	out := bytes.Join([][]byte{{tagInteger, 1, 1}, h.Authority.Algorithm, h.Authority.Name}, nil) // version 2
	out, err := appendTime(out, h.ThisUpdate)
	if err == nil {
		out, err = appendTime(out, h.NextUpdate)
	}
	return out, err
}

// after writes what stands after them.
func (h Head) after() []byte {
	parts := [][]byte{
		extension(idAuthorityKey, false, h.Authority.KeyIdentifier()),
		extension(idNumber, false, number(h.Number)),
	}
	if h.Base != 0 {
		parts = append(parts, extension(idDelta, true, number(h.Base)))
	}
	if h.Partition != nil {
		// A program that does not understand it would take one municipality's list for another's.
		parts = append(parts, extension(idScope, true, ScopeOf(h.Partition)))
	}
	if h.Freshest != nil {
		parts = append(parts, extension(idFreshest, false, FreshestOf(h.Freshest)))
	}
	return wrap(tagExplicit+0, wrap(tagSequence, parts...))
}

func number(n uint64) []byte {
	return wrap(tagInteger, integerContent(binary.BigEndian.AppendUint64(nil, n)))
}
