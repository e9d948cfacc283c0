package message

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/message/messagepb"
)

// A receipt (受領証) is what the receiver of a batch signs: a verdict on each of its messages. Both sides keep it. What is
// signed and hashed is text, so that anybody can make it again with a shell.

// ReceiptHead is what the receiver signs.
type ReceiptHead struct {
	Receiver  Org    // of the messages; the receipt's issuer
	Sender    Org    // of the messages
	Node      string // of the sender
	Number    uint64 // of the receipt: from 1 for each sender
	Batch     Hash   // root of the batch that it answers
	Count     int    // of messages, and so of lines
	Root      Hash   // Merkle tree hash over the lines
	Decisions uint64 // decisions that the receiver held about the sender's messages
	SignedAt  time.Time
}

// receiptTitle keeps a receipt's signature from being taken for a signature over anything else.
const receiptTitle = "akashi receipt v1"

// stamp is how times are written, in UTC.
const stamp = "2006-01-02T15:04:05.000000Z"

// Text is exactly what is signed: lines of a name, a space and a value, each ended by a newline.
func (h ReceiptHead) Text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\nreceiver %s\nsender %s\nnode %s\nnumber %d\nbatch %x\ncount %d\nroot %x\ndecisions %d\nsigned %s\n", receiptTitle,
		h.Receiver, h.Sender, h.Node, h.Number, h.Batch[:], h.Count, h.Root[:], h.Decisions, h.SignedAt.UTC().Format(stamp))
	return b.Bytes()
}

var errReceiptHead = errors.New("the receipt's head is not in the form that is signed")

// ParseReceiptHead reads what Text wrote, and nothing else.
func ParseReceiptHead(text []byte) (ReceiptHead, error) {
	var h ReceiptHead
	names := []string{receiptTitle, "receiver", "sender", "node", "number", "batch", "count", "root", "decisions", "signed"}
	lines := strings.Split(string(text), "\n")
	if len(text) > 1024 || len(lines) != len(names)+1 || lines[0] != receiptTitle {
		return h, errReceiptHead
	}
	values := make([]string, len(names))
	for i := 1; i < len(names); i++ {
		name, value, _ := strings.Cut(lines[i], " ")
		if name != names[i] || value == "" {
			return h, errReceiptHead
		}
		values[i] = value
	}
	var errs [8]error
	h.Receiver, errs[0] = ParseOrg(values[1])
	h.Sender, errs[1] = ParseOrg(values[2])
	h.Node = values[3]
	h.Number, errs[2] = strconv.ParseUint(values[4], 10, 62)
	h.Batch, errs[3] = parseHash(values[5])
	h.Count, errs[4] = strconv.Atoi(values[6])
	h.Root, errs[5] = parseHash(values[7])
	h.Decisions, errs[6] = strconv.ParseUint(values[8], 10, 62)
	h.SignedAt, errs[7] = time.Parse(stamp, values[9])
	if err := errors.Join(errs[:]...); err != nil {
		return h, fmt.Errorf("%w: %w", errReceiptHead, err)
	}
	// One head has one text: what reads the same is the same.
	if h.Count < 1 || h.Count > MaxBatch || h.Number == 0 || !bytes.Equal(h.Text(), text) {
		return h, errReceiptHead
	}
	return h, nil
}

func parseHash(s string) (h Hash, err error) {
	b, err := hex.DecodeString(s)
	if err == nil && len(b) != len(h) {
		err = errors.New("a hash has 32 bytes")
	}
	copy(h[:], b)
	return h, err
}

// ReceiptLine is the verdict on one message of the batch, in the batch's order.
type ReceiptLine struct {
	Epoch, Seq uint64
	Attempt    uint32
	Hash       Hash // of the envelope
	Outcome    Outcome
	Settled    Outcome // for a duplicate: what the first delivery came to
	Code       string  // why it was not applied
}

// String is the line as it is hashed: the fields, a space between them, a hyphen for an empty one, no newline. What could
// not stand in one line is replaced: a verdict's words are the receiver's, and must not break its receipt.
func (l ReceiptLine) String() string { return string(l.appendTo(nil)) }

