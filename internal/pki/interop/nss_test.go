package interop

import (
	"os"
	"path/filepath"
	"strings"
)

// nss judges by vfychain with libpkix, which fetches OCSP answers from the address in the certificate. Lists come into its database beforehand.
func (b *bench) nss(s *scenario, f files) (bool, string) {
	database := filepath.Join(f.dir, "nss")
	if err := os.CopyFS(database, os.DirFS(b.database)); err != nil {
		b.Fatal(err)
	}
	if out, err := b.run("certutil", "-A", "-d", "sql:"+database, "-n", "root", "-t", "CT,CT,CT", "-i", f.der["root"]); err != nil {
		b.Fatalf("couldn't have NSS trust the root: %v\n%s", err, out)
	}
	var said strings.Builder
	for _, path := range f.lists {
		if out, err := b.run("crlutil", "-I", "-d", "sql:"+database, "-t", "1", "-i", path); err != nil {
			said.WriteString("crlutil: " + out) // it takes no wrong list: then there is none
		}
	}
	usage := "4" // who signs
	if s.login {
		usage = "0" // a TLS client
	}
	args := []string{"-d", "sql:" + database, "-pp", "-v", "-u", usage}
	switch s.method {
	case byList, byDelta:
		args = append(args, "-g", "leaf", "-m", "crl", "-s", "failIfNoInfo")
	case byAnswer:
		args = append(args, "-g", "leaf", "-m", "ocsp", "-s", "failIfNoInfo")
	}
	if s.policy != "" {
		args = append(args, "-o", "OID."+s.policy)
	}
	args = append(args, f.der["leaf"])
	for _, path := range f.above {
		args = append(args, f.der[path])
	}
	out, err := b.run("vfychain", args...)
	return err == nil && strings.Contains(out, "Chain is good!"), said.String() + out
}
