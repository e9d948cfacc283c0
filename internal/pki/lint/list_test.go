package lint

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/crl"
	"github.com/akashi-id/akashi/internal/pki/jpki"
)

// listOf writes a list as the CA does, and says what the records would.
func listOf(t testing.TB, p cert.Profile, g cert.Generation, entries ...crl.Entry) (tbs []byte, w ListWant) {
	t.Helper()
	return listOn(t, p, g, 0, entries...)
}

// listOn writes a delta list on a base; 0: a full list.
func listOn(t testing.TB, p cert.Profile, g cert.Generation, base uint64, entries ...crl.Entry) (tbs []byte, w ListWant) {
	t.Helper()
	key := fixedKey(t, "ca-"+p.String(), g)
	root := must[[]byte](t)(jpki.CATBS(p, key.Public(), serial(t, "01"), caStart))
	der := must[[]byte](t)(pki.AssembleCertificate(root, must[[]byte](t)(pki.SignTBS(nil, key, root))))
	issuer := must[*jpki.Issuer](t)(jpki.OpenIssuer(der))
	w = ListWant{Issuer: issuer.Certificate(), Number: 130, Base: base, ThisUpdate: issued, MaxLife: 100 * 24 * time.Hour, Prefecture: place.Prefecture, Municipality: place.Municipality}
	authority := must[crl.Authority](t)(crl.AuthorityOf(mustParse(t, der)))
	name := must[[]byte](t)(place.Name(p).DER())
	head := crl.Head{Authority: authority, Number: 130, Base: base, ThisUpdate: issued, NextUpdate: issued.Add(48 * time.Hour), Partition: name, Freshest: name}
	if base != 0 {
		head.Freshest = nil
	}
	d := must[*crl.Draft](t)(crl.NewDraft(t.Context(), head,
		func(yield func(crl.Entry, error) bool) {
			for _, e := range entries {
				if !yield(e, nil) {
					return
				}
			}
		}))
	var b bytes.Buffer
	must[[]byte](t)(d.WriteTBS(t.Context(), &b))
	return b.Bytes(), w
}

func mustParse(t testing.TB, der []byte) *x509.Certificate {
	t.Helper()
	return must[*x509.Certificate](t)(x509.ParseCertificate(der))
}

func someEntries(t testing.TB) (all []crl.Entry) {
	for i, r := range cert.Reasons {
		all = append(all, crl.Entry{Serial: serial(t, "47"+string("0123456789"[i])+"1"), At: issued.Add(-time.Hour), Reason: r})
	}
	return all
}

func TestRightLists(t *testing.T) {
	for _, p := range cert.Profiles {
		for _, g := range []cert.Generation{cert.Today, cert.Next} {
			for name, entries := range map[string][]crl.Entry{"nothing is revoked": nil, "each reason": someEntries(t)} {
				tbs, w := listOf(t, p, g, entries...)
				if err := List(tbs, w); err != nil {
					t.Errorf("%s, %s: %v", p, name, err)
				}
				delta, w := listOn(t, p, g, 129, entries...)
				if err := List(delta, w); err != nil {
					t.Errorf("%s, %s, delta: %v", p, name, err)
				}
			}
		}
	}
}

