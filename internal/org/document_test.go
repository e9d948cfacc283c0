package org_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/documenttest"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/document/pades"
	"github.com/akashi-id/akashi/internal/document/press"
	"github.com/akashi-id/akashi/internal/document/press/faulty"
	"github.com/akashi-id/akashi/internal/document/readback"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/org/issuing"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

var byCard = identity.Evidence{identity.MyNumberCard}

// applied asks at the counter for a document of somebody, who stands there.
func (v *issuers) applied(kind making.Kind, who municipality.PersonID, items document.Items) string {
	v.Helper()
	d, err := v.town.Look(v.clerk, who, "form document")
	check(v, err)
	id, err := v.town.ApplyForDocument(v.clerk, municipality.DocumentApplication{Person: who, Base: d.Now.Number, Kind: kind, Items: items, Applicant: who, Evidence: byCard})
	check(v, err)
	return id
}

// base is the version that the counter sees of somebody.
func (v *issuers) base(who municipality.PersonID) resident.Version {
	v.Helper()
	d, err := v.town.Look(v.clerk, who, "form document")
	check(v, err)
	return d.Now.Number
}

// at is how a document stands at the counter, with the findings or reasons.
func (v *issuers) at(request string) string {
	v.Helper()
	d, err := v.town.DocumentOf(v.clerk, request)
	check(v, err)
	return strings.TrimSuffix(string(d.State)+": "+strings.Join(d.Reasons, ","), ": ")
}

// says checks how a document stands on both sides.
func (v *issuers) says(request, counter, server string) {
	v.Helper()
	if got := v.at(request); got != counter {
		v.Errorf("at the counter %s is %s, want %s", request, got, counter)
	}
	if got := v.outcome(request); !strings.HasPrefix(got, server) {
		v.Errorf("at the server %s is %s, want %s", request, got, server)
	}
}

func (v *issuers) accounts(requested, refused, delivered, stopped, voided int64) {
	v.Helper()
	a, err := v.server.Account(v.Context(), resident.DateOf(v.clk.Now()))
	check(v, err)
	if a.Requested != requested || a.Refused != refused || a.Delivered != delivered || a.Stopped != stopped || a.Voided != voided || !a.Agrees() {
		v.Errorf("the day: %+v", a)
	}
}

// TestDocumentIsHandedOver: a paper from the application to the hands of who asked, on both engines. Nothing of it is kept but what it was.
func TestDocumentIsHandedOver(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, _ string) {
		url := sqlstoretest.SQLite
		if strings.HasSuffix(t.Name(), "postgres") {
			url = sqlstoretest.Postgres
		}
		v := newIssuers(t, url, true)
		head := v.person("松本　一子", "1960-05-01", "世帯主", "")
		child := v.person("松本　二子", "2012-05-01", "子", v.household(head.Person))
		v.run(2 * time.Second)
		id := v.applied(making.IndividualRecord, child.Person, document.Items{Relation: true, Domicile: true})
		if got := v.at(id); got != "applied" {
			t.Errorf("at once it is %s", got)
		}
		v.run(2 * time.Second)
		v.says(id, "held", "issued, 1")
		file, err := v.town.PrintDocument(v.clerk, id)
		check(t, err)
		again, err := v.town.PrintDocument(v.clerk, id) // the first jammed
		check(t, err)
		if !bytes.HasPrefix(file, []byte("%PDF-")) || !bytes.Equal(file, again) {
			t.Error("it is no document, or another one the second time")
		}
		a, err := v.server.Account(t.Context(), resident.DateOf(v.clk.Now()))
		check(t, err)
		if a.Agrees() || a.Still != 1 {
			t.Errorf("before it is handed over: %+v", a)
		}
		check(t, v.handOver(id, 2))
		v.run(2 * time.Second)
		v.says(id, "delivered", "issued, 1")
		if _, err := v.town.PrintDocument(v.clerk, id); err == nil || !strings.Contains(err.Error(), "この証明書は、いま印刷や交付ができる状態にありません。画面を開き直して、状態を確かめてください。") {
			t.Errorf("it is printed once more: %v", err)
		}
		if err := v.handOver(id, 1); err == nil {
			t.Error("it is handed over twice")
		}
		whole := v.applied(making.HouseholdRecord, child.Person, document.Items{Relation: true})
		v.run(2 * time.Second)
		v.says(whole, "held", "issued, 2")
		check(t, v.town.VoidDocument(v.clerk, whole, 1, "1枚目が詰まり、係長の前で裁断した"))
		v.run(2 * time.Second)
		v.says(whole, "voided", "issued, 2")
		v.accounts(2, 0, 1, 0, 1)
		if d, err := v.town.DocumentOf(v.clerk, id); err != nil || len(d.Bytes) != 0 {
			t.Errorf("the bytes of what was handed over stay: %v", err)
		}
		if d, err := v.town.DocumentOf(v.clerk, whole); err != nil || len(d.Bytes) == 0 || d.Sheets != 1 {
			t.Errorf("the bytes of what was voided are gone: %v", err)
		}
	})
}

