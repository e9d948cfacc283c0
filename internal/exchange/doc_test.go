package exchange_test

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// TestGuaranteesStay: the package says what it guarantees, in the order and by the names that others refer to.
func TestGuaranteesStay(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		t.Fatal(err)
	}
	doc := strings.Join(strings.Fields(f.Doc.Text()), " ")
	for _, guarantee := range []string{
		"1. Atomic.", "2. Nobody waits for somebody else.", "3. Every message ends as applied, or as resolved by a person", "4. Resolution.",
		"5. Receipts", "6. Visible at once.", "7. Always reconciled", "8. Restored is new.", "9. Bounded.", "10. Only who may.",
	} {
		_, rest, found := strings.Cut(doc, guarantee)
		if !found {
			t.Fatalf("the package doc does not say %q in its place", guarantee)
		}
		doc = rest
	}
}
