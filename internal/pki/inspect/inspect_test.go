package inspect

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/crl"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
)

func rules(found []Fault) (all []Rule) {
	for _, f := range found {
		if f.JA == "" || f.EN == "" {
			all = append(all, f.Rule+" says nothing")
		}
		all = append(all, f.Rule)
	}
	return all
}

// judgedBy holds a case against the rule that must find it, and against the same judge without that rule, which must not.
func judgedBy(t *testing.T, name string, rule Rule, judge func(off Rule) []Fault) {
	t.Helper()
	if got := rules(judge("")); !slices.Contains(got, rule) {
		t.Errorf("%s: found %v, want %s", name, got, rule)
	}
	if got := rules(judge(rule)); slices.Contains(got, rule) {
		t.Errorf("%s: %s is switched off and finds it", name, rule)
	}
}

func TestRight(t *testing.T) {
	for _, p := range cert.Profiles {
		o := newOffice(t, p)
		if got := Certificate(o.stored(o.tbs(nil, birthday))); len(got) > 0 {
			t.Errorf("the %s: %v", p, got)
		}
		k := must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))
		if got := Certificate(o.stored(o.tbs(k.Public(), birthday))); len(got) > 0 {
			t.Errorf("the %s for an RSA key: %v", p, got)
		}
	}
	no := false
	for name, s := range map[string]Stored{
		"intended":               {State: "intended", Serial: []byte{1}},
		"revoked before signing": {State: "revoked", Revoked: noon, Reason: "affiliationChanged", ToldState: &no},
	} {
		if got := Certificate(s); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestWrongCertificates: of each rule at least one thing that it finds, and nothing finds when it is off.
func TestWrongCertificates(t *testing.T) {
	o, other, foreign := newOffice(t, cert.Signature), newOffice(t, cert.Authentication), newOffice(t, cert.Signature)
	tbs := o.tbs(nil, birthday)
	rsaKey := must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048)).PublicKey
	rsaTBS := o.tbs(&rsaKey, birthday)
	threes := new(big.Int).Set(rsaKey.N) // the next odd number that three divides
	for new(big.Int).Mod(threes, big.NewInt(3)).Sign() != 0 {
		threes.Add(threes, big.NewInt(2))
	}
	right := func() Stored { return o.stored(tbs) }
	no := false
	seen := map[Rule]bool{}
	for _, x := range []struct {
		name string
		rule Rule
		row  func() Stored
	}{
		{"cut off", Unreadable, func() Stored { s := right(); s.DER = s.DER[:99]; return s }},
		{"with something behind it", Unreadable, func() Stored { s := right(); s.DER = append(s.DER, 0); return s }},
		{"of no known CA", IssuerKnown, func() Stored { s := right(); s.Issuer = nil; return s }},
		{"one bit of the signature", Signature, func() Stored { s := right(); s.DER[len(s.DER)-4] ^= 1; return s }},
		{"signed by a CA of the same name", Signature, func() Stored { s := foreign.stored(tbs); s.Issuer = o.certificate; return s }},
		{"naming another key", Issuer, func() Stored { s := foreign.stored(foreign.tbs(nil, birthday)); s.Issuer = o.certificate; return s }},
		{"of the other CA", Issuer, func() Stored { s := other.stored(other.tbs(nil, birthday)); s.Issuer = o.certificate; return s }},
		{"another serial in the row", Serial, func() Stored { s := right(); s.Serial = []byte{0x47, 0x12}; return s }},
		{"a serial that a responder has", SerialTwice, func() Stored { s := right(); s.Twice = true; return s }},
		{"another hash in the row", KeyHash, func() Stored { s := right(); s.KeyHash = make([]byte, 32); return s }},
		{"another end in the row", Validity, func() Stored { s := right(); s.NotAfter = s.NotAfter.AddDate(0, 0, 1); return s }},
		{"another beginning in the row", Validity, func() Stored { s := right(); s.NotBefore = s.NotBefore.Add(time.Second); return s }},
		{"an end at noon", Term, func() Stored { return o.stored(o.tbs(nil, birthday.Add(-12*time.Hour))) }},
		{"seven years", Term, func() Stored { return o.stored(o.tbs(nil, birthday.AddDate(2, 0, 0))) }},
		{"another profile in the row", Profile, func() Stored { s := right(); s.Profile = "authentication"; return s }},
		{"no profile in the row", Extensions, func() Stored { s := right(); s.Profile = ""; return s }},
		{"another policy", Profile, func() Stored { return o.stored(o.swap(tbs, "\x08\x05\x01\x01\x14", "\x08\x05\x01\x01\x15")) }},
		{"another use", Profile, func() Stored { return o.stored(o.swap(tbs, "\x03\x02\x06\xc0", "\x03\x02\x06\x80")) }},
		{"attributes in another order", Profile, func() Stored { return o.stored(o.swap(tbs, "\x05\x05\x04\xa0", "\x05\x05\x06\xa0")) }},
		{"an extension that nobody knows", Extensions, func() Stored { return o.stored(o.swap(tbs, "\x06\x03\x55\x1d\x12", "\x06\x03\x55\x1d\x09")) }},
		{"another municipality's list", Partition, func() Stored { return o.stored(o.swap(tbs, "Matsumoto-shi CRLDP", "Matsumota-shi CRLDP")) }},
		{"another municipality in the row", Partition, func() Stored { s := right(); s.District = "Iida-shi"; return s }},
		{"a partition that is not there", Partition, func() Stored { s := right(); s.Prefecture, s.District = "", ""; return s }},
		{"another exponent", Key, func() Stored { return o.stored(o.swap(rsaTBS, "\x02\x03\x01\x00\x01", "\x02\x03\x01\x00\x03")) }},
		{"a modulus that three divides", Key, func() Stored { return o.stored(o.swap(rsaTBS, string(rsaKey.N.Bytes()), string(threes.Bytes()))) }},
		{"other bytes than were written down", Intent, func() Stored { s := right(); s.Intent = make([]byte, 32); return s }},
		{"nothing written down", Intent, func() Stored { s := right(); s.Intent = nil; return s }},
		{"valid and never issued", State, func() Stored { s := right(); s.Issued = time.Time{}; return s }},
		{"valid with a reason", State, func() Stored { s := right(); s.Reason = "superseded"; return s }},
		{"revoked without a date", State, func() Stored { s := right(); s.State, s.Reason = "revoked", "superseded"; return s }},
		{"revoked for no reason", State, func() Stored { s := right(); s.State, s.Revoked = "revoked", noon; return s }},
		{"intended and issued", State, func() Stored { s := right(); s.State = "intended"; return s }},
		{"in no state", UnknownState, func() Stored { s := right(); s.State = ""; return s }},
		{"the center was never told", ToldIssue, func() Stored { s := right(); s.ToldIssue = &no; return s }},
		{"the validation authority was never told", ToldState, func() Stored { s := right(); s.ToldState = &no; return s }},
	} {
		seen[x.rule] = true
		row := x.row()
		judgedBy(t, x.name, x.rule, func(off Rule) []Fault { return certificate(row, off) })
	}
	for _, r := range []Rule{Unreadable, IssuerKnown, Signature, Issuer, Serial, SerialTwice, KeyHash, Validity, Term, Profile, Extensions, Partition, Key, Intent, State,
		ToldIssue, ToldState, UnknownState} {
		if !seen[r] {
			t.Errorf("nothing is tried for %s", r)
		}
	}
}

