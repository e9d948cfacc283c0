// Package press makes finished documents and judges them (証明書の作成と照合): it joins the paper (internal/document), the fonts and the key of a
// municipality, and the gate (internal/document/gate).
//
// An issuing server has a Machine. Whoever holds a document later has a Gate of its own, with what it knows itself of the fonts and of who signs, and trusts
// the machine in nothing. Both are interfaces for one reason: the machines of 2023 gave people the papers of others, and internal/document/press/faulty
// has them, so that it can be shown that their papers stop at the gates.
package press

import (
	"crypto"
	"crypto/sha256"
	"errors"
	"io"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/gate"
	"github.com/akashi-id/akashi/internal/document/pades"
	"github.com/akashi-id/akashi/internal/document/readback"
	"github.com/akashi-id/akashi/internal/plain"
)

// Gate judges finished documents.
type Gate interface {
	// Judge holds a file against what must stand on it now; content is what was to be signed, digest that of the file when it came into hand. Nothing
	// found: it may leave. An error says nothing about the file.
	Judge(file []byte, expect Expect, content, digest [sha256.Size]byte) ([]gate.Finding, error)
	// Pages is how many pages a file has that Judge let pass.
	Pages(file []byte) (int, error)
}

// Expect makes anew the paper that a document must be. It refuses with plain.Problems what may not be given out now.
type Expect func() (document.Paper, error)

// Machine makes documents.
type Machine interface {
	Gate
	// Draft says what is to be signed of a paper. What it refuses of the paper itself is a *plain.Problem.
	Draft(document.Paper) (Draft, error)
	// Sign makes the file. The same paper gives what Draft said, and a signature.
	Sign(document.Paper, io.Reader) (file []byte, err error)
	// Signer is the digest of the certificate of whoever signs.
	Signer() [sha256.Size]byte
}

// Draft is a document before its signature.
type Draft struct {
	Content  [sha256.Size]byte // of every octet but the signature
	Pages    int
	Specimen bool // 見本
}

// Knowledge is what must be known of all documents of a municipality to judge one.
type Knowledge struct {
	Fonts document.Fonts    // themselves: the shapes in a file are held against them
	By    [sha256.Size]byte // of the certificate of whoever signs
	Demo  bool              // samples may leave
}

// Judge is internal/document/gate's.
func (k Knowledge) Judge(file []byte, expect Expect, content, digest [sha256.Size]byte) ([]gate.Finding, error) {
	paper, findings, err := Expected(expect)
	if err != nil || len(findings) > 0 {
		return findings, err
	}
	m := document.Manifest{Paper: paper, Fonts: k.Fonts, Specimen: k.Fonts.Specimen(), Signer: k.By, Content: content, File: digest}
	return gate.Check(file, gate.Expected{Manifest: m, Demo: k.Demo}), nil
}

// Pages reads a file back.
func (Knowledge) Pages(file []byte) (int, error) {
	d, err := readback.Read(file)
	return len(d.Pages), err
}

// Expected is what is expected, or the finding that nothing may be given out.
func Expected(expect Expect) (document.Paper, []gate.Finding, error) {
	paper, err := expect()
	if _, refused := plain.AsProblems(err); refused {
		return paper, []gate.Finding{{Code: gate.Register, Sentence: gate.Register.Name()}}, nil
	}
	return paper, nil, err
}

// Signing is the machine of a municipality.
type Signing struct {
	Knowledge
	key   crypto.Signer
	chain [][]byte
}

// New makes a machine of fonts and a key with its certificate chain, the certificate first. demo lets samples leave.
func New(fonts document.Fonts, key crypto.Signer, chain [][]byte, demo bool) (*Signing, error) {
	if len(fonts) == 0 || key == nil || len(chain) == 0 {
		return nil, errors.New("press: documents need fonts, a key and its certificate")
	}
	return &Signing{Knowledge: Knowledge{Fonts: fonts, By: sha256.Sum256(chain[0]), Demo: demo}, key: key, chain: chain}, nil
}

// Signer is the digest of the machine's certificate.
func (m *Signing) Signer() [sha256.Size]byte { return m.By }

// Draft draws a paper, with room for the signature.
func (m *Signing) Draft(p document.Paper) (Draft, error) {
	f, err := p.Draw(m.Fonts, pades.Room(m.chain))
	if err != nil {
		return Draft{}, err
	}
	plan, err := p.Plan()
	return Draft{Content: f.ContentDigest(), Pages: len(plan), Specimen: m.Fonts.Specimen()}, err
}

// Sign draws a paper and signs it.
func (m *Signing) Sign(p document.Paper, random io.Reader) ([]byte, error) {
	file, _, err := p.Issue(m.Fonts, m.key, m.chain, random)
	return file, err
}

// SignMixed makes the file of p with its page n, from 1, taken from another paper; of a paper without such a page it is p's own. It is what a faulty machine does
// (internal/document/press/faulty).
func (m *Signing) SignMixed(p, other document.Paper, n int, random io.Reader) ([]byte, error) {
	for _, one := range []document.Paper{p, other} {
		if plan, err := one.Plan(); err != nil || n > len(plan) {
			return m.Sign(p, random)
		}
	}
	file, _, err := p.IssueMixed(m.Fonts, m.key, m.chain, n, other, random)
	return file, err
}
