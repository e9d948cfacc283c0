package document_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/documenttest"
	"github.com/akashi-id/akashi/internal/document/font"
	"github.com/akashi-id/akashi/internal/document/readback"
	"github.com/akashi-id/akashi/internal/document/template"
	"github.com/akashi-id/akashi/internal/document/typeset"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

var must = documenttest.Must[document.Paper]

func persons(names ...string) (list []document.Person) {
	for i, name := range names {
		list = append(list, documenttest.Person(i+1, name))
	}
	return list
}

func household(id string, names ...string) document.Paper {
	c := documenttest.Copy(id)
	c.Head = documenttest.Must(resident.ParseName("", names[0]))
	return must(document.ResidentRecord(c, documenttest.Issuer(), persons(names...)))
}

func sealOf(id string, name string) document.Paper {
	return must(document.SealRegistration(documenttest.Request(id), documenttest.Issuer(), documenttest.Person(1, name),
		document.RegisteredSeal{Imprint: documenttest.Seal(18, 3)}))
}

// TestSameInputsSameBytes: a document is a function of its inputs, and this one is known. It changes when a form, the font or the writer
// changes, which a person then has looked at.
func TestSameInputsSameBytes(t *testing.T) {
	one, m := documenttest.Issue(t, household("r1", "田中　花子", "田中　一郎"), documenttest.Builtin())
	two, _ := documenttest.Issue(t, household("r1", "田中　花子", "田中　一郎"), documenttest.Builtin())
	if !bytes.Equal(one, two) {
		t.Error("the same inputs gave two files")
	}
	f, err := household("r1", "田中　花子", "田中　一郎").Draw(documenttest.Builtin(), 100)
	if err != nil {
		t.Fatal(err)
	}
	sum := f.ContentDigest()
	const want = "06fdb7a45e005e089c4962c514b9a9466b52dab0c35ea70318df61dd1eb1bde9"
	if got := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("the content is %s, and was %s", got, want)
	}
	if readback.ContentDigest(one) != m.Content {
		t.Error("whoever holds the file reckons another content than was made")
	}
	if bent := bytes.Replace(one, []byte("/Lang"), []byte("/Lung"), 1); readback.ContentDigest(bent) == m.Content || readback.ContentDigest(one[:100]) == m.Content {
		t.Error("a changed file has the content that was made")
	}
	if other, _ := documenttest.Issue(t, household("r2", "田中　花子", "田中　一郎"), documenttest.Builtin()); sha256.Sum256(other) == m.File {
		t.Error("another request gave the same file")
	}
}

