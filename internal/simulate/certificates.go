package simulate

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/org/municipality"
)

// application: somebody who has no certificate of a kind applies for one. The CA decides.
func (s *simulation) application(ctx context.Context) error {
	profile := cert.Profiles[s.rng.IntN(len(cert.Profiles))]
	who, d, err := s.somebody(ctx, func(x *soul, d municipality.Dossier) bool { return s.age(d) >= 15 && x.held[profile] == "" })
	if err != nil {
		return err
	}
	return s.applies(ctx, who, d, profile)
}

func (s *simulation) applies(ctx context.Context, who *soul, d municipality.Dossier, profile cert.Profile) error {
	key, err := s.key()
	if err != nil {
		return err
	}
	a, err := who.at.Apply(ctx, municipality.Application{Evidence: identity.Evidence{identity.MyNumberCard}, Person: who.id, Base: d.Now.Number, Profile: profile, PublicKey: key})
	if err == nil {
		who.held[profile] = a.Request
	}
	return err
}

// again: a holder has a certificate ended, and gets another one in its place: the CA gives nobody a second one of a kind.
func (s *simulation) again(ctx context.Context) error {
	who, profile, err := s.holder(ctx)
	if err != nil {
		return err
	}
	request := who.held[profile]
	delete(who.held, profile)
	// One that a change has ended is ended already, and the counter says so.
	if _, err := who.at.Revoke(ctx, municipality.Revocation{Request: request, Ground: cert.Exposed}); err != nil {
		return err
	}
	if err := s.land.wait(ctx, time.Minute); err != nil {
		return err
	}
	d, err := who.at.Look(ctx, who.id, "simulation")
	if err != nil {
		return err
	}
	return s.applies(ctx, who, d, profile)
}

func (s *simulation) revocation(ctx context.Context) error {
	who, profile, err := s.holder(ctx)
	if err != nil {
		return err
	}
	request := who.held[profile]
	delete(who.held, profile)
	_, err = who.at.Revoke(ctx, municipality.Revocation{Request: request, Ground: cert.Asked})
	return err
}

// loss: somebody reports that the card is lost, and all that they hold ends.
func (s *simulation) loss(ctx context.Context) error {
	who, _, err := s.holder(ctx)
	if err != nil {
		return err
	}
	clear(who.held)
	_, err = who.at.ReportLoss(ctx, municipality.Report{Person: who.id, Ground: cert.Lost})
	return err
}

// holder is somebody who has a certificate. While nobody has one, somebody applies for it first.
func (s *simulation) holder(ctx context.Context) (*soul, cert.Profile, error) {
	var all []*soul
	for _, x := range s.souls {
		if len(x.held) > 0 && !x.gone && !x.leaving {
			all = append(all, x)
		}
	}
	if len(all) == 0 {
		who, _, _, err := s.certified(ctx)
		if err != nil {
			return nil, 0, err
		}
		s.report.Events[Application]++
		all = append(all, who)
	}
	who := all[s.rng.IntN(len(all))]
	for _, p := range cert.Profiles {
		if who.held[p] != "" {
			return who, p, nil
		}
	}
	return nil, 0, errNobody
}

// key is a holder's public key, PEM: of the kind that costs least to make of those that are certified.
func (s *simulation) key() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), err
}
