package message

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxReceiptFile is how many bytes a receipt file may have.
const MaxReceiptFile = 1 << 20

// ReceiptFile is a receipt outside of the exchange, for whoever has to check it: one JSON object, bytes in base64. It
// holds all lines of the receipt, or one with the proof that it is among them. It holds no personal data.
type ReceiptFile struct {
	Format      string   `json:"format"` // receiptTitle
	Head        []byte   `json:"head"`
	Signature   []byte   `json:"signature"`
	Certificate []byte   `json:"certificate"`     // DER
	Lines       []string `json:"lines,omitempty"` // ReceiptLine.String
	// Of one message:
	Line  string   `json:"line,omitempty"`
	Index int      `json:"index,omitempty"` // place in the batch, from 0
	Proof []string `json:"proof,omitempty"` // hex; RFC 6962 §2.1.1, the hash next to the leaf first
}

// File is the receipt with all of its lines.
func (r *Receipt) File() *ReceiptFile {
	f := &ReceiptFile{Format: receiptTitle, Head: r.HeadRaw, Signature: r.Signature, Certificate: r.Certificate}
	for _, l := range r.Lines {
		f.Lines = append(f.Lines, l.String())
	}
	return f
}

// FileOf is the receipt of one message alone, the one in place i: it says nothing about the others.
func (r *Receipt) FileOf(i int) *ReceiptFile {
	f := &ReceiptFile{Format: receiptTitle, Head: r.HeadRaw, Signature: r.Signature, Certificate: r.Certificate, Line: r.Lines[i].String(), Index: i}
	leaves := make([]Hash, len(r.Lines))
	for j, l := range r.Lines {
		leaves[j] = l.Leaf()
	}
	for _, h := range InclusionProof(leaves, i) {
		f.Proof = append(f.Proof, hex.EncodeToString(h[:]))
	}
	return f
}

// WriteTo writes the file.
func (f *ReceiptFile) WriteTo(w io.Writer) (int64, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(f); err != nil {
		return 0, err
	}
	return b.WriteTo(w)
}

// ReadReceiptFile reads a file and checks that its lines are those that the head names: after it, what is signed is
// what the lines say. The signature is checked by Receipt.VerifyHead.
func ReadReceiptFile(text []byte) (*Receipt, error) {
	if len(text) > MaxReceiptFile {
		return nil, fmt.Errorf("a receipt file has at most %d bytes", MaxReceiptFile)
	}
	if err := OneReading(text); err != nil {
		return nil, fmt.Errorf("couldn't read the receipt file: %w", err)
	}
	var f ReceiptFile
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return nil, fmt.Errorf("couldn't read the receipt file: %w", err)
	}
	if f.Format != receiptTitle {
		return nil, fmt.Errorf("the file is not in the format %q", receiptTitle)
	}
	head, err := ParseReceiptHead(f.Head)
	if err != nil {
		return nil, err
	}
	r := &Receipt{Head: head, HeadRaw: f.Head, Signature: f.Signature, Certificate: f.Certificate}
	if f.Line != "" {
		return r, r.one(&f)
	}
	if f.Index != 0 || len(f.Proof) > 0 {
		return nil, errOneOrAll
	}
	for _, s := range f.Lines {
		l, err := ParseReceiptLine(s)
		if err != nil {
			return nil, err
		}
		r.Lines = append(r.Lines, l)
	}
	if len(r.Lines) != head.Count || ReceiptRoot(r.Lines) != head.Root {
		return nil, ErrReceiptLines
	}
	return r, nil
}

var errOneOrAll = errors.New("a receipt file holds all lines, or one with its proof")

// one reads the line of one message, and follows its proof to the root.
func (r *Receipt) one(f *ReceiptFile) error {
	l, err := ParseReceiptLine(f.Line)
	if err != nil {
		return err
	}
	if len(f.Lines) > 0 {
		return errOneOrAll
	}
	var proof []Hash
	for _, s := range f.Proof {
		h, err := parseHash(s)
		if err != nil {
			return err
		}
		proof = append(proof, h)
	}
	if root, ok := RootFrom(l.Leaf(), f.Index, r.Head.Count, proof); !ok || root != r.Head.Root {
		return ErrReceiptLines
	}
	r.Lines = []ReceiptLine{l}
	return nil
}