// TestDocumentIsStoppedByTheRegister: what the register says counts at each step, however right the paper was when it was made.
func TestDocumentIsStoppedByTheRegister(t *testing.T) {
	v := newIssuers(t, inMemory, true)
	head := v.person("松本　一子", "1960-05-01", "世帯主", "")
	home := v.household(head.Person)
	v.run(2 * time.Second)

	// Somebody comes into the household while the paper lies at the counter.
	id := v.applied(making.HouseholdRecord, head.Person, document.Items{})
	v.run(2 * time.Second)
	v.says(id, "held", "issued, 1")
	v.person("松本　二子", "2012-05-01", "子", home)
	_, err := v.town.PrintDocument(v.clerk, id)
	if err == nil || !strings.Contains(err.Error(), "いまの住民記録と違います") {
		t.Errorf("printed: %v", err)
	}
	v.run(2 * time.Second)
	if got := v.at(id); !strings.HasPrefix(got, "stopped: ") || !strings.Contains(got, "binding") {
		t.Errorf("after the printing it is %s", got)
	}

	// It was printed, and somebody comes into the household before it is handed over.
	id = v.applied(making.HouseholdRecord, head.Person, document.Items{})
	v.run(2 * time.Second)
	_, err = v.town.PrintDocument(v.clerk, id)
	check(t, err)
	v.person("松本　四子", "2014-05-01", "子", home)
	if err := v.handOver(id, 1); err == nil || !strings.Contains(err.Error(), "いまの住民記録と違います") {
		t.Errorf("handed over: %v", err)
	}
	if got := v.at(id); !strings.HasPrefix(got, "stopped: ") {
		t.Errorf("after the handing over it is %s", got)
	}

	// She is protected after the application, and before the server asks about her. No release is for this one.
	v.net.Join(matsumoto, nil)
	late := v.person("松本　五子", "1995-05-01", "世帯主", "")
	v.run(2 * time.Second)
	id = v.applied(making.IndividualRecord, late.Person, document.Items{})
	_, err = v.town.Protect(v.clerk, municipality.Protecting{Applicant: late.Person, Evidence: byCard})
	check(t, err)
	v.net.Join(matsumoto, v.town.Exchange)
	v.run(20 * time.Second)
	if got := v.outcome(id); got != "refused: protected" {
		t.Errorf("of whoever was protected meanwhile: %s", got)
	}

	// It was printed, and the person is protected before it is handed over.
	id = v.applied(making.IndividualRecord, head.Person, document.Items{})
	v.run(2 * time.Second)
	_, err = v.town.PrintDocument(v.clerk, id)
	check(t, err)
	_, err = v.town.Protect(v.clerk, municipality.Protecting{Applicant: head.Person, Evidence: byCard})
	check(t, err)
	if err := v.handOver(id, 1); err == nil {
		t.Error("handed over of a protected person")
	}
	v.run(2 * time.Second)

	// The counter asks for nothing of her without a release.
	other := v.person("松本　三子", "1990-05-01", "世帯主", "")
	v.run(2 * time.Second)
	if _, err := v.town.ApplyForDocument(v.clerk, municipality.DocumentApplication{Person: other.Person, Base: v.base(other.Person), Kind: making.IndividualRecord, Applicant: head.Person, Evidence: byCard}); err == nil {
		t.Error("somebody of another household applies")
	}
	now := v.base(other.Person)
	for _, c := range []struct {
		name, want string
		a          municipality.DocumentApplication
	}{
		{"no kind", "証明書の種類を選んで", municipality.DocumentApplication{Person: other.Person, Base: now, Applicant: other.Person, Evidence: byCard}},
		{"nobody was checked", "本人確認", municipality.DocumentApplication{Person: other.Person, Base: now, Applicant: other.Person, Kind: making.IndividualRecord}},
		{"a record of another state", "今の記録を確かめて", municipality.DocumentApplication{Person: other.Person, Base: now + 7, Applicant: other.Person, Kind: making.IndividualRecord, Evidence: byCard}},
		{"of a protected person", "「一通の発行」の一時解除", municipality.DocumentApplication{Person: head.Person, Base: v.base(head.Person), Applicant: head.Person, Kind: making.IndividualRecord, Evidence: byCard}},
		{"of nobody in this town", "", municipality.DocumentApplication{Person: 1, Base: 1, Applicant: 1, Kind: making.IndividualRecord, Evidence: byCard}},
	} {
		if _, err := v.town.ApplyForDocument(v.clerk, c.a); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestDocumentRefused: what the counter refuses, and how it says it.
func TestDocumentRefused(t *testing.T) {
	v := newIssuers(t, inMemory, true)
	head := v.person("松本　一子", "1960-05-01", "世帯主", "")
	child := v.person("松本　二子", "1990-05-01", "子", v.household(head.Person))
	other := v.person("松本　三子", "1990-05-01", "世帯主", "")
	v.run(2 * time.Second)
	apply := func(kind making.Kind, of, by municipality.PersonID) error {
		_, err := v.town.ApplyForDocument(v.clerk, municipality.DocumentApplication{Person: of, Base: v.base(of), Kind: kind, Applicant: by, Evidence: byCard})
		return err
	}
	id := v.applied(making.IndividualRecord, head.Person, document.Items{})
	v.run(2 * time.Second)
	void := func(sheets int, proof string) error { return v.town.VoidDocument(v.clerk, id, sheets, proof) }
	_, unknown := v.town.DocumentOf(v.clerk, "202029-none")
	_, auditor := v.town.DocumentOf(access.With(t.Context(), access.Personas()[4]), id)
	for _, c := range []struct {
		name, want string
		err        error
	}{
		{"of another household", "この画面で申請できるのは、本人と同じ世帯の方だけです。請求に来た方を世帯の中から選んでください。", apply(making.IndividualRecord, head.Person, other.Person)},
		{"a seal for another", "印鑑登録証明書は、登録した本人が印鑑登録証を示して申請します。本人を選んでください。", apply(making.SealCertificate, head.Person, child.Person)},
		{"of the same household", "", apply(making.IndividualRecord, head.Person, child.Person)},
		{"nobody's number", "この番号の申請はありません。", unknown},
		{"no clerk", "", nil},
		{"no sheet", "印刷した枚数を1から100までの数で入力してください。", v.handOver(id, 0)},
		{"too many sheets", "印刷した枚数を0から100までの数で入力してください。", void(101, "裁断した")},
		{"no word of the paper", "紙がどうなったかを500文字以内で書いてください。例：1枚目が詰まり、取り出して係長の前で裁断した。", void(1, " ")},
		{"a word that is too long", "紙がどうなったかを500文字以内で書いてください。", void(1, strings.Repeat("裁", 501))},
		{"the right word", "", void(1, "裁断した")},
		{"once more", "この証明書は、いま印刷や交付ができる状態にありません。", void(1, "裁断した")},
	} {
		if c.want == "" && c.err != nil || c.want != "" && (c.err == nil || !strings.Contains(c.err.Error(), c.want)) {
			t.Errorf("%s: %v", c.name, c.err)
		}
	}
	if auditor == nil {
		t.Error("an auditor sees a document")
	}
	without := newIssuers(t, inMemory, false)
	who := without.person("松本　一子", "1960-05-01", "世帯主", "")
	if _, err := without.town.ApplyForDocument(without.clerk, municipality.DocumentApplication{Person: who.Person, Base: who.Version, Kind: making.IndividualRecord, Applicant: who.Person, Evidence: byCard}); err == nil ||
		!strings.Contains(err.Error(), "この市区町村には証明発行サーバがありません。証明書はほかの方法で交付してください。") {
		t.Errorf("without a server: %v", err)
	}
}

// wide is what an input method makes of a number: a hyphen is the sign of a long vowel.
var wide = func() *strings.Replacer {
	pairs := []string{"-", "ー"}
	for r := '0'; r <= 'z'; r++ {
		pairs = append(pairs, string(r), string(r-'!'+'！'))
	}
	return strings.NewReplacer(pairs...)
}()

// TestDocumentVerified: whoever was given a document learns whether it was issued, by its numbers, by what its QR says and by its file; and of one
// that is void, altered, somebody else's, or unknown no more than that.
func TestDocumentVerified(t *testing.T) {
	v := newIssuers(t, inMemory, true)
	who := v.person("松本　一子", "1960-05-01", "世帯主", "")
	v.run(2 * time.Second)
	id := v.applied(making.IndividualRecord, who.Person, document.Items{})
	v.run(2 * time.Second)
	file, err := v.town.PrintDocument(v.clerk, id)
	check(t, err)
	doc, err := v.town.DocumentOf(v.clerk, id)
	check(t, err)
	read, err := readback.Read(file)
	check(t, err)
	var binding string
	for _, line := range read.Pages[0].Texts {
		if m := regexp.MustCompile(`[0-9A-Z]{4}(-[0-9A-Z]{4}){3}`).FindString(line.Text); m != "" {
			binding = m
		}
	}
	_, secret, _ := strings.Cut(doc.Verify, "#")
	altered := bytes.Clone(file)
	altered[len(altered)/2] ^= 1
	other, _ := documenttest.Issue(t, sealPaper(t), documenttest.Builtin())
	ask := func(name, number, proof string, file []byte, want issuing.Verdict) {
		t.Helper()
		var got issuing.Verified
		if file != nil {
			got, err = v.server.VerifyFile(t.Context(), file)
		} else {
			got, err = v.server.VerifyNumber(t.Context(), number, proof)
		}
		check(t, err)
		if told := got.Number != "" || got.Kind != "" || got.Pages != 0; got.Verdict != want || told != (want == issuing.Genuine || want == issuing.Void) {
			t.Errorf("%s: %+v, want %s", name, got, want)
		}
	}
	ask("its numbers", doc.Number, binding, nil, issuing.Genuine)
	ask("typed by hand", " "+doc.Number, strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(binding, "-", " "), "0", "o")), nil, issuing.Genuine)
	ask("typed in a Japanese input mode", wide.Replace(doc.Number), wide.Replace(strings.ToLower(binding)), nil, issuing.Genuine)
	ask("its QR", doc.Number, secret, nil, issuing.Genuine)
	ask("its file", "", "", file, issuing.Genuine)
	ask("another binding", doc.Number, "0000-0000-0000-0000", nil, issuing.Unknown)
	ask("no proof", doc.Number, "", nil, issuing.Unknown)
	ask("another number", "202029-20260401-99999", binding, nil, issuing.Unknown)
	ask("an octet of the file", "", "", altered, issuing.Altered)
	ask("no PDF", "", "", []byte("%PDF-1.7"), issuing.Altered)
	ask("our key and none of our documents", "", "", other, issuing.Unknown)
	// Anybody may hand in a file that would have its reader do very much: whose it is is said, and its pages are not read.
	ours, chain := documenttest.Signer()
	for name, file := range documenttest.Bombs(t, ours, chain) {
		ask(name+", with our key", "", "", file, issuing.Unknown)
	}
	theirs := documenttest.Must(ecdsa.ParseRawPrivateKey(elliptic.P256(), []byte("another key, known to everybody.")))
	form := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "somebody"}, NotAfter: v.clk.Now().AddDate(1, 0, 0)}
	certificate := documenttest.Must(x509.CreateCertificate(rand.Reader, form, form, theirs.Public(), theirs))
	for name, file := range documenttest.Bombs(t, theirs, [][]byte{certificate}) {
		ask(name+", with another key", "", "", file, issuing.Other)
		file[len(file)/2] ^= 1
		ask(name+", altered", "", "", file, issuing.Altered)
	}
	check(t, v.town.VoidDocument(v.clerk, id, 1, "裁断した"))
	v.run(2 * time.Second)
	ask("after it was destroyed", doc.Number, binding, nil, issuing.Void)
	ask("its file, too", "", "", file, issuing.Void)
}

