package message_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// published gives the batches of the published vectors as seeds.
func published(f *testing.F) (batches []*messagepb.Batch) {
	paths, err := filepath.Glob("vectors/*.json")
	if err != nil || len(paths) == 0 {
		f.Fatal("no vectors", err)
	}
	for _, path := range paths {
		var v struct {
			Batches []struct {
				Head, Signature []byte
				Envelopes       [][]byte
			}
		}
		text, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(text, &v)
		}
		if err != nil {
			f.Fatal(path, err)
		}
		for _, b := range v.Batches {
			batches = append(batches, &messagepb.Batch{Head: b.Head, Signature: b.Signature, Envelopes: b.Envelopes})
		}
	}
	return batches
}

// FuzzOpenEnvelope: whatever bytes come, an envelope that is opened is within its bounds, keeps its bytes, and has an ID
// that can be read again.
func FuzzOpenEnvelope(f *testing.F) {
	for _, b := range published(f) {
		for _, raw := range b.Envelopes {
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := message.OpenEnvelope(raw)
		if err != nil {
			return
		}
		if !bytes.Equal(e.Raw, raw) || len(e.Keys) > 4 || e.Seq == 0 || e.Epoch == 0 || e.Attempt == 0 {
			t.Fatalf("opened as %+v", e)
		}
		if id, err := message.ParseID(e.ID.String()); err != nil || id != e.ID {
			t.Fatalf("the id %q is read as %v, %v", e.ID, id, err)
		}
		again := *e
		if err := again.Seal(); err != nil {
			t.Fatal(err)
		}
		if twice, err := message.OpenEnvelope(again.Raw); err != nil || twice.ID != e.ID || !bytes.Equal(twice.Body, e.Body) {
			t.Fatalf("sealed again it is %v, %v", twice, err)
		}
	})
}

// FuzzOpenBatch: a batch that is opened is whole: all of one stream, and under the root of its head.
func FuzzOpenBatch(f *testing.F) {
	for _, b := range published(f) {
		raw, err := proto.Marshal(b)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var pb messagepb.Batch
		if proto.Unmarshal(raw, &pb) != nil {
			return
		}
		b, err := message.OpenBatch(&pb)
		if err != nil {
			return
		}
		var leaves []message.Hash
		for i, e := range b.Envelopes {
			if e.Sender != b.Head.Sender || e.Receiver != b.Head.Receiver || e.Node != b.Head.Node || !bytes.Equal(e.Raw, pb.Envelopes[i]) {
				t.Fatalf("envelope %s in the batch of %+v", e.ID, b.Head)
			}
			leaves = append(leaves, e.Hash())
		}
		if len(leaves) == 0 || len(leaves) > message.MaxBatch || message.RootHash(leaves) != b.Head.Root {
			t.Fatalf("%d envelopes under the root %x", len(leaves), b.Head.Root)
		}
	})
}

// FuzzDecode: whatever a payload holds, each kind is read or refused, and what was read is written and read as the same.
func FuzzDecode(f *testing.F) {
	for i := range message.Kinds {
		f.Add(i, []byte{})
	}
	for _, b := range published(f) {
		for _, raw := range b.Envelopes {
			if e, err := message.OpenEnvelope(raw); err == nil {
				f.Add(0, e.Body)
			}
		}
	}
	f.Fuzz(func(t *testing.T, i int, body []byte) {
		kind := message.Kinds[uint(i)%uint(len(message.Kinds))].Kind
		p, err := message.Decode(kind, body)
		if err != nil {
			if problems, ok := plain.AsProblems(err); ok {
				for _, problem := range problems {
					if problem.JA == "" || problem.EN == "" {
						t.Fatalf("%s: %v has no sentence in one of the languages", kind, problem)
					}
				}
			}
			return
		}
		if p.Kind() != kind {
			t.Fatalf("a %s was read as a %s", kind, p.Kind())
		}
		out, err := message.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		again, err := message.Decode(kind, out)
		if err != nil {
			t.Fatalf("%s: written again it cannot be read: %v", kind, err)
		}
		if twice, err := message.Encode(again); err != nil || !bytes.Equal(out, twice) {
			t.Fatalf("%s: written twice it differs, %v", kind, err)
		}
	})
}
