package interop

import (
	"encoding/pem"
	"os"
	"strings"
)

// gnutls judges by certtool, which fetches nothing, and asks by ocsptool.
func (b *bench) gnutls(s *scenario, f files) (bool, string) {
	chain := must[[]byte](b)(os.ReadFile(f.leaf))
	for _, path := range f.above {
		chain = append(chain, must[[]byte](b)(os.ReadFile(path))...)
	}
	args := []string{"--verify", "--load-ca-certificate", f.root, "--infile", write(b, f.dir, "chain.pem", chain)}
	if s.login {
		args = append(args, "--verify-purpose", "1.3.6.1.5.5.7.3.2")
	}
	if len(f.lists) > 0 {
		list := write(b, f.dir, "list.pem", pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: must[[]byte](b)(os.ReadFile(f.lists[0]))}))
		// With a certificate certtool passes over a list that it cannot use, so the list is judged before.
		out, err := b.run("certtool", "--verify-crl", "--load-ca-certificate", f.root, "--infile", list)
		if err != nil || !strings.Contains(out, "Verified") {
			return false, out
		}
		args = append(args, "--load-crl", list)
	}
	out, err := b.run("certtool", args...)
	if err != nil || s.method != byAnswer {
		return err == nil && strings.Contains(out, "Verified. The certificate is trusted"), out
	}
	out, err = b.run("ocsptool", "--ask="+s.url, "--load-cert", f.leaf, "--load-issuer", f.root, "--load-trust", f.root)
	return err == nil && strings.Contains(out, "Verifying OCSP Response: Success") && strings.Contains(out, "Certificate Status: good"), out
}