// TestDocumentIsASample: without the official font a document is a sample and bears the mark on each page. In a demonstration it is handed over, and nowhere else.
func TestDocumentIsASample(t *testing.T) {
	for demo, want := range map[bool]string{true: "held", false: "stopped: specimen"} {
		key, chain := documenttest.Signer()
		samples := documenttest.Must(press.New(documenttest.Builtin(), key, chain, demo))
		v := newIssuersAs(t, inMemory, true, issuersAs{random: rand.Reader, gate: samples,
			machine: func(press.Machine) press.Machine {
				return documenttest.Must(press.New(documenttest.Builtin(), key, chain, true))
			}})
		who := v.person("松本　一子", "1960-05-01", "世帯主", "")
		v.run(2 * time.Second)
		id := v.applied(making.IndividualRecord, who.Person, document.Items{})
		v.run(2 * time.Second)
		if got := v.at(id); got != want {
			t.Errorf("in a demonstration %t: %s", demo, got)
		}
	}
}

// forger is a machine that draws 4 for 1 and 1 for 4 and says otherwise, with the key of the server.
type forger struct {
	press.Machine
	t *testing.T
}

func (f forger) Sign(p document.Paper, random io.Reader) ([]byte, error) {
	file, err := f.Machine.Sign(p, random)
	if err != nil {
		return nil, err
	}
	file = documenttest.Exchanged(f.t, file, "1", "4")
	at, _, err := readback.SignatureOf(file)
	if err != nil {
		return nil, err
	}
	key, chain := documenttest.Signer()
	return file, pades.Sign(file, at[1], at[2], key, chain, random)
}

