package document_test

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/documenttest"
	"github.com/akashi-id/akashi/internal/document/gate"
	"github.com/akashi-id/akashi/internal/document/pades"
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
		if found := gate.Shapes(file, gate.Expected{Manifest: m}, documenttest.Official(t)); len(found) > 0 {
			t.Errorf("%s: %v", p.Request.ID, found)
		}
	}
	both := append(documenttest.Builtin(), documenttest.Official(t)...)
	file, m := documenttest.Issue(t, household("r5", documenttest.Names[0]), both)
	expect(t, "two fonts", file, gate.Expected{Manifest: m, Demo: true})
	if found := gate.Shapes(file, gate.Expected{Manifest: m}, both); len(found) > 0 {
		t.Errorf("two fonts: %v", found)
	}
}

// TestShapesAreCompared: a file that says one form of 葛 and draws the other passes every comparison of texts.
func TestShapesAreCompared(t *testing.T) {
	fonts := documenttest.Official(t)
	file, m := documenttest.Issue(t, household("r1", "葛󠄂西　花子"), fonts)
	lies := bytes.ReplaceAll(file, []byte("<845bdb40dd02>"), []byte("<845bdb40dd03>"))
	if bytes.Equal(lies, file) {
		t.Fatal("the table of characters is not where this test looks for it")
	}
	lies = resigned(t, lies)
	m.Paper = household("r1", "葛󠄃西　花子")
	m = rewritten(t, m, lies)
	for _, f := range gate.Check(lies, gate.Expected{Manifest: m}) {
		if f.Code == gate.Text {
			t.Errorf("the texts differ: %v", f)
		}
	}
	if got := codes(gate.Shapes(lies, gate.Expected{Manifest: m}, fonts)); !slices.Equal(got, []gate.Code{gate.Shape}) {
		t.Errorf("found %v, want the shape", got)
	}
	m.Fonts[0].Digest[0]++
	if got := codes(gate.Shapes(file, gate.Expected{Manifest: m}, fonts)); !slices.Equal(got, []gate.Code{gate.Font}) {
		t.Errorf("found %v, want the font", got)
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
	expect(t, "another file", file, gate.Expected{Manifest: mine}, gate.Digest, gate.Pages, gate.Text, gate.Binding, gate.Picture, gate.Stray)
	// The same, where the job itself took over the other's digests.
	m.Paper = ours
	expect(t, "another file and its digests", file, gate.Expected{Manifest: m}, gate.Pages, gate.Text, gate.Binding, gate.Picture, gate.Stray)

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
	expect(t, "pages swapped", swapped, gate.Expected{Manifest: rewritten(t, m, swapped)}, gate.Text, gate.Picture, gate.Stray)
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
	e.Fonts = nil
	expect(t, "another font", file, e, gate.Font)

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
		if found := append(gate.Check(file, gate.Expected{Manifest: m}), gate.Shapes(file, gate.Expected{Manifest: m}, fonts)...); len(found) > 0 {
			b.Fatal(found)
		}
	}
	b.ReportMetric(float64((processorTime(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}
