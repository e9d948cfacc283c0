package document

import (
	"crypto"
	"crypto/sha256"
	"io"

	"github.com/akashi-id/akashi/internal/document/pades"
	"github.com/akashi-id/akashi/internal/document/pdf"
)

// IssueMixed issues p with its page n, from 1, taken from another paper, as a program would that mixes up pages: drawn, signed and with right digests. It is for
// replays and tests alone (internal/document/press/faulty): no gate lets such a file pass.
func (p Paper) IssueMixed(fonts Fonts, key crypto.Signer, chain [][]byte, n int, other Paper, random io.Reader) ([]byte, Manifest, error) {
	plan, err := p.Plan()
	if err != nil {
		return nil, Manifest{}, err
	}
	theirs, err := other.Plan()
	if err != nil {
		return nil, Manifest{}, err
	}
	d := pdf.New(pdf.Info{Title: p.Template.Title, Author: p.Issuer.Municipality, Made: p.Request.At}, fonts)
	for i := range plan {
		from, page := p, plan[i]
		if i == n-1 {
			from, page = other, theirs[i]
		}
		if err := from.page(d.Page(), fonts, page); err != nil {
			return nil, Manifest{}, err
		}
	}
	f, err := d.Finish(pdf.Signature{Name: p.Issuer.Municipality, Room: pades.Room(chain)})
	if err != nil {
		return nil, Manifest{}, err
	}
	m := Manifest{Paper: p, Fonts: fonts, Specimen: fonts.Specimen(), Content: f.ContentDigest(), Signer: sha256.Sum256(chain[0])}
	err = pades.Sign(f.Bytes, f.HoleStart, f.HoleEnd, key, chain, random)
	m.File = sha256.Sum256(f.Bytes)
	return f.Bytes, m, err
}