func (f forger) Draft(p document.Paper) (press.Draft, error) {
	d, err := f.Machine.Draft(p)
	if err != nil {
		return d, err
	}
	file, err := f.Sign(p, rand.Reader)
	if err != nil {
		return d, err
	}
	at, _, err := readback.SignatureOf(file)
	d.Content = sha256.Sum256(slices.Concat(file[:at[1]], file[at[2]:]))
	return d, err
}

// TestDocumentShowsWhatItSays: a paper that shows other digits than its file says is stopped by the server's gate, and by that of the counter where the
// server has none.
func TestDocumentShowsWhatItSays(t *testing.T) {
	for name, c := range map[string]struct {
		machine func(press.Machine) press.Machine
		want    string
	}{
		"a gate at the server": {func(m press.Machine) press.Machine { return forger{m, t} }, "refused: gate"},
		"none at the server":   {func(m press.Machine) press.Machine { return faulty.Unchecked{Machine: forger{m, t}} }, "stopped: shape"},
	} {
		v := newIssuersAs(t, inMemory, true, issuersAs{random: rand.Reader, machine: c.machine})
		who := v.person("松本　一子", "1960-05-14", "世帯主", "")
		v.run(2 * time.Second)
		id := v.applied(making.IndividualRecord, who.Person, document.Items{})
		v.run(2 * time.Second)
		if got := v.at(id); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// sealPaper is a paper that no server has decided on.
func sealPaper(t *testing.T) document.Paper {
	t.Helper()
	p, err := document.SealRegistration(documenttest.Request("r1"), documenttest.Issuer(), documenttest.Person(1, "田中　花子"), document.RegisteredSeal{Imprint: documenttest.Seal(18, 3)})
	check(t, err)
	return p
}

// TestDocumentComesLate: a server that does not answer within a minute keeps nobody at the counter; what it issues after that goes to nobody, and both know it.
// Each twice: the application was lost, and it was taken and the answer lost.
func TestDocumentComesLate(t *testing.T) {
	v := newIssuers(t, inMemory, true)
	who := v.person("松本　一子", "1960-05-01", "世帯主", "")
	v.run(2 * time.Second)
	for _, c := range []struct {
		away        message.Org
		server      string // after all
		lateStopped int64
	}{{server, "issued, 1", 1}, {matsumoto, "issued, 1", 2}} {
		host := v.server.Exchange
		if c.away == matsumoto {
			// The register answers the question, and then cannot be reached.
			v.key.meanwhile = func() { v.net.Join(matsumoto, nil) }
			host = v.town.Exchange
		} else {
			v.net.Join(server, nil)
		}
		id := v.applied(making.IndividualRecord, who.Person, document.Items{})
		v.run(2 * time.Minute)
		if got := v.at(id); got != "refused: no-server" {
			t.Errorf("without %s it is %s", c.away, got)
		}
		v.key.meanwhile = nil
		v.net.Join(c.away, host)
		v.run(3 * time.Minute)
		v.says(id, "refused: no-server", c.server)
		a, err := v.server.Account(t.Context(), resident.DateOf(v.clk.Now()))
		check(t, err)
		if a.Stopped != c.lateStopped || !a.Agrees() {
			t.Errorf("without %s the day is %+v", c.away, a)
		}
	}
}

// TestIssuingIsStopped: one operator stops issuing at once, what is being signed too; two resume it.
func TestIssuingIsStopped(t *testing.T) {
	v := newIssuers(t, inMemory, true)
	who := v.person("松本　一子", "1960-05-01", "世帯主", "")
	v.run(2 * time.Second)
	one, other := access.With(t.Context(), access.Personas()[2]), access.With(t.Context(), access.Person{ID: "operator-egawa", Job: access.Operator, Fresh: true})
	refused := func(want string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	seen := func() string {
		all, err := v.server.Halts(t.Context())
		check(t, err)
		if len(all) == 0 {
			return ""
		}
		return all[0].Proposal()
	}
	refused("発行は止まっていません。画面を開き直してください。", v.server.Resume(one, seen()))
	refused("止める理由を500文字以内で書いてください。例：別の人の証明書が出たという連絡があった。", v.server.Stop(one, " "))
	if v.server.Stop(v.clerk, "理由") == nil || v.server.ProposeResuming(v.clerk, "原因") == nil || v.server.Resume(v.clerk, seen()) == nil {
		t.Error("a clerk stops or resumes issuing")
	}
	v.key.meanwhile = func() { check(t, v.server.Stop(one, "別の人の証明書が出たという連絡")) }
	id := v.applied(making.IndividualRecord, who.Person, document.Items{})
	v.run(2 * time.Second)
	v.key.meanwhile = nil
	v.says(id, "refused: halted", "refused: halted")
	if _, err := v.town.ApplyForDocument(v.clerk, municipality.DocumentApplication{Person: who.Person, Base: v.base(who.Person), Kind: making.IndividualRecord, Applicant: who.Person, Evidence: byCard}); err == nil || !strings.Contains(err.Error(), "別の人の証明書が出たという連絡") {
		t.Errorf("the counter takes an application while its server is stopped: %v", err)
	}
	refused("すでに止まっています。画面を開き直してください。", v.server.Stop(other, "もう一度"))
	refused("再開はまだ提案されていません。原因と対処を書いて提案してください。", v.server.Resume(other, seen()))
	refused("原因と対処を500文字以内で書いてください。例：版を戻し、きょうの申請を点検した。", v.server.ProposeResuming(one, ""))
	check(t, v.server.ProposeResuming(one, "版を戻した"))
	refused("自分で確認できません", v.server.Resume(one, seen()))
	read := seen()
	v.run(time.Second)
	check(t, v.server.ProposeResuming(one, "版を戻し、きょうの申請を点検した"))
	refused("提案が書き直されています。画面を開き直して、原因と対処を読んでから承認してください。", v.server.Resume(other, read))
	check(t, v.server.Resume(other, seen()))
	v.run(2 * time.Second) // the counter hears of it
	id = v.applied(making.IndividualRecord, who.Person, document.Items{})
	v.run(2 * time.Second)
	v.says(id, "held", "issued, 1")
	if all, err := v.server.Halts(t.Context()); err != nil || len(all) != 1 || all[0].ResumedBy != "operator-egawa" || all[0].Cause != "版を戻し、きょうの申請を点検した" {
		t.Errorf("%+v %v", all, err)
	}
	check(t, v.server.Stop(one, "もう一度"))
	id = v.applied(making.IndividualRecord, who.Person, document.Items{}) // before the counter hears of it
	v.run(2 * time.Second)
	v.says(id, "refused: halted", "refused: halted")
}

// forged has the server say that it issued a document that it did not: what a fault there, or somebody in it, could send.
func (v *issuers) forged(n message.IssuingDocument) {
	v.Helper()
	_, err := v.server.Act(v.Context(), func(context.Context, *sqlstore.Tx) ([]message.Out, error) {
		return []message.Out{{To: matsumoto, Body: n}}, nil
	})
	check(v, err)
	v.run(2 * time.Second)
}

// TestDocumentOfAnother: whatever the server sends under a request, the counter gives out that of the person who asked, or nothing (K2, K3, K4). Each
// is refused by what is written beside it.
func TestDocumentOfAnother(t *testing.T) {
	v := newIssuers(t, inMemory, true)
	one, two := v.person("松本　一子", "1960-05-01", "世帯主", ""), v.person("松本　二子", "1970-05-01", "世帯主", "")
	v.run(2 * time.Second)
	theirs := v.applied(making.IndividualRecord, two.Person, document.Items{})
	v.run(2 * time.Second)
	good, err := v.town.DocumentOf(v.clerk, theirs)
	check(t, err)
	_, chain := documenttest.Signer()
	for _, c := range []struct {
		name, want string
		spoil      func(*message.IssuingDocument)
	}{
		{"the file of somebody else", "stopped: binding", func(*message.IssuingDocument) {}},
		{"a file that ends early", "stopped: unreadable", func(n *message.IssuingDocument) { n.File = n.File[:len(n.File)/2] }},
		{"another content", "stopped: binding", func(n *message.IssuingDocument) { n.Content = message.Hash{1} }},
		{"no file at all", "stopped: unreadable", func(n *message.IssuingDocument) { n.File = chain[0] }},
	} {
		v.net.Join(server, nil) // the server never hears of it
		id := v.applied(making.IndividualRecord, one.Person, document.Items{})
		n := message.IssuingDocument{Request: id, Number: good.Number, IssuedAt: good.IssuedAt, Nonce: good.Nonce, Verify: good.Verify, Content: good.Content, File: good.Bytes}
		c.spoil(&n)
		v.forged(n)
		if got := v.at(id); !strings.HasPrefix(got, c.want) && !strings.Contains(got, strings.TrimPrefix(c.want, "stopped: ")) {
			t.Errorf("%s: %s", c.name, got)
		}
		if _, err := v.town.PrintDocument(v.clerk, id); err == nil {
			t.Errorf("%s is printed", c.name)
		}
		v.net.Join(server, v.server.Exchange)
		v.run(time.Minute)
	}
	// What was good stays good.
	if _, err := v.town.PrintDocument(v.clerk, theirs); err != nil {
		t.Error(err)
	}
	// A second answer to one application is refused, and a document that nobody asked for.
	before := v.parked(v.town.Host, server)
	v.forged(message.IssuingDocument{Request: theirs, Reasons: []string{"stale"}})
	v.forged(message.IssuingDocument{Request: "202029-0", Reasons: []string{"stale"}})
	if got := v.at(theirs); got != "held" {
		t.Errorf("after a second answer it is %s", got)
	}
	if n := v.parked(v.town.Host, server) - before; n != 2 {
		t.Errorf("%d answers wait for people", n)
	}
}

// parked is how many messages from a peer wait for people here.
func (v *issuers) parked(h *host.Host, peer message.Org) int64 {
	v.Helper()
	pairs, err := h.Exchange.Pairs(v.Context())
	check(v, err)
	for _, p := range pairs {
		if p.Peer == peer {
			return p.InParked
		}
	}
	return 0
}

// TestDocumentHasOneEnd: a second word about what became of a document is for people, and so is one about a document that was never issued.
func TestDocumentHasOneEnd(t *testing.T) {
	v := newIssuers(t, inMemory, true)
	who := v.person("松本　一子", "1960-05-01", "世帯主", "")
	v.run(2 * time.Second)
	id := v.applied(making.IndividualRecord, who.Person, document.Items{})
	v.run(2 * time.Second)
	d, err := v.town.DocumentOf(v.clerk, id)
	check(t, err)
	_, err = v.town.PrintDocument(v.clerk, id)
	check(t, err)
	check(t, v.handOver(id, 1))
	v.run(2 * time.Second)
	for n, o := range []message.IssuingOutcome{
		{Request: id, Number: d.Number, Outcome: message.Voided, By: "clerk-aoki"},
		{Request: id, Number: "202029-20260401-99999", Outcome: message.Voided, By: "clerk-aoki"},
		{Request: "202029-0", Number: d.Number, Outcome: message.Voided, By: "clerk-aoki"},
	} {
		_, err := v.town.Act(t.Context(), func(context.Context, *sqlstore.Tx) ([]message.Out, error) {
			return []message.Out{{To: server, Body: o}}, nil
		})
		check(t, err)
		v.run(2 * time.Second)
		if got := v.parked(v.server.Host, matsumoto); got == 0 || n == 0 && got != 1 {
			t.Errorf("%d: %d messages wait for people", n, got)
		}
	}
	v.accounts(1, 0, 1, 0, 0)
}

// TestDocumentThatTheDeviceSpoiled: what comes out of the signature is judged before it leaves, and kept.
func TestDocumentThatTheDeviceSpoiled(t *testing.T) {
	v := newIssuers(t, inMemory, true)
	who := v.person("松本　一子", "1960-05-01", "世帯主", "")
	v.run(2 * time.Second)
	v.key.spoils = true
	id := v.applied(making.IndividualRecord, who.Person, document.Items{})
	v.run(2 * time.Second)
	v.key.spoils = false
	v.says(id, "refused: gate", "refused: gate")
	id = v.applied(making.IndividualRecord, who.Person, document.Items{})
	v.run(2 * time.Second)
	v.says(id, "held", "issued, 1")
}

// TestDocumentReleased: two persons release one document of a protected person, and that one is issued; her next one is not.
func TestDocumentReleased(t *testing.T) {
	v := newIssuers(t, inMemory, true)
	who := v.person("松本　一子", "1960-05-01", "世帯主", "")
	v.run(2 * time.Second)
	_, err := v.town.Protect(v.clerk, municipality.Protecting{Applicant: who.Person, Evidence: byCard})
	check(t, err)
	v.run(2 * time.Second)
	a := municipality.DocumentApplication{Person: who.Person, Base: v.base(who.Person), Kind: making.IndividualRecord, Applicant: who.Person, Evidence: byCard}
	if _, err := v.town.ApplyForDocument(v.clerk, a); err == nil || !strings.Contains(err.Error(), "「一通の発行」の一時解除") {
		t.Fatalf("without a release: %v", err)
	}
	v.release(who.Person)
	id, err := v.town.ApplyForDocument(v.clerk, a)
	check(t, err)
	v.run(2 * time.Second)
	v.says(id, "held", "issued, 1")
	if _, err := v.town.PrintDocument(v.clerk, id); err != nil {
		t.Error(err)
	}
	if _, err := v.town.ApplyForDocument(v.clerk, a); err == nil {
		t.Error("one release lets two documents out")
	}
}

// TestDocumentIsOld: the copy changes, or time passes, while a document is signed. Nothing is given out, and its bytes are kept.
func TestDocumentIsOld(t *testing.T) {
	v := newIssuers(t, inMemory, true)
	for _, c := range []struct{ want, query string }{
		{"refused: stale", `UPDATE record SET version = version + 1`},
		{"refused: stale", `UPDATE request SET items = 'code'`}, // the same people, and another paper
		{"refused: late", `UPDATE document SET issued_at = issued_at - 60000000`},
	} {
		who := v.person("松本　一子", "1960-05-01", "世帯主", "")
		v.run(2 * time.Second)
		v.key.meanwhile = func() {
			check(t, v.server.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				_, err := tx.Exec(ctx, c.query)
				return err
			}))
		}
		id := v.applied(making.IndividualRecord, who.Person, document.Items{})
		v.run(2 * time.Second)
		v.key.meanwhile = nil
		v.says(id, c.want, c.want)
	}
}

// release has two persons release one document.
func (v *issuers) release(who municipality.PersonID) {
	v.Helper()
	check(v, v.town.AskRelease(v.clerk, who, protection.Document, "本人が来庁。", byCard))
	var id int64
	check(v, v.town.Store.View(v.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		all, err := protection.In(tx, protection.Shared{}).Asked(ctx)
		if err == nil {
			id = all[0].ID
		}
		return err
	}))
	check(v, v.town.DecideRelease(access.With(v.Context(), access.Personas()[1]), id, true, nil))
}
