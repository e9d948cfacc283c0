package message_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/akashi-id/akashi/message"
)

// TestDocsGolden holds docs/messages.md, the published table, to the one in code.
func TestDocsGolden(t *testing.T) {
	const path = "../docs/messages.md"
	var want bytes.Buffer
	if err := message.WriteDocs(&want); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("AKASHI_GOLDEN") == "write" {
		if err := os.WriteFile(path, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Error("docs/messages.md is not what message.Kinds says; run AKASHI_GOLDEN=write go test ./message -run Golden")
	}
}

// TestEveryKindIsReadable holds the table and the readers together: a kind that may be sent can be read, and one sender
// role is behind each hop.
func TestEveryKindIsReadable(t *testing.T) {
	seen := map[message.Kind]bool{}
	for _, s := range message.Kinds {
		if seen[s.Kind] {
			t.Errorf("%s stands twice in the table", s.Kind)
		}
		seen[s.Kind] = true
		if _, err := message.Decode(s.Kind, nil); err == nil {
			t.Errorf("an empty %s is taken for a whole one", s.Kind)
		}
		if s.Name.JA == "" || s.Name.EN == "" || s.Law == "" || s.Order == "" {
			t.Errorf("%s: its line has holes", s.Kind)
		}
	}
}