func (l ReceiptLine) appendTo(b []byte) []byte {
	b = append(strconv.AppendUint(b, l.Epoch, 10), ' ')
	b = append(strconv.AppendUint(b, l.Seq, 10), ' ')
	b = append(strconv.AppendUint(b, uint64(l.Attempt), 10), ' ')
	b = hex.AppendEncode(b, l.Hash[:])
	for _, word := range []string{string(l.Outcome), string(l.Settled), l.Code} {
		b = append(b, ' ')
		if word == "" {
			b = append(b, '-')
		}
		for _, r := range word {
			if r <= ' ' || r > '~' {
				r = '_'
			}
			b = append(b, byte(r))
		}
	}
	return b
}

// Leaf is the line's hash in the tree.
func (l ReceiptLine) Leaf() Hash { return LeafHash(l.appendTo(make([]byte, 0, 128))) }

// ParseReceiptLine reads what String wrote.
func ParseReceiptLine(s string) (ReceiptLine, error) {
	var l ReceiptLine
	f := strings.Split(s, " ")
	if len(f) != 7 || len(s) > 1024 {
		return l, errors.New("a line of a receipt has seven fields")
	}
	var errs [4]error
	l.Epoch, errs[0] = strconv.ParseUint(f[0], 10, 63)
	l.Seq, errs[1] = strconv.ParseUint(f[1], 10, 63)
	attempt, err := strconv.ParseUint(f[2], 10, 32)
	l.Attempt, errs[2] = uint32(attempt), err
	l.Hash, errs[3] = parseHash(f[3])
	for i := 4; i < 7; i++ {
		if f[i] == "-" {
			f[i] = ""
		}
	}
	l.Outcome, l.Settled, l.Code = Outcome(f[4]), Outcome(f[5]), f[6]
	if err := errors.Join(errs[:]...); err != nil {
		return l, fmt.Errorf("couldn't read a line of a receipt: %w", err)
	}
	if l.String() != s {
		return l, errors.New("a line of a receipt is not in the form that is hashed")
	}
	return l, nil
}

// ReceiptRoot is the root over lines.
func ReceiptRoot(lines []ReceiptLine) Hash {
	leaves := make([]Hash, len(lines))
	for i, l := range lines {
		leaves[i] = l.Leaf()
	}
	return RootHash(leaves)
}

// Receipt is a signed receipt with its lines.
type Receipt struct {
	Head      ReceiptHead
	HeadRaw   []byte
	Signature []byte // SHA-256, ECDSA P-256, ASN.1 DER, over HeadRaw
	// Certificate is the receiver's signing certificate, DER. Whoever calls Verify must trust it first.
	Certificate []byte
	Lines       []ReceiptLine
}

// SealReceipt completes a receipt's head by what its lines say, and signs it.
func SealReceipt(random io.Reader, key crypto.Signer, certificate []byte, head ReceiptHead, lines []ReceiptLine) (*Receipt, error) {
	if key == nil {
		return nil, errors.New("couldn't sign the receipt: there is no key")
	}
	head.Count, head.Root = len(lines), ReceiptRoot(lines)
	r := &Receipt{Head: head, HeadRaw: head.Text(), Certificate: certificate, Lines: lines}
	if _, err := ParseReceiptHead(r.HeadRaw); err != nil {
		return nil, err
	}
	digest := sha256.Sum256(r.HeadRaw)
	var err error
	if r.Signature, err = key.Sign(random, digest[:], crypto.SHA256); err != nil {
		return nil, fmt.Errorf("couldn't sign the receipt: %w", err)
	}
	return r, nil
}

// What is wrong with a receipt.
var (
	ErrReceiptSignature = errors.New("the receipt's signature does not verify under its certificate")
	ErrReceiptLines     = errors.New("the receipt's verdicts are not those that were signed")
)

