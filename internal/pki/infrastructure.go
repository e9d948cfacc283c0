package pki

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"

	"github.com/akashi-id/akashi/cert"
)

// Usage is what an organisation's certificate may be used for. The zero value is refused.
type Usage uint8

// An organisation has at most one certificate, with a key of its own, for each usage: the key of the line is in every process
// that listens, the key that signs messages only where messages are made.
const (
	ForTLS       Usage = iota + 1 // both ends of mutual TLS
	ForSigning                    // envelopes, receipts, statements
	ForDocuments                  // papers for citizens (PAdES), signed for the office that certifies
)

// String names the usage in sentences.
func (u Usage) String() string {
	switch u {
	case ForTLS:
		return "TLS"
	case ForSigning:
		return "signing"
	case ForDocuments:
		return "documents"
	}
	return "no usage"
}

// oidDocumentSigning is id-kp-documentSigning (RFC 9336): signatures that people and programs rely on, in no protocol of
// its own. It keeps a TLS certificate from signing messages, and a signing certificate from speaking TLS.
var oidDocumentSigning = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 36}

const (
	infrastructureLife = 10 * 365 * 24 * time.Hour
	organisationLife   = 2 * 365 * 24 * time.Hour
	// backdate lets a certificate be used at once by a peer whose clock is a little behind.
	backdate = 5 * time.Minute
)

// InfrastructureCA is the CA of organisations. It lives where the country is set up, and in no organisation.
type InfrastructureCA struct {
	certificate *x509.Certificate
	signer      crypto.Signer
}

// NewInfrastructureCA makes a P-256 key and a root certificate for it, valid for ten years from now.
func NewInfrastructureCA(random io.Reader, now time.Time) (*InfrastructureCA, error) {
	signer, err := GenerateKey(random, cert.P256SHA256)
	if err != nil {
		return nil, fmt.Errorf("couldn't make the infrastructure CA's key: %w", err)
	}
	serial, err := cert.NewSerial(random)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial.Int(),
		Subject:               pkix.Name{Country: []string{"JP"}, Organization: []string{"Akashi"}, CommonName: "Akashi infrastructure CA"},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(infrastructureLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true, // it certifies organisations and no other CA
	}
	der, err := x509.CreateCertificate(random, template, template, signer.Public(), signer)
	if err != nil {
		return nil, fmt.Errorf("couldn't make the infrastructure CA's certificate: %w", err)
	}
	return OpenInfrastructureCA(der, signer)
}

// OpenInfrastructureCA takes up a CA from its certificate (DER) and its key.
func OpenInfrastructureCA(der []byte, signer crypto.Signer) (*InfrastructureCA, error) {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the infrastructure CA's certificate: %w", err)
	}
	if !samePublicKey(c.PublicKey, signer.Public()) {
		return nil, errors.New("the infrastructure CA's certificate and key do not belong together")
	}
	return &InfrastructureCA{c, signer}, nil
}

func samePublicKey(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}

// Certificate is the root certificate (DER), which everybody may know.
func (ca *InfrastructureCA) Certificate() []byte { return ca.certificate.Raw }

// Key is the root key, for whoever stores it.
func (ca *InfrastructureCA) Key() crypto.Signer { return ca.signer }

// Organisation is a request for a certificate of an organisation.
type Organisation struct {
	ID     string           // "municipality-202029": lower-case letters, digits and hyphens, at most 64
	Usage  Usage            // what the key is for
	Public crypto.PublicKey // of one of cert.Algorithms
	Hosts  []string         // ForTLS: more DNS names or IP addresses; localhost and the loopback addresses are always in
}

// IssueOrganisation certifies an organisation for two years (less when the CA ends before) and returns the certificate
// (DER).
func (ca *InfrastructureCA) IssueOrganisation(random io.Reader, now time.Time, o Organisation) ([]byte, error) {
	if !validOrganisation(o.ID) {
		return nil, fmt.Errorf("%q is no organisation: use lower-case letters, digits and hyphens, at most 64", o.ID)
	}
	if _, err := AlgorithmOf(o.Public); err != nil {
		return nil, fmt.Errorf("couldn't certify %s: %w", o.ID, err)
	}
	serial, err := cert.NewSerial(random)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial.Int(),
		Subject:               pkix.Name{Country: []string{"JP"}, Organization: []string{"Akashi"}, OrganizationalUnit: []string{o.Usage.String()}, CommonName: o.ID},
		NotBefore:             now.Add(-backdate),
		NotAfter:              cert.Earlier(now.Add(organisationLife), ca.certificate.NotAfter),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		URIs:                  []*url.URL{organisationURI(o.ID)},
	}
	switch o.Usage {
	case ForTLS:
		// One certificate is both ends of mutual TLS, because every organisation both calls and is called.
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
		template.DNSNames = []string{"localhost"}
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1).To4(), net.IPv6loopback}
		for _, host := range o.Hosts {
			if ip := net.ParseIP(host); ip != nil {
				template.IPAddresses = append(template.IPAddresses, ip)
			} else {
				template.DNSNames = append(template.DNSNames, host)
			}
		}
	case ForSigning:
		template.UnknownExtKeyUsage = []asn1.ObjectIdentifier{oidDocumentSigning}
	case ForDocuments:
		// contentCommitment tells it from a key that signs messages: neither passes for the other.
		template.KeyUsage |= x509.KeyUsageContentCommitment
		template.UnknownExtKeyUsage = []asn1.ObjectIdentifier{oidDocumentSigning}
	default:
		return nil, fmt.Errorf("couldn't certify %s: no usage", o.ID)
	}
	der, err := x509.CreateCertificate(random, template, ca.certificate, o.Public, ca.signer)
	if err != nil {
		return nil, fmt.Errorf("couldn't certify %s: %w", o.ID, err)
	}
	return der, nil
}

// scheme is the URI scheme that names an organisation in its certificate.
const scheme = "akashi"

func organisationURI(id string) *url.URL { return &url.URL{Scheme: scheme, Opaque: id} }

func validOrganisation(id string) bool {
	if len(id) == 0 || len(id) > 64 || id[0] < 'a' || id[0] > 'z' {
		return false
	}
	for _, c := range []byte(id) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// Fingerprint is the SHA-256 of a certificate (DER): how messages and logs name it.
func Fingerprint(der []byte) [sha256.Size]byte { return sha256.Sum256(der) }
