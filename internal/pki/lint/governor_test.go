package lint

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/jpki"
)

// TestGovernor: the certificate of a prefecture's own CA names its governor and nobody else, and what it signs names it.
func TestGovernor(t *testing.T) {
	tokyo := jpki.Governor("Tokyo-to", "東京都")
	for _, p := range cert.Profiles {
		key := fixedKey(t, "ca-"+p.String(), cert.Today)
		agency, root := ca(t, p, cert.Today)
		tbs := must[[]byte](t)(tokyo.CATBS(p, key.Public(), root.want.Serial, caStart))
		want := root.want
		want.Governor, want.GovernorJapanese = "Governor of Tokyo-to", "東京都知事"
		if err := CA(tbs, want); err != nil {
			t.Errorf("a governor's CA: %v", err)
		}
		for name, c := range map[string]struct {
			tbs                []byte
			governor, japanese string
			rule               string
		}{
			"where the agency's is founded":     {tbs, "", "", "subject"},
			"another governor":                  {tbs, "Governor of Osaka-fu", "東京都知事", "subject"},
			"another governor in Japanese":      {tbs, "Governor of Tokyo-to", "大阪府知事", "ca-alternative-name"},
			"the agency where a governor's is":  {root.tbs, "Governor of Tokyo-to", "東京都知事", "subject"},
			"the distribution point, of others": {tbs, "Governor of Osaka-fu", "東京都知事", "crl-partition"},
		} {
			want.Governor, want.GovernorJapanese = c.governor, c.japanese
			var found Findings
			if err := CA(c.tbs, want); !errors.As(err, &found) || !slices.Contains(names(found), c.rule) {
				t.Errorf("%s: %v", name, err)
			}
		}
		der := must[[]byte](t)(pki.AssembleCertificate(tbs, must[[]byte](t)(pki.SignTBS(nil, key, tbs))))
		issuer := must[*jpki.Issuer](t)(jpki.OpenIssuer(der))
		var user jpki.User
		s := person(t, p, cert.Today, func(u *jpki.User, _ *Want) { user = *u })
		s.want.Issuer = der
		if err := User(must[[]byte](t)(issuer.UserTBS(user)), s.want); err != nil {
			t.Errorf("what a governor's CA signs: %v", err)
		}
		if err := User(must[[]byte](t)(agency.UserTBS(user)), s.want); err == nil {
			t.Error("what names the agency was passed for a governor's CA")
		}
		signer := jpki.OCSPSigner{Serial: serial(t, "41A7F09C5E2B44D0A1B2C3D4E5F60719"), Public: fixedKey(t, "ocsp", cert.Today).Public(),
			NotBefore: issued, NotAfter: issued.Add(30 * 24 * time.Hour), CommonName: "OCSP 2025-10"}
		r := responder(t, p, cert.Today)
		r.want.Issuer = der
		if err := OCSPSigner(must[[]byte](t)(issuer.OCSPSignerTBS(signer)), r.want); err != nil {
			t.Errorf("the certificate of a key that answers for it: %v", err)
		}
	}
}