// VerifyHead checks a receipt's signature under the key of a certificate that the caller trusts to be the receiver's.
func (r *Receipt) VerifyHead(public crypto.PublicKey) error {
	digest := sha256.Sum256(r.HeadRaw)
	if key, ok := public.(*ecdsa.PublicKey); !ok || !ecdsa.VerifyASN1(key, digest[:], r.Signature) {
		return ErrReceiptSignature
	}
	return nil
}

// Verify is VerifyHead, and checks that the lines are those that were signed.
func (r *Receipt) Verify(public crypto.PublicKey) error {
	if err := r.VerifyHead(public); err != nil {
		return err
	}
	if len(r.Lines) != r.Head.Count || ReceiptRoot(r.Lines) != r.Head.Root {
		return ErrReceiptLines
	}
	return nil
}

// Find returns the place of the line on a message, the last attempt's; -1 when there is none.
func (r *Receipt) Find(epoch, seq uint64) int {
	found := -1
	for i, l := range r.Lines {
		if l.Epoch == epoch && l.Seq == seq && (found < 0 || l.Attempt >= r.Lines[found].Attempt) {
			found = i
		}
	}
	return found
}

// Wire is the receipt as it crosses a border, without its lines when they are known there.
func (r *Receipt) Wire(withLines bool) *messagepb.SignedReceipt {
	w := &messagepb.SignedReceipt{Head: r.HeadRaw, Signature: r.Signature, Certificate: r.Certificate}
	if withLines {
		w.Lines = linesToWire(r.Lines)
	}
	return w
}

// OpenReceipt reads a receipt and its lines. Nothing of it is proved before Verify.
func OpenReceipt(w *messagepb.SignedReceipt, lines []ReceiptLine) (*Receipt, error) {
	if w == nil {
		return nil, errors.New("there is no receipt")
	}
	head, err := ParseReceiptHead(w.Head)
	if err != nil {
		return nil, err
	}
	return &Receipt{Head: head, HeadRaw: w.Head, Signature: w.Signature, Certificate: w.Certificate, Lines: lines}, nil
}

// OpenWholeReceipt is OpenReceipt of one that brings its lines.
func OpenWholeReceipt(w *messagepb.SignedReceipt) (*Receipt, error) {
	lines, err := linesFromWire(w.GetLines())
	if err != nil {
		return nil, err
	}
	return OpenReceipt(w, lines)
}

// EncodeReceiptLines makes lines short, to be kept.
func EncodeReceiptLines(lines []ReceiptLine) ([]byte, error) {
	return proto.Marshal(&messagepb.ReceiptLines{Lines: linesToWire(lines)})
}

// DecodeReceiptLines reads what EncodeReceiptLines wrote.
func DecodeReceiptLines(b []byte) ([]ReceiptLine, error) {
	var w messagepb.ReceiptLines
	if err := proto.Unmarshal(b, &w); err != nil {
		return nil, fmt.Errorf("couldn't read a receipt's lines: %w", err)
	}
	return linesFromWire(w.Lines)
}

func linesToWire(lines []ReceiptLine) []*messagepb.ReceiptLine {
	ws := make([]*messagepb.ReceiptLine, len(lines))
	for i, l := range lines {
		ws[i] = &messagepb.ReceiptLine{Epoch: l.Epoch, Seq: l.Seq, Attempt: l.Attempt, Hash: lines[i].Hash[:], Outcome: string(l.Outcome),
			Settled: string(l.Settled), Code: l.Code}
	}
	return ws
}

func linesFromWire(ws []*messagepb.ReceiptLine) ([]ReceiptLine, error) {
	if len(ws) > MaxBatch {
		return nil, fmt.Errorf("a receipt has at most %d lines", MaxBatch)
	}
	lines := make([]ReceiptLine, len(ws))
	for i, w := range ws {
		if len(w.Hash) != sha256.Size {
			return nil, errors.New("a line of a receipt has no hash")
		}
		lines[i] = ReceiptLine{Epoch: w.Epoch, Seq: w.Seq, Attempt: w.Attempt, Hash: Hash(w.Hash), Outcome: Outcome(w.Outcome),
			Settled: Outcome(w.Settled), Code: w.Code}
	}
	return lines, nil
}
