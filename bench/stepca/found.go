package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/smallstep/certificates/authority/config"
	"github.com/smallstep/certificates/authority/provisioner"
	"github.com/smallstep/certificates/db"
	"go.step.sm/crypto/jose"

	"github.com/akashi-id/akashi/internal/bench/issuebench/order"
	"github.com/akashi-id/akashi/internal/clock"
)

// founded is a CA that can be started, and what a caller needs.
type founded struct {
	config string // a file
	addr   string
	root   *x509.Certificate
	tokens *jose.JSONWebKey // makes them
}

const provisionerName = "bench"

// found makes what `step ca init` makes, with an intermediate whose key is of an algorithm.
func found(dir, algorithm string) (*founded, error) {
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader) // which signs nothing while the clock runs
	if err != nil {
		return nil, err
	}
	f := &founded{config: filepath.Join(dir, "ca.json")}
	if f.root, err = certify("root", 1, rootKey.Public(), nil, rootKey); err != nil {
		return nil, err
	}
	key, err := order.Key(algorithm)
	if err != nil {
		return nil, err
	}
	intermediate, err := certify("intermediate", 0, key.Public(), f.root, rootKey)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, block := range map[string]*pem.Block{"root.crt": {Type: "CERTIFICATE", Bytes: f.root.Raw}, "intermediate.crt": {Type: "CERTIFICATE", Bytes: intermediate.Raw},
		"intermediate.key": {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(at(name), pem.EncodeToMemory(block), 0o600); err != nil {
			return nil, err
		}
	}
	if f.tokens, err = jose.GenerateJWK("EC", "P-256", "ES256", "sig", "", 0); err != nil {
		return nil, err
	}
	if f.tokens.KeyID, err = jose.Thumbprint(f.tokens); err != nil {
		return nil, err
	}
	public := f.tokens.Public()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f.addr = ln.Addr().String()
	if err := ln.Close(); err != nil {
		return nil, err
	}
	text, err := json.Marshal(&config.Config{Root: []string{at("root.crt")}, IntermediateCert: at("intermediate.crt"), IntermediateKey: at("intermediate.key"),
		Address: f.addr, DNSNames: []string{"127.0.0.1"}, DB: &db.Config{Type: "badgerv2", DataSource: at("db")}, TLS: &config.DefaultTLSOptions,
		AuthorityConfig: &config.AuthConfig{Provisioners: provisioner.List{&provisioner.JWK{Type: "JWK", Name: provisionerName, Key: &public}}}})
	if err != nil {
		return nil, err
	}
	return f, os.WriteFile(f.config, text, 0o600)
}

// certify makes a CA's certificate, its own when there is no issuer.
func certify(name string, pathLen int, public crypto.PublicKey, issuer *x509.Certificate, key crypto.Signer) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	now := clock.System().Now()
	c := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Minute), NotAfter: now.AddDate(1, 0, 0), IsCA: true,
		BasicConstraintsValid: true, MaxPathLen: pathLen, MaxPathLenZero: pathLen == 0, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	if issuer == nil {
		issuer = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, issuer, public, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}