func TestWrongLists(t *testing.T) {
	o, foreign := newOffice(t, cert.Signature), newOffice(t, cert.Signature)
	end := noon.AddDate(0, 0, 2)
	tbs := o.listTBS(7, noon, end, o.entry("4711", cert.AffiliationChanged), o.entry("4712", cert.Superseded))
	intent := sha256.Sum256(tbs)
	der := o.signList(tbs)
	right := func() List {
		return List{DER: der, Number: 7, ThisUpdate: noon, NextUpdate: end, Entries: 2, Issuer: o.certificate, Prefecture: matsumoto.Prefecture, District: matsumoto.Municipality,
			Intent: intent[:], Highest: 7, Last: der, Revoked: []Revocation{o.revocation("4711", "affiliationChanged"), o.revocation("4712", "superseded")}}
	}
	if got := RevocationList(right(), noon.Add(time.Hour)); len(got) > 0 {
		t.Fatalf("nothing is wrong, and it finds %v", got)
	}
	expired := right()
	expired.Revoked = append(expired.Revoked, Revocation{Serial: []byte{1}, At: noon.AddDate(-2, 0, 0), Reason: "superseded", NotAfter: noon.AddDate(0, 0, -1)},
		Revocation{Serial: []byte{2}, At: noon, Reason: "superseded", NotAfter: birthday}) // in the second of the list
	if got := RevocationList(expired, noon.Add(time.Minute)); len(got) > 0 {
		t.Errorf("one whose term is over, and one that is revoked since: %v", got)
	}
	newer := right()
	newer.Revoked = append(newer.Revoked, Revocation{Serial: serial(t, "4713").Bytes(), At: noon.Add(time.Minute), Reason: "superseded", NotAfter: birthday})
	newer.Newer = o.signList(o.deltaTBS(8, 7, noon.Add(2*time.Minute), end, crl.Entry{Serial: serial(t, "4713"), At: noon.Add(time.Minute), Reason: cert.Superseded}))
	if got := RevocationList(newer, noon.Add(time.Hour)); len(got) > 0 {
		t.Errorf("one that a delta list names: %v", got)
	}
	remade := func(number uint64, at, next time.Time, change func(*List)) List {
		l := right()
		tbs := o.listTBS(number, at, next, o.entry("4711", cert.AffiliationChanged), o.entry("4712", cert.Superseded))
		sum := sha256.Sum256(tbs)
		l.DER, l.Intent, l.Number, l.ThisUpdate, l.NextUpdate, l.Last = o.signList(tbs), sum[:], int64(number), at, next, nil
		if change != nil {
			change(&l)
		}
		return l
	}
	with := func(change func(*List)) List { l := right(); change(&l); return l }
	later := noon.Add(time.Hour)
	for _, x := range []struct {
		name string
		rule Rule
		list List
		at   time.Time
	}{
		{"cut off", Unreadable, with(func(l *List) { l.DER = l.DER[:99] }), later},
		{"of no known CA", IssuerKnown, with(func(l *List) { l.Issuer = nil }), later},
		{"one bit of the signature", Signature, with(func(l *List) { l.DER = slices.Clone(l.DER); l.DER[len(l.DER)-4] ^= 1 }), later},
		{"of another key", Issuer, with(func(l *List) { l.Issuer = foreign.certificate }), later},
		{"an extension that is none of ours", Extensions, with(func(l *List) {
			l.DER = o.signList(o.swap(tbs, "\x06\x03\x55\x1d\x14", "\x06\x03\x55\x1d\x09"))
		}), later},
		{"with delta lists at another place", Extensions, with(func(l *List) {
			at := bytes.LastIndex(tbs, []byte("Matsumoto-shi"))
			l.DER = o.signList(slices.Concat(tbs[:at], []byte("Matsumote-shi"), tbs[at+13:]))
		}), later},
		{"of another municipality", Scope, with(func(l *List) { l.District = "Iida-shi" }), later},
		{"another number in the row", Number, with(func(l *List) { l.Number = 8 }), later},
		{"another time in the row", Times, with(func(l *List) { l.NextUpdate = end.Add(time.Second) }), later},
		{"for half a year", Life, remade(8, noon, noon.AddDate(0, 6, 0), nil), later},
		{"whose time is over", Late, right(), end},
		{"another count in the row", Count, with(func(l *List) { l.Entries = 3 }), later},
		{"not by serial", Order, with(func(l *List) {
			l.DER = o.signList(o.swap(o.swap(tbs, "\x47\x11", "\x47\x13"), "\x47\x12", "\x47\x11"))
		}), later},
		{"a reason that is not used", Reason, with(func(l *List) { l.DER = o.signList(o.swap(tbs, "\x0a\x01\x03", "\x0a\x01\x09")) }), later},
		{"one that is revoked and not on it", Missing, with(func(l *List) { l.Revoked = append(l.Revoked, o.revocation("4713", "superseded")) }), later},
		{"one that waits for its list", Unlisted, with(func(l *List) {
			l.Revoked = append(l.Revoked, Revocation{Serial: []byte{3}, At: noon.Add(time.Minute), Reason: "superseded", NotAfter: birthday})
		}), later},
		{"one that nobody revoked", Extra, with(func(l *List) { l.Revoked = l.Revoked[:1] }), later},
		{"another reason in the row", Entry, with(func(l *List) { l.Revoked = slices.Clone(l.Revoked); l.Revoked[0].Reason = "superseded" }), later},
		{"another date in the row", Entry, with(func(l *List) {
			l.Revoked = slices.Clone(l.Revoked)
			l.Revoked[0].At = l.Revoked[0].At.Add(-time.Second)
		}), later},
		{"other bytes than were written down", Intent, with(func(l *List) { l.Intent = nil }), later},
		{"a lower number than was seen", WentBack, with(func(l *List) { l.Highest = 8 }), later},
		{"made before the one that was seen", WentBack, remade(8, noon.Add(-time.Hour), end, func(l *List) { l.Last = der }), later},
		{"another list of one number", OtherList, remade(7, noon.Add(time.Minute), end, func(l *List) { l.Last = der }), later},
		{"an entry that is gone too early", Vanished, with(func(l *List) {
			l.Last = o.signList(o.listTBS(6, noon.Add(-time.Hour), end, o.entry("4710", cert.Superseded)))
			l.Ends = func([]byte) (time.Time, bool) { return birthday, true }
		}), later},
		{"an entry that is gone, of whose end nobody knows", Vanished, with(func(l *List) {
			l.Last = o.signList(o.listTBS(6, noon.Add(-time.Hour), end, o.entry("4710", cert.Superseded)))
		}), later},
	} {
		judgedBy(t, x.name, x.rule, func(off Rule) []Fault { return list(x.list, x.at, off) })
	}
	left := right()
	left.Last = o.signList(o.listTBS(6, noon.Add(-time.Hour), end, o.entry("4710", cert.Superseded)))
	left.Ends = func([]byte) (time.Time, bool) { return noon.Add(-time.Minute), true }
	if got := RevocationList(left, later); len(got) > 0 {
		t.Errorf("an entry whose term is over may leave: %v", got)
	}
}

