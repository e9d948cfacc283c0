// Package subjectkeytest makes bad keys (不正な鍵の見本), each bad in one way and good in all others, so that a test can
// show which safeguard it is that refuses.
//
// The RSA keys come with their private halves: requests can be signed with them, and nothing is wrong with such a request but its
// key. They are the same in each run.
package subjectkeytest

import (
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"math/big"
	"math/rand/v2"
	"sync"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"
)

// RSA is an RSA key of any numbers. D is zero when no number can be a private exponent; it signs all the same, wrongly.
type RSA struct{ N, E, D *big.Int }

// Liar is a key that is refused, and the code of the refusal.
type Liar struct {
	Name, Code string
	Key        RSA
}

var (
	one        = big.NewInt(1)
	f4         = big.NewInt(65537)
	oidRSA     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	digestInfo = map[crypto.Hash][]byte{ // RFC 8017 9.2, note 1
		crypto.SHA256: {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20},
		crypto.SHA512: {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40},
	}
)

// source gives numbers that look random and are the same in each run.
func source(seed string) *rand.ChaCha8 { return rand.NewChaCha8(sha256.Sum256([]byte(seed))) }

// number has exactly so many bits, the highest two set, so that the product of two has exactly twice as many.
func number(r *rand.ChaCha8, bits int) *big.Int {
	b := make([]byte, (bits+7)/8)
	r.Read(b)
	n := new(big.Int).SetBytes(b)
	n.Rsh(n, uint(len(b)*8-bits))
	return n.SetBit(n.SetBit(n, bits-1, 1), bits-2, 1)
}

// next is the first prime from n on that can be a factor for the exponent 65537.
func next(n *big.Int) *big.Int {
	p := new(big.Int).SetBit(n, 0, 1)
	for !p.ProbablyPrime(1) || new(big.Int).Mod(p, f4).Cmp(one) == 0 {
		p.Add(p, big.NewInt(2))
	}
	return p
}

func prime(r *rand.ChaCha8, bits int) *big.Int { return next(number(r, bits)) }

// compose makes a key of its factors, all different primes; one factor makes a modulus that is a prime.
func compose(factors ...*big.Int) RSA {
	n, phi := big.NewInt(1), big.NewInt(1)
	for _, p := range factors {
		n.Mul(n, p)
		phi.Mul(phi, new(big.Int).Sub(p, one))
	}
	return RSA{n, f4, private(f4, phi)}
}

func private(e, phi *big.Int) *big.Int {
	if d := new(big.Int).ModInverse(e, phi); d != nil {
		return d
	}
	return new(big.Int)
}

// Good is a key with which nothing is wrong.
var Good = sync.OnceValue(func() RSA {
	r := source("good")
	return compose(prime(r, 1024), prime(r, 1024))
})

// withExponent is the good key with another exponent.
func withExponent(e *big.Int) RSA {
	r := source("good")
	p, q := prime(r, 1024), prime(r, 1024)
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	return RSA{new(big.Int).Mul(p, q), e, private(e, phi)}
}

// ROCA is a key as the faulty chips make them: each prime is k·M + (65537^a mod M), where M is the product of the first 126
// primes (Nemec and others, The Return of Coppersmith's Attack, 2.1, for 2,048 bits).
var ROCA = sync.OnceValue(func() RSA {
	m := big.NewInt(2)
	for p, n := int64(3), 1; n < 126; p += 2 {
		if b := big.NewInt(p); b.ProbablyPrime(0) {
			m.Mul(m, b)
			n++
		}
	}
	r := source("roca")
	one := func() *big.Int {
		for {
			top := new(big.Int).Div(number(r, 1024), m)
			p := top.Mul(top, m).Add(top, new(big.Int).Exp(f4, number(r, 64), m))
			if p.BitLen() == 1024 && p.Bit(1022) == 1 && p.ProbablyPrime(1) {
				return p
			}
		}
	}
	return compose(one(), one())
})

// Apart is a key whose primes differ by about 2^bits.
func Apart(bits uint) RSA {
	p := prime(source("apart"), 1024)
	return compose(p, next(new(big.Int).Add(p, new(big.Int).Lsh(one, bits))))
}

// square is a key whose two primes are one.
func square() RSA {
	p := prime(source("square"), 1024)
	phi := new(big.Int).Mul(p, new(big.Int).Sub(p, one))
	return RSA{new(big.Int).Mul(p, p), f4, private(f4, phi)}
}

