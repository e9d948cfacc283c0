package message

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/message/messagepb"
)

// signaturePrefix keeps a batch's signature from being taken for a signature over anything else.
const signaturePrefix = "akashi batch v1\n"

// Head is what a sender signs for a whole batch: one signature and one verification for up to MaxBatch messages,
// while each message stays provable by the list of hashes beside it (decision 0005).
type Head struct {
	Sender   Org
	Node     string
	Receiver Org
	Count    int
	Root     Hash
	SentAt   time.Time
	Receipts uint64 // the sender holds every receipt of the receiver up to this number
}

// Batch is a signed, ordered list of envelopes from one sender to one receiver.
type Batch struct {
	Head      Head
	HeadRaw   []byte
	Signature []byte
	// Certificate is the sender's signing certificate, DER. Whoever calls Verify must trust it first.
	Certificate []byte
	Envelopes   []*Envelope
}

// SealBatch signs sealed envelopes, all of one sender, node and receiver, and returns the bytes to send. The key
// is an ECDSA P-256 key; certificate is its certificate. receipts is the number of the receipt up to which the sender
// holds all of the receiver's.
func SealBatch(random io.Reader, key crypto.Signer, certificate []byte, sentAt time.Time, receipts uint64, envelopes []*Envelope) (*messagepb.Batch, error) {
	if len(envelopes) == 0 || len(envelopes) > MaxBatch {
		return nil, fmt.Errorf("a batch holds 1 to %d messages, not %d", MaxBatch, len(envelopes))
	}
	leaves := make([]Hash, len(envelopes))
	raws := make([][]byte, len(envelopes))
	for i, e := range envelopes {
		leaves[i], raws[i] = e.Hash(), e.Raw
	}
	first, root := envelopes[0], RootHash(leaves)
	head, err := proto.MarshalOptions{Deterministic: true}.Marshal(&messagepb.BatchHead{
		Sender: string(first.Sender), Node: first.Node, Receiver: string(first.Receiver),
		Count: uint32(len(envelopes)), Root: root[:], SentAt: sentAt.UnixMicro(), Receipts: receipts,
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't encode the batch's head: %w", err)
	}
	signature, err := key.Sign(random, headDigest(head), crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("couldn't sign the batch: %w", err)
	}
	return &messagepb.Batch{Head: head, Signature: signature, Certificate: certificate, Envelopes: raws}, nil
}

// OpenBatch reads a batch and checks that it is whole: the head's count and root are those of the envelopes, and
// sender, node and receiver are the same throughout. The signature is checked by Verify.
func OpenBatch(pb *messagepb.Batch) (*Batch, error) {
	var h messagepb.BatchHead
	if err := proto.Unmarshal(pb.Head, &h); err != nil {
		return nil, fmt.Errorf("couldn't read the batch's head: %w", err)
	}
	if len(pb.Envelopes) == 0 || len(pb.Envelopes) > MaxBatch {
		return nil, fmt.Errorf("a batch holds 1 to %d messages, not %d", MaxBatch, len(pb.Envelopes))
	}
	b := &Batch{
		Head: Head{Sender: Org(h.Sender), Node: h.Node, Receiver: Org(h.Receiver), Count: int(h.Count),
			SentAt: time.UnixMicro(h.SentAt).UTC(), Receipts: h.Receipts},
		HeadRaw: pb.Head, Signature: pb.Signature, Certificate: pb.Certificate,
	}
	if h.Receipts>>62 != 0 {
		return nil, errors.New("the batch's head has an impossible number of receipts")
	}
	leaves := make([]Hash, len(pb.Envelopes))
	for i, raw := range pb.Envelopes {
		e, err := OpenEnvelope(raw)
		if err != nil {
			return nil, err
		}
		if e.Sender != b.Head.Sender || e.Node != b.Head.Node || e.Receiver != b.Head.Receiver {
			return nil, fmt.Errorf("envelope %s is not of the batch's sender, node and receiver", e.ID)
		}
		leaves[i] = e.Hash()
		b.Envelopes = append(b.Envelopes, e)
	}
	b.Head.Root = RootHash(leaves)
	if b.Head.Count != len(leaves) || !bytes.Equal(h.Root, b.Head.Root[:]) {
		return nil, errors.New("the batch's head does not belong to its envelopes")
	}
	return b, nil
}

// ErrSignature means that the batch was not signed by the certificate's key.
var ErrSignature = errors.New("the batch's signature does not verify under the sender's certificate")

// Verify checks the batch's signature under the key of a certificate that the caller trusts to be the sender's.
func (b *Batch) Verify(public crypto.PublicKey) error {
	key, ok := public.(*ecdsa.PublicKey)
	if !ok || !ecdsa.VerifyASN1(key, headDigest(b.HeadRaw), b.Signature) {
		return ErrSignature
	}
	return nil
}

func headDigest(head []byte) []byte {
	h := sha256.New()
	io.WriteString(h, signaturePrefix)
	h.Write(head)
	return h.Sum(nil)
}
