package interop

import (
	"encoding/pem"
	"os"
	"strings"
)

// openssl judges by `openssl verify`, which fetches nothing, and asks by `openssl ocsp`.
func (b *bench) openssl(s *scenario, f files) (bool, string) {
	args := []string{"verify", "-x509_strict", "-no-CApath", "-no-CAstore", "-CAfile", f.root}
	if s.method == byList || s.method == byDelta {
		args = append(args, "-crl_check", "-extended_crl") // which is what the issuing distribution point needs
	}
	if s.method == byDelta {
		args = append(args, "-use_deltas")
	}
	if len(f.lists) > 0 { // several PEM blocks in a file: it reads one kind of file only
		var text []byte
		for _, path := range f.lists {
			text = append(text, pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: must[[]byte](b)(os.ReadFile(path))})...)
		}
		args = append(args, "-CRLfile", write(b, f.dir, "lists.pem", text))
	}
	for _, path := range f.above {
		args = append(args, "-untrusted", path)
	}
	if s.login {
		args = append(args, "-purpose", "sslclient")
	}
	if s.policy != "" {
		args = append(args, "-policy_check", "-explicit_policy", "-policy", s.policy)
	}
	out, err := b.run("openssl", append(args, f.leaf)...)
	if err != nil || s.method != byAnswer {
		return err == nil && strings.Contains(out, "leaf.pem: OK"), out
	}
	out, err = b.run("openssl", "ocsp", "-no-CApath", "-no-CAstore", "-CAfile", f.root, "-issuer", f.root, "-cert", f.leaf, "-url", s.url)
	// Its exit status says whether there was an answer, not what the answer was.
	return err == nil && strings.Contains(out, "Response verify OK") && strings.Contains(out, "leaf.pem: good") && !strings.Contains(out, "WARNING"), out
}
