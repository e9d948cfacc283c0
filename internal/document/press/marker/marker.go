// Package marker is a machine for models of how documents are issued (模型用の証明書): its files are the texts of a paper, page by page, neither drawn nor
// signed, and made and judged in microseconds. So ten thousands of schedules run over the real rules and the real SQL.
package marker

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/gate"
	"github.com/akashi-id/akashi/internal/document/press"
)

// Machine makes marker files.
type Machine struct{}

const (
	head = "akashi marker"
	feed = "\f"
	end  = feed + "signed\n"
)

// pagesOf are the texts of each page.
func pagesOf(p document.Paper) ([]string, error) {
	plan, err := p.Plan()
	if err != nil {
		return nil, err
	}
	pages := make([]string, len(plan))
	for i, page := range plan {
		var b strings.Builder
		for _, e := range page.Elements {
			if e.Text != "" {
				b.WriteString(e.Text)
				b.WriteByte('\n')
			}
		}
		pages[i] = b.String()
	}
	return pages, nil
}

func file(pages []string) []byte {
	return []byte(head + feed + strings.Join(pages, feed) + end)
}

// content is the digest of everything but the signature.
func content(file []byte) [sha256.Size]byte {
	return sha256.Sum256(bytes.TrimSuffix(file, []byte(end)))
}

// Draft says what is to be signed.
func (Machine) Draft(p document.Paper) (press.Draft, error) {
	pages, err := pagesOf(p)
	return press.Draft{Content: content(file(pages)), Pages: len(pages)}, err
}

// Sign makes the file.
func (Machine) Sign(p document.Paper, _ io.Reader) ([]byte, error) {
	pages, err := pagesOf(p)
	return file(pages), err
}

// SignMixed makes the file of p with its page n, from 1, taken from another paper.
func (Machine) SignMixed(p, other document.Paper, n int, _ io.Reader) ([]byte, error) {
	pages, err := pagesOf(p)
	if err != nil {
		return nil, err
	}
	theirs, err := pagesOf(other)
	if err != nil || n > len(pages) || n > len(theirs) {
		return file(pages), err
	}
	pages[n-1] = theirs[n-1]
	return file(pages), nil
}

// Signer is nobody.
func (Machine) Signer() (none [sha256.Size]byte) { return none }

// Judge finds what internal/document/gate would find of these files.
func (Machine) Judge(f []byte, expect press.Expect, of, digest [sha256.Size]byte) ([]gate.Finding, error) {
	p, findings, err := press.Expected(expect)
	if err != nil || len(findings) > 0 {
		return findings, err
	}
	found := func(c gate.Code) { findings = append(findings, gate.Finding{Code: c, Sentence: c.Name()}) }
	if sha256.Sum256(f) != digest || content(f) != of {
		found(gate.Digest)
	}
	pages, err := Read(f)
	if err != nil {
		found(gate.Unreadable)
		return findings, nil
	}
	want, err := pagesOf(p)
	if err != nil {
		return nil, err
	}
	if len(pages) != len(want) {
		found(gate.Pages)
	}
	for i := range min(len(pages), len(want)) {
		if !strings.Contains(pages[i], p.Binding()) {
			found(gate.Binding)
		}
		if pages[i] != want[i] {
			found(gate.Text)
		}
	}
	return findings, nil
}

// Pages counts them.
func (Machine) Pages(f []byte) (int, error) {
	pages, err := Read(f)
	return len(pages), err
}

// Read gives the texts of a file's pages.
func Read(file []byte) (pages []string, err error) {
	body, ok := strings.CutSuffix(string(file), end)
	if !ok {
		return nil, fmt.Errorf("marker: the file of %d octets has no end", len(file))
	}
	first, rest, ok := strings.Cut(body, feed)
	if !ok || first != head {
		return nil, fmt.Errorf("marker: the file of %d octets has no beginning", len(file))
	}
	return strings.Split(rest, feed), nil
}