func TestRefused(t *testing.T) {
	type change func(c *document.Copy, ps []document.Person) []document.Person
	person := func(f func(p *document.Person)) change {
		return func(_ *document.Copy, ps []document.Person) []document.Person { f(&ps[1]); return ps }
	}
	application := func(f func(c *document.Copy)) change {
		return func(c *document.Copy, ps []document.Person) []document.Person { f(c); return ps }
	}
	for _, c := range []struct {
		name   string
		change change
		want   string // in the Japanese sentence; "" for what is issued
	}{
		{"as it is", application(func(*document.Copy) {}), ""},
		{"nobody", func(*document.Copy, []document.Person) []document.Person { return nil }, "選ばれていません"},
		{"twice", person(func(p *document.Person) { p.ID = "P0001" }), "2回"},
		{"no version", person(func(p *document.Person) { p.Version = 0 }), "版"},
		{"deleted", person(func(p *document.Person) { p.Deleted = true }), "消除"},
		{"protected", person(func(p *document.Person) { p.Protection.Flagged = true }), "支援措置"},
		{"released", person(func(p *document.Person) {
			p.Protection = document.Protection{Flagged: true, Version: 2, Release: "rel-1"}
		}), ""},
		{"released, at a kiosk", func(c *document.Copy, ps []document.Person) []document.Person {
			c.Channel, c.Items = document.Kiosk, document.Items{}
			ps[0].Protection = document.Protection{Flagged: true, Version: 2, Release: "rel-1"}
			return ps
		}, "窓口にお越しください"},
		{"another household", person(func(p *document.Person) { p.Record.Household = "H-2" }), "世帯か住所"},
		{"not whole", person(func(p *document.Person) { p.Record.Name = resident.Name{} }), "欠けている"},
		{"individual form for two", application(func(c *document.Copy) { c.Form = document.ResidentRecordIndividual }), "個人票"},
		{"no head", application(func(c *document.Copy) { c.Head = resident.Name{} }), "世帯主"},
		{"code at a kiosk", application(func(c *document.Copy) { c.Channel, c.NumberAtKiosk = document.Kiosk, true }), "窓口だけ"},
		{"number at a kiosk", application(func(c *document.Copy) { c.Channel, c.Items.Code = document.Kiosk, false }), "端末で交付しません"},
		{"number at a kiosk that may", application(func(c *document.Copy) { c.Channel, c.Items.Code, c.NumberAtKiosk = document.Kiosk, false, true }), ""},
		{"number to somebody else", application(func(c *document.Copy) { c.Requester.Role = document.Other }), "同一世帯の方以外"},
		{"somebody else at a kiosk", application(func(c *document.Copy) {
			c.Channel, c.Requester.Role, c.Items = document.Kiosk, document.Other, document.Items{}
		}), "同一世帯の方の写しだけ"},
	} {
		t.Run(c.name, func(t *testing.T) {
			copy := documenttest.Copy("r1")
			ps := c.change(&copy, persons("田中　花子", "田中　一郎"))
			_, err := document.ResidentRecord(copy, documenttest.Issuer(), ps)
			problems, _ := plain.AsProblems(err)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && !slices.ContainsFunc(problems, func(p *plain.Problem) bool { return strings.Contains(p.JA, c.want) && p.EN != "" }):
				t.Errorf("got %v, want a sentence with %q", err, c.want)
			}
		})
	}
}

func TestSealRefused(t *testing.T) {
	person := documenttest.Person(1, "田中　花子")
	try := func(name string, r document.Request, p document.Person, s document.RegisteredSeal, field string) {
		_, err := document.SealRegistration(r, documenttest.Issuer(), p, s)
		if problems, _ := plain.AsProblems(err); !slices.ContainsFunc(problems, func(p *plain.Problem) bool { return p.Field == field }) {
			t.Errorf("%s: got %v, want a problem of %s", name, err, field)
		}
	}
	good := document.RegisteredSeal{Imprint: documenttest.Seal(18, 3)}
	atKiosk := documenttest.Request("r1")
	atKiosk.Channel, atKiosk.Requester.Role = document.Kiosk, document.Household
	try("K5: the registration has ended", documenttest.Request("r1"), person, document.RegisteredSeal{Imprint: good.Imprint, Ended: true}, "seal")
	try("no seal", documenttest.Request("r1"), person, document.RegisteredSeal{}, "seal")
	try("too small", documenttest.Request("r1"), person, document.RegisteredSeal{Imprint: documenttest.Seal(6, 3)}, "seal")
	try("not the holder", atKiosk, person, good, "person")
	person.Protection.Flagged = true
	try("protected", documenttest.Request("r1"), person, good, "person")
}

// TestOnlyWhatWasAskedFor: what nobody asked for is nowhere in the file.
func TestOnlyWhatWasAskedFor(t *testing.T) {
	c := documenttest.Copy("r1")
	c.Items = document.Items{}
	ps := append(persons("田中　花子"), documenttest.Foreigner(2, "MARIA SANTOS"))
	file, _ := documenttest.Issue(t, must(document.ResidentRecord(c, documenttest.Issuer(), ps)), documenttest.Official(t))
	text := shown(t, file)
	for _, p := range ps {
		for _, hidden := range []string{p.Record.Code.Reveal(), p.Record.Number.Reveal(), p.Record.FamilyRegister.Domicile.Reveal(), p.Record.Nationality.Reveal(), p.Record.Stay.Card.Reveal(), "世帯主\n世帯主"} {
			if hidden != "" && strings.Contains(text, hidden) {
				t.Errorf("the copy shows what nobody asked for: %s", hidden)
			}
		}
	}
	if n := strings.Count(text, "（省略）"); n != 1+5+10 {
		t.Errorf("%d items are marked as left out", n)
	}
}