// TestHeadOf reads what crypto/x509 reads, of a list with entries and of one without.
func TestHeadOf(t *testing.T) {
	o := newOffice(t, cert.Signature)
	for _, entries := range [][]crl.Entry{nil, {o.entry("4711", cert.AffiliationChanged), o.entry("4712", cert.Superseded)}} {
		der := o.signList(o.listTBS(7, noon, noon.AddDate(0, 0, 2), entries...))
		got, err := HeadOf(der)
		want := must[*x509.RevocationList](t)(x509.ParseRevocationList(der))
		if err != nil || got.Number.Cmp(want.Number) != 0 || !got.ThisUpdate.Equal(want.ThisUpdate) || !got.NextUpdate.Equal(want.NextUpdate) || got.Digest != sha256.Sum256(want.RawTBSRevocationList) {
			t.Errorf("%+v, %v", got, err)
		}
		if len(entries) == 0 {
			if len(got.First.Serial) != 0 {
				t.Errorf("of none: %+v", got.First)
			}
			continue
		}
		if e := want.RevokedCertificateEntries[0]; !bytes.Equal(got.First.Serial, e.SerialNumber.Bytes()) || !got.First.At.Equal(e.RevocationTime) || got.First.Reason != e.ReasonCode {
			t.Errorf("the first entry is %+v", got.First)
		}
	}
	if _, err := HeadOf([]byte{0x30, 0}); err == nil {
		t.Error("half a list has a head")
	}
}

