package subjectkey

import (
	"crypto"
	"crypto/rsa"
	"fmt"
	"math/big"
	"sync"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/internal/pki/der"
	"github.com/akashi-id/akashi/internal/plain"
)

const (
	// modulusBits is the length of every generation's RSA keys (cert.RSA2048SHA256).
	modulusBits = 2048
	exponent    = 65537
	// smallest is up to where a modulus is tried for factors. NIST SP 800-89 5.3.3 tries up to 751; the rest costs little.
	smallest = 1 << 14
	// fermatRounds is how far the search for two factors near to each other goes. It finds every pair that differs by less
	// than 2^516.5 at this length; two primes taken at random do so with a probability of about 2^-506.
	fermatRounds = 128
)

// readRSA reads an RSAPublicKey (RFC 3279 2.3.1, RFC 8017 A.1.1).
func readRSA(parameters cryptobyte.String, content []byte) (crypto.PublicKey, error) {
	var null cryptobyte.String
	if !parameters.ReadASN1(&null, cb.NULL) || !parameters.Empty() {
		return nil, badParam
	}
	if err := der.Check(content); err != nil { // inside a bit string, where the walk through the whole does not go
		return nil, NotDER("公開鍵", "public key", err)
	}
	s := cryptobyte.String(content)
	var body cryptobyte.String
	n, e := new(big.Int), new(big.Int)
	if !s.ReadASN1(&body, cb.SEQUENCE) || !body.ReadASN1Integer(n) || !body.ReadASN1Integer(e) || !body.Empty() {
		return nil, badForm
	}
	switch {
	case n.Sign() <= 0 || e.Sign() <= 0:
		return nil, refuse("key-not-positive",
			"RSAの鍵の値が正の数ではありません。鍵を作り直してください。",
			"A number of the RSA key is not positive: make another key.")
	case n.BitLen() != modulusBits:
		return nil, refuse("key-length",
			fmt.Sprintf("RSAの鍵は%dビットでなければなりません（%dビット）。鍵を作り直してください。", modulusBits, n.BitLen()),
			fmt.Sprintf("An RSA key must have %d bits, not %d: make another key.", modulusBits, n.BitLen()))
	case !e.IsInt64() || e.Int64() != exponent:
		given := plain.Sentence{JA: e.String(), EN: e.String()}
		if e.BitLen() > 64 {
			given = plain.Sentence{JA: fmt.Sprintf("%dビットの数", e.BitLen()), EN: fmt.Sprintf("a number of %d bits", e.BitLen())}
		}
		return nil, refuse("key-exponent",
			fmt.Sprintf("RSAの公開指数は%dでなければなりません（%s）。鍵を作り直してください。", exponent, given.JA),
			fmt.Sprintf("The public exponent of an RSA key must be %d, not %s: make another key.", exponent, given.EN))
	case n.Bit(0) == 0:
		return nil, refuse("key-even",
			"RSAの鍵の法が偶数で、だれでも素因数に分けられます。鍵を作り直してください。",
			"The modulus of the RSA key is even, so that anybody can factor it: make another key.")
	case hasSmallFactor(n):
		return nil, refuse("key-small-factor",
			"RSAの鍵の法が小さな素数で割り切れます。鍵を作ったソフトウェアか機器に誤りがあります。別のもので作り直してください。",
			"A small prime divides the modulus of the RSA key. The software or device that made it is faulty: make another key with a different one.")
	case isROCA(n):
		return nil, refuse("key-roca",
			"RSAの鍵に、欠陥のある部品が作る鍵の特徴があります（ROCA、CVE-2017-15361）。別の機器で作り直してください。",
			"The RSA key bears the mark of a faulty chip (ROCA, CVE-2017-15361): make another key with a different device.")
	case hasCloseFactors(n):
		return nil, refuse("key-close-factors",
			"RSAの鍵の二つの素数が近すぎて、法を素因数に分けられます。鍵を作ったソフトウェアか機器に誤りがあります。別のもので作り直してください。",
			"The two primes of the RSA key are so near to each other that it can be factored. The software or device that made it is faulty: make another key with a different one.")
	}
	return &rsa.PublicKey{N: n, E: exponent}, nil
}

// WrapRSA gives an RSAPublicKey alone, as some software exports it ("BEGIN RSA PUBLIC KEY"), the form that Read judges.
func WrapRSA(key []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidRSA)
			b.AddASN1NULL()
		})
		b.AddASN1BitString(key)
	})
	return b.Bytes()
}

// smallProduct is the product of all odd primes below smallest.
var smallProduct = sync.OnceValue(func() *big.Int {
	product, p := big.NewInt(1), new(big.Int)
	for i := int64(3); i < smallest; i += 2 {
		if p.SetInt64(i); p.ProbablyPrime(0) { // exact below 2^64
			product.Mul(product, p)
		}
	}
	return product
})

func hasSmallFactor(n *big.Int) bool {
	m := new(big.Int).Mod(smallProduct(), n)
	return m.GCD(nil, nil, m, n).Cmp(big.NewInt(1)) != 0
}

// fingerprint is, for each prime at which it says something, what a modulus of the faulty chip can leave as a remainder.
type fingerprint struct {
	prime int64
	left  [256]bool
}

// rocaMarks are those of Nemec, Sys, Svenda, Klinec, Matyas: The Return of Coppersmith's Attack (CCS 2017), 4.1. Both primes of
// such a key, and so the modulus, are powers of 65537 modulo every small prime. Where 65537 generates all remainders that says
// nothing; 17 primes up to 167 are left, at which a good key bears all the marks by chance with a probability of 2^-27.8.
var rocaMarks = sync.OnceValue(func() (marks []fingerprint) {
	for p := int64(3); p <= 167; p += 2 {
		if !big.NewInt(p).ProbablyPrime(0) {
			continue
		}
		f := fingerprint{prime: p}
		n := int64(0)
		for power := int64(1); !f.left[power]; power = power * exponent % p {
			f.left[power] = true
			n++
		}
		if n < p-1 {
			marks = append(marks, f)
		}
	}
	return marks
})

func isROCA(n *big.Int) bool {
	left, p := new(big.Int), new(big.Int)
	for _, f := range rocaMarks() {
		if !f.left[left.Mod(n, p.SetInt64(f.prime)).Int64()] {
			return false
		}
	}
	return true
}

// hasCloseFactors is Fermat's method: n = a² - b² for a from the root of n on. A square has its two factors at no distance.
func hasCloseFactors(n *big.Int) bool {
	a := new(big.Int).Sqrt(n)
	rest := new(big.Int).Mul(a, a) // will be a² - n
	if rest.Cmp(n) == 0 {
		return true
	}
	one := big.NewInt(1)
	a.Add(a, one)
	rest.Mul(a, a).Sub(rest, n)
	root, step := new(big.Int), new(big.Int)
	for range fermatRounds {
		// A square ends in 0, 1, 4 or 9 in base 16, which spares three roots in four.
		switch rest.Bits()[0] & 15 {
		case 0, 1, 4, 9:
			if root.Sqrt(rest); root.Mul(root, root).Cmp(rest) == 0 {
				return true
			}
		}
		// (a+1)² - n = a² - n + 2a + 1
		rest.Add(rest, step.Lsh(a, 1)).Add(rest, one)
		a.Add(a, one)
	}
	return false
}

// isPrime is Fermat's test, with one base: nobody gains by a composite number that passes for a prime.
func isPrime(n *big.Int) bool {
	less := new(big.Int).Sub(n, big.NewInt(1))
	return new(big.Int).Exp(big.NewInt(2), less, n).Cmp(big.NewInt(1)) == 0
}
