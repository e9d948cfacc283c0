package nation

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/message"
)

// status has openssl ask the country about a certificate, with the certificates of a CA.
func (r *running) status(o tool, ca message.Org, crt []byte) string {
	o.put("ca.pem", r.get("/validation/ca/"+string(ca)+"/signature.pem"))
	o.put("user.pem", crt)
	said, _ := o.run("ocsp", "-sha256", "-issuer", "ca.pem", "-cert", "user.pem", "-CAfile", "ca.pem", "-url", r.url+"/validation/ocsp")
	return said
}

func (r *running) answers(o tool, ca message.Org, crt []byte, want string) {
	r.t.Helper()
	eventually(r.t, 20*time.Second, "openssl ocsp says "+want, func() (bool, string) {
		said := r.status(o, ca, crt)
		return strings.Contains(said, "Response verify OK") && strings.Contains(said, "user.pem: "+want), said
	})
}

// TestPrefecturesOwnCA: a resident of a prefecture with a CA of its own gets a certificate from it, which everybody who verifies knows, and
// the change that makes it untrue ends it there; a resident of another prefecture has one of the plain CA.
func TestPrefecturesOwnCA(t *testing.T) {
	o := openssl(t)
	r := open(t, dataDir(t))
	adachi, matsumoto := r.clerk("municipality-131211"), r.clerk("municipality-202029")
	inTokyo := adachi.register("東京　太郎", "トウキョウ　タロウ", "東京都足立区中央本町一丁目17番1号")
	inNagano := matsumoto.register("松本　花子", "マツモト　ハナコ", "長野県松本市大手三丁目8番13号")
	key, theirs := adachi.apply(inTokyo, "signature")
	_, ours := matsumoto.apply(inNagano, "signature")
	if name := certificateOf(t, theirs).Issuer.String(); !strings.Contains(name, "Governor of Tokyo-to") {
		t.Errorf("足立区's resident has a certificate of %s", name)
	}
	if name := certificateOf(t, ours).Issuer.String(); strings.Contains(name, "Governor") {
		t.Errorf("松本市's resident has a certificate of %s", name)
	}
	r.answers(o, "ca-13", theirs, "good")
	r.answers(o, "ca", ours, "good")
	// Nobody is told of one CA's certificate in the other's name.
	if said := r.status(o, "ca", theirs); strings.Contains(said, ": good") {
		t.Errorf("under the other CA: %s", said)
	}
	document := []byte("確定申告書\n")
	o.put("key.pem", key)
	o.put("user.pem", theirs)
	o.put("document.txt", document)
	o.does("cms", "-sign", "-binary", "-in", "document.txt", "-signer", "user.pem", "-inkey", "key.pem", "-outform", "DER", "-out", "document.p7s")
	if v, err := r.verifies(document, o.read("document.p7s")); err != nil || v.Verdict != "valid" {
		t.Errorf("the verifier says %+v %v", v, err)
	}

	adachi.file(inTokyo, "move-within", url.Values{"address": {"東京都足立区千住一丁目4番18号"}, "basis": {"law-23"}})
	r.answers(o, "ca-13", theirs, "revoked")
	if v, err := r.verifies(document, o.read("document.p7s")); err != nil || v.Verdict != "revoked" {
		t.Errorf("the verifier says %+v %v", v, err)
	}
	r.answers(o, "ca", ours, "good")
	eventually(t, 20*time.Second, "the list of 足立区 names it", func() (bool, string) {
		list, err := x509.ParseRevocationList(r.get("/validation/crl/ca-13/signature/131211.crl"))
		if err != nil {
			return false, err.Error()
		}
		return slices.ContainsFunc(list.RevokedCertificateEntries, func(e x509.RevocationListEntry) bool {
			return e.SerialNumber.Cmp(certificateOf(t, theirs).SerialNumber) == 0
		}), "it does not"
	})
	r.settled(20 * time.Second)
}