func shown(t *testing.T, file []byte) string {
	t.Helper()
	d, err := readback.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, p := range d.Pages {
		b.WriteString(p.Joined())
	}
	return b.String()
}

// TestMissingShapesAreRefused: no other shape stands for one that the fonts lack.
func TestMissingShapesAreRefused(t *testing.T) {
	official := documenttest.Official(t)
	for _, c := range []struct {
		name  string
		fonts document.Fonts
		want  string
	}{
		{"葛󠄂西　花子", official, ""},
		{"葛󠄂西　花子", documenttest.Builtin(), "U+845B U+E0102"},
		{"葛󠄂西　花子", append(documenttest.Builtin(), official...), ""},
		{"濵田　花子", documenttest.Builtin(), "U+6FF5"},
		{"渡邊󠄊　﨑", official, ""},
	} {
		_, err := household("r1", c.name).Draw(c.fonts, 100)
		var p *plain.Problem
		switch {
		case c.want == "":
			if err != nil {
				t.Errorf("%q: %v", c.name, err)
			}
		case !errors.As(err, &p) || !strings.Contains(p.EN, c.want) || !strings.Contains(p.JA, c.want) || p.Field != "head" && p.Field != "氏名":
			t.Errorf("%q: got %v, want a sentence that names %s", c.name, err, c.want)
		}
	}
}

// TestLongValues: what is long gets small and wraps; what does not fit even so is refused, and nothing is cut off.
func TestLongValues(t *testing.T) {
	latin := strings.Repeat("MARIA APARECIDA DOS SANTOS ", 4)[:100]
	wide := strings.Repeat("葛󠄂", 100)
	address := "長野県松本市" + strings.Repeat("大字島立字堀米", 27) + "１２３４５"
	for _, name := range []string{strings.TrimSpace(latin), wide} {
		ps := persons(name)
		ps[0].Record.Address = documenttest.Must(resident.ParseAddress("", address))
		ps[0].Record.Residence.Earlier = ps[0].Record.Address
		file, _ := documenttest.Issue(t, must(document.ResidentRecord(documenttest.Copy("r1"), documenttest.Issuer(), ps)), documenttest.Official(t))
		text := strings.ReplaceAll(shown(t, file), "\n", "")
		if !strings.Contains(text, name) || strings.Count(text, address) != 2 {
			t.Errorf("a name of %d characters or an address of %d is not whole", len([]rune(name)), len([]rune(address)))
		}
	}
	ps := persons("田中　花子")
	ps[0].Record.FormerName = documenttest.Must(resident.ParseFormerName("", wide))
	_, err := must(document.ResidentRecord(documenttest.Copy("r1"), documenttest.Issuer(), ps)).Draw(documenttest.Official(t), 100)
	if p := (*plain.Problem)(nil); !errors.As(err, &p) || p.Field != "旧氏" || strings.Contains(p.EN, "葛") {
		t.Errorf("got %v, want the box 旧氏 refused without its content", err)
	}
}