// TestWrongDeltaLists: a delta list is judged with its base. What both leave out is missing; what either names is there.
func TestWrongDeltaLists(t *testing.T) {
	o, foreign := newOffice(t, cert.Signature), newOffice(t, cert.Signature)
	end, later := noon.AddDate(0, 0, 2), noon.Add(time.Hour)
	base := o.signList(o.listTBS(7, noon.Add(-time.Minute), end, o.entry("4711", cert.AffiliationChanged)))
	tbs := o.deltaTBS(9, 7, noon, end, o.entry("4712", cert.Superseded))
	intent := sha256.Sum256(tbs)
	der := o.signList(tbs)
	with := func(change func(*List)) List {
		l := List{DER: der, Number: 9, BaseNumber: 7, Base: base, ThisUpdate: noon, NextUpdate: end, Entries: 1, Issuer: o.certificate, Prefecture: matsumoto.Prefecture,
			District: matsumoto.Municipality, Intent: intent[:], Highest: 9, Last: der, Revoked: []Revocation{o.revocation("4711", "affiliationChanged"), o.revocation("4712", "superseded")}}
		if change != nil {
			change(&l)
		}
		return l
	}
	remade := func(number, on uint64, at time.Time, entries ...crl.Entry) List {
		l := with(nil)
		tbs := o.deltaTBS(number, on, at, end, entries...)
		sum := sha256.Sum256(tbs)
		l.DER, l.Intent, l.Number, l.BaseNumber, l.ThisUpdate, l.Entries = o.signList(tbs), sum[:], int64(number), int64(on), at, int64(len(entries))
		return l
	}
	if got := DeltaList(with(nil), later); len(got) > 0 {
		t.Fatalf("nothing is wrong, and it finds %v", got)
	}
	for _, x := range []struct {
		name string
		rule Rule
		list List
		at   time.Time
	}{
		{"cut off", Unreadable, with(func(l *List) { l.DER = l.DER[:99] }), later},
		{"a full list in its place", Extensions, with(func(l *List) { l.DER = base }), later},
		{"without its base", Base, with(func(l *List) { l.Base = nil }), later},
		{"with another base", Base, with(func(l *List) { l.Base = o.signList(o.listTBS(6, noon.Add(-time.Minute), end)) }), later},
		{"with a base of another CA", Base, with(func(l *List) { l.Base = foreign.signList(foreign.listTBS(7, noon.Add(-time.Minute), end)) }), later},
		{"another base in the row", Base, with(func(l *List) { l.BaseNumber = 6 }), later},
		{"one that is revoked and on neither", Missing, with(func(l *List) { l.Revoked = append(l.Revoked, o.revocation("4713", "superseded")) }), later},
		{"one that waits for its list", Unlisted, with(func(l *List) {
			l.Revoked = append(l.Revoked, Revocation{Serial: []byte{3}, At: noon.Add(time.Minute), Reason: "superseded", NotAfter: birthday})
		}), later},
		{"one that nobody revoked", Extra, with(func(l *List) { l.Revoked = l.Revoked[:1] }), later},
		{"another reason in the row", Entry, with(func(l *List) { l.Revoked = slices.Clone(l.Revoked); l.Revoked[1].Reason = "keyCompromise" }), later},
		{"another reason on the base", Entry, with(func(l *List) { l.Revoked = slices.Clone(l.Revoked); l.Revoked[0].Reason = "keyCompromise" }), later},
		{"another count in the row", Count, with(func(l *List) { l.Entries = 2 }), later},
		{"a reason that takes off again", Reason, with(func(l *List) { l.DER = o.signList(o.swap(tbs, "\x0a\x01\x04", "\x0a\x01\x08")) }), later},
		{"whose time is over", Late, with(nil), end},
		{"a lower number than was seen", WentBack, with(func(l *List) { l.Highest = 10 }), later},
		{"an entry that is gone", Vanished, with(func(l *List) { l.Last = o.signList(o.deltaTBS(8, 7, noon, end, o.entry("4710", cert.Superseded))) }), later},
	} {
		rules := []Rule{}
		for _, f := range delta(x.list, x.at, "") {
			rules = append(rules, f.Rule)
		}
		if !slices.Contains(rules, x.rule) {
			t.Errorf("%s: %s finds nothing; found are %v", x.name, x.rule, rules)
		}
		if slices.ContainsFunc(delta(x.list, x.at, x.rule), func(f Fault) bool { return f.Rule == x.rule }) {
			t.Errorf("%s: %s is off, and finds it", x.name, x.rule)
		}
	}
	onNew := remade(9, 8, noon, o.entry("4712", cert.Superseded)) // what it named on the old base the new base names
	onNew.Last, onNew.Base = o.signList(o.deltaTBS(8, 7, noon.Add(-time.Second), end, o.entry("4711", cert.AffiliationChanged))), o.signList(o.listTBS(8, noon.Add(-time.Second), end, o.entry("4711", cert.AffiliationChanged)))
	if got := DeltaList(onNew, later); len(got) > 0 {
		t.Errorf("on a new base: %v", got)
	}
}