// TestCAThatIsDown: a prefecture's own CA that cannot be opened hinders nobody else's residents.
func TestCAThatIsDown(t *testing.T) {
	o := openssl(t)
	dir := dataDir(t)
	open(t, dir).stop() // every counter has record codes by then
	if err := os.WriteFile(filepath.Join(string(KeyDir(dir, "ca-13")), "sign.key"), []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	country, err := Open(t.Context(), Options{Dir: dir, Spec: must(Default()), Listen: "127.0.0.1:0"})
	if err != nil || !slices.Equal(country.Aside, []message.Org{"ca-13"}) {
		t.Fatalf("%+v %v", country, err)
	}
	t.Cleanup(func() { country.Close() })
	r := &running{t: t, dir: dir, url: country.URL, control: controlOn(dir)}
	var all []Standing
	r.hears("/standing", &all)
	for _, s := range all {
		if want := map[bool]string{true: Down, false: Runs}[s.Organisation == "ca-13"]; s.State != want {
			t.Errorf("%s: %s, want %s", s.Organisation, s.State, want)
		}
	}
	c := r.clerk("municipality-202029")
	person := c.register("松本　花子", "マツモト　ハナコ", "長野県松本市大手三丁目8番13号")
	_, crt := c.apply(person, "signature")
	r.answers(o, "ca", crt, "good")
	c.file(person, "move-within", url.Values{"address": {"長野県松本市丸の内3番7号"}, "basis": {"law-23"}})
	r.answers(o, "ca", crt, "revoked")
}

// TestEachCAIsFoundedForItself: two ceremonies, with keys, passphrases and names of their own; and those who verify keep the certificates of
// both, none over another's.
func TestEachCAIsFoundedForItself(t *testing.T) {
	dir := dataDir(t)
	spec := must(Default())
	for range 2 { // what is there stays
		check(t, Found(dir, spec, clock.System().Now(), slog.New(slog.DiscardHandler)))
	}
	seen := map[string]string{}
	for _, ca := range []message.Org{"ca", "ca-13"} {
		if held := must(vaultOf(dir, ca).holds()); len(held) != 2 {
			t.Errorf("%s has sealed %q", ca, held)
		}
		for _, p := range cert.Profiles {
			own := must(KeyDir(dir, ca).Certificates("ca-" + p.String()))
			c := must(x509.ParseCertificate(own[0]))
			for what, value := range map[string]string{"key": string(c.RawSubjectPublicKeyInfo), "name": c.Subject.String()} {
				if other := seen[what+value]; other != "" {
					t.Errorf("%s and %s have one %s", ca, other, what)
				}
				seen[what+value] = string(ca)
			}
			for _, e := range spec.Organisations {
				kept, err := KeyDir(dir, e.ID).Certificates(keys.Issuer(string(ca), p))
				switch knows := slices.Contains(spec.CAs(e.ID), ca); {
				case e.ID == ca && ca == theCA: // it is its own
				case knows && (err != nil || !bytes.Equal(kept[0], own[0])):
					t.Errorf("%s keeps another certificate of %s: %v", e.ID, ca, err)
				case !knows && !errors.Is(err, os.ErrNotExist) && e.ID.Role() != message.CA:
					t.Errorf("%s has a certificate of %s", e.ID, ca)
				}
			}
		}
		if p := string(must(os.ReadFile(secretOf(dir, ca)))); seen[p] != "" {
			t.Errorf("%s and %s have one passphrase", ca, seen[p])
		} else {
			seen[p] = string(ca)
		}
	}
}

// TestEachCAHasItsOwnPairs is what the pairs of a country with two CAs hold: each with its own municipalities and prefectures, and both
// with center and validation.
func TestEachCAHasItsOwnPairs(t *testing.T) {
	r := open(t, dataDir(t))
	for ca, want := range map[message.Org][]message.Org{"ca": {"municipality-202029", "municipality-202053", "nationalcenter", "prefecture-20", "validation"},
		"ca-13": {"municipality-131211", "nationalcenter", "prefecture-13", "validation"}} {
		var pairs []exchange.Pair
		r.hears("/"+string(ca)+"/pairs", &pairs)
		var with []message.Org
		for _, p := range pairs {
			with = append(with, p.Peer)
		}
		if slices.Sort(with); !slices.Equal(with, want) {
			t.Errorf("%s exchanges with %v, want %v", ca, with, want)
		}
	}
}

// TestIssuerIsFoundByItsKey: a counter asks about a certificate of any CA that has issued for its residents, by the key that issued it.
func TestIssuerIsFoundByItsKey(t *testing.T) {
	dir := dataDir(t)
	spec := must(Default())
	check(t, Found(dir, spec, clock.System().Now(), slog.New(slog.DiscardHandler)))
	at := func(o message.Org) setting {
		return setting{id: o, dir: filepath.Join(dir, string(o)), cas: spec.CAs(o)}
	}
	adachi, matsumoto := at("municipality-131211"), at("municipality-202029")
	for _, ca := range []message.Org{"ca", "ca-13"} {
		for _, p := range cert.Profiles {
			own := must(x509.ParseCertificate(must(KeyDir(dir, ca).Certificates("ca-" + p.String()))[0]))
			key := hex.EncodeToString(own.SubjectKeyId)
			if got, profile, err := adachi.issuerNamed(key); err != nil || profile != p || !got.Equal(own) {
				t.Errorf("足立区, %s for %s: %v %v", ca, p, profile, err)
			}
			if got, _, err := matsumoto.issuerNamed(key); (err == nil && got.Equal(own)) != (ca == "ca") {
				t.Errorf("松本市, %s for %s: %v", ca, p, err)
			}
			if got, _, err := adachi.issuerNamed(p.String()); ca == "ca-13" && (err != nil || !got.Equal(own)) {
				t.Errorf("足立区, what names the %s alone: %v", p, err)
			}
		}
	}
	// One that cannot be read hides no other.
	check(t, os.WriteFile(filepath.Join(dir, "municipality-131211", "keys", "ca-13-signature.crt"), []byte("none"), 0o600))
	plainCA := must(x509.ParseCertificate(must(KeyDir(dir, "ca").Certificates("ca-signature"))[0]))
	if got, _, err := adachi.issuerNamed(hex.EncodeToString(plainCA.SubjectKeyId)); err != nil || !got.Equal(plainCA) {
		t.Errorf("beside a damaged one: %v", err)
	}
}

// TestIssuanceIsJoined: a municipality that went from one CA to another has one line, with what both have issued.
func TestIssuanceIsJoined(t *testing.T) {
	got := JoinIssuance(
		Issuance{AsOf: "2026-11-22", Total: 5, Unreadable: 1, Rows: []IssuanceRow{{Municipality: "131211", Issued: 2, Revoked: 1}, {Municipality: "202029", Issued: 3}}},
		Issuance{AsOf: "2026-11-22", Total: 4, Unreadable: 2, Rows: []IssuanceRow{{Municipality: "131016", Issued: 1}, {Municipality: "131211", Issued: 3, Revoked: 2}}})
	want := []IssuanceRow{{Municipality: "131016", Issued: 1}, {Municipality: "131211", Issued: 5, Revoked: 3}, {Municipality: "202029", Issued: 3}}
	if got.AsOf != "2026-11-22" || got.Total != 9 || got.Unreadable != 3 || !slices.Equal(got.Rows, want) {
		t.Errorf("%+v", got)
	}
	if none := JoinIssuance(); none.Rows == nil || none.Total != 0 {
		t.Errorf("of nobody: %+v", none)
	}
}
