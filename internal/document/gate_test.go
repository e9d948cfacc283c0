package document_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/documenttest"
	"github.com/akashi-id/akashi/internal/document/gate"
	"github.com/akashi-id/akashi/internal/document/pades"
	"github.com/akashi-id/akashi/internal/document/press"
	"github.com/akashi-id/akashi/internal/document/readback"
)

func codes(found []gate.Finding) (list []gate.Code) {
	for _, f := range found {
		if f.JA == "" || f.EN == "" {
			list = append(list, "no sentence")
		}
		list = append(list, f.Code)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func expect(t *testing.T, what string, file []byte, e gate.Expected, want ...gate.Code) []gate.Finding {
	t.Helper()
	found := gate.Check(file, e)
	slices.Sort(want)
	if got := codes(found); !slices.Equal(got, want) {
		t.Errorf("%s: found %v, want %v", what, got, want)
	}
	return found
}

// resigned signs a changed file again, as somebody would who has the key.
func resigned(t *testing.T, file []byte) []byte {
	t.Helper()
	d, err := readback.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	key, chain := documenttest.Signer()
	if err := pades.Sign(file, d.ByteRange[1], d.ByteRange[2], key, chain, nil); err != nil {
		t.Fatal(err)
	}
	return file
}

// rewritten is what is expected of a file, as if that file had been made.
func rewritten(t *testing.T, m document.Manifest, file []byte) document.Manifest {
	t.Helper()
	d, err := readback.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	m.File = sha256.Sum256(file)
	m.Content = sha256.Sum256(slices.Concat(file[:d.ByteRange[1]], file[d.ByteRange[2]:]))
	return m
}

func TestGatePassesWhatIsRight(t *testing.T) {
	foreign := append(persons("田中　花子"), documenttest.Foreigner(2, "MARIA SANTOS"))
	for _, p := range []document.Paper{
		household("r1", documenttest.Names...), sealOf("r2", documenttest.Names[0]),
		must(document.ResidentRecord(documenttest.Copy("r3"), documenttest.Issuer(), foreign)),
		household("r4", "葛西　花子", "葛󠄃西　花子"), // the same shape, and two texts
	} {
		file, m := documenttest.Issue(t, p, documenttest.Official(t))
		expect(t, p.Request.ID, file, gate.Expected{Manifest: m})
	}
	both := append(documenttest.Builtin(), documenttest.Official(t)...)
	file, m := documenttest.Issue(t, household("r5", documenttest.Names[0]), both)
	expect(t, "two fonts", file, gate.Expected{Manifest: m, Demo: true})
}

// TestShapesAreCompared: a file that says one form of 葛 and draws the other, or says 1 and draws 4, passes every comparison of texts.
func TestShapesAreCompared(t *testing.T) {
	fonts := documenttest.Official(t)
	file, m := documenttest.Issue(t, household("r1", "葛󠄂西　花子"), fonts)
	lies := bytes.ReplaceAll(file, []byte("<845bdb40dd02>"), []byte("<845bdb40dd03>"))
	if bytes.Equal(lies, file) {
		t.Fatal("the table of characters is not where this test looks for it")
	}
	lies = resigned(t, lies)
	other := rewritten(t, m, lies)
	other.Paper = household("r1", "葛󠄃西　花子")
	// The binding is that of the other record too, which no forger would overlook.
	expect(t, "one form for the other", lies, gate.Expected{Manifest: other}, gate.Shape, gate.Binding)
	for _, two := range [][2]string{{"1", "4"}, {"花", "西"}} {
		lies := resigned(t, documenttest.Exchanged(t, file, two[0], two[1]))
		expect(t, two[0]+" for "+two[1], lies, gate.Expected{Manifest: rewritten(t, m, lies)}, gate.Shape)
	}
}

// TestJudgeComparesShapes: whoever judges a document holds its shapes against the fonts that it has itself.
func TestJudgeComparesShapes(t *testing.T) {
	fonts := documenttest.Official(t)
	p := household("r1", "田中　花子")
	file, m := documenttest.Issue(t, p, fonts)
	lies := resigned(t, documenttest.Exchanged(t, file, "1", "4"))
	for name, c := range map[string]struct {
		file []byte
		want []gate.Code
	}{"as it was made": {file, nil}, "1 for 4": {lies, []gate.Code{gate.Shape}}} {
		m := rewritten(t, m, c.file)
		found, err := press.Knowledge{Fonts: fonts, By: m.Signer}.Judge(c.file, func() (document.Paper, error) { return p, nil }, m.Content, m.File)
		if err != nil || !slices.Equal(codes(found), c.want) {
			t.Errorf("%s: %v, %v", name, codes(found), err)
		}
	}
}

// edited is a file in which an object has something else in the place of what stands in it first, as if it had been written so.
func edited(t *testing.T, file []byte, old, new string) []byte {
	t.Helper()
	at := bytes.Index(file, []byte(old))
	if at < 0 {
		t.Fatalf("the file has no %q", old)
	}
	number := func(b []byte, from int) (n, end int) {
		for end = from; b[end] >= '0' && b[end] <= '9'; end++ {
			n = 10*n + int(b[end]-'0')
		}
		return n, end
	}
	length := bytes.LastIndex(file[:at], []byte("/Length ")) + len("/Length ")
	n, end := number(file, length)
	out := slices.Concat(file[:length], fmt.Append(nil, n+len(new)-len(old)), file[end:at], []byte(new), file[at+len(old):])
	moved := len(out) - len(file)
	later := func(place int) int {
		if place > at {
			place += moved
		}
		return place
	}
	table := bytes.LastIndex(out, []byte("\nxref\n")) + 1
	for i := table; ; i += len("\n") {
		next := bytes.Index(out[i:], []byte(" 00000 n \n"))
		if next < 0 {
			break
		}
		i += next
		place, _ := number(out, i-10)
		copy(out[i-10:], fmt.Sprintf("%010d", later(place)))
	}
	place := bytes.LastIndex(out, []byte("startxref\n"))
	out = fmt.Appendf(out[:place], "startxref\n%d\n%%%%EOF\n", table)
	ranges := bytes.Index(out, []byte("/ByteRange [0 ")) + len("/ByteRange [0 ")
	start, end := number(out, ranges)
	hole, _ := number(out, end+1)
	said := fmt.Sprintf("%d %d %d]", later(start), later(hole), len(out)-later(hole))
	copy(out[ranges:], said+strings.Repeat(" ", bytes.IndexByte(out[ranges:], '\n')-len(said)))
	return out
}

// TestGateFindsWhatIsDrawn: who has the key and the right texts cannot draw them otherwise than the form does, nor draw anything over, under or beside them.
func TestGateFindsWhatIsDrawn(t *testing.T) {
	fonts := documenttest.Official(t)
	for _, set := range []struct {
		name  string
		fonts document.Fonts
		demo  bool
	}{{"official", fonts, false}, {"sample", append(documenttest.Builtin(), fonts...), true}} {
		p := household("r1", "田中　花子")
		file, m := documenttest.Issue(t, p, set.fonts)
		of := func(pattern string) string {
			found := regexp.MustCompile(pattern).Find(file)
			if found == nil {
				t.Fatalf("the file has no %s", pattern)
			}
			return string(found)
		}
		text := of("EMC\nBT 0 g\n1 0 0 1 [0-9]+ [0-9]+ Tm\n/F[0-9] [0-9]+ Tf ") // the title
		picture := of("q 0 g\n2000 0 0 2000 [0-9]+ [0-9]+ cm /I[0-9] Do Q\n")
		rule := of("8 w [0-9]+ [0-9]+ m [0-9]+ [0-9]+ l S\n")
		box := of("15 w [0-9]+ [0-9]+ [0-9]+ [0-9]+ re S\n")
		changed := func(s, pattern, to string) string {
			re := regexp.MustCompile(pattern)
			if !re.MatchString(s) {
				t.Fatalf("%q has no %s", s, pattern)
			}
			return re.ReplaceAllString(s, to)
		}
		type forgery struct {
			name, from, to string
			want           []gate.Code
		}
		cases := []forgery{
			{"nothing", text, text, nil},
			{"a line through a name", rule, rule + "300 w 1000 20000 m 20000 20000 l S\n", []gate.Code{gate.Line}},
			{"a line as wide as the sheet", rule, rule + "30000 w 0 15000 m 21000 15000 l S\n", []gate.Code{gate.Line}},
			{"a line in the end", "\nQ\n\nendstream", "\n300 w 1000 20000 m 20000 20000 l S\nQ\n\nendstream", []gate.Code{gate.Line}},
			{"a line left out", rule, "", []gate.Code{gate.Line}},
			{"a heavier line", rule, changed(rule, "8 w", "9 w"), []gate.Code{gate.Line}},
			{"a box elsewhere", box, changed(box, "15 w [0-9]+", "15 w 1400"), []gate.Code{gate.Line}},
			{"a heavier box", box, changed(box, "15 w", "1500 w"), []gate.Code{gate.Line}},
			{"smaller letters", text, changed(text, "[0-9]+ Tf", "1 Tf"), []gate.Code{gate.Look}},
			{"larger letters", text, changed(text, "[0-9]+ Tf", "751 Tf"), []gate.Code{gate.Look}},
			{"grey letters", text, changed(text, "0 g", "0.4 g"), []gate.Code{gate.Look}},
			{"letters elsewhere in their box", text, changed(text, "1 0 0 1 [0-9]+", "1 0 0 1 8300"), []gate.Code{gate.Look}},
			{"letters elsewhere", text, changed(text, "1 0 0 1 [0-9]+", "1 0 0 1 100"), []gate.Code{gate.Text, gate.Stray}},
			{"white ink that stays on", text, "1 g " + changed(text, "BT 0 g", "BT "), []gate.Code{gate.Unreadable}},
			{"a white picture", picture, changed(picture, "0 g", "1 g"), []gate.Code{gate.Unreadable}},
			{"a picture in another ink", picture, changed(picture, "0 g", "0.78 0.16 0.11 rg"), []gate.Code{gate.Picture, gate.Stray}},
			{"a smaller picture", picture, changed(picture, "2000 0 0 2000", "20 0 0 20"), []gate.Code{gate.Picture, gate.Stray}},
			{"a picture in its mirror", picture, changed(picture, "2000 0 0 2000 ([0-9]+)", "-2000 0 0 2000 19000"), []gate.Code{gate.Picture, gate.Stray}},
			{"dots that are an area", "0 0 2 2 re\n", "0 0 32 32 re\n", []gate.Code{gate.Ground}},
			{"words in the dots", "0 0 4 4 re\n", "0 0 4 4 re\n32 0 0 9 re\n", []gate.Code{gate.Ground}},
			{"an area in the ground", "EMC\n", "0 g\n0 0 21000 29700 re f\nEMC\n", []gate.Code{gate.Ground}},
			{"colours that mean others", "\x02\x33", "\x00\x01", []gate.Code{gate.Look}},
			{"the larger dots everywhere", "/P0 scn ", "/P1 scn ", []gate.Code{gate.Ground}},
		}
		if set.demo {
			mark := of("/Specimen BMC\nBT 0.75 g\n1 0 0 1 4500 18700 Tm\n/F[0-9] 6000 Tf ")
			cases = append(cases, []forgery{
				{"a small mark", mark, changed(mark, "6000 Tf", "1 Tf"), []gate.Code{gate.Specimen}},
				{"a white mark", mark, changed(mark, "0.75 g", "1 g"), []gate.Code{gate.Specimen}},
				{"a line in the mark", mark, changed(mark, "BMC\n", "BMC\n300 w 1000 20000 m 20000 20000 l S\n"), []gate.Code{gate.Line}},
			}...)
		} else {
			cases = append(cases, []forgery{
				{"an edge that stays on", "EMC\n", "BT 7 Tr 1 0 0 1 0 0 Tm /F0 1 Tf <0001> Tj ET\nEMC\n", []gate.Code{gate.Ground, gate.Text, gate.Binding}},
				{"a line in the ground", "EMC\n", "300 w 1000 20000 m 20000 20000 l S\nEMC\n", []gate.Code{gate.Ground, gate.Line}},
				{"the mark of a sample", "EMC\nBT 0 g", "EMC\n/Specimen BMC\nBT 0.75 g\n1 0 0 1 4500 18700 Tm\n/F0 6000 Tf <0001> Tj\nET\nEMC\nBT 0 g", []gate.Code{gate.Specimen}},
			}...)
		}
		for _, c := range cases {
			name := set.name + ": " + c.name
			evil := edited(t, file, c.from, c.to)
			start, end := bytes.Index(evil, []byte("/Contents <"))+len("/Contents "), 0
			end = start + bytes.IndexByte(evil[start:], '>') + 1
			key, chain := documenttest.Signer()
			if err := pades.Sign(evil, start, end, key, chain, nil); err != nil {
				t.Fatal(err)
			}
			m := m
			m.File, m.Content = sha256.Sum256(evil), sha256.Sum256(slices.Concat(evil[:start], evil[end:]))
			expect(t, name, evil, gate.Expected{Manifest: m, Demo: set.demo}, c.want...)
		}
	}
}

func TestGateFindsAnotherDocument(t *testing.T) {
	fonts := documenttest.Official(t)
	key, chain := documenttest.Signer()
	ours, theirs := household("r1", documenttest.Names...), household("r2", "田中　花子", "田中　一郎", "田中　次郎", "田中　三郎")
	same := household("r1b", documenttest.Names...) // the same persons for another request
	file, m := documenttest.Issue(t, theirs, fonts)
	_, mine := documenttest.Issue(t, ours, fonts)

	// K1, K2, K3: the file of another request lies under the name of ours.
	expect(t, "another file", file, gate.Expected{Manifest: mine}, gate.Digest, gate.Pages, gate.Text, gate.Binding, gate.Picture, gate.Line, gate.Stray)
	// The same, where the job itself took over the other's digests.
	m.Paper = ours
	expect(t, "another file and its digests", file, gate.Expected{Manifest: m}, gate.Pages, gate.Text, gate.Binding, gate.Picture, gate.Line, gate.Stray)

	// K4: the second page is another one's, drawn and signed in one go.
	for name, other := range map[string]document.Paper{"of another household": theirs, "of another request of the same": same} {
		mixed, m, err := ours.IssueMixed(fonts, key, chain, 2, other, nil)
		if err != nil {
			t.Fatal(err)
		}
		found := gate.Check(mixed, gate.Expected{Manifest: m})
		if len(found) == 0 || slices.ContainsFunc(found, func(f gate.Finding) bool { return f.Page != 2 }) || !slices.Contains(codes(found), gate.Binding) {
			t.Errorf("a page %s: %v", name, found)
		}
	}

	// The right binding over another's block.
	mixed, m, err := ours.ShowingBlockOf(theirs, 3).IssueMixed(fonts, key, chain, 0, ours, nil)
	if err != nil {
		t.Fatal(err)
	}
	m.Paper = ours
	found := expect(t, "another's block", mixed, gate.Expected{Manifest: m}, gate.Text)
	if !slices.ContainsFunc(found, func(f gate.Finding) bool { return f.Field == "氏名" && f.Page == 2 }) {
		t.Errorf("the box of the name is not named: %v", found)
	}

	// Pages in another order, by somebody who has the key.
	file, m = documenttest.Issue(t, ours, fonts)
	swapped := bytes.Replace(file, []byte("/Kids [9 0 R 10 0 R 11 0 R]"), []byte("/Kids [9 0 R 11 0 R 10 0 R]"), 1)
	if bytes.Equal(file, swapped) {
		t.Fatal("the pages are not where this test looks for them")
	}
	swapped = resigned(t, swapped)
	expect(t, "pages swapped", swapped, gate.Expected{Manifest: rewritten(t, m, swapped)}, gate.Text, gate.Picture, gate.Line, gate.Stray)
}

// TestGateReadsTheRegisterAgain: what came in between making and leaving is seen.
func TestGateReadsTheRegisterAgain(t *testing.T) {
	file, m := documenttest.Issue(t, household("r1", "田中　花子", "田中　一郎"), documenttest.Official(t))
	again, c := persons("田中　花子", "田中　一郎"), documenttest.Copy("r1")
	c.Head = again[0].Record.Name
	again[1].Protection.Version++
	m.Paper = must(document.ResidentRecord(c, documenttest.Issuer(), again))
	expect(t, "a flag was set and lifted", file, gate.Expected{Manifest: m}, gate.Binding)
	again[1].Version++
	m.Paper = must(document.ResidentRecord(c, documenttest.Issuer(), again))
	expect(t, "a version came", file, gate.Expected{Manifest: m}, gate.Binding)
}

// TestGateFindsAlteredBytes: any octet.
func TestGateFindsAlteredBytes(t *testing.T) {
	file, m := documenttest.Issue(t, household("r1", "田中　花子"), documenttest.Official(t))
	e := gate.Expected{Manifest: m}
	for at := 0; at < len(file); at += 1409 {
		altered := bytes.Clone(file)
		altered[at] ^= 0x01
		e.File = sha256.Sum256(altered) // as if nobody had kept the digest
		if inHole := altered[at]; len(gate.Check(altered, e)) == 0 {
			t.Errorf("octet %d changed to %#x and nothing was found", at, inHole)
		}
	}
	e.File = m.File
	expect(t, "something behind the end", append(bytes.Clone(file), "\n%%EOF\n"...), e, gate.Digest, gate.Unreadable)
	update := append(bytes.Clone(file), "9 0 obj\nnull\nendobj\nxref\n0 0\ntrailer\n<< /Size 1 /Root 1 0 R >>\nstartxref\n0\n%%EOF\n"...)
	expect(t, "an incremental update", update, e, gate.Digest, gate.Unreadable)
}

func TestGateFindsTheRest(t *testing.T) {
	fonts := documenttest.Official(t)
	p := sealOf("r1", documenttest.Names[0])
	file, m := documenttest.Issue(t, p, fonts)

	e := gate.Expected{Manifest: m}
	e.Signer[0]++
	expect(t, "another signer", file, e, gate.Signer)

	e = gate.Expected{Manifest: m}
	e.Fonts = documenttest.Builtin() // which lacks the form of the name, too
	expect(t, "another font", file, e, gate.Font, gate.Shape, gate.Unreadable)

	key, chain := documenttest.Signer()
	unsigned, err := p.Draw(fonts, pades.Room(chain))
	if err != nil {
		t.Fatal(err)
	}
	e = gate.Expected{Manifest: m}
	e.File = sha256.Sum256(unsigned.Bytes)
	expect(t, "not signed", unsigned.Bytes, e, gate.Signature)

	other := must(document.SealRegistration(documenttest.Request("r1"), documenttest.Issuer(), documenttest.Person(1, documenttest.Names[0]),
		document.RegisteredSeal{Imprint: documenttest.Seal(18, 4)}))
	mixed, m2, err := p.IssueMixed(fonts, key, chain, 1, other, nil)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "another seal", mixed, gate.Expected{Manifest: m2}, gate.Picture, gate.Binding, gate.Stray)

	// A white area over a name, and words that nobody sees: such operators are refused.
	for _, trick := range []string{"0 0 9 9 re f", "1 g", "3 Tr"} {
		at := bytes.Index(file, []byte("EMC\nBT ")) + len("EMC\n") // the first text behind the ground
		altered := bytes.Clone(file)
		end := at + bytes.Index(altered[at:], []byte(" Tj\nET\n")) + len(" Tj\nET\n")
		copy(altered[at:end], trick+strings.Repeat(" ", end-at-len(trick)))
		expect(t, trick, altered, gate.Expected{Manifest: m}, gate.Digest, gate.Unreadable)
	}
}

// TestSamplesStay: what is set in the built-in font leaves only a demonstration.
func TestSamplesStay(t *testing.T) {
	file, m := documenttest.Issue(t, household("r1", "田中　花子"), documenttest.Builtin())
	if !m.Specimen {
		t.Fatal("the built-in font makes no sample")
	}
	expect(t, "in a demonstration", file, gate.Expected{Manifest: m, Demo: true})
	expect(t, "outside", file, gate.Expected{Manifest: m}, gate.Specimen)
	m.Specimen = false
	expect(t, "said to be none", file, gate.Expected{Manifest: m}, gate.Specimen)
}

func BenchmarkGate(b *testing.B) {
	fonts := documenttest.Official(b)
	file, m := documenttest.Issue(b, household("r1", documenttest.Names[:4]...), fonts)
	before := processorTime(b)
	for b.Loop() {
		if found := gate.Check(file, gate.Expected{Manifest: m}); len(found) > 0 {
			b.Fatal(found)
		}
	}
	b.ReportMetric(float64((processorTime(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}
