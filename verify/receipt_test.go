package verify_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/verify"
)

const receipts = "../message/vectors/receipts"

// TestReceipt: the published receipts are told apart, whatever key the organisation has today.
func TestReceipt(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(receipts, "root.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots, err := pki.DecodeCertificates(text)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(receipts, "*", "*.json"))
	if err != nil || len(files) < 15 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		t.Run(strings.TrimPrefix(path, receipts), func(t *testing.T) {
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			r, err := verify.Receipt(file, roots...)
			if filepath.Base(filepath.Dir(path)) == "good" {
				if err != nil || r.Head.Receiver != "prefecture-20" || len(r.Lines) == 0 {
					t.Errorf("%+v, %v", r, err)
				}
				return
			}
			var refusal *verify.Refusal
			if !errors.As(err, &refusal) || refusal.Reason.JA == "" || refusal.Reason.EN == "" {
				t.Errorf("%+v, %v: want a refusal", r, err)
			}
		})
	}
	if _, err := verify.Receipt([]byte("{}"), []byte("no certificate")); err == nil || errors.As(err, new(*verify.Refusal)) {
		t.Errorf("an unusable CA certificate: %v", err)
	}
	for name, text := range map[string]string{"empty": "", "not JSON": "receipt", "nothing in it": "{}", "too large": strings.Repeat(" ", 2<<20)} {
		if _, err := verify.Receipt([]byte(text), roots...); !errors.As(err, new(*verify.Refusal)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
