package probe

import (
	"strings"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/plain"
)

// Service is what is asked.
type Service string

// The services, in the order in which screens show them.
const (
	Issuance Service = "issuance"
	OCSP     Service = "ocsp"
	CRL      Service = "crl"
)

// Services are all of them.
var Services = []Service{Issuance, OCSP, CRL}

// Name is what people call it.
func (s Service) Name() plain.Sentence {
	switch s {
	case Issuance:
		return plain.Sentence{JA: "発行", EN: "issuance"}
	case OCSP:
		return plain.Sentence{JA: "失効の問合せ（OCSP）", EN: "OCSP"}
	case CRL:
		return plain.Sentence{JA: "失効リスト（CRL）", EN: "CRL"}
	}
	return plain.Sentence{JA: "すべて", EN: "everything"}
}

// ParseService reads the name of a service; "" is all of them.
func ParseService(field, s string) (Service, error) {
	switch Service(s) {
	case "", Issuance, OCSP, CRL:
		return Service(s), nil
	}
	return "", plain.Bad(field, "対象は、発行、OCSP、失効リスト、すべてのどれかを選んでください。", "Choose issuance, OCSP, CRL or everything.")
}

// Target is a service for one kind of certificate.
type Target struct {
	Service Service
	Profile cert.Profile
}

// String names it in rows, files and metrics: "ocsp/signature".
func (t Target) String() string { return string(t.Service) + "/" + t.Profile.String() }

// Name is what people call it.
func (t Target) Name() plain.Sentence {
	s := t.Service.Name()
	if t.Profile == cert.Signature {
		return plain.Sentence{JA: s.JA + "・署名用", EN: s.EN + ", signature"}
	}
	return plain.Sentence{JA: s.JA + "・利用者証明用", EN: s.EN + ", authentication"}
}

// Targets are all that there can be, in the order in which screens show them.
var Targets = func() (all []Target) {
	for _, s := range Services {
		for _, p := range cert.Profiles {
			all = append(all, Target{s, p})
		}
	}
	return all
}()

// parseTarget reads what String gives.
func parseTarget(s string) (Target, bool) {
	service, profile, _ := strings.Cut(s, "/")
	for _, t := range Targets {
		if string(t.Service) == service && t.Profile.String() == profile {
			return t, true
		}
	}
	return Target{}, false
}
