package nation

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHook: the secret is read from its file, without the line's end; one that could be guessed, and a file that is not
// there, keep the organisation from starting.
func TestHook(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("0123456789abcdef\n")
	h, err := setting{webhook: "https://hook.example/", webhookSecret: file}.hook()
	if err != nil || string(h.Secret) != "0123456789abcdef" || h.URL != "https://hook.example/" {
		t.Errorf("%v, %v", h, err)
	}
	write("0123456789abcde\n")
	if _, err := (setting{webhookSecret: file}).hook(); err == nil || strings.Contains(err.Error(), "abcde") {
		t.Errorf("a short one: %v", err)
	}
	if _, err := (setting{webhookSecret: file + "x"}).hook(); err == nil {
		t.Error("no file, and no error")
	}
	if h, err := (setting{}).hook(); err != nil || h.URL != "" || h.Secret != nil {
		t.Errorf("nobody is to be told: %v, %v", h, err)
	}
}