func TestWrongAnswers(t *testing.T) {
	o, foreign := newOffice(t, cert.Signature), newOffice(t, cert.Signature)
	asked := func(response []byte) Asked {
		return Asked{Issuer: o.certificate, Serial: serial(t, "4711").Bytes(), Known: true, Response: response}
	}
	good := o.respond("4711", nil, nil)
	if got := Answer(asked(good), noon.Add(time.Minute)); len(got) > 0 {
		t.Fatalf("nothing is wrong, and it finds %v", got)
	}
	single := func(change func(*ocspwire.Single)) []byte {
		return o.respond("4711", func(r *ocspwire.Response) { change(&r.Singles[0]) }, nil)
	}
	known := single(func(s *ocspwire.Single) { s.ThisUpdate = noon.Add(-20 * time.Hour) })
	if got := Answer(asked(known), noon.Add(time.Minute)); len(got) > 0 {
		t.Errorf("an answer of now about what was last heard yesterday, and it finds %v", got)
	}
	told := single(func(s *ocspwire.Single) {
		s.Status, s.RevokedAt, s.Reason = cert.Revoked, noon.Add(-time.Hour), cert.Superseded
	})
	ended := asked(told)
	ended.Revoked, ended.At, ended.Reason = true, noon.Add(-time.Hour), "superseded"
	if got := Answer(ended, noon.Add(time.Minute)); len(got) > 0 {
		t.Fatalf("a revoked one is told revoked, and it finds %v", got)
	}
	with := func(a Asked, change func(*Asked)) Asked { change(&a); return a }
	for _, x := range []struct {
		name string
		rule Rule
		a    Asked
		at   time.Duration
	}{
		{"no answer", Unreadable, asked([]byte("<html>")), 0},
		{"try later", Unreachable, asked(ocspwire.TryLater.Encode()), 0},
		{"one bit of the signature", Unreadable, with(asked(slices.Clone(good)), func(a *Asked) { a.Response[200] ^= 1 }), 0},
		{"signed below another CA", Signature, with(asked(foreign.respond("4711", nil, nil)), func(*Asked) {}), 0},
		{"signed by a key for other uses", Responder, asked(o.respond("4711", nil, func(tbs []byte) []byte {
			return o.swap(tbs, "\x2b\x06\x01\x05\x05\x07\x03\x09", "\x2b\x06\x01\x05\x05\x07\x03\x02")
		})), 0},
		{"signed by a key whose term is over", Responder, asked(single(func(s *ocspwire.Single) { s.NextUpdate = noon.AddDate(1, 0, 0) })), 31 * 24 * time.Hour},
		{"about another certificate", About, asked(o.respond("4712", nil, nil)), 0},
		{"good for a day", Life, asked(single(func(s *ocspwire.Single) { s.NextUpdate = noon.AddDate(0, 0, 1) })), 0},
		{"an old answer", Late, asked(good), time.Hour},
		{"of the future", Ahead, asked(good), -time.Hour},
		{"a revoked one told good", Good, with(asked(good), func(a *Asked) { a.Revoked, a.At, a.Reason = true, noon.Add(-time.Hour), "superseded" }), 0},
		{"a good one told revoked", Revoked, asked(told), 0},
		{"an issued one told unknown", Unknown, asked(single(func(s *ocspwire.Single) { s.Status = cert.Unknown })), 0},
		{"one that was never issued told good", Unknown, with(asked(good), func(a *Asked) { a.Known = false }), 0},
		{"another date", When, with(ended, func(a *Asked) { a.At = noon }), 0},
		{"another reason", When, with(ended, func(a *Asked) { a.Reason = "keyCompromise" }), 0},
	} {
		judgedBy(t, x.name, x.rule, func(off Rule) []Fault { return answer(x.a, noon.Add(x.at), off) })
	}
}

// TestRequest: the question is one that the program's responder reads.
func TestRequest(t *testing.T) {
	o := newOffice(t, cert.Signature)
	der := must[[]byte](t)(Asked{Issuer: o.certificate, Serial: serial(t, "4711").Bytes()}.Request())
	r := must[*ocspwire.Request](t)(ocspwire.ParseRequest(der))
	if len(r.CertIDs) != 1 || r.CertIDs[0].Serial != serial(t, "4711") || !r.CertIDs[0].IssuedBy(o.certificate) {
		t.Errorf("read as %+v", r)
	}
}

func BenchmarkCertificate(b *testing.B) {
	o := newOffice(b, cert.Signature)
	s := o.stored(o.tbs(nil, birthday))
	for b.Loop() {
		if len(Certificate(s)) > 0 {
			b.Fatal("found something")
		}
	}
}
