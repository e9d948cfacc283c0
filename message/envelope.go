package message

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message/messagepb"
)

// Bounds of the wire. What is larger is refused at the door, before it is read whole.
const (
	MaxBatch    = 100     // envelopes in a batch
	MaxEnvelope = 1 << 20 // bytes of an envelope
	MaxWire     = 4 << 20 // bytes of a batch; a sender closes a batch before it grows past this
	maxKeys     = 4
	maxName     = 128 // bytes of a key, kind, trace
)

// ID names one message for ever: its stream and its place in it.
type ID struct {
	Sender   Org
	Node     string
	Epoch    uint64
	Receiver Org
	Seq      uint64
}

// String is the form that people copy from a screen into `akashi trace`:
// sender.node.epoch.receiver.seq, "municipality-202029.1.1.prefecture-20.57".
func (id ID) String() string {
	return fmt.Sprintf("%s.%s.%d.%s.%d", id.Sender, id.Node, id.Epoch, id.Receiver, id.Seq)
}

// ParseID reads what String wrote.
func ParseID(s string) (ID, error) {
	f := strings.Split(s, ".")
	if len(f) == 5 {
		sender, err1 := ParseOrg(f[0])
		receiver, err2 := ParseOrg(f[3])
		epoch, err3 := strconv.ParseUint(f[2], 10, 63)
		seq, err4 := strconv.ParseUint(f[4], 10, 63)
		if err1 == nil && err2 == nil && err3 == nil && err4 == nil && f[1] != "" {
			return ID{sender, f[1], epoch, receiver, seq}, nil
		}
	}
	return ID{}, plain.Bad("message",
		"電文番号「"+s+"」の形が違います。画面の電文番号をそのまま写してください。",
		"\""+s+"\" is not a message id: copy it from the screen as it stands, sender.node.epoch.receiver.seq")
}

// Envelope is a message as it crosses a border. Raw holds the bytes that were hashed and signed; the other
// fields are what they say.
type Envelope struct {
	ID
	Attempt   uint32
	Kind      Kind
	Keys      []string
	CreatedAt time.Time
	Trace     string
	Body      []byte
	Raw       []byte
}

// Seal fixes the envelope's bytes: it fills Raw from the other fields.
func (e *Envelope) Seal() error {
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(&messagepb.Envelope{
		Sender: string(e.Sender), Node: e.Node, Epoch: e.Epoch, Receiver: string(e.Receiver), Seq: e.Seq,
		Attempt: e.Attempt, Kind: string(e.Kind), Keys: e.Keys, CreatedAt: e.CreatedAt.UnixMicro(),
		Trace: e.Trace, Body: e.Body,
	})
	if err != nil {
		return fmt.Errorf("couldn't encode the envelope: %w", err)
	}
	if len(raw) > MaxEnvelope {
		return plain.Bad("message",
			fmt.Sprintf("電文が大きすぎます（%dバイト、上限%dバイト）。内容を分けて送ってください。", len(raw), MaxEnvelope),
			fmt.Sprintf("the message has %d bytes and %d are allowed: split it", len(raw), MaxEnvelope))
	}
	e.Raw = raw
	return nil
}

// Hash is the name of exactly these bytes.
func (e *Envelope) Hash() Hash { return LeafHash(e.Raw) }

// OpenEnvelope reads an envelope's bytes. It checks form and bounds only; who signed it and whether the sender
// may send it are the exchange's questions.
func OpenEnvelope(raw []byte) (*Envelope, error) {
	if len(raw) > MaxEnvelope {
		return nil, fmt.Errorf("envelope of %d bytes, more than %d", len(raw), MaxEnvelope)
	}
	var pb messagepb.Envelope
	if err := proto.Unmarshal(raw, &pb); err != nil {
		return nil, fmt.Errorf("couldn't read the envelope: %w", err)
	}
	sender, err := ParseOrg(pb.Sender)
	if err != nil {
		return nil, fmt.Errorf("envelope's sender: %w", err)
	}
	receiver, err := ParseOrg(pb.Receiver)
	if err != nil {
		return nil, fmt.Errorf("envelope's receiver: %w", err)
	}
	e := &Envelope{
		ID:      ID{sender, pb.Node, pb.Epoch, receiver, pb.Seq},
		Attempt: pb.Attempt, Kind: Kind(pb.Kind), Keys: pb.Keys,
		CreatedAt: time.UnixMicro(pb.CreatedAt).UTC(), Trace: pb.Trace, Body: pb.Body, Raw: raw,
	}
	names := append([]string{pb.Node, pb.Kind, pb.Trace}, pb.Keys...)
	for _, s := range names {
		if len(s) > maxName || !utf8.ValidString(s) || strings.ContainsAny(s, " \n\x00") {
			return nil, fmt.Errorf("envelope %s: a name in its header is too long or has a character that may not stand there", e.ID)
		}
	}
	// The store keeps both numbers as signed 64-bit integers.
	if pb.Node == "" || strings.Contains(pb.Node, ".") || pb.Seq == 0 || pb.Epoch == 0 || pb.Seq>>63 != 0 || pb.Epoch>>63 != 0 || pb.Attempt == 0 || len(pb.Keys) > maxKeys {
		return nil, fmt.Errorf("envelope %s: node, epoch, seq and attempt are required, and at most %d keys", e.ID, maxKeys)
	}
	return e, nil
}
