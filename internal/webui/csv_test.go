package webui_test

import (
	"testing"

	"github.com/akashi-id/akashi/internal/webui"
)

// TestInert: what a spreadsheet would take for a formula, in full width too, is a text in the file.
func TestInert(t *testing.T) {
	for in, want := range map[string]string{"": "", "松本": "松本", "1+1": "1+1", "=1+1": "'=1+1", "@SUM(A1)": "'@SUM(A1)", "-1": "'-1", "\t=1": "'\t=1", "＝1+1": "'＝1+1", "＋１": "'＋１", "－１": "'－１", "＠Ａ": "'＠Ａ"} {
		if got := webui.Inert(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
