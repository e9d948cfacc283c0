package documentbench

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/bench/documentbench/order"
	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/font"
	"github.com/akashi-id/akashi/internal/document/gate"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/document/pades"
	"github.com/akashi-id/akashi/internal/heapfloor"
	"github.com/akashi-id/akashi/internal/pki"
)

// PartOffice is the part of this measurement that is a process of its own: it makes our documents.
const PartOffice = "document-office"

// Part is the whole of such a process.
func Part(ctx context.Context, name string, in io.Reader, out io.Writer) error {
	if name != PartOffice {
		return fmt.Errorf("the measurement of documents has no part %q", name)
	}
	return peer.Serve(ctx, in, out, func(_ context.Context, s order.Setup) (peer.Worker, error) { return openOffice(s) })
}

// office makes documents as an issuing server and a counter do, without their databases.
type office struct {
	clk      clock.Clock
	fonts    document.Fonts
	by       document.Issuer
	families []household
	seats    map[string]seat // by the key's name
	made     []finished      // one of each family, for the gate
	n        int             // requests so far
}

// seat is a key in memory with its certificates, the key's own first, as an issuing server has them.
type seat struct {
	key   crypto.Signer
	chain [][]byte
}

// finished is a document and what it was made of.
type finished struct {
	content making.Content
	file    []byte
	was     document.Manifest
}

var algorithms = map[string]cert.Algorithm{order.RSA2048: cert.RSA2048SHA256, order.P256: cert.P256SHA256}

func openOffice(s order.Setup) (*office, error) {
	if s.Floor {
		heapfloor.Hold() // as akashi serve does
	}
	o := &office{clk: clock.System(), seats: map[string]seat{}}
	f, err := font.OpenFile(s.Font)
	if err != nil {
		return nil, err
	}
	o.fonts = document.Fonts{f}
	if o.by, err = issuer(); err != nil {
		return nil, err
	}
	if o.families, err = families(); err != nil {
		return nil, err
	}
	root, err := pki.NewInfrastructureCA(rand.Reader, o.clk.Now())
	if err != nil {
		return nil, err
	}
	for _, name := range order.Keys {
		key, err := pki.GenerateKey(rand.Reader, algorithms[name])
		if err != nil {
			return nil, err
		}
		der, err := root.IssueOrganisation(rand.Reader, o.clk.Now(), pki.Organisation{ID: "issuing-131211", Usage: pki.ForDocuments, Public: key.Public()})
		if err != nil {
			return nil, err
		}
		o.seats[name] = seat{key, [][]byte{der, root.Certificate()}}
	}
	for range o.families {
		c, err := o.next()
		if err != nil {
			return nil, err
		}
		made, err := o.issue(c, o.seats[order.Keys[0]])
		if err != nil {
			return nil, err
		}
		o.made = append(o.made, made)
	}
	return o, nil
}

// sheets are the finished documents, for others to print.
func (o *office) sheets() (sheets []order.Sheet, err error) {
	for _, m := range o.made {
		s, err := sheetOf(m.file, m.was.Paper)
		if err != nil {
			return nil, err
		}
		sheets = append(sheets, s)
	}
	return sheets, nil
}

// next is what the next document is made of.
func (o *office) next() (making.Content, error) {
	r, err := request(o.n, o.clk.Now())
	if err != nil {
		return making.Content{}, err
	}
	h := o.families[o.n%len(o.families)]
	o.n++
	return h.content(r), nil
}

// issue makes, draws and signs a document.
func (o *office) issue(c making.Content, s seat) (finished, error) {
	p, err := c.Paper(o.by)
	if err != nil {
		return finished{}, err
	}
	file, m, err := p.Issue(o.fonts, s.key, s.chain, rand.Reader)
	return finished{c, file, m}, err
}

// serve does for one document what an issuing server does (internal/org/issuing): it drafts it before there is a signature, makes it again, draws,
// signs and judges it, and looks once more whether it is still the same.
func (o *office) serve(c making.Content, s seat) ([]byte, error) {
	draft, err := c.Paper(o.by)
	if err != nil {
		return nil, err
	}
	f, err := draft.Draw(o.fonts, pades.Room(s.chain))
	if err != nil {
		return nil, err
	}
	if _, err := draft.Plan(); err != nil { // it counts the pages
		return nil, err
	}
	content, binding := f.ContentDigest(), draft.Binding()
	made, err := o.issue(c, s)
	if err != nil {
		return nil, err
	}
	made.was.Content = content
	if found := gate.Check(made.file, gate.Expected{Manifest: made.was}); len(found) > 0 {
		return nil, fmt.Errorf("the gate stopped a document: %s", found[0].EN)
	}
	last, err := c.Paper(o.by)
	if err != nil {
		return nil, err
	}
	if last.Binding() != made.was.Binding() || binding != made.was.Binding() {
		return nil, fmt.Errorf("a document has another binding when it is made again")
	}
	return made.file, nil
}

// judge does what a counter does with a file each time (internal/org/municipality): it makes anew what must stand on it.
func (o *office) judge(d finished) ([]byte, error) {
	p, err := d.content.Paper(o.by)
	if err != nil {
		return nil, err
	}
	m := d.was
	m.Paper = p
	if sha256.Sum256(d.file) != m.File {
		return nil, fmt.Errorf("a file is another one than was made")
	}
	if found := gate.Check(d.file, gate.Expected{Manifest: m}); len(found) > 0 {
		return nil, fmt.Errorf("the gate stopped a document: %s", found[0].EN)
	}
	return d.file, nil
}

func (o *office) Ready() any { return order.Ready{Says: "ours"} }

func (o *office) Do(_ context.Context, w peer.Order) (peer.Took, error) {
	s, here := o.seats[w.Key]
	switch w.Do {
	case order.DoSign, order.DoServe:
		if !here {
			return peer.Took{}, fmt.Errorf("there is no key %q", w.Key)
		}
	case order.DoMemory:
		return peer.Took{Bytes: peer.MostMemory()}, nil
	}
	return order.Each(w.Count, func(n int) ([]byte, error) {
		switch w.Do {
		case order.DoGate:
			return o.judge(o.made[n%len(o.made)])
		}
		c, err := o.next()
		if err != nil {
			return nil, err
		}
		switch w.Do {
		case order.DoSign:
			made, err := o.issue(c, s)
			return made.file, err
		case order.DoServe:
			return o.serve(c, s)
		case order.DoPrint:
			p, err := c.Paper(o.by)
			if err != nil {
				return nil, err
			}
			f, err := p.Draw(o.fonts, 0)
			return f.Bytes, err
		}
		return nil, fmt.Errorf("an office cannot %s", w.Do)
	})
}

func (o *office) Close() error { return o.fonts[0].Close() }