// TestBindingNamesEverything: whatever of the inputs differs, the binding does.
func TestBindingNamesEverything(t *testing.T) {
	seen := map[string]string{}
	add := func(what string, change func(c *document.Copy, by *document.Issuer, p *document.Person)) {
		c, by, ps := documenttest.Copy("r1"), documenttest.Issuer(), persons("田中　花子", "田中　一郎")
		change(&c, &by, &ps[1])
		b := must(document.ResidentRecord(c, by, ps)).Binding()
		if first, there := seen[b]; there {
			t.Errorf("%s has the binding of %s", what, first)
		}
		seen[b] = what
	}
	add("the first", func(*document.Copy, *document.Issuer, *document.Person) {})
	add("another request", func(c *document.Copy, _ *document.Issuer, _ *document.Person) { c.ID = "r2" })
	add("another nonce", func(c *document.Copy, _ *document.Issuer, _ *document.Person) { c.Nonce[15]++ })
	add("another number", func(c *document.Copy, _ *document.Issuer, _ *document.Person) { c.Number = "2" })
	add("another requester", func(c *document.Copy, _ *document.Issuer, _ *document.Person) { c.Requester.ID = "x" })
	add("another role", func(c *document.Copy, _ *document.Issuer, _ *document.Person) { c.Requester.Role = document.Household })
	add("another time", func(c *document.Copy, _ *document.Issuer, _ *document.Person) { c.At = c.At.Add(1) })
	add("another secret", func(c *document.Copy, _ *document.Issuer, _ *document.Person) { c.Verify += "x" })
	add("another item", func(c *document.Copy, _ *document.Issuer, _ *document.Person) { c.Items.Code = false })
	add("another mayor", func(_ *document.Copy, by *document.Issuer, _ *document.Person) { by.Name = "別人" })
	add("another seal", func(_ *document.Copy, by *document.Issuer, _ *document.Person) { by.Seal = documenttest.Seal(21, 8) })
	add("another person", func(_ *document.Copy, _ *document.Issuer, p *document.Person) { p.ID = "x" })
	add("another version", func(_ *document.Copy, _ *document.Issuer, p *document.Person) { p.Version++ })
	add("a flag set and released", func(_ *document.Copy, _ *document.Issuer, p *document.Person) {
		p.Protection = document.Protection{Flagged: true, Version: 1, Release: "r"}
	})
	add("a flag of another version", func(_ *document.Copy, _ *document.Issuer, p *document.Person) { p.Protection.Version = 1 })
	add("another value", func(_ *document.Copy, _ *document.Issuer, p *document.Person) { p.Record.Sex = resident.SexUnknown })
}

// TestPapersPrintNothing: a paper in a log shows nobody.
func TestPapersPrintNothing(t *testing.T) {
	p := household("r1", "田中　花子")
	file, m := documenttest.Issue(t, p, documenttest.Builtin())
	plan, err := p.Plan()
	if err != nil {
		t.Fatal(err)
	}
	read, err := readback.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	glyphs, err := typeset.Shape(documenttest.Builtin(), "", "田中")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{p, m, &m, plan, read, glyphs, typeset.Set{Lines: [][]typeset.Glyph{glyphs}}, template.Values{Shared: map[string]string{"name": "田中"}},
		template.Filled{Values: map[string]string{"name": "田中"}}, documenttest.Person(1, "田中　花子"), documenttest.Copy("r1")} {
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("", "v", v)
		if s := fmt.Sprintf("%v %+v %#v %s", v, v, v, v) + log.String(); strings.Contains(s, "田") || strings.Contains(s, "葛") {
			t.Errorf("%T prints a name", v)
		}
	}
}

// processorTime is what this process has used: on a machine with others, the time on the wall says little.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkOpen opens the official font, 46 MB.
func BenchmarkOpen(b *testing.B) {
	documenttest.Official(b)
	before := processorTime(b)
	for b.Loop() {
		f, err := font.OpenFile(font.IPAmj)
		if err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
	b.ReportMetric(float64((processorTime(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}

func BenchmarkIssue(b *testing.B) {
	fonts := documenttest.Official(b)
	key, chain := documenttest.Signer()
	for _, c := range []struct {
		name  string
		paper document.Paper
	}{{"household of 4", household("r1", documenttest.Names[:4]...)}, {"seal", sealOf("r1", documenttest.Names[0])}} {
		b.Run(c.name, func(b *testing.B) {
			before := processorTime(b)
			for b.Loop() {
				file, _, err := c.paper.Issue(fonts, key, chain, nil)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(len(file)))
			}
			b.ReportMetric(float64((processorTime(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}
