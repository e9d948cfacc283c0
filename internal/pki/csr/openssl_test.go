package csr_test

import (
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/akashi-id/akashi/internal/pki/csr"
)

const opensslConfig = `
[req]
prompt = no
distinguished_name = name
attributes = attributes
req_extensions = wishes
string_mask = utf8only
utf8 = yes
[name]
C = JP
O = JPKI
CN = 髙橋　花子
[attributes]
challengePassword = a password
unstructuredName = a name
[wishes]
basicConstraints = critical,CA:TRUE
keyUsage = critical,digitalSignature,keyCertSign
subjectAltName = email:hanako@example.jp,otherName:1.2.392.200149.8.5.5.1;UTF8:髙橋
`

// TestOpenSSL: what another program makes of it, for the keys of both generations, is taken; what is then changed is not.
func TestOpenSSL(t *testing.T) {
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("SKIPPED: the openssl program is missing, so no foreign request was read")
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "openssl.cnf")
	if err := os.WriteFile(config, []byte(opensslConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, key := range [][]string{{"rsa:2048"}, {"ec", "-pkeyopt", "ec_paramgen_curve:P-384"}} {
		file := filepath.Join(dir, fmt.Sprintf("key%d.pem", i))
		make := append([]string{"req", "-new", "-nodes", "-keyout", file, "-subj", "/", "-newkey"}, key...)
		first := openssl(t, path, append(make, "-config", os.DevNull)...)
		if _, err := csr.Read(first, cards...); err != nil {
			t.Errorf("%v, plain: %v", key, err)
		}
		for _, hash := range []string{"-sha256", "-sha384", "-sha512"} {
			full := openssl(t, path, "req", "-new", "-key", file, "-config", config, hash)
			if _, err := csr.Read(full, cards...); err != nil {
				t.Errorf("%v %s: %v", key, hash, err)
			}
			full[len(full)-1] ^= 1
			if _, err := csr.Read(full, cards...); code(t, err) != "csr-signature" {
				t.Errorf("%v %s, changed: %v", key, hash, err)
			}
		}
		if _, err := csr.Read(openssl(t, path, "req", "-new", "-key", file, "-config", config, "-sha1"), cards...); code(t, err) != "csr-hash" {
			t.Errorf("%v with SHA-1: %v", key, err)
		}
	}
	for want, key := range map[string][]string{"key-length": {"rsa:3072"}, "key-kind": {"ed25519"}, "key-curve": {"ec", "-pkeyopt", "ec_paramgen_curve:P-521"},
		"key-parameters": {"ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-pkeyopt", "ec_param_enc:explicit"}} {
		der := openssl(t, path, append([]string{"req", "-new", "-nodes", "-keyout", filepath.Join(dir, want), "-subj", "/", "-config", os.DevNull, "-newkey"}, key...)...)
		if _, err := csr.Read(der, cards...); code(t, err) != want {
			t.Errorf("%v: %v, want %s", key, err, want)
		}
	}
}

// openssl makes a request, and gives its DER.
func openssl(t *testing.T, path string, args ...string) []byte {
	t.Helper()
	c := exec.Command(path, args...)
	out, err := c.Output()
	block, _ := pem.Decode(out)
	if err != nil || block == nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
	return block.Bytes
}