// Divided is a key with a small prime among its factors.
func Divided(small int64) RSA {
	r, s := source("divided"), big.NewInt(small)
	p := prime(r, 1024)
	n := new(big.Int).Lsh(one, 2047)
	n.Add(n, new(big.Int).Rsh(n, 1))
	return compose(s, p, next(n.Div(n, new(big.Int).Mul(p, s))))
}

// prime2048 is the safe prime of RFC 3526 3: its inverse of 65537 anybody can work out.
const prime2048 = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA051015728E5A8AACAA68FFFFFFFFFFFFFFFF"

func onePrime() RSA {
	p, _ := new(big.Int).SetString(prime2048, 16)
	return compose(p)
}

// Sized is a key of another length.
func Sized(bits int) RSA {
	r := source("sized")
	return compose(prime(r, bits/2), prime(r, bits-bits/2))
}

// RSALiars are bad RSA keys of every kind that has a code of its own.
var RSALiars = sync.OnceValue(func() []Liar {
	good := Good()
	even := new(big.Int).Add(good.N, one)
	return []Liar{
		{"1,024 bits", "key-length", Sized(1024)},
		{"2,047 bits", "key-length", Sized(2046)},
		{"2,050 bits", "key-length", Sized(2050)},
		{"a modulus of 0", "key-not-positive", RSA{new(big.Int), f4, new(big.Int)}},
		{"a negative modulus", "key-not-positive", RSA{new(big.Int).Neg(good.N), f4, good.D}},
		{"the exponent 0", "key-not-positive", RSA{good.N, new(big.Int), new(big.Int)}},
		{"a negative exponent", "key-not-positive", RSA{good.N, big.NewInt(-65537), good.D}},
		{"the exponent 1", "key-exponent", withExponent(one)},
		{"an even exponent", "key-exponent", withExponent(big.NewInt(65538))},
		{"the exponent 3", "key-exponent", withExponent(big.NewInt(3))},
		{"the exponent 65537 modulo 2^32", "key-exponent", withExponent(big.NewInt(1<<32 + 65537))},
		{"the exponent 65537 modulo 2^64", "key-exponent", withExponent(new(big.Int).Add(new(big.Int).Lsh(one, 64), f4))},
		{"an exponent as long as the modulus", "key-exponent", withExponent(new(big.Int).Sub(good.N, big.NewInt(2)))},
		{"an even modulus", "key-even", RSA{even, f4, good.D}},
		{"a multiple of 3", "key-small-factor", Divided(3)},
		{"a multiple of 16381", "key-small-factor", Divided(16381)},
		{"two primes that are close", "key-close-factors", Apart(500)},
		{"two primes that are just too close", "key-close-factors", Apart(516)},
		{"a square", "key-close-factors", square()},
		{"ROCA", "key-roca", ROCA()},
		{"a prime", "key-prime", onePrime()},
	}
})

// SPKI is the key as it is handed in.
func (k RSA) SPKI() []byte {
	var inner, b cryptobyte.Builder
	inner.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(k.N)
		b.AddASN1BigInt(k.E)
	})
	b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidRSA)
			b.AddASN1NULL()
		})
		b.AddASN1BitString(inner.BytesOrPanic())
	})
	return b.BytesOrPanic()
}

// Sign signs as RSASSA-PKCS1-v1_5 does (RFC 8017 8.2.1), with SHA-256 or SHA-512, whatever the numbers are.
func (k RSA) Sign(hash crypto.Hash, message []byte) []byte {
	sum := sha256.Sum256(message)
	digest := sum[:]
	if hash == crypto.SHA512 {
		long := sha512.Sum512(message)
		digest = long[:]
	}
	n := new(big.Int).Abs(k.N)
	octets := max((n.BitLen()+7)/8, 128)
	padded := make([]byte, octets)
	padded[1] = 1
	tail := append(append([]byte{0}, digestInfo[hash]...), digest...)
	for i := 2; i < octets-len(tail); i++ {
		padded[i] = 0xff
	}
	copy(padded[octets-len(tail):], tail)
	m := new(big.Int).SetBytes(padded)
	if n.Sign() > 0 {
		m.Exp(m, k.D, n)
	}
	return m.FillBytes(make([]byte, octets))
}
