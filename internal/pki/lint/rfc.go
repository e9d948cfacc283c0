package lint

import (
	"fmt"
	"sync"

	"github.com/zmap/zcrypto/x509"
	zlint "github.com/zmap/zlint/v3/lint"
	_ "github.com/zmap/zlint/v3/lints/rfc" // the lints of the RFCs; those of browsers' root programs are not for these certificates

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
)

// notForUs names the RFC lints that do not apply, each with its reason.
var notForUs = []struct {
	name  string
	kinds kind
	why   string
}{
	{"w_distribution_point_missing_ldap_or_uri", aCA | aUser,
		"RFC 5280 4.2.1.13 recommends an address in a distribution point. The published certificates name the partition by a " +
			"directoryName alone, because lists are given to registered verifiers and not fetched by anybody."},
	{"e_ext_authority_key_identifier_no_key_identifier", aCA,
		"RFC 5280 4.2.1.1 lets self-signed certificates do without. The lint knows one by its signature, and there is none yet."},
}

// lint is one of the RFCs', for the kinds to which it applies.
type lint struct {
	*zlint.CertificateLint
	kinds kind
}

// lints are all certificate lints of the RFCs.
var lints = sync.OnceValue(func() (all []lint) {
	for _, l := range zlint.GlobalRegistry().CertificateLints().Lints() {
		applies := every
		for _, not := range notForUs {
			if not.name == l.Name {
				applies &^= not.kinds
			}
		}
		all = append(all, lint{l, applies})
	}
	return all
})

// settings are none. Reading nothing from its configuration takes a lint longer than its work, so it is read once.
var settings = sync.OnceValue(zlint.NewEmptyConfig)

// rfc runs the RFC lints on the bytes, with a placeholder where the signature will be. A notice is a finding as an error is:
// nobody reads notices afterwards.
func rfc(tbs []byte, signer cert.Algorithm, k kind) (all Findings) {
	unreadable := Findings{{"rfc", says("電子証明書として読み取れず、RFCの検査を行えません。", "It cannot be read as a certificate, so that the RFC lints cannot be run.")}}
	defer func() {
		if recover() != nil { // a reader that panics has not passed the certificate
			all = unreadable
		}
	}()
	der, err := pki.AssembleCertificate(tbs, pki.Placeholder(signer))
	if err != nil {
		return unreadable
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return unreadable
	}
	for _, l := range lints() {
		if l.kinds&k == 0 {
			continue
		}
		if r := l.Execute(c, settings()); r.Status > zlint.Pass {
			all = append(all, Finding{"rfc:" + l.Name, says(
				fmt.Sprintf("RFCの検査 %s に合いません（%s）。", l.Name, l.Citation),
				fmt.Sprintf("It does not pass the RFC lint %s (%s).", l.Name, l.Citation))})
		}
	}
	return all
}
