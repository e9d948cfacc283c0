package bench

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/population"
	"github.com/akashi-id/akashi/resident"
)

var moveBench = Bench{Name: "move", Title: plain.Sentence{JA: "転居の届出から失効まで", EN: "from a move at the counter to a revoked answer"}, Run: runMove}

// clerks is how many counters file at the same time.
const clerks = 4

func runMove(ctx context.Context, opt Options) ([]Result, error) {
	if opt.Count == 0 {
		opt.Count = 400
	}
	c, err := emptyCountry(ctx, filepath.Join(opt.Dir, "move"))
	if err != nil {
		return nil, err
	}
	defer c.Close()
	holders, err := issueTo(ctx, c, opt)
	if err != nil {
		return nil, err
	}
	opt.Say("%d certificates issued", len(holders))
	took, err := moveAll(ctx, c, holders)
	if err != nil {
		return nil, err
	}
	slices.Sort(took)
	ms := func(q float64) float64 { return float64(took[int(q*float64(len(took)-1))].Microseconds()) / 1000 }
	commit, err := commitTime(ctx, opt.Dir)
	if err != nil {
		return nil, err
	}
	peer := "one durable commit of one row on the same disk"
	return []Result{
		Result{What: fmt.Sprintf("change at the counter to revoked in OCSP, p50 of %d, %d counters at once", len(took), clerks), Value: ms(0.5), Unit: "ms"}.Beside(peer, commit),
		Result{What: "the same, p99", Value: ms(0.99), Unit: "ms"}.Beside(peer, commit),
	}, nil
}

// holder is a resident with a signature certificate.
type holder struct {
	record resident.Record
	person municipality.PersonID
	leaf   *x509.Certificate
}

// issueTo imports adults and has a certificate issued to each.
func issueTo(ctx context.Context, c *nation.Country, opt Options) ([]holder, error) {
	m := c.Municipality(matsumoto)
	clk := clock.System()
	var file bytes.Buffer
	people := population.Options{Municipality: m.Code(), Count: 2 * opt.Count, Seed: 2}
	if err := population.Generate(&file, people); err != nil {
		return nil, err
	}
	if _, err := m.Import(ctx, &file, municipality.ImportOptions{By: "bench"}); err != nil {
		return nil, err
	}
	clerk := look.With(access.With(ctx, access.Personas()[0]), look.Ground{Purpose: look.Certificate, Case: "1"})
	var holders []holder
	for r := range population.People(people) {
		if len(holders) == opt.Count {
			break
		}
		if born, ok := r.Birth.Whole(); !ok || resident.AgeOn(born, today(clk)) < 18 {
			continue
		}
		found, _, err := m.Search(clerk, municipality.Query{Code: r.Code})
		if err != nil || len(found) != 1 {
			return nil, fmt.Errorf("couldn't find an imported resident: %w", err)
		}
		spki, err := publicKey()
		if err != nil {
			return nil, err
		}
		applied, err := m.Apply(clerk, municipality.Application{Evidence: identity.Evidence{identity.MyNumberCard}, Person: found[0].Person, Base: found[0].Number, Profile: cert.Signature, PublicKey: spki})
		if err != nil {
			return nil, err
		}
		holders = append(holders, holder{record: r, person: found[0].Person})
		if holders[len(holders)-1].leaf, err = issued(ctx, clk, m, clerk, found[0].Person, applied.Request); err != nil {
			return nil, err
		}
	}
	return holders, nil
}

func publicKey() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), err
}

// issued waits for the answer to an application.
func issued(ctx context.Context, clk clock.Clock, m *municipality.Municipality, clerk context.Context, person municipality.PersonID, request string) (*x509.Certificate, error) {
	for {
		d, err := m.Look(clerk, person, "bench")
		if err != nil {
			return nil, err
		}
		for _, a := range d.Applications {
			switch {
			case a.Request != request:
			case len(a.Certificate) > 0:
				return x509.ParseCertificate(a.Certificate)
			case a.Why != "":
				return nil, fmt.Errorf("no certificate: %s", a.Reason.EN)
			}
		}
		if err := clk.Wait(ctx, clk.Now().Add(2*time.Millisecond), nil); err != nil {
			return nil, err
		}
	}
}

// moveAll files a 転居 for every holder, from several counters at once, and measures each until OCSP says revoked.
func moveAll(ctx context.Context, c *nation.Country, holders []holder) ([]time.Duration, error) {
	took := make([]time.Duration, len(holders))
	errs := make([]error, clerks)
	issuer, err := c.CACertificate(cert.Signature)
	if err != nil {
		return nil, err
	}
	var all sync.WaitGroup
	for k := range clerks {
		all.Go(func() {
			for i := k; i < len(holders) && errs[k] == nil; i += clerks {
				took[i], errs[k] = moveOne(ctx, c, issuer, holders[i])
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return took, nil
}

func moveOne(ctx context.Context, c *nation.Country, issuer *x509.Certificate, h holder) (time.Duration, error) {
	m := c.Municipality(matsumoto)
	clk := clock.System()
	address, err := resident.ParseAddress("address", "長野県松本市新町１丁目２番３号")
	if err != nil {
		return 0, err
	}
	begun := clk.Now()
	if _, err := m.File(access.With(ctx, access.Personas()[0]), municipality.MoveWithin{
		Filing: municipality.Filing{Person: h.person, Base: 1, Arose: today(clk), Basis: municipality.BasesOf(resident.MoveWithin)[0].Key}, Address: address, OwnHousehold: true,
	}); err != nil {
		return 0, err
	}
	request, err := ocsp.CreateRequest(h.leaf, issuer, nil)
	if err != nil {
		return 0, err
	}
	for {
		revoked, err := askOCSP(ctx, c.URL+"/validation/ocsp", request, issuer)
		if err != nil {
			return 0, err
		}
		if revoked {
			return clk.Now().Sub(begun), nil
		}
		if err := clk.Wait(ctx, clk.Now().Add(time.Millisecond), nil); err != nil {
			return 0, err
		}
	}
}

func askOCSP(ctx context.Context, url string, request []byte, issuer *x509.Certificate) (revoked bool, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(request))
	if err != nil {
		return false, err
	}
	r.Header.Set("Content-Type", "application/ocsp-request")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false, err
	}
	defer answer.Body.Close()
	der, err := io.ReadAll(answer.Body)
	if err != nil {
		return false, err
	}
	status, err := ocsp.ParseResponse(der, issuer)
	if err != nil {
		return false, fmt.Errorf("couldn't read the OCSP answer: %w", err)
	}
	return status.Status == ocsp.Revoked, nil
}

// commitTime is the median time in milliseconds of a durable transaction of one row: what every step of a move pays.
func commitTime(ctx context.Context, dir string) (float64, error) {
	rate, err := bareRate(ctx, dir, 500, 1, 200)
	return 1000 / rate, err
}