// TestWrongLists: of each rule one list that it refuses, and that it lets through when it is off.
func TestWrongLists(t *testing.T) {
	right, w := listOf(t, cert.Signature, cert.Today, someEntries(t)...)
	empty, _ := listOf(t, cert.Signature, cert.Today)
	delta, onBase := listOn(t, cert.Signature, cert.Today, 129, someEntries(t)...)
	none, _ := listOn(t, cert.Signature, cert.Today, 129)
	swap := func(was, is string) []byte {
		t.Helper()
		if !bytes.Contains(right, []byte(was)) || len(was) != len(is) {
			t.Fatalf("%q", was)
		}
		return bytes.Replace(right, []byte(was), []byte(is), 1)
	}
	want := func(change func(*ListWant)) ListWant { v := w; change(&v); return v }
	_, next := listOf(t, cert.Signature, cert.Next)
	_, other := listOf(t, cert.Authentication, cert.Today)
	tried := map[string]bool{}
	for _, x := range []struct {
		rule string
		tbs  []byte
		want ListWant
	}{
		{"list-structure", right[:len(right)-1], w},
		{"list-structure", append(slices.Clone(right), 0), w},
		{"list-version", swap("\x02\x01\x01", "\x02\x01\x02"), w},
		{"list-algorithm", right, want(func(v *ListWant) { v.Issuer = next.Issuer })},
		{"list-issuer", right, want(func(v *ListWant) { v.Issuer = other.Issuer })},
		{"list-this-update", right, want(func(v *ListWant) { v.ThisUpdate = issued.Add(time.Second) })},
		{"list-next-update", right, want(func(v *ListWant) { v.MaxLife = time.Hour })},
		{"list-next-update", right, want(func(v *ListWant) { v.ThisUpdate = issued.Add(49 * time.Hour) })},
		{"list-extensions", swap("\x06\x03\x55\x1d\x14", "\x06\x03\x55\x1d\x12"), w},
		{"list-extensions", swap("\x06\x03\x55\x1d\x1c\x01\x01\xff", "\x06\x03\x55\x1d\x1c\x01\x01\x01"), w},
		{"list-key", right, want(func(v *ListWant) { v.Issuer = next.Issuer })},
		{"list-number", right, want(func(v *ListWant) { v.Number = 131 })},
		{"list-extensions", right, onBase},
		{"list-extensions", delta, w},
		{"list-base", delta, want(func(v *ListWant) { v.Base = 128 })},
		{"list-base", delta, want(func(v *ListWant) { v.Base, v.Number = 129, 129 })},
		{"list-base", none, w},
		{"list-freshest", right, want(func(v *ListWant) { v.Municipality = "Iida-shi" })},
		{"list-freshest", right, onBase},
		{"list-scope", right, want(func(v *ListWant) { v.Municipality = "Iida-shi" })},
		{"list-scope", right, want(func(v *ListWant) { v.Prefecture = "Gifu-ken" })},
		{"list-scope", swap("\x81\x01\xff", "\x82\x01\xff"), w},
		{"list-order", swap("\x47\x11", "\x47\x01"), w},
		{"list-serial", swap("\x02\x02\x47\x01", "\x02\x02\x87\x01"), w},
		{"list-time", right, want(func(v *ListWant) { v.ThisUpdate = issued.Add(-2 * time.Hour) })},
		{"list-reason", swap("\x0a\x01\x06", "\x0a\x01\x09"), w},
		{"list-reason", swap("\x0a\x01\x06", "\x0a\x01\x00"), w},
	} {
		tried[x.rule] = true
		var found ListFindings
		if err := List(x.tbs, x.want); !errors.As(err, &found) || !slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == x.rule && f.JA != "" && f.EN != "" }) {
			t.Errorf("%s lets it through: %v", x.rule, err)
		}
		if says := found.Sentence(); !strings.Contains(says.JA, "失効リスト") {
			t.Errorf("%s says %s", x.rule, says)
		}
		s := &listSubject{ListWant: x.want, issuer: mustParse(t, x.want.Issuer)}
		s.signer = algorithmOf(s.issuer.RawSubjectPublicKeyInfo)
		if slices.ContainsFunc(s.own(x.tbs, x.rule), func(f Finding) bool { return f.Rule == x.rule && f.Rule != "list-structure" }) {
			t.Errorf("%s is off, and refuses", x.rule)
		}
	}
	// An empty field of what is revoked, which no writer of ours makes: two octets more in the middle of an empty list.
	at := bytes.Index(empty, []byte{0xa0, 0x82})
	if at < 0 {
		t.Fatal("the extensions are not where they were")
	}
	field := slices.Concat(empty[:at], []byte{0x30, 0}, empty[at:])
	field[3] += 2 // the length of the whole; it has two octets
	var found ListFindings
	if err := List(field, w); !errors.As(err, &found) || !slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == "list-empty" }) {
		t.Errorf("an empty field of what is revoked: %v", err)
	}
	tried["list-empty"] = true
	for _, r := range listRules {
		if !tried[r.name] {
			t.Errorf("nothing is tried for %s", r.name)
		}
	}
}

// TestRFCOfLists: other people's rules are asked too.
func TestRFCOfLists(t *testing.T) {
	tbs, w := listOf(t, cert.Signature, cert.Today, someEntries(t)...)
	late := bytes.ReplaceAll(tbs, []byte("251027001530Z"), []byte("251028001530Z")) // revoked an hour before the list
	var found ListFindings
	if err := List(late, w); !errors.As(err, &found) || !slices.ContainsFunc(found, func(f Finding) bool { return strings.HasPrefix(f.Rule, "rfc:") }) {
		t.Errorf("revoked after the list was made: %v", err)
	}
	if err := List(tbs, ListWant{}); err == nil || errors.As(err, new(ListFindings)) {
		t.Error("judged without records")
	}
}

// TestRFCOfLongLists: of a list that is judged in pieces every entry is seen, the last as the first.
func TestRFCOfLongLists(t *testing.T) {
	for _, wrong := range []int{0, rfcPiece - 1, rfcPiece, 2*rfcPiece + 4} {
		var entries []crl.Entry
		for n := range 2*rfcPiece + 5 {
			e := crl.Entry{Serial: serial(t, fmt.Sprintf("47%08X", n)), At: issued.Add(-time.Hour), Reason: cert.Superseded}
			if n == wrong {
				e.At = issued.Add(23 * time.Hour)
			}
			entries = append(entries, e)
		}
		tbs, w := listOf(t, cert.Signature, cert.Next, entries...)
		var found ListFindings
		if err := List(tbs, w); !errors.As(err, &found) || !slices.ContainsFunc(found, func(f Finding) bool { return strings.HasPrefix(f.Rule, "rfc:") }) {
			t.Errorf("entry %d is revoked after the list was made, and nobody sees it: %v", wrong, err)
		}
	}
}
